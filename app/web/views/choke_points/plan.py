"""The plan of removals: the proposed removals, the safety of each, and the gap to the optimum."""

from typing import Any

import pandas as pd
import streamlit as st

from analytics.answers.plan import plan
from analytics.posture import UNUSED_DAYS, Posture
from app.escape import markdown
from app.web.address import one_of, recall, remember
from app.web.removals import MOST, add_each, edge_item
from app.web.snapshots import kept
from app.web.tables import below, table
from app.wording import NOT_KNOWN, VERBS, brief, counted, number, share, thing_name

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
def proposed(posture: Posture) -> dict[str, Any]:
    """Return the plan."""
    answer: dict[str, Any] = plan(posture, STEPS_PROPOSED, "reach")
    return answer


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
    rows = plan_rows(answer["steps"])
    if rows.empty:
        st.markdown("Nothing: whatever could go is in use, or takes no reach away.")
        return
    st.markdown(_gain(answer))
    config = {"Verdict": st.column_config.TextColumn(help=MEANINGS.replace("**", ""))}
    table(rows, "plan", "Removals in the order in which they take away most reach.", config)
    below(use_of(answer), rows, "plan.csv")
    st.caption(MEANINGS)
    wanted = [edge_item(step["target"]) for step in answer["steps"]]
    st.button(
        "Add the plan to what-if",
        icon=":material/content_cut:",
        disabled=set(wanted) <= set(items) or len(wanted) > MOST,
        on_click=add_each,
        args=(wanted,),
    )


def use_of(answer: dict[str, Any]) -> str:
    """Return a sentence on the removals with observed uses, and with uses that cannot be observed.

    >>> use_of({"steps": [{}] * 5, "in_use": 1, "unobservable": 2})
    '5 removals: 1 carries an observed use, 2 could not have been seen in use.'
    >>> use_of({"steps": [{}], "in_use": 0, "unobservable": 0})
    '1 removal: none carries an observed use.'
    """
    used, unseen = answer["in_use"], answer["unobservable"]
    carry = f"{number(used)} {'carries' if used == 1 else 'carry'}" if used else "none carries"
    blind = f", {number(unseen)} could not have been seen in use" if unseen else ""
    return f"{counted(len(answer['steps']), 'removal')}: {carry} an observed use{blind}."


def _show() -> None:
    st.session_state["plan"] = SHOWN


def plan_rows(steps: list[dict[str, Any]]) -> pd.DataFrame:
    """Return a row for each removal of a plan, in its order."""
    targets = [step["target"] for step in steps]
    days = [step["window_days"] for step in steps]
    return pd.DataFrame(
        {
            "Step": range(1, len(steps) + 1),
            "From": [thing_name(target["from"]) for target in targets],
            "Removes": [VERBS.get(t["relationship"], t["relationship"]) for t in targets],
            "To": [thing_name(target["to"]) for target in targets],
            "Reach removed": [step["reach_removed"] for step in steps],
            "Identities": [step["identities"] for step in steps],
            "Debt removed": [step["debt_removed"] for step in steps],
            "Uses that fail": [len(step["breaks"]) for step in steps],
            "Use would be seen": ["yes" if step["observed"] else "no" for step in steps],
            "Verdict": [VERDICTS.get(step["verdict"], step["verdict"]) for step in steps],
            "Watched for": [NOT_KNOWN if d is None else counted(round(d), "day") for d in days],
            "To undo it": [step["undo"] for step in steps],
        }
    )


def _gain(answer: dict[str, Any]) -> str:
    """Return a sentence on what the plan takes away, and the gap to the optimum."""
    before, after = answer["before"]["reach"], answer["after"]["reach"]
    sentence = (
        f"These {counted(len(answer['steps']), 'removal')} take away **{brief(before - after)}** "
        f"of {brief(before)} ({share(before - after, before)}) of the reach of all identities, and "
        f"debt goes from {brief(answer['before']['debt'])} to {brief(answer['after']['debt'])}."
    )
    gap, because = answer["optimum_gap"], answer["optimum"]["because"]
    if gap is None:
        return f"{sentence} Whether as many others could take away more is not known: " + (
            f"{markdown(because or NOT_KNOWN)}."
        )
    if gap < 0.0005:
        return f"{sentence} No other set of as many takes away more."
    best = answer["optimum"]["reach_removed"]
    sentence += f" The best set of as many takes away {brief(best)}"
    return f"{sentence}: the gap is {share(gap, 1)}."
