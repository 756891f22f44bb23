"""Readings around an instant: of each source and scope the last one before it, or the next.

A snapshot has the last reading of every scope, and they need not be of the same instant. So the
snapshot that speaks of an instant is put together of readings, in whatever order they came in.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from analytics.changes.common_ground import settled
from analytics.changes.differences import from_scopes
from analytics.history import History, posture_of
from analytics.posture import Posture
from graph.facts import Facts
from graph.schema import ELEMENTS
from graph.stores import SnapshotInfo

Scope = tuple[str, str]  # source and scope
Readings = dict[Scope, tuple[pd.Timestamp, SnapshotInfo]]


@dataclass(frozen=True)
class Reading:
    """A posture put together of readings; `snapshots` has the id of the snapshot of each scope."""

    posture: Posture
    snapshots: Mapping[Scope, str]


def last_readings(infos: Iterable[SnapshotInfo], at: pd.Timestamp) -> Readings:
    """Return the last reading of each scope up to an instant; of equal ones the last published."""
    last: Readings = {}
    for info in sorted(infos, key=lambda info: info.sequence):
        for scope in info.coverage:
            known = last.get(scope.key)
            if scope.taken_at <= at and (known is None or scope.taken_at >= known[0]):
                last[scope.key] = scope.taken_at, info
    return last


def next_readings(infos: Iterable[SnapshotInfo], at: pd.Timestamp) -> Readings:
    """Return the next reading of each scope after an instant; of equal ones the last published."""
    first: Readings = {}
    for info in sorted(infos, key=lambda info: info.sequence):
        for scope in info.coverage:
            known = first.get(scope.key)
            if scope.taken_at > at and (known is None or scope.taken_at <= known[0]):
                first[scope.key] = scope.taken_at, info
    return first


def joined(history: History, chosen: Readings, at: pd.Timestamp) -> Reading | None:
    """Return the posture of readings as of an instant; None if there are none."""
    if not chosen:
        return None
    snapshot = _one_snapshot(history, chosen)
    if snapshot is not None:
        moment = None if at == snapshot.taken_at else at
        return Reading(history.posture(snapshot.id, moment), dict.fromkeys(chosen, snapshot.id))
    newest = max((info for _, info in chosen.values()), key=lambda info: info.sequence)
    posture = posture_of(newest, _facts(history, chosen), at, history)
    return Reading(posture, {scope: info.id for scope, (_, info) in chosen.items()})


def _one_snapshot(history: History, chosen: Readings) -> SnapshotInfo | None:
    """Return the last published snapshot that has these readings, and no others."""
    wanted = {scope: at for scope, (at, _) in chosen.items()}
    same = [i for i in history.every if {c.key: c.taken_at for c in i.coverage} == wanted]
    return max(same, key=lambda info: info.sequence, default=None)


def _facts(history: History, chosen: Readings) -> Facts:
    """Join the rows of the readings, each taken from its snapshot."""
    scopes_of: dict[str, set[Scope]] = {}
    for scope, (_, info) in chosen.items():
        scopes_of.setdefault(info.id, set()).add(scope)
    parts = [(history.facts(snapshot), scopes) for snapshot, scopes in sorted(scopes_of.items())]
    frames = {
        element: pd.concat(
            [
                facts.frames[element][from_scopes(facts.frames[element], scopes)]
                for facts, scopes in parts
            ],
            ignore_index=True,
        )
        for element in ELEMENTS
    }
    coverage = [c for facts, scopes in parts for c in facts.coverage if c.key in scopes]
    return Facts.of(settled(frames), tuple(coverage))
