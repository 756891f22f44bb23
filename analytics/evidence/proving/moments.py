"""Moments: the snapshots that speak of an instant, read as of it."""

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from analytics.history import History
from analytics.posture import Posture, assess
from graph.access import AccessGraph
from graph.identity.renamed_ids import RenamedIds
from graph.stores import SnapshotInfo


@dataclass(frozen=True)
class Moments:
    """What is known of an instant.

    `before` is the newest snapshot of the instant or earlier, `after` the oldest later one, both as
    of the instant; None where there is none. `then` is the newest that had been recorded by the
    instant, without anything that was recorded later. `latest` is what is known now, at the moment
    of its own facts: it has the records of what happened since.
    """

    at: pd.Timestamp
    latest: Posture
    before: Posture | None
    after: Posture | None
    then: Posture | None

    def __iter__(self) -> Iterator[Posture]:
        """Yield the postures as of the instant, what was seen by then first."""
        yield from (posture for posture in (self.before, self.after) if posture is not None)


def moments(posture: Posture, at: pd.Timestamp) -> Moments:
    """Return what is known of an instant from a posture and the snapshots before it."""
    history, info = posture.history, posture.graph.snapshot
    if history is None or info is None:
        own = _as_of(posture, at)
        seen = posture.graph.facts.taken_at <= at
        return Moments(at, posture, own if seen else None, None if seen else own, None)
    infos = history.until(info)
    older = [i for i in infos if i.taken_at <= at]
    newer = [i for i in infos if i.taken_at > at]
    before = _read(history, max(older, key=_order), at) if older else None
    after = _read(history, min(newer, key=_order), at) if newer else None
    return Moments(at, posture, before, after, _then(history, infos, at))


def _then(history: History, infos: tuple[SnapshotInfo, ...], at: pd.Timestamp) -> Posture | None:
    """Return what had been recorded by an instant, as it was known then."""
    known = history.recorded_by(at)
    last = [i for i in known.infos if i.taken_at <= at and i in infos]
    return _read(known, max(last, key=_order), at) if last else None


def _order(info: SnapshotInfo) -> tuple[pd.Timestamp, int, int]:
    return info.order


def _read(history: History, info: SnapshotInfo, at: pd.Timestamp) -> Posture:
    return history.posture(info.id, None if at == info.taken_at else at)


def _as_of(posture: Posture, at: pd.Timestamp) -> Posture:
    graph = posture.graph
    if graph.as_of == at:
        return posture
    return assess(AccessGraph.of(graph.facts, at))


def numbers_in(posture: Posture, latest: Posture, number: int) -> list[int]:
    """Return the nodes of an earlier or later snapshot that a node of `latest` stands for."""
    thing = str(latest.graph.ids[number])
    if posture.graph.snapshot == latest.graph.snapshot:
        place = posture.graph.number(thing)
        return [place] if place >= 0 else []
    return RenamedIds(posture.graph, latest.graph).numbers(thing)
