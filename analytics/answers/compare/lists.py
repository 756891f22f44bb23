"""The differences between two moments as tables, and how many there are in each team."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analytics.answers.compare import sets
from analytics.answers.compare.differing import CHANGED, REMOVED, UNKNOWN, Differences
from analytics.answers.compare.sides import Sides
from analytics.answers.shape import cut
from analytics.answers.table import Kind, Table
from analytics.debt.groups import NONE
from analytics.findings.evaluation import RANK
from analytics.kept.answers import kept
from analytics.ownership.owners import ROLES

TRUTH, COVERAGE = "changed", "coverage"  # why something differs
WHY = np.array([TRUTH, COVERAGE], object)
NEW_OR_GONE = {0: "new", 1: "gone"}
PATHS = {0: "opened", 1: "closed", 2: "widened", 3: "narrowed"}
OWNERS = {0: "gained", 1: "lost", 2: "replaced", 3: "unclear"}


@dataclass(frozen=True)
class Listed:
    """Differences of one kind, real ones before those by coverage alone.

    `rows` has `change`, `why` ("changed" or "coverage") and `team` (a node, null for none).
    `counts` has how many there are of each change for either reason, also of those left out.
    """

    rows: Table
    counts: dict[str, dict[str, int]]
    left_out: int

    def count(self, why: str) -> int:
        """Return how many differ for one reason."""
        return sum(counts[why] for counts in self.counts.values())


@dataclass(frozen=True)
class _Named:
    """Differences with a `change` in words (`names`), the place that each is about, an order."""

    rows: Differences
    change: np.ndarray
    names: Mapping[int, str]
    about: np.ndarray
    order: np.ndarray

    def words(self) -> np.ndarray:
        return np.asarray(np.array(list(self.names.values()), object)[self.change])


Columns = Callable[[np.ndarray], dict[str, Any]]
LEVEL_ENDS, NODE_ENDS = (dict.fromkeys(("was", "now"), kind) for kind in (Kind.LEVEL, Kind.NODE))
NODES = dict.fromkeys(("identity", "target", "subject", "object", "team"), Kind.NODE)


@kept
def agents(sides: Sides, limit: int = 0, team: int | None = None, why: str | None = None) -> Listed:
    """List the agents (all identities without any agent) that are new or gone: `identity`."""
    rows = _agents(sides)
    return _listed(sides, rows, lambda at: {"identity": rows.about[at]}, (limit, team, why))


def _agents(sides: Sides) -> _Named:
    rows = sets.agents(sides)
    place = rows.key.astype(np.int64)
    order = np.lexsort((place, rows.change, rows.coverage))
    return _Named(rows, rows.change, NEW_OR_GONE, place, order)


@kept
def paths(sides: Sides, limit: int = 0, team: int | None = None, why: str | None = None) -> Listed:
    """List paths to crown jewels: `identity`, `target`, and the highest level it `was`, is `now`.

    They opened, closed, widened (to a higher level) or narrowed; the highest level comes first.
    """
    rows = _paths(sides)

    def columns(at: np.ndarray) -> dict[str, Any]:
        _, target = sets.ends_of(sides, rows.rows.key[at])
        ends = {"identity": rows.about[at], "target": target}
        return ends | {"was": rows.rows.was[at], "now": rows.rows.now[at]}

    return _listed(sides, rows, columns, (limit, team, why))


def _paths(sides: Sides) -> _Named:
    rows = sets.paths(sides)
    start, _ = sets.ends_of(sides, rows.key)
    change = np.where((rows.change == CHANGED) & (rows.now < rows.was), 3, rows.change)
    level = np.maximum(rows.was, rows.now)
    order = np.lexsort((rows.key, change, -level, rows.coverage))
    return _Named(rows, change, PATHS, start, order)


@kept
def findings(
    sides: Sides, limit: int = 0, team: int | None = None, why: str | None = None
) -> Listed:
    """List findings, worst first: `id`, `rule`, `severity`, `subject`, `object`, `sentence`.

    The team is that of the subject; a key that nobody uses is of the team of who owns it.
    """
    rows = _findings(sides)

    def columns(at: np.ndarray) -> dict[str, Any]:
        parts = {name: _of_findings(sides, rows.rows, name)[at] for name in ("subject", "object")}
        texts = ("id", "rule", "severity", "sentence")
        return {name: _text(_of_findings(sides, rows.rows, name)[at]) for name in texts} | parts

    return _listed(sides, rows, columns, (limit, team, why))


def _findings(sides: Sides) -> _Named:
    rows = sets.findings(sides)
    rank = np.array([RANK[each] for each in _of_findings(sides, rows, "severity")], np.int64)
    order = np.lexsort((rows.key, rows.change, rank, rows.coverage))
    return _Named(rows, rows.change, NEW_OR_GONE, _of_findings(sides, rows, "subject"), order)


def _of_findings(sides: Sides, rows: Differences, column: str) -> np.ndarray:
    """Return a column of the findings that differ, each from the end that has it; nodes as places.

    A finding has no object where the number of it is negative.
    """
    gone = rows.change == REMOVED
    cells: np.ndarray | None = None
    for posture, mask, row in (
        (sides.before, gone, rows.row_before),
        (sides.after, ~gone, rows.row_after),
    ):
        values = sets.of_end(sides, posture)[column].to_numpy()[row[mask]]
        if column in ("subject", "object"):
            place = np.append(sides.places(posture), NONE).astype(np.int64)
            values = place[np.where(values < 0, len(place) - 1, values)]
        cells = np.empty(len(rows.key), values.dtype) if cells is None else cells
        cells[mask] = values
    assert cells is not None
    return cells


@kept
def owners(sides: Sides, limit: int = 0, team: int | None = None, why: str | None = None) -> Listed:
    """List the identities of both ends with another owner: `identity`, `role`, `was`, `now`.

    `was_known` and `now_known` say whether a source states it; where either is not, it is unclear.
    """
    rows = _owners(sides)

    def columns(at: np.ndarray) -> dict[str, Any]:
        role = np.array(ROLES, object)[rows.rows.key[at] % len(ROLES)]
        made = {"identity": rows.about[at], "role": role}
        for name, side in (("was", rows.rows.was[at]), ("now", rows.rows.now[at])):
            made |= {name: np.maximum(side, NONE), f"{name}_known": side != UNKNOWN}
        return made

    return _listed(sides, rows, columns, (limit, team, why), NODE_ENDS)


def _owners(sides: Sides) -> _Named:
    rows = sets.owners(sides)
    unclear = (rows.was == UNKNOWN) | (rows.now == UNKNOWN)
    change = np.select([unclear, rows.was < 0, rows.now < 0], [3, 0, 1], 2)
    order = np.lexsort((rows.key, np.array([2, 0, 1, 3])[change], rows.coverage))  # lost ones first
    return _Named(rows, change, OWNERS, rows.key // len(ROLES), order)


def _listed(
    sides: Sides,
    rows: _Named,
    columns: Columns,
    asked: tuple[int, int | None, str | None],
    kinds: Mapping[str, Kind] = LEVEL_ENDS,
) -> Listed:
    limit, team, why = asked
    mask = np.ones(len(rows.about), bool) if team is None else sides.team[rows.about] == team
    counts = {}
    for number, name in rows.names.items():
        of_name = mask & (rows.change == number)
        seen = int((of_name & rows.rows.coverage).sum())
        counts[name] = {TRUTH: int(of_name.sum()) - seen, COVERAGE: seen}
    if why is not None:
        mask = mask & (rows.rows.coverage == (why == COVERAGE))
    at, left_out = cut(rows.order[mask[rows.order]], limit)
    made = columns(at) | {
        "change": _text(rows.words()[at]),
        "why": _text(WHY[rows.rows.coverage[at].astype(np.int64)]),
        "team": sides.team[rows.about[at]],
    }
    table = Table(pd.DataFrame(made), sides.things, {**NODES, **kinds})
    return Listed(table, counts, left_out)


@kept
def teams(sides: Sides) -> Table:
    """List the teams with what changed in each, the most first, and what by coverage alone.

    Columns: `team` (a node, null for no team), a column for each kind and change such as
    `paths_opened`, and `coverage`.
    """
    kinds = {"agents": _agents, "paths": _paths, "findings": _findings, "owners": _owners}
    made: dict[str, np.ndarray] = {}
    coverage = np.zeros(len(sides.things) + 1, np.int64)
    for kind, rows_of in kinds.items():
        rows = rows_of(sides)
        team = sides.team[rows.about]  # -1, of no team, counts at the end
        np.add.at(coverage, team[rows.rows.coverage], 1)
        for number, name in rows.names.items():
            mask = ~rows.rows.coverage & (rows.change == number)
            made[f"{kind}_{name}"] = np.bincount(
                np.where(team[mask] < 0, len(sides.things), team[mask]),
                minlength=len(coverage),
            )
    total = np.sum(list(made.values()), axis=0)
    some = np.flatnonzero(total + coverage)
    some = some[np.lexsort((some, -coverage[some], -total[some]))]
    place = np.where(some == len(sides.things), NONE, some)
    columns = {"team": place} | {name: counts[some] for name, counts in made.items()}
    frame = pd.DataFrame(columns | {"coverage": coverage[some]})
    return Table(frame.drop(columns="owners_unclear"), sides.things, {"team": Kind.NODE})


def _text(values: np.ndarray) -> Any:
    return pd.array(values, dtype="string")
