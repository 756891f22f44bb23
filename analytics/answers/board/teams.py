"""Teams: what each owes, and for which assumptions, as the table behind a heat map."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.answers.debt import CAPS, causes_of
from analytics.answers.shape import cut
from analytics.answers.table import Kind, Table, objects
from analytics.assumptions.model import ASSUMPTIONS
from analytics.debt.groups import NO_TEAM, keys
from analytics.debt.owed import sums_of
from analytics.debt.totals import Group, Total, grouped
from analytics.figures.measure import population
from analytics.figures.sensitive_reach import rated_count, reaching
from analytics.kept.answers import kept
from analytics.posture import Posture

BROKEN, UNKNOWN = "broken", "unknown"


@dataclass(frozen=True)
class Teams:
    """The teams, the one that owes most first; see `teams`.

    `teams` has `team` (a node; null for the identities of no team), `name`, `identities`,
    `not_known`, `debt`, `max_debt`, `tdr` (null where there is nothing to owe for, or nothing was
    verified) and `tdr_range`, its ends if all that is unverified were kept, and broken; `grade`,
    `grade_because`, `capped_by` (a name, or null), `sensitive` (identities in service that can read
    sensitive data; null where no resource is rated), `sensitive_of` (those of known reach), and for
    each assumption the share of what could be owed for it that is `broken`, and that is `unknown`;
    null where it applies to nothing.
    """

    teams: Table
    assumptions: list[str]
    left_out: int


@kept
def teams(posture: Posture, limit: int = 0) -> Teams:
    """List the teams that own identities, with a share for each assumption."""
    owed, key = sums_of(posture), keys(posture, "team").astype(np.int64)
    groups = list(grouped(posture, owed, key))
    numbers, place = np.unique(key, return_inverse=True)
    order = sorted(range(len(groups)), key=lambda g: (-_debt(groups[g]), numbers[g]))
    rows, left_out = cut(np.array(order, np.int64), limit)
    judged = population(posture)
    able = place[judged.place[reaching(posture)[judged.identities]]]
    sensitive = np.bincount(able, minlength=len(numbers))[rows].astype(np.int64)
    of = np.bincount(place[judged.place[judged.reach_known]], minlength=len(numbers))[rows]
    graph = posture.graph
    chosen = [groups[row] for row in rows.tolist()]
    columns = {
        "team": numbers[rows],
        "name": [graph.thing(n)["name"] if n >= 0 else NO_TEAM for n in numbers[rows].tolist()],
        "identities": [group.total.identities for group in chosen],
        "not_known": [group.total.not_known for group in chosen],
        "debt": _amounts([g.total.debt if g.total.known else None for g in chosen]),
        "max_debt": _amounts([g.total.most if g.total.known else None for g in chosen]),
        "tdr": _amounts([_ratio(group.total) for group in chosen]),
        "tdr_range": objects([_range(group.total) for group in chosen]),
        "grade": pd.array([group.grade for group in chosen], dtype="string"),
        "grade_because": pd.array([group.because for group in chosen], dtype="string"),
        "capped_by": objects([_cap(posture, key, group) for group in chosen]),
        "sensitive": pd.arrays.IntegerArray(
            sensitive, np.full(len(rows), not rated_count(posture))
        ),
        "sensitive_of": of.astype(np.int64),
        **_heat(owed.principal, owed.unverified, owed.applicable, place, rows),
    }
    table = Table(pd.DataFrame(columns), graph.things, {"team": Kind.NODE})
    return Teams(table, list(ASSUMPTIONS), left_out)


def _debt(group: Group) -> float:
    return group.total.debt if group.total.known else -1.0


def _ratio(of: Total) -> float | None:
    """Return the trust debt ratio; None of nothing, and where nobody could check any of it."""
    return of.ratio if of.known and of.applicable and of.verified else None


def _range(of: Total) -> list[float] | None:
    return list(of.range) if of.known and of.applicable else None


def _cap(posture: Posture, key: np.ndarray, group: Group) -> str | None:
    """Return the name of the worst of what caps a team's grade."""
    if group.because not in CAPS:
        return None
    causes = causes_of(posture, sums_of(posture), np.flatnonzero(key == group.key))
    return str(posture.graph.thing(causes[0][1])["name"]) if causes else None


def _heat(
    principal: np.ndarray,
    unverified: np.ndarray,
    applicable: np.ndarray,
    place: np.ndarray,
    rows: np.ndarray,
) -> dict[str, pd.Series]:
    """Return the columns of shares: of the principal that could be owed, broken and unknown."""
    count = int(place.max()) + 1 if len(place) else 0
    sums = []
    for amounts in (principal, unverified, applicable):
        by_team = np.zeros((count, len(ASSUMPTIONS)))
        np.add.at(by_team, place, amounts)
        sums.append(by_team[rows])
    broken, unknown, most = sums
    columns = {}
    for part, amounts in ((BROKEN, broken), (UNKNOWN, unknown)):
        shares = np.divide(amounts, most, out=np.full_like(amounts, np.nan), where=most > 0)
        for number, name in enumerate(ASSUMPTIONS):
            columns[f"{part}.{name}"] = _amounts(shares[:, number])
    return columns


def _amounts(values: object) -> pd.Series:
    return pd.Series(values, dtype="Float64")
