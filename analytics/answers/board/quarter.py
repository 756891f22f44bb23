"""The direction: today against the snapshot of about a quarter ago."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analytics.answers.board.headlines import paths_of
from analytics.answers.board.scope import Scope, same_scope
from analytics.answers.board.standing import sensitive_counts
from analytics.answers.board.words import day
from analytics.assumptions.model import NOT_RATED, model
from analytics.changes.common_ground import same_declared
from analytics.debt.ledger.balance import Balance
from analytics.debt.ledger.moments import Moment
from analytics.debt.ledger.period import PARTS, Period
from analytics.debt.ledger.period import total as added
from analytics.debt.ledger.sums import Between, compared
from analytics.debt.owed import sums_of
from analytics.debt.totals import graded, total
from analytics.kept.answers import kept
from analytics.past import past
from analytics.posture import Posture
from graph.identity.renamed_ids import RenamedIds
from graph.stores import SnapshotInfo
from graph.values import iso

DAYS, AWAY = 90, 45  # a quarter, and how far from it a snapshot may be
SAME = 0.001  # a smaller difference of the ratio is none
BETTER, WORSE, STEADY, UNKNOWN = "better", "worse", "the same", "unknown"
End = tuple[Posture, Scope]


@dataclass(frozen=True)
class Quarter:
    """Today against a quarter ago.

    `snapshot`, `at` and `days` are those of the earlier snapshot; None, with the reason in
    `because`, where there is none. `then` and `now` have `tdr`, `debt`, `max_debt`, `grade`,
    `sensitive`, `reaching` and `paths`; a figure that nobody could know is None. `moved` has the
    debt that was `new`, `retired`, `accrued` and `rescored` since, and by `coverage` how much of
    `new`, `retired` and `rescored` only came into sight or went out of it; None for one team, from
    which identities may go to another. `pace_per_day` is the change of debt a day, less what only
    coverage changed, also of a team. `direction` is better, worse, the same or unknown.
    """

    direction: str
    sentence: str
    because: str | None
    snapshot: str | None = None
    at: str | None = None
    days: int | None = None
    then: dict[str, Any] | None = None
    now: dict[str, Any] | None = None
    moved: dict[str, Any] | None = None
    pace_per_day: float | None = None


@kept
def quarter(posture: Posture, scope: Scope, against: SnapshotInfo | None = None) -> Quarter:
    """Compare a scope with the snapshot nearest to `DAYS` before, not more than `AWAY` off it.

    With `against`, it is compared with that snapshot.
    """
    info, because = quarter_ago(posture) if against is None else (against, None)
    if info is None or posture.history is None:
        return Quarter(UNKNOWN, f"Direction unknown: {because}.", because)
    earlier = posture.history.posture(info.id)
    ends = (earlier, same_scope(earlier, posture, scope)), (posture, scope)
    then, now = (figures(*end) for end in ends)
    moved = _moved(posture, info) if scope.team is None else None
    net = _net(moved) if moved is not None else _net_of_team(ends, (then, now), info)
    passed = posture.graph.as_of - info.taken_at
    direction, because = _direction(then, now, net)
    return Quarter(
        direction=direction,
        sentence=_sentence(direction, because, then, now, info),
        because=because,
        snapshot=info.id,
        at=iso(info.taken_at),
        days=passed.days,
        then=then,
        now=now,
        moved=moved,
        pace_per_day=_pace(then, now, net, passed / pd.Timedelta(days=1)),
    )


def quarter_ago(posture: Posture) -> tuple[SnapshotInfo | None, str | None]:
    """Return the snapshot to compare with, or why there is none."""
    infos = past(posture)
    if not infos:
        return None, "there is no earlier snapshot"
    wanted = posture.graph.as_of - pd.Timedelta(days=DAYS)
    nearest = min(infos, key=lambda info: abs(info.taken_at - wanted))
    if abs(nearest.taken_at - wanted) > pd.Timedelta(days=AWAY):
        return None, f"no snapshot is of about {day(wanted)}; the nearest is of " + day(
            nearest.taken_at
        )
    return nearest, None


@kept
def figures(posture: Posture, scope: Scope) -> dict[str, Any]:
    """Return the figures of a posture that are compared."""
    owed = sums_of(posture)
    sums, (grade, _) = total(owed, scope.places), graded(posture, owed, scope.places)
    sensitive = sensitive_counts(posture, scope)
    reaching, paths = paths_of(posture, scope)
    return {
        "grade": grade,
        "tdr": sums.ratio if sums.known else None,
        "debt": sums.debt if sums.known else None,
        "max_debt": sums.most if sums.known else None,
        "identities": sums.identities,
        "sensitive": sensitive["count"] if sensitive["of"] else None,
        "reaching": reaching,
        "paths": paths,
    }


def _moved(posture: Posture, info: SnapshotInfo) -> dict[str, Any] | None:
    """Return what the ledger says of the time since a snapshot."""
    of = _period(posture, info)
    if of is None:
        return None
    sums = of.figures
    seen = {part: sums[f"{part}_by_coverage"] for part in PARTS}
    return {part: sums[part] for part in (*PARTS, "accrued")} | {"coverage": seen}


def _period(posture: Posture, info: SnapshotInfo) -> Period | None:
    """Return the debt at a snapshot compared with that of a posture, item by item."""
    history, graph = posture.history, posture.graph
    if history is None or graph.snapshot is None:
        return None
    ends = Moment(info, info.taken_at), Moment(graph.snapshot, graph.as_of)
    return compared(Between(history, *ends), model())


def _direction(
    then: dict[str, Any], now: dict[str, Any], net: tuple[float, float] | None
) -> tuple[str, str | None]:
    for when, figure in (("today", now), ("then", then)):
        if figure["max_debt"] == 0:
            return UNKNOWN, f"there {'is' if when == 'today' else 'was'} nothing to owe for {when}"
        # A leaked key gives a grade even where nobody knows what is owed.
        if figure["grade"] == NOT_RATED or figure["tdr"] is None:
            return UNKNOWN, f"too little was known {when} to rate it"
    change = now["tdr"] - then["tdr"]
    if net is not None:
        real, seen = net
        if abs(seen) > abs(real):
            return UNKNOWN, "most of what moved only came into sight, or went out of it"
    if abs(change) < SAME:
        return STEADY, None
    return (WORSE if change > 0 else BETTER), None


def _net(moved: dict[str, Any]) -> tuple[float, float]:
    """Return the net change of debt in the world, and by coverage alone."""
    seen = moved["coverage"]
    by_coverage = seen["new"] - seen["retired"] + seen["rescored"]
    every = moved["new"] - moved["retired"] + moved["rescored"] + moved["accrued"]
    return every - by_coverage, by_coverage


def _net_of_team(
    ends: tuple[End, End], figures_of: tuple[dict[str, Any], dict[str, Any]], info: SnapshotInfo
) -> tuple[float, float] | None:
    """Return what `_net` does for the identities of a team; None if not both debts are known.

    A team that had nothing took over what others owed: that is no growth.
    """
    debts = [each["debt"] for each in figures_of]
    if None in debts or not figures_of[0]["identities"]:
        return None
    seen = _seen_of_team(ends, info)
    return debts[1] - debts[0] - seen, seen


def _seen_of_team(ends: tuple[End, End], info: SnapshotInfo) -> float:
    """Return the net change of a team's debt by coverage alone; 0 if what is declared is the same.

    Items at the end are those of who belongs to the team then, all others of who did at the start.
    """
    (earlier, before), (posture, after) = ends
    graphs = earlier.graph, posture.graph
    if same_declared(*graphs) and RenamedIds(*graphs).same:
        return 0.0
    of = _period(posture, info)
    if of is None:
        return 0.0
    start, end = of.start, of.end
    new, gone, regauged = of.new[of.seen], of.retired[of.unseen], of.then[of.regauged]
    first, last = earlier.accountable[before.places], posture.accountable[after.places]
    parts = (
        end.amount[new][_of(end, new, last)],
        -start.amount[gone][_of(start, gone, first)],
        of.rescored[of.regauged][_of(start, regauged, first)],
    )
    return added(np.concatenate(parts))


def _of(balance: Balance, places: np.ndarray, identities: np.ndarray) -> np.ndarray:
    """Return a mask of the items at some places of a balance that some identities owe."""
    units, rows = balance.debt.units, balance.debt.rows
    return np.isin(units.identity[rows.entitlement[balance.row[places]]], identities)


def _pace(
    then: dict[str, Any], now: dict[str, Any], net: tuple[float, float] | None, days: float
) -> float | None:
    if then["debt"] is None or now["debt"] is None or net is None or days <= 0:
        return None
    return net[0] / days


def _sentence(
    direction: str,
    because: str | None,
    then: dict[str, Any],
    now: dict[str, Any],
    info: SnapshotInfo,
) -> str:
    since = f"since {day(info.taken_at)}"
    if then["tdr"] is None or now["tdr"] is None or not then["max_debt"] or not now["max_debt"]:
        return f"Direction unknown {since}: {because}."
    change = f"{100 * (now['tdr'] - then['tdr']):+.1f} points {since}"
    return f"Direction unknown ({change}): {because}." if because else f"{change}: {direction}."
