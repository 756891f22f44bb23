"""The assurance statement of an identity: claim by claim, and what would settle it."""

from typing import Any

import streamlit as st

from analytics.answers.assurance import assurance
from analytics.posture import Posture
from app.escape import markdown
from app.web.page.snapshots import kept
from app.wording import counted

SIGNS = {
    "proven": ":material/check_circle:",
    "not_proven": ":material/cancel:",
    "unknown": ":material/help:",
}
WORDS = {"proven": "proven", "not_proven": "not proven", "unknown": "not known"}


@kept
def statement(posture: Posture, thing: str) -> list[dict[str, Any]]:
    """Return the claims of an identity; none of a thing that is no accountable identity."""
    frame = assurance(posture, posture.graph.number(thing)).statements.frame
    claims: list[dict[str, Any]] = frame["claims"].iloc[0] if len(frame) else []
    return claims


def assured(posture: Posture, thing: str) -> None:
    """Draw the statement of an identity, if it is one that somebody answers for."""
    claims = statement(posture, thing)
    if not claims:
        return
    proven = sum(claim["verdict"] == "proven" for claim in claims)
    title = f"Assurance: {proven} of {counted(len(claims), 'claim')} proven"
    with st.expander(title, icon=":material/verified:"):
        for claim in claims:
            st.markdown(_line(claim))


def _line(claim: dict[str, Any]) -> str:
    verdict = claim["verdict"]
    line = f"{SIGNS[verdict]} **{claim['claim'].capitalize()}**, {WORDS[verdict]}: {claim['says']}"
    because = f"  \n{markdown(claim['because'], 500)}" if claim["because"] else ""
    settled = claim["settled_by"]
    return line + because + (f"  \nSettled by: {markdown(str(settled), 500)}" if settled else "")
