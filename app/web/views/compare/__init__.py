"""Page that compares two moments: agents, paths to crown jewels, findings, owners, by team."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import streamlit as st

from analytics.answers import compare
from analytics.answers.compare import Listed, Sides
from analytics.answers.compare.lists import COVERAGE, TRUTH
from analytics.debt.groups import NONE, WITHOUT_TEAM
from analytics.debt.ledger.moments import Moment
from analytics.posture import Posture
from app.escape import code, csv_table, plain
from app.web.card import links_to
from app.web.page.address import one_of, recall, refused, remember
from app.web.page.query import Query, options
from app.web.tables import ROWS, below, table
from app.web.view import View
from app.web.views.compare.answers import both, drawn, part
from app.web.views.compare.ends import choose
from app.web.views.compare.summary import figures, seen, sentence, teams
from app.wording import counted, number
from graph.journal.rights import LOOK
from graph.values import iso

ALL = "all"
SHOWN = {
    TRUTH: "It changed",
    COVERAGE: "Only our sight changed",
    ALL: "Both",
}
EVERY, NO_TEAM = "", "none"  # of the choice of a team
ENDS = "compare:ends"  # the two moments that are compared
HEIGHT = 400  # pixels of a table
Answer = Callable[..., Listed]
LISTS: dict[str, tuple[str, Answer, dict[str, str], str]] = {
    "owners": (
        "Owners",
        compare.owners,
        {"Identity": "identity", "Role": "role", "Was": "was", "Is now": "now"},
        "identity",
    ),
    "paths": (
        "Paths to crown jewels",
        compare.paths,
        {"From": "identity", "Crown jewel": "target", "Level was": "was", "Level now": "now"},
        "identity",
    ),
    "findings": (
        "Findings",
        compare.findings,
        {"Severity": "severity", "Rule": "rule", "About": "subject", "Finding": "sentence"},
        "subject",
    ),
}


def draw(posture: Posture) -> None:
    """Draw the choice of moments, the figures at both, and what differs; the cheap parts first."""
    ends = st.session_state[ENDS] = choose(posture)
    if ends is None:
        return
    sides = both(posture, *ends)
    summary, tiles, scopes = st.container(), st.container(), st.container()
    team, why = _filters(sides)
    by_team = st.container()
    seen(scopes, sides)
    agents = "Agents" if sides.agents else "Identities"
    lists = {"agents": (agents, compare.agents, {agents[:-1]: "identity"}, "identity"), **LISTS}
    counts = {name: _list(sides, name, *asked, team, why) for name, asked in lists.items()}
    sentence(summary, sides, counts, team)
    with tiles:
        figures(sides, team)
    with by_team:
        teams(sides)


def _filters(sides: Sides) -> tuple[int | None, str]:
    """Draw the filters; return the place of the team (None for all), and which reasons count."""
    places = np.unique(sides.team[sides.team >= 0])
    things = sides.things.iloc[places]
    ids = dict(zip(things["id"].astype(str), places.tolist(), strict=True))
    names = {id_: plain(name or id_) for id_, name in zip(ids, things["name"], strict=True)}
    recall("team", EVERY, one_of((EVERY, NO_TEAM, *ids)), key="compare:team")
    unknown = refused("team")
    if unknown is not None:
        st.warning(
            f"No team with the id {code(unknown)} has identities at either moment. What follows "
            "is of all teams."
        )
    if st.session_state["compare:team"] not in (EVERY, NO_TEAM, *ids):
        st.session_state["compare:team"] = EVERY
    recall("why", TRUTH, one_of(SHOWN))
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    why = left.segmented_control(
        "Show", list(SHOWN), key="why", format_func=SHOWN.__getitem__, required=True
    )
    team = right.selectbox(
        "Team",
        [EVERY, *ids, NO_TEAM],
        key="compare:team",
        format_func=lambda id_: {EVERY: "all teams", NO_TEAM: "no team"}.get(
            id_, f"{names.get(id_)} · {plain(id_)}"
        ),
    )
    remember("why", TRUTH)
    remember("team", EVERY, key="compare:team")
    place = None if team == EVERY else NONE if team == NO_TEAM else ids[team]
    return place, str(why or TRUTH)


def _list(
    sides: Sides,
    name: str,
    title: str,
    answer: Answer,
    columns: dict[str, str],
    about: str,
    team: int | None,
    why: str,
) -> Listed:
    """Draw one list and return it."""
    st.header(title, anchor=False)
    reason = None if why == ALL else why
    listed = part(name, sides, lambda sides: answer(sides, ROWS, team, reason), team, reason)
    st.markdown(_counts(listed))
    rows = drawn(listed, columns)
    if rows.empty:
        return listed
    total = len(rows) + listed.left_out
    at = table(
        rows,
        f"compare:{name}:{sides.before.graph.as_of}:{sides.after.graph.as_of}:{team}:{why}",
        f"{title} that differ between the two moments, with what changed, why, and the team.",
        {"Finding": st.column_config.TextColumn(width=400)},
        select=True,
        total=total,
        height=HEIGHT,
        wrap=True,
    )

    def every() -> str:
        return csv_table(drawn(answer(sides, 0, team, reason), columns))

    below(f"{counted(total, 'row')}. Choose a row to go on from it.", every, f"{name}.csv")
    if at is not None:
        _lead_on(sides, listed.rows.readable().iloc[at], about)
    return listed


def _counts(listed: Listed) -> str:
    """Say how many differ for each reason."""
    real = [f"**{number(n[TRUTH])} {name}**" for name, n in listed.counts.items() if n[TRUTH]]
    words = f"Changed: {', '.join(real)}." if real else "Nothing of it changed."
    by_sight = listed.count(COVERAGE)
    if by_sight:
        words += f" {number(by_sight)} more only came into sight, or went out of it."
    return words


def _lead_on(sides: Sides, row: pd.Series, about: str) -> None:
    """Draw links to what a row is about, in the snapshot that has it."""
    id_ = str(row[about])
    end = sides.after if sides.after.graph.number(id_) >= 0 else sides.before
    info = end.graph.snapshot
    if end.graph.number(id_) < 0 or info is None:
        return
    links_to(end, id_, snapshot=info.id)


TWO = "Two snapshots are compared here, and a query of facts reads one."


def query(_: Posture) -> Query:
    """Return the question behind the two moments; without two there are only snapshots to list."""
    ends = st.session_state[ENDS]
    if ends is None:
        return Query(("snapshots",), dated=False, because=TWO)
    team = st.session_state["compare:team"]
    whose = WITHOUT_TEAM if team == NO_TEAM else team
    asked = options(team=whose)
    return Query(("compare", *map(_named, ends), *asked), dated=False, because=TWO)


def _named(moment: Moment) -> str:
    """Name a moment as the command takes it: a snapshot, or the instant that begins a day."""
    return moment.info.id if moment.at == moment.info.taken_at else iso(moment.at)


VIEW = View(
    "compare",
    "Compare",
    ":material/difference:",
    "Overview",
    18,
    draw,
    right=LOOK,  # the figures of the first page, at two moments
    query=query,
)
