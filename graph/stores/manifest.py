"""What is known of a snapshot without reading it, as the embedded store writes it down."""

from typing import Any

import pandas as pd

from graph.facts import Coverage
from graph.stores import SnapshotInfo
from graph.values import iso


def record(info: SnapshotInfo) -> dict[str, Any]:
    """Return what is known of a snapshot, to be written down."""
    return {
        "format": 1,
        "id": info.id,
        "sequence": info.sequence,
        "taken_at": iso(info.taken_at),
        "recorded_at": iso(info.recorded_at),
        "hash": info.hash,
        "coverage": [c.record() for c in info.coverage],
        "nodes": info.nodes,
        "relationships": info.relationships,
        "replaces": info.replaces,
    }


def info_of(body: dict[str, Any]) -> SnapshotInfo:
    """Read back what `record` made.

    Raises
    ------
    ValueError, KeyError, TypeError
    """
    if body["format"] != 1:
        raise ValueError("it was written by another version")
    return SnapshotInfo(
        body["id"],
        body["sequence"],
        pd.Timestamp(body["taken_at"]).as_unit("ms"),
        pd.Timestamp(body["recorded_at"]).as_unit("ms"),
        body["hash"],
        tuple(Coverage.of(c) for c in body["coverage"]),
        body["nodes"],
        body["relationships"],
        body.get("replaces"),
    )
