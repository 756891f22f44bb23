"""The forms that begin a campaign with the steps of the plan, and close one."""

from functools import partial

import pandas as pd
import streamlit as st

from analytics.answers.plan import RemovalPlan
from analytics.answers.undertaking import close, start, steps_of
from analytics.posture import Posture
from app.web.acceptance import decider_fields, people, write
from app.web.search.picker import OFFERED, namer
from app.web.server import door
from app.wording import counted
from graph.journal.actor import By

BEGIN, CLOSE = "campaign", "closing"  # the rights
UNNAMED = "campaign"  # what the command calls one, too


def begin_form(posture: Posture, answer: RemovalPlan) -> None:
    """Draw the form that begins a campaign with the steps of a plan."""
    steps = counted(len(answer.steps), "step")
    place = st.expander(f"Begin a campaign with {steps}", icon=":material/flag:")
    if posture.journal is None or not door.ask(place, "campaign", BEGIN, "begin a campaign"):
        return
    form = place.form("campaign", border=False)
    form.caption(
        "A campaign keeps these steps with who answers for them by when; later snapshots tick off "
        "what is gone, and say what it repaid."
    )
    left, right = form.columns(2)
    name = left.text_input("Name", placeholder=UNNAMED, max_chars=200, key="campaign:name")
    tomorrow = (posture.graph.as_of + pd.Timedelta(days=1)).date()
    due = right.date_input(
        "Due (midnight UTC)",
        value=None,
        min_value=tomorrow,
        format="YYYY-MM-DD",
        help="Without a day, each step is due after one cycle of what it mends.",
        key="campaign:due",
    )
    owner = form.selectbox(
        "Who answers for it",
        people(posture)[:OFFERED],
        index=None,
        format_func=namer(posture),
        accept_new_options=True,
        placeholder="who begins it, unless another person is named",
        key="campaign:owner",
    )
    by, reason = decider_fields(form, posture, "What is it for? (may stay empty)")
    if form.form_submit_button("Begin the campaign", type="primary"):
        at = None if due is None else pd.Timestamp(due, tz="UTC").as_unit("ms")
        begin = partial(_begin, posture, answer, name.strip() or UNNAMED, by, reason, at, owner)
        write(form, [begin])


def _begin(
    posture: Posture,
    answer: RemovalPlan,
    name: str,
    by: By,
    reason: str,
    due: pd.Timestamp | None,
    owner: str | None,
) -> None:
    start(posture, steps_of(posture, answer), name, by, reason, due, owner)


def close_form(posture: Posture, campaign: str) -> None:
    """Draw the form that closes a campaign, given its id, as it stands."""
    place = st.expander("Close the campaign as it stands", icon=":material/flag_check:")
    if posture.journal is None or not door.ask(place, "closing", CLOSE, "close a campaign"):
        return
    form = place.form(f"closing:{campaign}", border=False)
    by, reason = decider_fields(form, posture, "Why is nothing more expected of it?")
    if form.form_submit_button("Close the campaign"):
        write(form, [partial(close, posture, campaign, by, reason)])
