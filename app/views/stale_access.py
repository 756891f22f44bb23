"""Stale access: paths nobody uses, the step to remove, and what removing them gives back."""

import pandas as pd
import streamlit as st

from analytics import answers
from analytics.posture import Posture
from app.address import one_of, recall, remember, some_of
from app.escape import markdown
from app.figures import UNKNOWN, regained
from app.reading import kept
from app.sentences import step_lines
from app.tables import below, full, table
from app.tiles import tile
from app.view import View
from app.wording import (
    STALE_STATES,
    brief,
    counted,
    edge_words,
    number,
    share,
    thing_id,
    thing_name,
)

WINDOWS = ("30", "60", "90", "180", "365")
DEFAULT_WINDOW = "90"
LISTED = 200  # paths whose steps are worked out for one page
HIDDEN = ["identity", "resource", "state", "steps"]


def draw(posture: Posture) -> None:
    """Draw the window, the figures, the paths and the steps of the chosen one."""
    recall("days", DEFAULT_WINDOW, one_of(WINDOWS))
    said = st.segmented_control(
        "Not used for", WINDOWS, key="days", format_func=lambda d: f"{d} days", required=True
    )
    remember("days", DEFAULT_WINDOW)
    days = int(said or DEFAULT_WINDOW)
    seen = "usage" not in posture.graph.undeclared
    if not seen:
        st.info(
            "No source states when access was used, so what is stale is unknown. Ingest one "
            "that does.",
            icon=":material/help:",
        )
    rows, left_out = stale(posture, days)
    _figures(posture, rows, left_out, days, seen)
    _paths(posture, rows, left_out, days)


@kept
def stale(posture: Posture, days: int) -> tuple[pd.DataFrame, int]:
    """Return a row for each stale path of the widest identities, and how many are left out."""
    answer = answers.stale(posture, days=days, limit=LISTED)
    paths = answer["paths"]
    frame = pd.DataFrame(
        {
            "identity": [thing_id(row["identity"]) for row in paths],
            "resource": [thing_id(row["resource"]) for row in paths],
            "state": [row["state"] for row in paths],
            "Identity": [thing_name(row["identity"]) for row in paths],
            "Reaches": [thing_name(row["resource"]) for row in paths],
            "Level": [row["level"] for row in paths],
            "Weight": pd.array([row["weight"] for row in paths], dtype="Float64"),
            "Days unused": pd.array([row["unused_days"] for row in paths], dtype="Float64"),
            "State": [STALE_STATES.get(row["state"], row["state"]) for row in paths],
            "First stale step": [edge_words(row["first_stale"], "cannot be seen") for row in paths],
            "steps": [row["steps"] for row in paths],
        }
    )
    heaviest = frame.sort_values("Weight", ascending=False, kind="stable", ignore_index=True)
    return heaviest, answer["left_out"]


def _figures(posture: Posture, rows: pd.DataFrame, left_out: int, days: int, seen: bool) -> None:
    back, whole = regained(posture, days)
    tiles = st.columns(3)
    tile(
        tiles[0],
        "What you get back",
        share(back, whole) if seen else UNKNOWN,
        f"{brief(back)} of {brief(whole)} weighted" if seen else None,
        f"Blast radius that goes away when only access not used for {days} days is removed; "
        "nothing that was used is touched.",
    )
    tile(
        tiles[1],
        "Paths without observed use",
        number(len(rows) + left_out),
        f"{number(len(rows))} listed: the widest identities'" if left_out else "all listed",
    )
    blind = int((rows["state"] == "unobservable").sum())
    tile(
        tiles[2],
        "Use cannot be seen",
        f"{number(blind)} of {number(len(rows))}",
        "unknown, not unused",
    )


def _paths(posture: Posture, rows: pd.DataFrame, left_out: int, days: int) -> None:
    st.header("Paths", anchor=False)
    if rows.empty:
        st.markdown(f"No path was unused for {days} days in what is known.")
        return
    shown, chosen = _filtered(rows)
    at = table(
        shown.drop(columns=HIDDEN),
        f"stale:{days}:{chosen}",
        "Paths nobody uses: who reaches what, the first stale step, and for how long.",
        {
            "Level": st.column_config.TextColumn(width="small"),
            "State": st.column_config.TextColumn(width=165),
            "Days unused": st.column_config.NumberColumn(format="%.0f", width=95),
            "Weight": st.column_config.ProgressColumn(
                width="small",
                format="%.0f",
                min_value=0,
                max_value=full(rows["Weight"]),
            ),
        },
        select=True,
    )
    below(
        f"{number(len(shown))} of {counted(len(rows) + left_out, 'path')}, heaviest first. "
        "Select one to see its steps.",
        shown.drop(columns=HIDDEN),
        "stale-access.csv",
    )
    if at is not None:
        _chosen(posture, shown.iloc[at])


def _filtered(rows: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Draw the filter; return the rows it leaves, and a text that names it."""
    counts = rows["state"].value_counts()
    states = [state for state in STALE_STATES if state in counts]
    recall("states", [], some_of(states), key="stale:states")
    chosen = st.pills(
        "State",
        states,
        key="stale:states",
        selection_mode="multi",
        format_func=lambda state: f"{STALE_STATES[state]} · {counts.get(state, 0):,}",
    )
    remember("states", [], key="stale:states")
    return rows[rows["state"].isin(chosen)] if chosen else rows, ",".join(chosen)


def _chosen(posture: Posture, row: pd.Series) -> None:
    with st.container(border=True):
        name, target = markdown(row["Identity"]), markdown(row["Reaches"])
        st.subheader(f"{name} → {target}, {row['Level']}", anchor=False)
        st.markdown(step_lines(row["steps"], posture.graph.as_of))
        if st.button("Show in blast radius", icon=":material/hub:"):
            st.switch_page(
                st.session_state["pages"]["blast_radius"],
                query_params={"thing": row["identity"], "focus": row["resource"]},
            )


VIEW = View("stale_access", "Stale access", ":material/hourglass_disabled:", "Findings", 40, draw)
