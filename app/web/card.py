"""The card of a thing is its page; every name leads there by one of these links."""

from collections.abc import Iterable, Mapping
from typing import Any

import streamlit as st

from analytics.posture import Posture
from app.escape import markdown
from app.web.links import page_link
from app.web.page.address import turn
from app.wording import number, thing_id

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
MOST = 8  # links in one line


def card_link(
    place: Any, posture: Posture, id_: str, words: str | None = None, **address: str
) -> None:
    """Draw a link to the card of a thing, by its name; `words` must not hold names from the data.

    `place` is a container, or `st` itself. `address` is what the link adds, such as a snapshot. For
    whom cards are not open it is the name alone.
    """
    thing = posture.graph.thing(posture.graph.number(id_))
    icon, words = ICONS.get(thing["label"], OTHER), words or markdown(thing["name"], 60)
    if not page_link(place, PAGE, words, {"id": id_, **address}, icon):
        place.markdown(f"{icon} {words}", width="content")


def open_card(id_: str) -> None:
    """Turn to the card of a thing, for what cannot be a link, such as a bar of a chart."""
    turn(PAGE, {"id": id_})


def links_to(posture: Posture, id_: str, place: Any = None, **address: str) -> None:
    """Draw the links that lead on from a chosen row: to a thing's card, and its blast radius."""
    row = (place or st).container(horizontal=True, vertical_alignment="center", gap="medium")
    card_link(row, posture, id_, **address)
    page_link(row, "blast_radius", "Blast radius", {"thing": id_, **address}, ":material/hub:")


def cards(posture: Posture, things: Iterable[Any], place: Any = None) -> None:
    """Draw links to the cards of some things, each once; what this snapshot lacks is left out.

    A thing is an id, or a thing or an edge of an answer: an edge stands for both of its ends.
    """
    ids = [id_ for id_ in dict.fromkeys(_ids(things)) if posture.graph.number(id_) >= 0]
    if not ids:
        return
    row = (place or st).container(horizontal=True, vertical_alignment="center", gap="medium")
    for id_ in ids[:MOST]:
        card_link(row, posture, id_)
    if len(ids) > MOST:
        row.caption(f"and {number(len(ids) - MOST)} more", width="content")


def _ids(things: Iterable[Any]) -> Iterable[str]:
    for thing in things:
        if isinstance(thing, Mapping) and "from" in thing:
            yield from _ids((thing["from"], thing["to"]))
        elif isinstance(thing, Mapping | str):
            yield thing_id(thing)
