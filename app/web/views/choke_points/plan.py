"""The plan of removals: the proposed removals, the safety of each, and the gap to the optimum."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from analytics.answers.plan import RemovalPlan, plan
from analytics.posture import UNUSED_DAYS, Posture
from app.escape import markdown
from app.web.address import one_of, recall, remember
from app.web.removals import MOST, add_each, edge_item
from app.web.snapshots import kept
from app.web.tables import below, table
from app.wording import NOT_KNOWN, brief, counted, edge_words, number, share

STEPS_PROPOSED = 5
HIDDEN, SHOWN = "hidden", "shown"
VERDICTS = {
    "safe": "safe now",
    "needs_owner": "ask its owner",
    "needs_longer_window": "watch longer",
}
MEANINGS = (
    "**safe now**: seen not to be used for long enough. **watch longer**: its use would be seen, "
    "but the time watched is too short to rule out a rare job. **ask its owner**: nobody would "
    "see it being used, or it is tagged as seasonal."
)


@kept
def proposed(posture: Posture) -> RemovalPlan:
    """Return the plan."""
    return plan(posture, STEPS_PROPOSED, "reach")


def what_to_remove(posture: Posture, items: tuple[str, ...]) -> None:
    """Draw the plan for all accountable identities, on request."""
    st.header("What to remove first", anchor=False)
    st.caption(
        f"For all identities and everything they reach, whatever the two ends above: up to "
        f"{STEPS_PROPOSED} removals of access not seen in use within {UNUSED_DAYS} days, each the "
        "best next one. A login without which the access only moves is not proposed."
    )
    recall("plan", HIDDEN, one_of((HIDDEN, SHOWN)))
    if st.session_state["plan"] != SHOWN:
        st.button("Work it out", icon=":material/checklist:", on_click=_show)
        remember("plan", HIDDEN)
        return
    remember("plan", HIDDEN)
    answer = proposed(posture)
    steps = answer.steps.readable()
    rows = plan_rows(steps)
    if rows.empty:
        st.markdown("Nothing: whatever could go is in use, or takes no reach away.")
        return
    st.markdown(_gain(answer))
    config = {"Verdict": st.column_config.TextColumn(help=MEANINGS.replace("**", ""))}
    table(rows, "plan", "Removals in the order in which they take away most reach.", config)
    fails = int(steps["breaks"].str.len().sum())
    below(use_of(len(steps), fails, answer.unobservable), rows, "plan.csv")
    st.caption(MEANINGS)
    wanted = [edge_item(t) if "from" in t else t["id"] for t in steps["target"]]
    st.button(
        "Add the plan to what-if",
        icon=":material/content_cut:",
        disabled=set(wanted) <= set(items) or len(wanted) > MOST,
        on_click=add_each,
        args=(wanted,),
    )


def use_of(count: int, broken: int, unseen: int) -> str:
    """Return a sentence on the observed uses that removals end, and the uses nobody could see.

    >>> use_of(5, broken=1, unseen=2)
    '5 removals: 1 observed use would fail, 2 could not have been seen in use.'
    >>> use_of(1, broken=0, unseen=0)
    '1 removal: no observed use would fail.'
    """
    fail = (
        f"{counted(broken, 'observed use')} would fail" if broken else "no observed use would fail"
    )
    blind = f", {number(unseen)} could not have been seen in use" if unseen else ""
    return f"{counted(count, 'removal')}: {fail}{blind}."


def _show() -> None:
    st.session_state["plan"] = SHOWN


def plan_rows(steps: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each removal of a plan, in its order."""
    days = steps["window_days"]
    return pd.DataFrame(
        {
            "Step": range(1, len(steps) + 1),
            "Removes": [target_words(target) for target in steps["target"]],
            "Reach removed": steps["reach_removed"],
            "Identities": steps["identities"],
            "Debt removed": steps["debt_removed"],
            "Uses that fail": steps["breaks"].str.len(),
            "Use would be seen": steps["observed"].map({True: "yes", False: "no"}),
            "Verdict": steps["verdict"].replace(VERDICTS),
            "Watched for": [NOT_KNOWN if d is None else counted(round(d), "day") for d in days],
            "To undo it": steps["undo"],
        }
    )


def target_words(target: Mapping[str, Any]) -> str:
    """Return the words for what a step is about.

    >>> target_words({"id": "k1", "label": "Credential", "name": "billing key"})
    'billing key'
    """
    return edge_words(target) if "from" in target else target["name"] or target["id"]


def _gain(answer: RemovalPlan) -> str:
    """Return a sentence on what the plan takes away, and the gap to the optimum."""
    before, after = answer.before["reach"], answer.after["reach"]
    sentence = (
        f"These {counted(len(answer.steps), 'removal')} take away **{brief(before - after)}** "
        f"of {brief(before)} ({share(before - after, before)}) of the reach of all identities, and "
        f"debt goes from {brief(answer.before['debt'])} to {brief(answer.after['debt'])}."
    )
    gap, because = answer.optimum_gap, answer.optimum["because"]
    if gap is None:
        return f"{sentence} Whether as many others could take away more is not known: " + (
            f"{markdown(because or NOT_KNOWN)}."
        )
    if gap < 0.0005:
        return f"{sentence} No other set of as many takes away more."
    best = answer.optimum["reach_removed"]
    sentence += f" The best set of as many takes away {brief(best)}"
    return f"{sentence}: the gap is {share(gap, 1)}."
