"""Grounds of a proof: the facts it rests on, each with a digest of what a scope states of it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from analytics.proving.readings import Reading
from graph.element import Element
from graph.facts import Facts
from graph.journal.hash_chain import sha256
from graph.receipts.canonical import canonical_bytes
from graph.schema import ELEMENTS
from graph.values import among, iso

SIGHTINGS = ("first_seen", "last_seen")  # of reading, not of the fact


@dataclass(frozen=True, order=True)
class Ground:
    """A fact as a scope states it: the digest of its rows, and the snapshot that has them."""

    element: str
    id: str
    source: str
    scope: str
    sha256: str
    snapshot: str | None = None


def grounds(reading: Reading, ids: Iterable[str]) -> list[Ground]:
    """Return the facts with these ids, in order; a derived step, which is none, is left out."""
    facts, wanted = reading.posture.graph.facts, sorted(set(ids))
    made = []
    for element in ELEMENTS if wanted else ():
        for (id_, source, scope), digest in digests(facts, element, wanted):
            snapshot = reading.snapshots.get((source, scope))
            made.append(Ground(element.name, id_, source, scope, digest, snapshot))
    return sorted(made)


def digests(
    facts: Facts, element: Element, ids: Iterable[str]
) -> Iterator[tuple[tuple[str, str, str], str]]:
    """Yield id, source and scope of each fact of an element among `ids`, and its SHA-256.

    It is that of the canonical JSON of the rows in which the scope states the fact.
    """
    frame = facts.frames[element]
    rows = frame[among(frame["id"], ids)]
    names = [column.name for column in element.columns if column.name not in SIGHTINGS]
    for (id_, source, scope), own in rows.groupby(["id", "source", "scope"]):
        stated = [_stated(row) for row in own[names].to_dict("records")]
        text = canonical_bytes(sorted(stated, key=canonical_bytes))
        yield (str(id_), str(source), str(scope)), sha256(text)


def _stated(row: Mapping[Any, Any]) -> dict[str, Any]:
    """Return the values of a row as JSON has them, without absent ones."""
    return {
        name: iso(value) if isinstance(value, pd.Timestamp) else _plain(value)
        for name, value in row.items()
        if not pd.isna(value)
    }


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value
