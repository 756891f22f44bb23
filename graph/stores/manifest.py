"""The manifest of a snapshot: its description and the hashes of its files, as JSON."""

import json
from functools import lru_cache
from typing import Any

import pandas as pd

from graph.facts import Coverage
from graph.stores import SnapshotInfo
from graph.values import iso

FORMAT = 2


def record(info: SnapshotInfo, store: str, files: dict[str, Any]) -> dict[str, Any]:
    """Return the manifest of a snapshot of a store, from its description and its files."""
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


@lru_cache(maxsize=256)  # histories are listed often, and manifests do not change
def read_manifest(data: bytes, id_: str, store: str) -> tuple[SnapshotInfo, dict[str, Any]]:
    """Parse the manifest of the snapshot `id_` of a store.

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
