"""The summary of a comparison: a sentence, the figures at both ends, the sources, and the teams."""

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from analytics.answers import compare
from analytics.answers.board.quarter import figures as board_figures
from analytics.answers.compare import Listed, Sides
from analytics.answers.compare.since import Figure, Figures, changes_of
from analytics.findings.evaluation import count_all
from analytics.posture import Posture
from app.comparison import SOURCES, changed_words, seen_words
from app.escape import code, markdown
from app.web.tables import below, table
from app.web.tiles import signal, tile
from app.web.views.compare.answers import part
from app.wording import NO_FIGURE, brief, counted, moment, number, percent

HEADINGS = {
    "agents_new": "Agents new",
    "agents_gone": "Agents gone",
    "paths_opened": "Paths opened",
    "paths_closed": "Paths closed",
    "paths_widened": "Paths widened",
    "paths_narrowed": "Paths narrowed",
    "findings_new": "Findings new",
    "findings_gone": "Findings gone",
    "owners_gained": "Owners gained",
    "owners_lost": "Owners lost",
    "owners_replaced": "Owners replaced",
    "coverage": "Only seen otherwise",
}


def sentence(
    place: DeltaGenerator, sides: Sides, lists: Mapping[str, Listed], team: int | None
) -> None:
    """Draw the sentence: what is compared, and what changed in truth."""
    ends = [f"{moment(end.graph.as_of)} ({_snapshot(end)})" for end in (sides.before, sides.after)]
    whose = "" if team is None else f" Of the team {_team(sides, team)}:"
    counts = {name: each.counts for name, each in lists.items()}
    words = changed_words(counts, sides.agents)
    place.markdown(f"From **{ends[0]}** to **{ends[1]}**.{whose} **{words}.**")
    seen_only = seen_words(counts)
    if seen_only:
        place.markdown(f":material/visibility: {seen_only}")
    for rule, how in sides.failed.items():
        place.warning(f"Findings of {markdown(rule)} are left out, it failed: {code(how)}")


def _snapshot(end: Any) -> str:
    info = end.graph.snapshot
    return f"snapshot {info.sequence}" if info else "not published"


def _team(sides: Sides, team: int) -> str:
    return "—" if team < 0 else markdown(sides.things["name"].iloc[team])


def figures(sides: Sides, team: int | None) -> None:
    """Draw the figures of the later end, each with its difference from the earlier one."""
    first, last = part("figures", sides, lambda sides: compare.figures(sides, team), team)
    changes = part(
        "changes", sides, lambda sides: changes_of(sides, _figures_of(sides, team)), team
    )
    tiles = st.columns(5)
    tile(tiles[0], "Grade", _grade(last), f"was {_grade(first)}", "Trust debt ratio and grade.")
    signal_of = (
        ("debt", "Trust debt (tp)", "What is owed for exposed trust without justification."),
        ("reaching", "Reach a crown jewel", "Agents, or identities, that reach a crown jewel."),
        ("paths", "Paths to crown jewels", "Pairs of a start and a crown jewel that it reaches."),
        ("findings", "Findings", "All that hold, accepted ones too; of the whole estate only."),
    )
    for place, (name, label, meaning) in zip(tiles[1:], signal_of, strict=True):
        now = last[name]
        beside = f"of {number(last['starts'])}" if name == "reaching" else None
        figure = NO_FIGURE if now is None else brief(now)
        signal(place, label, figure, changes.get(name), beside, meaning, since="")


def _figures_of(sides: Sides, team: int | None) -> Callable[[Posture], Figures]:
    def figures_of(posture: Posture) -> Figures:
        of = board_figures(posture, sides.scope(posture, team))
        figures = {name: Figure(of[name]) for name in ("debt", "reaching", "paths")}
        if team is None:
            figures["findings"] = Figure(None if sides.failed else count_all(posture))
        return figures

    return figures_of


def _grade(of: Mapping[str, Any]) -> str:
    if of["grade"] == "NR" or of["tdr"] is None:
        return "not rated"
    return f"{of['grade']} · {percent(of['tdr'])}"


def seen(place: DeltaGenerator, sides: Sides) -> None:
    """Draw which sources came, went, or state other kinds of fact."""
    rows = compare.scopes(sides).readable()
    if sides.common is None:
        place.caption(
            ":material/visibility: The same sources state the same kinds of fact at both ends: all "
            "that differs changed in truth."
        )
        return
    with place.expander(f"What we can see changed: {counted(len(rows), 'source')}"):
        if rows.empty:
            st.markdown("Ids of one thing were merged or parted between the two.")
            return
        table(
            pd.DataFrame(
                {
                    "Source": rows["source"],
                    "Scope": rows["scope"],
                    "It is": rows["state"].map(SOURCES),
                    "Read whole": rows["complete"].map({True: "yes", False: "no"}),
                    "Begins to state": rows["newly_declares"].str.join(", "),
                    "No longer states": rows["no_longer_declares"].str.join(", "),
                }
            ),
            "compare:scopes",
            "Sources that came, went or state other kinds of fact.",
        )


def teams(sides: Sides) -> None:
    """Draw what changed in each team."""
    answer = part("teams", sides, compare.teams)
    st.header("By team", anchor=False)
    rows = answer.readable()
    if rows.empty:
        st.markdown("Nothing differs in any team.")
        return
    names = rows["team_name"].replace("", pd.NA).fillna(rows["team"]).fillna("no team")
    shown = pd.DataFrame({"Team": names})
    for name, heading in HEADINGS.items():
        if name in rows and rows[name].any():
            shown[heading] = rows[name]
    if not sides.agents:
        shown = shown.rename(columns=lambda c: c.replace("Agents", "Identities"))
    table(shown, "compare:teams", "What changed in each team, the most first.", height=320)
    below(
        f"{counted(len(shown), 'team')}, most changes first; what only came into sight is apart.",
        shown,
        "compare-teams.csv",
    )
