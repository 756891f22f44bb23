"""The records of snapshots in Neo4j, and the holds that readers put on them."""

import contextlib
import json
import time
from typing import Any

import pandas as pd

from graph import cypher
from graph.facts import Coverage, Facts
from graph.stores import SnapshotInfo
from graph.stores.neo4j.session import Connection, NotAllowed
from graph.values import canonical

ROW = ("id", "sequence", "taken_at", "recorded_at", "hash", "coverage", "replaces", "counted")
HOLD_SECONDS = 60.0  # a snapshot that is being read is not pruned for this long


class Hold:
    """A hold that keeps a snapshot from being pruned while it is read, if this user may write."""

    def __init__(self, connection: Connection, snapshot: str) -> None:
        self._connection = connection
        self._snapshot = snapshot
        self._until = 0.0
        self()

    def __call__(self) -> None:
        """Hold it for longer, where little is left of the time."""
        if time.monotonic() < self._until:
            return
        values = {"snapshot": self._snapshot, "keep": int(HOLD_SECONDS * 1000)}
        limit = self._connection.patience.answer
        with contextlib.suppress(NotAllowed):
            self._connection.write(
                "hold a snapshot",
                lambda tx, beat: tx.run(cypher.HOLD, values).consume(),
                limit=limit,
                retry=limit,
            )
        self._until = time.monotonic() + HOLD_SECONDS / 3


def described(facts: Facts, sequence: int, stored: dict[str, Any]) -> dict[str, object]:
    """Return the properties of the Snapshot of some facts, of which `stored` counts the rows."""
    nodes, relationships = facts.counts()
    return {
        "name": f"snapshot {sequence}",
        "sequence": sequence,
        "hash": facts.hash,
        "taken_at": _epoch_ms(facts.taken_at),
        "coverage": canonical([c.record() for c in facts.coverage]),
        "counted": canonical({"nodes": nodes, "relationships": relationships, "stored": stored}),
    }


def info_of(row: list[Any]) -> SnapshotInfo:
    """Return a snapshot by the values of `ROW`.

    Raises
    ------
    ValueError, KeyError, TypeError, AttributeError
        The record is damaged.
    """
    name, sequence, taken_at, recorded_at, digest, coverage, replaces, counted = row
    counts = json.loads(counted)
    return SnapshotInfo(
        name,
        sequence,
        _instant(taken_at),
        _instant(recorded_at),
        digest,
        tuple(Coverage.of(record) for record in json.loads(coverage)),
        counts["nodes"],
        counts["relationships"],
        replaces,
    )


def _epoch_ms(instant: pd.Timestamp) -> int:
    return int(instant.as_unit("ms").asm8.astype("int64"))


def _instant(ms: int) -> pd.Timestamp:
    return pd.Timestamp(ms, unit="ms", tz="UTC").as_unit("ms")
