"""The owners of a thing, the roles that lack one, and the form to assign or attest one."""

import streamlit as st

from analytics.ownership.owners import NOBODY
from analytics.posture import Posture
from app.escape import markdown
from app.web.attesting import attest_form
from app.web.card import card_link
from app.web.thing.facts import known
from app.wording import day

ROLES = ("business", "technical")


def draw_owners(posture: Posture, id_: str) -> None:
    """Draw who answers for a node, since when and by which source, and what is missing."""
    st.subheader("Who answers for it", anchor=False)
    rows = known(posture, id_).owners.readable()
    for row in rows.to_dict("records"):
        line = st.container(horizontal=True, vertical_alignment="center", gap="small")
        card_link(line, posture, row["id"])
        gone = "" if row["state"] == "active" else ", **no longer here**"
        role = markdown(str(row["role"] or "owner").replace("_", " "))
        line.caption(
            f"{role} owner{gone}, since {day(row['since'])}, stated by {markdown(row['source'])}",
            width="content",
        )
    missing = lacking(posture, id_)
    for role, unknown in missing:
        words = "not known: no source could state one" if unknown else "**nobody**"
        icon = ":material/help:" if unknown else ":material/person_alert:"
        st.markdown(f"{icon} {role.capitalize()} owner: {words}")
    attest_form(posture, id_, missing[0][0] if missing else "business", opened=bool(missing))


def lacking(posture: Posture, id_: str) -> list[tuple[str, bool]]:
    """Return the roles that nobody holds for a node, each with whether that is only not known."""
    at, owned = posture.graph.number(id_), posture.ownership
    return [
        (role, not bool(owned.known_in[role][at]))
        for role in ROLES
        if int(owned.covered[role][at]) == NOBODY
    ]
