"""Files of answers worked out once, in the folder `kept` beside the snapshots of a store.

    kept/<snapshot>/<key>/answer.json   the answer, with the hash of each file and of itself
    kept/<snapshot>/<key>/<n>.parquet   its tables, those of so many rows side by side

They may be lost at any time: what is missing, damaged or not sealed as the store is worked out
again. Nothing here raises because a file cannot be read or written.
"""

import io
import json
import os
import re
import secrets
import shutil
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from graph.files.buffers import buffer_of, parquet_of
from graph.files.private import private_bytes, private_folder
from graph.journal.hash_chain import sha256
from graph.journal.place import beside
from graph.seal.key import key_in_use
from graph.stores import DEFAULT, StoreError, is_database
from graph.stores.history.stamps import Histories

FOLDER, ANSWER, SEALED_AS = "kept", "answer.json", "kept answer"
FORMAT = 2
CODE = 8  # characters that a key begins with: which code made the answer
SNAPSHOT = re.compile(r"\d{6,}-[0-9a-f]{16}")
OF = ":"  # between the number of a table and a column of it
MOST, LARGEST = 512, 1 << 30  # answers of a snapshot, and bytes of one

Kept = tuple[Any, list[pa.Table]]


class KeptFiles:
    """The kept answers of a store: in `folder`, of the snapshots in `snapshots` (None: elsewhere).

    Whoever may write to the folder could change an answer. With a key of the seal in use, an answer
    without that key's mark counts as missing.
    """

    def __init__(self, folder: Path, snapshots: Path | None) -> None:
        self.folder, self._snapshots = folder, snapshots
        self._histories = Histories(folder.parent)

    def stamp(self, names: Iterable[str]) -> list[list[Any]]:
        """Return what differs once a file of one of these snapshots was written to or lost.

        An answer read from here was made of files that nobody looks at any more.
        """
        states: list[list[Any]] = []
        if self._snapshots is None:
            return states
        for name in names:
            with suppress(OSError):
                stat = (self._snapshots / name / "manifest.json").stat()
                stamp = self._histories.stamp(self._snapshots / name)
                states.append([name, stat.st_size, stat.st_mtime_ns, stamp])
        return states

    def load(self, snapshot: str, key: str) -> Kept | None:
        """Return an answer as it was saved, or None."""
        place = self.folder / snapshot / key
        try:
            outer = json.loads((place / ANSWER).read_bytes())
            text = outer["answer"]
            if outer["sha256"] != sha256(text.encode()) or not _sealed(outer, text):
                return None
            body = json.loads(text)
            if (body["format"], body["snapshot"], body["key"]) != (FORMAT, snapshot, key):
                return None
            files = [_table(place / f"{n}.parquet", h) for n, h in enumerate(body["files"])]
            with suppress(OSError):
                os.utime(place)  # what is used is dropped last
            return body["tree"], _apart(files, body["tables"])
        except (OSError, ValueError, LookupError, TypeError, RecursionError, pa.ArrowException):
            return None

    def save(self, snapshot: str, key: str, tree: Any, tables: Sequence[pa.Table]) -> bool:
        """Write an answer in one step; return whether that worked."""
        work = self.folder / snapshot / f".{secrets.token_hex(8)}"
        place = self.folder / snapshot / key
        try:
            files = [_written(table) for table in _side_by_side(tables)]
            if sum(map(len, files)) > LARGEST:
                return False
            private_folder(work)
            body = {"format": FORMAT, "snapshot": snapshot, "key": key, "tree": tree}
            body |= {"files": [sha256(data) for data in files], "tables": len(tables)}
            text = json.dumps(body)
            for number, data in enumerate(files):
                _write(work / f"{number}.parquet", data)
            _write(work / ANSWER, json.dumps(_with_seal(text)).encode())
            shutil.rmtree(place, ignore_errors=True)
            work.replace(place)
        except (OSError, ValueError, StoreError, pa.ArrowException):
            shutil.rmtree(work, ignore_errors=True)
            return False
        self._make_room(self.folder / snapshot, key[:CODE])
        return True

    def drop(self, snapshot: str, key: str) -> None:
        """Delete an answer."""
        shutil.rmtree(self.folder / snapshot / key, ignore_errors=True)

    def tidy(self, known: Collection[str]) -> None:
        """Delete the answers of snapshots that are not `known`."""
        with suppress(OSError):
            for place in self.folder.iterdir():
                if SNAPSHOT.fullmatch(place.name) and place.name not in known:
                    shutil.rmtree(place, ignore_errors=True)

    @staticmethod
    def _make_room(folder: Path, code: str) -> None:
        """Delete what other code has made, and what was not used for longest."""
        with suppress(OSError):
            places = sorted(folder.iterdir(), key=lambda place: place.stat().st_mtime_ns)
            old = [place for place in places if not place.name.startswith((code, "."))]
            for place in (*old, *[place for place in places if place not in old][:-MOST]):
                shutil.rmtree(place, ignore_errors=True)


def kept_files(uri: str | None) -> KeptFiles:
    """Return the kept answers of a store; those of a database are beside its journal."""
    uri = uri or os.environ.get("TRUSTDEBT_STORE") or DEFAULT
    if is_database(uri):
        return KeptFiles(beside(uri).with_suffix(f".{FOLDER}"), None)
    return KeptFiles(Path(uri) / FOLDER, Path(uri) / "snapshots")


def _side_by_side(tables: Sequence[pa.Table]) -> list[pa.Table]:
    """Return tables of all columns of those with equally many rows.

    An answer has many small tables, and opening a file takes longer than reading one of them.
    """
    by_length: dict[int, dict[str, pa.ChunkedArray]] = {}
    for number, table in enumerate(tables):
        columns = by_length.setdefault(table.num_rows, {})
        columns |= {f"{number}{OF}{c}": table[c] for c in table.column_names}
    return [pa.table(columns) for columns in by_length.values()]


def _apart(files: Sequence[pa.Table], count: int) -> list[pa.Table]:
    """Return so many tables, from files with their columns side by side."""
    tables: list[dict[str, pa.ChunkedArray]] = [{} for _ in range(count)]
    for file in files:
        for name in file.column_names:
            number, _, column = name.partition(OF)
            tables[int(number)][column] = file[name]
    return [pa.table(columns) for columns in tables]


def _written(table: pa.Table) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd", write_statistics=False)
    return buffer.getvalue()


def _write(file: Path, data: bytes) -> None:
    with private_bytes(file) as opened:
        opened.write(data)


def _table(file: Path, digest: str) -> pa.Table:
    data = buffer_of(file)
    if sha256(memoryview(data)) != digest:
        raise ValueError(file.name)
    return parquet_of(data, threads=False)


def _with_seal(text: str) -> dict[str, Any]:
    key = key_in_use()
    outer = {"answer": text, "sha256": sha256(text.encode())}
    return outer | ({"seal": key.mark(SEALED_AS, text)} if key is not None else {})


def _sealed(outer: dict[str, Any], text: str) -> bool:
    key = key_in_use()
    return key is None or key.made(outer.get("seal"), SEALED_AS, text)
