"""What is known of a snapshot without reading it, as the embedded store writes it down."""

import json
from functools import lru_cache
from typing import Any

import pandas as pd

from graph.facts import Coverage
from graph.stores import SnapshotInfo
from graph.values import iso

FORMAT = 2


def record(info: SnapshotInfo, store: str, files: dict[str, Any]) -> dict[str, Any]:
    """Return what is known of a snapshot of a store, and of its files, to be written down."""
    return {
        "format": FORMAT,
        "store": store,
        "id": info.id,
        "sequence": info.sequence,
        "taken_at": iso(info.taken_at),
        "recorded_at": iso(info.recorded_at),
        "hash": info.hash,
        "coverage": [c.record() for c in info.coverage],
        "nodes": info.nodes,
        "relationships": info.relationships,
        "replaces": info.replaces,
        "files": files,
    }


@lru_cache(maxsize=256)  # a history is listed again and again, and what was published stays
def read_manifest(data: bytes, id_: str, store: str) -> tuple[SnapshotInfo, dict[str, Any]]:
    """Read back what `record` made of the snapshot `id_` of a store.

    Raises
    ------
    ValueError, KeyError, TypeError
    """
    body = json.loads(data)
    if body["format"] != FORMAT:
        raise ValueError("it was written by another version")
    if (body["id"], body["store"]) != (id_, store):
        raise ValueError("it belongs to another snapshot or store")
    info = SnapshotInfo(
        body["id"],
        body["sequence"],
        pd.Timestamp(body["taken_at"]).as_unit("ms"),
        pd.Timestamp(body["recorded_at"]).as_unit("ms"),
        body["hash"],
        tuple(Coverage.of(c) for c in body["coverage"]),
        body["nodes"],
        body["relationships"],
        body["replaces"],
    )
    return info, body["files"]
