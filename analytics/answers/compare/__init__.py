"""The comparison of two moments: agents, paths to crown jewels, findings, owners and teams.

It comes in parts, so that a page can draw one after the other, the cheap ones first: `scopes` and
`agents`, then `owners`, `paths`, `figures`, and last `findings` and `teams`. `compare` is all.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from analytics.answers.board.quarter import figures as board_figures
from analytics.answers.compare.lists import Listed, agents, findings, owners, paths, teams
from analytics.answers.compare.sides import Sides
from analytics.answers.diff import connected
from analytics.answers.table import Table
from analytics.debt.ledger.moments import Moment
from analytics.findings.evaluation import count_all
from analytics.history import History
from analytics.kept.answers import kept
from analytics.posture import Posture
from analytics.runtime.faults import Faults
from graph.values import iso

__all__ = [
    "Compared",
    "Listed",
    "Sides",
    "agents",
    "compare",
    "figures",
    "findings",
    "owners",
    "paths",
    "scopes",
    "sides_of",
    "teams",
]


@dataclass(frozen=True)
class Compared:
    """Two moments compared; `before` and `after` have `snapshot`, `at` and the figures of it.

    `starts_are` says whether `agents` and the starts of `paths` are agents or all identities.
    `scopes` are the sources that came, went, or declare other kinds of fact. `failed` are rules
    that failed at either end, whose findings are left out. `left_out` counts the rows that were cut
    from the four lists.
    """

    before: dict[str, Any]
    after: dict[str, Any]
    starts_are: str
    scopes: Table
    agents: Listed
    paths: Listed
    findings: Listed
    owners: Listed
    teams: Table
    failed: Faults
    left_out: int


def sides_of(history: History, before: Moment, after: Moment) -> Sides:
    """Read and judge both moments of a history."""
    ends = (
        history.posture(moment.info.id, None if moment.at == moment.info.taken_at else moment.at)
        for moment in (before, after)
    )
    return Sides(*ends)


def compare(sides: Sides, limit: int = 0, team: int | None = None) -> Compared:
    """Compare two moments, of the whole estate or of the team at a place; lists end at `limit`."""
    first, last = figures(sides, team)
    lists = {
        "agents": agents(sides, limit, team),
        "paths": paths(sides, limit, team),
        "findings": findings(sides, limit, team),
        "owners": owners(sides, limit, team),
    }
    return Compared(
        before=_moment(sides.before) | first,
        after=_moment(sides.after) | last,
        starts_are="agents" if sides.agents else "identities",
        scopes=scopes(sides),
        **lists,
        teams=teams(sides),
        failed=sides.failed,
        left_out=sum(each.left_out for each in lists.values()),
    )


def _moment(posture: Posture) -> dict[str, Any]:
    info = posture.graph.snapshot
    return {"snapshot": info.id if info else None, "at": iso(posture.graph.as_of)}


@kept
def figures(sides: Sides, team: int | None = None) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the figures of the board at both ends, and how many starts and findings there are.

    `findings` is of the whole estate; None for one team, and where a rule failed.
    """
    first, last = (_figures(sides, end, team) for end in (sides.before, sides.after))
    return first, last


def _figures(sides: Sides, posture: Posture, team: int | None) -> dict[str, Any]:
    scope = sides.scope(posture, team)
    starts = np.intersect1d(sides.starts(posture), scope.starts) if sides.agents else scope.starts
    count = count_all(posture) if team is None and not sides.failed else None
    return board_figures(posture, scope) | {"starts": len(starts), "findings": count}


@kept
def scopes(sides: Sides) -> Table:
    """List the scopes that are new, gone, read in part, or declare other kinds of fact."""
    rows = connected(sides.before.graph.coverage, sides.after.graph.coverage)
    return Table(rows, sides.things)
