"""Moments: what is known of an instant, by what was read before it and after it."""

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from analytics.posture import Posture, assess
from analytics.proving.readings import (
    Reading,
    Scope,
    joined,
    last_readings,
    next_readings,
)
from graph.access import AccessGraph
from graph.identity.renamed_ids import RenamedIds


@dataclass(frozen=True)
class Moments:
    """What is known of an instant.

    `before` is what was last read up to the instant, `after` what was read next, both as of the
    instant; None where nothing was. `then` is `before` by what had been recorded by the instant.
    `latest` is what is known now, at the moment of its own facts: it has the records of what
    happened since.
    """

    at: pd.Timestamp
    latest: Reading
    before: Reading | None
    after: Reading | None
    then: Reading | None

    def __iter__(self) -> Iterator[Reading]:
        """Yield the readings as of the instant, what was read by then first."""
        yield from (reading for reading in (self.before, self.after) if reading is not None)


def moments(posture: Posture, at: pd.Timestamp) -> Moments:
    """Return what is known of an instant from a posture and the snapshots before it."""
    history, info = posture.history, posture.graph.snapshot
    latest = Reading(posture, _places(posture))
    if history is None or info is None:
        own = Reading(_as_of(posture, at), latest.snapshots)
        seen = posture.graph.facts.taken_at <= at
        return Moments(at, latest, own if seen else None, None if seen else own, None)
    infos = history.until(info)
    last, following = last_readings(infos, at), next_readings(infos, at)
    before = joined(history, last, at)
    after = joined(history, last | following, at) if following else None
    known = history.recorded_by(at)
    then = joined(known, last_readings([i for i in known.infos if i in infos], at), at)
    return Moments(at, latest, before, after, then)


def _places(posture: Posture) -> dict[Scope, str]:
    info = posture.graph.snapshot
    return {} if info is None else dict.fromkeys((c.key for c in info.coverage), info.id)


def _as_of(posture: Posture, at: pd.Timestamp) -> Posture:
    graph = posture.graph
    if graph.as_of == at:
        return posture
    return assess(AccessGraph.of(graph.facts, at))


def numbers_in(reading: Reading, known: Moments, number: int) -> list[int]:
    """Return the nodes of a reading that a node of `known.latest` stands for."""
    graph, latest = reading.posture.graph, known.latest.posture.graph
    thing = str(latest.ids[number])
    if reading.snapshots == known.latest.snapshots:
        place = graph.number(thing)
        return [place] if place >= 0 else []
    return RenamedIds(graph, latest).numbers(thing)
