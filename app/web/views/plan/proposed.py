"""What to do first: the proposed changes, how safe each is, and the gap to the optimum."""

import json
from functools import partial

import pandas as pd
import streamlit as st

from analytics.answers.plan import RemovalPlan, plan
from analytics.answers.table import as_json
from analytics.answers.tickets import Tickets, tickets
from analytics.posture import Posture
from app.escape import markdown
from app.table_csv import table_csv
from app.web.card import cards
from app.web.page.address import one_of, recall, remember, turn
from app.web.page.snapshots import kept, kept_while
from app.web.removals import MOST, REMOVED, add_each, edge_item, removals
from app.web.search.reveal import reveal
from app.web.sentences import use_of
from app.web.server import door
from app.web.tables import below, rounded, table
from app.web.views.plan.instructions import instructions
from app.web.views.plan.undertake import begin_form
from app.wording import NOT_KNOWN, brief, counted, each_words, share

OBJECTIVES = {"debt": "debt", "reach": "reach", "findings": "findings"}
BUDGETS = ("5", "10", "20")
HIDDEN, SHOWN = "hidden", "shown"
VERDICTS = {
    "safe": "safe now",
    "needs_owner": "ask its owner",
    "needs_longer_window": "watch longer",
}
USES = {
    "unused": "watched, and not used",
    "seen_in_use": "seen in use",
    "not_observable": "nobody could see it",
}
MEANINGS = (
    "**safe now**: watched, and not used for long enough. **watch longer**: its use would be seen, "
    "but the time watched is too short to rule out a rare job. **ask its owner**: nobody would "
    "see it being used, or it takes a person to decide."
)

HEIGHT = 560  # pixels
COLUMNS = {
    "On": st.column_config.TextColumn(width=215),
    "To undo it": st.column_config.TextColumn(width=230),
    "Verdict": st.column_config.TextColumn(help=MEANINGS.replace("**", "")),
    "Debt removed": st.column_config.NumberColumn(width=105),
    "Reach removed": st.column_config.NumberColumn(width=112),
    "Findings": st.column_config.NumberColumn(width=70),
    "Uses that fail": st.column_config.NumberColumn(width=100),
}


@kept_while("Building the plan…")
def proposed(posture: Posture, objective: str, budget: int) -> RemovalPlan:
    """Return the plan."""
    return plan(posture, budget, objective)


@kept
def written(posture: Posture, objective: str, budget: int) -> Tickets:
    """Return the tickets of the plan."""
    return tickets(posture, proposed(posture, objective, budget).steps)


def what_to_do_first(posture: Posture) -> None:
    """Draw the plan for all accountable identities, on request."""
    reveal("plan")
    st.header("What to do first", anchor=False)
    st.caption(
        "For all identities and everything that they reach: each step is the best next one, with "
        "the figures of what-if. None ends a use that was seen, or takes the last login of an "
        "identity in use."
    )
    objective, budget = _asked()
    recall("plan", HIDDEN, one_of((HIDDEN, SHOWN)))
    if st.session_state["plan"] != SHOWN:
        st.button("Build the plan", icon=":material/checklist:", on_click=_show)
        remember("plan", HIDDEN)
        return
    remember("plan", HIDDEN)
    _proposed(posture, objective, budget)


def _asked() -> tuple[str, int]:
    """Draw the choice of what to take away, and by how many steps."""
    left, right = st.columns(2)
    recall("objective", "debt", one_of(OBJECTIVES))
    with left:
        st.segmented_control("Take away", list(OBJECTIVES), key="objective", required=True)
    remember("objective", "debt")
    recall("budget", BUDGETS[0], one_of(BUDGETS))
    with right:
        st.segmented_control("Steps", BUDGETS, key="budget", required=True)
    remember("budget", BUDGETS[0])
    return st.session_state["objective"] or "debt", int(st.session_state["budget"] or BUDGETS[0])


def _proposed(posture: Posture, objective: str, budget: int) -> None:
    answer = proposed(posture, objective, budget)
    steps = answer.steps.readable()
    if steps.empty:
        st.markdown("Nothing: whatever could be done is in use, or takes none of it away.")
        return
    st.markdown(_gain(answer))
    rows = plan_rows(steps)
    alt = f"Steps in the order in which they take away most {objective}."
    at = table(
        rounded(rows, "Debt removed", "Reach removed"),
        f"plan:{objective}:{budget}",
        alt,
        COLUMNS,
        select=True,
        height=HEIGHT,
        wrap=True,
    )
    fails = int(steps["breaks"].str.len().sum())
    below(use_of(len(steps), fails, answer.unobservable, "step"), rows, "plan.csv")
    st.caption(MEANINGS)
    if at is not None:
        cards(posture, [*steps["on"].iloc[at], steps["owner"].iloc[at]])
        instructions({str(k): v for k, v in steps.iloc[at].items()})
    _tickets(posture, objective, budget)
    _to_what_if(posture, steps)
    begin_form(posture, answer)


def _tickets(posture: Posture, objective: str, budget: int) -> None:
    """Draw the downloads of the plan as work for an issue tracker."""
    left, right = st.columns(2)
    for column, name, kind in ((left, "CSV", "text/csv"), (right, "JSON", "application/json")):
        column.download_button(
            f"Tickets as {name}",
            door.still_here(partial(_ticket_text, posture, objective, budget, name)),
            f"tickets.{name.lower()}",
            kind,
            on_click="ignore",
            icon=":material/confirmation_number:",
        )


def _ticket_text(posture: Posture, objective: str, budget: int, name: str) -> str:
    made = written(posture, objective, budget)
    if name == "CSV":
        return table_csv(made.tickets)
    return json.dumps(as_json(made), ensure_ascii=False, indent=1)


def _to_what_if(posture: Posture, steps: pd.DataFrame) -> None:
    """Draw the button that adds the removals of the plan to the list of what-if."""
    items = removals(posture)
    removing = steps["action"].str.startswith(REMOVED)
    targets = steps["target"][removing]
    wanted = [edge_item(t) if "from" in t else t["id"] for t in targets]
    st.button(
        f"Add {counted(len(wanted), 'removal')} to what-if",
        icon=":material/content_cut:",
        disabled=not wanted or set(wanted) <= set(items) or len(wanted) > MOST,
        on_click=add_each,
        args=(wanted,),
    )
    if items and st.button(
        f"Show the what-if: {counted(len(items), 'removal')}", icon=":material/hub:"
    ):
        turn("blast_radius", {"remove": list(items)})


def _show() -> None:
    st.session_state["plan"] = SHOWN


def plan_rows(steps: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each step of a plan, in its order."""
    days = steps["window_days"]
    return pd.DataFrame(
        {
            "Step": range(1, len(steps) + 1),
            "Action": steps["action"].str.replace("_", " "),
            "On": [each_words(on) for on in steps["on"]],
            "Verdict": steps["verdict"].replace(VERDICTS),
            "Use": steps["use"].map(USES).fillna("takes nothing away"),
            "Debt removed": steps["debt_removed"],
            "Reach removed": steps["reach_removed"],
            "Findings": steps["findings"].str.len(),
            "Uses that fail": steps["breaks"].str.len(),
            "Watched for": [NOT_KNOWN if d is None else counted(round(d), "day") for d in days],
            "Who decides": steps["owner_name"].fillna("nobody"),
            "To undo it": steps["undo"],
        }
    )


def _gain(answer: RemovalPlan) -> str:
    """Return a sentence on what the plan takes away, and the gap to the optimum."""
    objective = answer.objective
    before, after = answer.before, answer.after
    parts = [
        f"{name} goes from {brief(before[name])} to {brief(after[name])}"
        f" ({share(before[name] - after[name], before[name])} less)"
        for name in dict.fromkeys((objective, "debt", "reach"))
    ]
    sentence = f"With these {counted(len(answer.steps), 'step')}, {'; '.join(parts)}."
    gap, because = answer.optimum_gap, answer.optimum["because"]
    if gap is None:
        return f"{sentence} Whether as many others could take away more is not known: " + (
            f"{markdown(because or NOT_KNOWN)}."
        )
    if gap < 0.0005:
        return f"{sentence} No other set of as many takes away more."
    best = answer.optimum[f"{objective}_removed"]
    sentence += f" The best set of as many takes away {brief(best)}"
    return f"{sentence}: the gap is {share(gap, 1)}."
