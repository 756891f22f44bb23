"""The card of a thing is its page; every name leads there by one of these links."""

from typing import Any

import streamlit as st

from analytics.posture import Posture
from app.escape import markdown
from app.web.address import turn
from app.web.ways import way

PAGE = "identity"
ICONS = {
    "Agent": ":material/smart_toy:",
    "ServiceAccount": ":material/badge:",
    "Credential": ":material/key:",
    "Role": ":material/theater_comedy:",
    "Group": ":material/groups:",
    "Human": ":material/person:",
    "Team": ":material/groups:",
    "Resource": ":material/database:",
    "Tool": ":material/build:",
}
OTHER = ":material/circle:"


def card_link(
    place: Any, posture: Posture, id_: str, words: str | None = None, **address: str
) -> None:
    """Draw a link to the card of a thing, by its name; `words` must not hold names from the data.

    `place` is a container, or `st` itself. `address` is what the link adds, such as a snapshot. For
    whom cards are not open it is the name alone.
    """
    thing = posture.graph.thing(posture.graph.number(id_))
    icon, words = ICONS.get(thing["label"], OTHER), words or markdown(thing["name"], 60)
    if not way(place, PAGE, words, {"id": id_, **address}, icon):
        place.markdown(f"{icon} {words}", width="content")


def open_card(id_: str) -> None:
    """Turn to the card of a thing, for what cannot be a link, such as a bar of a chart."""
    turn(PAGE, {"id": id_})


def links_to(posture: Posture, id_: str, place: Any = None, **address: str) -> None:
    """Draw the links that lead on from a chosen row: to a thing's card, and its blast radius."""
    row = (place or st).container(horizontal=True, vertical_alignment="center", gap="medium")
    card_link(row, posture, id_, **address)
    way(row, "blast_radius", "Blast radius", {"thing": id_, **address}, ":material/hub:")
