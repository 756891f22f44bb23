"""Grounds of a proof: the facts it rests on, each with a digest of all that is stated of it."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analytics.posture import Posture
from graph.element import Element
from graph.receipts.canonical import canonical_bytes
from graph.schema import ELEMENTS
from graph.values import iso, text_array

SIGHTINGS = ("first_seen", "last_seen")  # of reading, not of the fact


@dataclass(frozen=True, order=True)
class Ground:
    """A fact: its element, its id, the digest of its rows, and the snapshot that has it."""

    element: str
    id: str
    sha256: str
    snapshot: str | None = None


def grounds(posture: Posture, ids: Iterable[str]) -> list[Ground]:
    """Return the facts with these ids, in order; an id of no fact, such as a derived step, is none.

    The facts are those as of the moment of the posture.
    """
    wanted = pa.array(sorted(set(ids)), pa.string())
    info = posture.graph.snapshot
    snapshot = info.id if info is not None else None
    made = []
    for element in ELEMENTS if len(wanted) else ():
        frame = posture.graph.frames[element]
        rows = frame[pc.is_in(text_array(frame["id"]), wanted).to_numpy(zero_copy_only=False)]
        for id_, own in rows.groupby("id"):
            made.append(Ground(element.name, str(id_), digest_of(element, own), snapshot))
    return sorted(made)


def digest_of(element: Element, rows: pd.DataFrame) -> str:
    """Return the SHA-256 of all that sources state of a fact, each of them a row."""
    names = [column.name for column in element.columns if column.name not in SIGHTINGS]
    stated = [_stated(row) for row in rows[names].to_dict("records")]
    text = canonical_bytes(sorted(stated, key=canonical_bytes))
    return hashlib.sha256(text).hexdigest()


def _stated(row: dict[str, Any]) -> dict[str, Any]:
    """Return the values of a row as JSON has them, without absent ones."""
    return {
        name: iso(value) if isinstance(value, pd.Timestamp) else _plain(value)
        for name, value in row.items()
        if not pd.isna(value)
    }


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value
