"""A policy file tried on all that is recorded: who would be denied, and which work would break."""

from hashlib import sha256

import pandas as pd
import streamlit as st

from analytics.answers.replay import Replay, replay
from analytics.engines.policy_set import PolicyRefused
from analytics.engines.reading import all_languages, policies_in
from analytics.posture import Posture
from app.escape import markdown
from app.web.card import cards
from app.web.page.snapshots import moment_of, shelf
from app.web.tables import below, table
from app.web.tiles import tile
from app.wording import brief, counted, number

MAX_MIB = 1
HEIGHT = 330  # pixels
_REPLAYED = shelf("Asking every recorded use again…", 2)
FIGURES = (("would_deny", "Uses denied"), ("would_escalate", "Uses to be approved first"))


def policies(posture: Posture) -> None:
    """Draw the form for policy files, and what they would have done."""
    st.header("Try a policy on what is recorded", anchor=False)
    suffixes = sorted(all_languages())
    files = st.file_uploader(
        f"Policies: {', '.join(suffixes)}, at most {MAX_MIB} MiB each",
        type=[suffix.removeprefix(".") for suffix in suffixes],
        accept_multiple_files=True,
        max_upload_size=MAX_MIB,
        key="evidence:policies",
        help="They are evaluated here and kept nowhere; the same as `trustdebt replay`.",
    )
    if not files:
        st.caption("Every recorded use is asked again, with the posture of its own time.")
        return
    try:
        parsed = policies_in({file.name: file.getvalue() for file in files}, "the upload")
    except PolicyRefused as refused:
        st.error(markdown(str(refused), 500))
        return
    sent = tuple((file.name, sha256(file.getvalue()).digest()) for file in files)
    key = (moment_of(posture), sent)
    _draw(posture, _REPLAYED.get(key, ("replay", sent), lambda: replay(posture, parsed)))


def _draw(posture: Posture, answer: Replay) -> None:
    tiles = st.columns(3)
    of = answer.uses["of"]
    for place, (name, label) in zip(tiles[:2], FIGURES, strict=True):
        tile(place, label, number(answer.uses[name]), f"of {number(of)} recorded uses")
    refused, owed = answer.debt["refused"], answer.debt["of"]
    tile(tiles[2], "Debt of what is denied", brief(refused), f"of {brief(owed)} in all")
    rows = answer.identities.readable()
    drawn = pd.DataFrame(
        {
            "Identity": rows["identity_name"],
            "Uses": rows["uses"],
            "Allowed": rows["would_allow"],
            "Denied": rows["would_deny"],
            "To be approved": rows["would_escalate"],
            "Not known": rows["unknown"],
            "Work that breaks": rows["broken_but_used"].map(_broken),
        }
    )
    alt = "For each identity, how many recorded uses the policies allow, deny and escalate."
    at = table(drawn, "evidence:replay", alt, select=True, height=HEIGHT)
    below(counted(len(drawn), "identity", "identities"), drawn, "replay.csv")
    if at is not None:
        cards(posture, [rows["identity"].iloc[at]])
    for note in answer.notes:
        st.caption(markdown(note, 500))
    if answer.never_decided:
        names = ", ".join(answer.never_decided)
        st.caption(markdown(f"Policies that decided nothing: {names}.", 1000))


def _broken(rows: list[dict[str, object]]) -> str:
    """Name what an identity used and could use no longer."""
    named = [f"{row['action'] or row['level']} on {_name(row['resource'])}" for row in rows]
    return "; ".join(named)


def _name(thing: object) -> str:
    return str(thing["name"]) if isinstance(thing, dict) else ""
