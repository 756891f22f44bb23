"""A reading put beneath the partial ones of its scope that are newer and were read before it.

A partial reading adds to what was known, so what it was added to counts: where that was read too
late, the rows of the scope are those of the reading's own instant, and on them the rows that the
newer readings stated. A row tells by its `last_seen` which reading stated it.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from graph.element import Element
from graph.facts import ORIGIN, Coverage, Facts
from graph.schema import ELEMENTS, RELATIONSHIPS
from ingest.job.merge import Checked, Frames
from ingest.job.missing_ends import with_waiting
from ingest.source import ACROSS

Merge = Callable[[Facts, list[Checked]], Facts]


def put_beneath(
    later: Facts, each: Checked, before: Facts | None, then: Facts, merge: Merge
) -> Facts:
    """Return the facts of a later instant as they are if a reading had been read in time.

    All readings of its scope that are newer and among `later` must be partial. `before` are the
    facts of the instant of the reading without it, and `then` those with it.
    """
    (coverage,) = (c for c in later.coverage if c.key == each.coverage.key)
    rows = _newer(later, each, before)
    instants = {coverage.taken_at}.union(
        *(r["last_seen"] for r in rows.values() if "last_seen" in r)
    )
    facts = _based(later, each, then)
    for at in sorted(instants):
        facts = merge(facts, [_reading(later, each, rows, replace(coverage, taken_at=at))])
    return replace(facts, frames={**facts.frames, **_first_seen(facts, each, rows)})


def _newer(later: Facts, each: Checked, before: Facts | None) -> Frames:
    """Return the rows of the scope that newer readings stated.

    Records of a table have no `last_seen`: theirs are those that were not there before.
    """
    newer: Frames = {}
    for element, frame in with_waiting(later.frames).items():
        rows = frame[each.own(frame)]
        if "last_seen" in rows:
            mask = (rows["last_seen"] > each.coverage.taken_at) & ~rows["id"].str.startswith(ACROSS)
            rows = rows[mask.to_numpy(bool)]
        elif before is not None and len(rows):
            known = pd.util.hash_pandas_object(before.frames[element], index=False)
            rows = rows[~pd.util.hash_pandas_object(rows, index=False).isin(known).to_numpy(bool)]
        if len(rows):
            newer[element] = rows.reset_index(drop=True)
    return newer


def _based(later: Facts, each: Checked, then: Facts) -> Facts:
    """Return later facts with the rows of the scope as they were at the reading's instant."""
    key, frames, origins = each.coverage.key, {}, {}
    for element in ELEMENTS:
        frame, of_then = later.frames[element], then.frames[element]
        rest, own = ~each.own(frame).to_numpy(bool), each.own(of_then).to_numpy(bool)
        frames[element] = _joined(frame[rest], of_then[own])
        if element in later.origins or element in then.origins:
            origins[element] = _joined(_origin(later, element, rest), _origin(then, element, own))
    coverage = [c for c in later.coverage if c.key != key]
    coverage += [c for c in then.coverage if c.key == key]
    return replace(Facts.of(frames, tuple(coverage)), origins=origins)


def _joined(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    parts = [part for part in (first, second) if len(part)]
    return pd.concat(parts, ignore_index=True) if parts else first


def _origin(facts: Facts, element: Element, mask: np.ndarray) -> pd.DataFrame:
    known = facts.origins.get(element)
    if known is not None and len(known):
        return known[mask]
    unknown = pd.array([pd.NA] * int(mask.sum()), dtype="string")
    return pd.DataFrame(dict.fromkeys(ORIGIN, unknown))


def _reading(later: Facts, each: Checked, rows: Frames, coverage: Coverage) -> Checked:
    """Return the partial reading of an instant anew: the rows that it stated last.

    Records of tables are those of the last reading, as they tell no instant.
    """
    (newest,) = (c.taken_at for c in later.coverage if c.key == coverage.key)
    frames = {
        element: of_all[(of_all["last_seen"] == coverage.taken_at).to_numpy(bool)]
        for element, of_all in rows.items()
        if "last_seen" in of_all
    }
    if coverage.taken_at == newest:
        frames |= {e: of_all for e, of_all in rows.items() if "last_seen" not in of_all}
    origins: Frames = {e: _places(later, each, e, frames[e]) for e in RELATIONSHIPS if e in frames}
    return Checked(
        replace(coverage, complete=False),
        {e: frame.reset_index(drop=True) for e, frame in frames.items()},
        read=0,
        origin=each.origin,
        origins=origins,
        self_contained=False,
        across=each.across,
    )


def _places(later: Facts, each: Checked, element: Element, rows: pd.DataFrame) -> pd.DataFrame:
    """Return by id the file and the place of rows, empty where they are not known."""
    frame = later.frames[element]
    mask = each.own(frame).to_numpy(bool) & frame["id"].isin(rows["id"]).to_numpy(bool)
    known = _origin(later, element, mask).set_axis(pd.Index(frame["id"][mask]))
    return known[~known.index.duplicated()].fillna("")


def _first_seen(facts: Facts, each: Checked, rows: Frames) -> Frames:
    """Return frames in which what was first seen after the reading keeps the instant."""
    frames: Frames = {}
    for element, of_all in rows.items():
        if "first_seen" in of_all:
            frame = facts.frames[element]
            known = of_all[of_all["first_seen"] > each.coverage.taken_at].drop_duplicates("id")
            seen = known.set_index("id")["first_seen"].reindex(frame["id"]).array
            earlier = each.own(frame) & (seen < frame["first_seen"])
            frames[element] = frame.assign(first_seen=frame["first_seen"].mask(earlier, seen))
    return frames
