"""The form that names who answers for a thing, or attests that the owner it has is still right."""

from functools import partial

import pandas as pd
import streamlit as st

from analytics.answers import journal
from analytics.posture import Posture
from app.escape import markdown
from app.web.acceptance import decider_fields, people, write
from app.web.page.snapshots import kept
from app.web.search.picker import OFFERED, namer
from app.web.server import door
from app.web.thing.facts import known
from app.wording import joined, moment
from graph.journal.entries import ROLES, Attestation
from graph.schema import TEAM


def attest_form(posture: Posture, thing: str, role: str = "business", opened: bool = False) -> None:
    """Draw the form for the owner of a thing, with `role` chosen at first, and what waits."""
    _waiting(posture, thing)
    place = st.expander("Assign or attest an owner", icon=":material/how_to_reg:", expanded=opened)
    if posture.journal is None or not door.ask(place, f"attest:{thing}", "attestation"):
        return
    form = place.form(f"attest:{thing}", border=False)
    form.caption("Choose the present owner to attest that this is still right, or another one.")
    options = candidates(posture, thing)
    owner = form.selectbox(
        "Who answers for it",
        options,
        index=None,
        format_func=namer(posture),
        accept_new_options=True,
        filter_mode="contains",
        placeholder="a person or a team: name, e-mail or id",
        key=f"attest:owner:{thing}",
    )
    chosen = form.segmented_control(
        "As",
        list(ROLES),
        default=role,
        required=True,
        format_func=str.capitalize,
        key=f"attest:role:{thing}",
    )
    by, note = decider_fields(form, posture, "How is that known? (may stay empty)")
    if form.form_submit_button("Assign", type="primary", key=f"attest:do:{thing}"):
        if not owner:
            form.error("Choose who answers for it.")
            return
        write(form, [partial(journal.attest, posture, thing, owner, chosen or role, by, note)])


@kept
def _owners_to_be(posture: Posture) -> list[str]:
    """Return the ids of the active people and of the teams, ordered by name."""
    teams = posture.graph.things
    teams = teams[teams["label"] == TEAM.name].sort_values(["name", "id"])
    return [*people(posture)[:OFFERED], *teams["id"].head(OFFERED)]


def candidates(posture: Posture, thing: str) -> list[str]:
    """Return the ids of those who may own a thing, its present owners first."""
    rows = known(posture, thing).owners.readable()
    present = rows["id"][rows["state"] == "active"].tolist() if len(rows) else []
    return list(dict.fromkeys([*present, *_owners_to_be(posture)]))


def _waiting(posture: Posture, thing: str) -> None:
    """Draw the attestations of a thing that count only after the instant of the page."""
    entries = [] if posture.journal is None else posture.journal.entries()
    later = [
        entry
        for entry in entries
        if isinstance(entry, Attestation)
        and entry.thing == thing
        and entry.withdrawn_at is None
        and entry.since > posture.graph.as_of
    ]
    if not later:
        return
    lines = joined([f"**{_name(posture, e.owner)}** as {e.role} owner" for e in later])
    first: pd.Timestamp = min(entry.since for entry in later)
    st.info(
        f"Recorded: {lines}. It counts from {moment(first)} on, when it was decided; this page "
        f"shows {moment(posture.graph.as_of)}, before that.",
        icon=":material/pending_actions:",
    )


def _name(posture: Posture, id_: str) -> str:
    at = posture.graph.number(id_)
    return markdown(posture.graph.thing(at)["name"] if at >= 0 else id_, 60)
