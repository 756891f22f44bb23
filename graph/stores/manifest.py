"""The manifest of a snapshot: its description and the hashes of its files, as JSON."""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from graph.facts import Coverage
from graph.journal.hash_chain import sha256
from graph.stores import SnapshotInfo
from graph.stores.anchor import Listed
from graph.values import iso

FORMAT = 2

Manifest = tuple[SnapshotInfo, dict[str, Any]]


class Manifests:
    """The manifests that a store has read: each once, and again if its file was touched since."""

    def __init__(self) -> None:
        self._read: dict[Path, tuple[tuple[Listed, str, int, int, int], Manifest]] = {}

    def read(self, file: Path, listed: Listed, store: str) -> Manifest:
        """Return the description of a snapshot and its files, as the anchor of a store lists it.

        Raises
        ------
        OSError, ValueError, KeyError, TypeError
        """
        stat = file.stat()
        mark = listed, store, stat.st_ino, stat.st_mtime_ns, stat.st_ctime_ns
        known = self._read.get(file)
        if known is None or known[0] != mark:
            data = file.read_bytes()
            if sha256(data) != listed.manifest:
                raise ValueError("it is not the one that was published under this id")
            known = self._read[file] = mark, read_manifest(data, listed.id, store)
        return known[1]


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
def read_manifest(data: bytes, id_: str, store: str) -> Manifest:
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
