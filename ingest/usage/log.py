"""Logs of use: reading of many events, aggregated to rows of USED.

The events themselves are not kept; `ingest.usage.fold` aggregates them. A log is JSON lines (plain
or gzip) with the columns of the native format's `uses`. If a line cannot be read, the log is read
line by line: valid lines are folded, the others rejected.
"""

import gzip
import hashlib
import json
import os
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from functools import partial
from io import TextIOWrapper
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from graph.files.regular import opened_file, opened_path
from graph.frames import FILE, PLACE
from graph.schema import LEVELS
from graph.usage import by_day as uses_by_day
from graph.values import WrongValue, instant, iso, strict_json
from ingest.files.bounded import GZIP, check_log
from ingest.files.export import Gathered, readable
from ingest.files.progress import opened
from ingest.files.text_files import bound_rejected
from ingest.source import InputRefused, Rejected
from ingest.usage.engine import fold_engine
from ingest.usage.fold import EVENTS, REQUIRED, WrongEvents, fold_json, merge_tables

FIELDS = tuple(name for name in EVENTS if name != "at_ms")
SUFFIXES = (".jsonl", ".jsonl.gz")
LONGEST = 1024 * 1024  # characters of one line


def log_files(entries: Sequence[Path]) -> list[Path]:
    """Return the files of a folder of logs.

    Raises
    ------
    InputRefused
        If a file is no log.
    """
    logs = [p for p in entries if not p.name.startswith((".", "~"))]
    for path in logs:
        if not path.is_file() or not path.name.endswith(SUFFIXES):
            raise InputRefused(path, "", f"is no log: must be one of {', '.join(SUFFIXES)}")
    return logs


def read_usage(paths: Sequence[Path], gathered: Gathered) -> pd.DataFrame | None:
    """Fold logs into rows of USED: one for each principal, and credential, by level.

    A duplicate file counts once. Unreadable lines are rejected in `gathered`, and so are files in
    which no line is readable; None if these are all files. It also gets the count of the events
    that are summed up.
    """
    parts = []
    different = _different(paths)
    engine = fold_engine()
    if engine is not None:
        folded_there, done = engine([path for path in different if _sound(path)])
        parts += [] if folded_there is None else [folded_there]
        different = [path for path in different if path not in done]
    for path in different:
        folded = readable(gathered, partial(_fold, path))
        if folded is not None:
            part, rejected = folded
            parts.append(part)
            gathered.rejected += rejected
            gathered.all_read = gathered.all_read and not (rejected and breaks_off(path))
    if not parts:
        return None
    table = merge_tables(parts)
    rows = used_rows(table, paths[0].parent)
    gathered.also_read += summed_up(table, len(rows))
    return rows


def summed_up(folded: pa.Table, rows: int) -> int:
    """Return how many events are folded, beyond the rows that they became."""
    events = sum(pc.sum(folded[name]).as_py() or 0 for name in ("count", "failures"))
    return max(int(events) - rows, 0)


def _sound(path: Path) -> bool:
    """Return whether a log keeps its bounds, and is packed as its name says.

    One that is not is told by who reads it here.
    """
    try:
        with opened_path(path) as itself, itself.open("rb") as file:
            packed = file.read(len(GZIP)) == GZIP
            file.seek(0)
            check_log(file, path)
    except InputRefused:
        return False
    return packed == (path.suffix == ".gz")


def _different(paths: Sequence[Path]) -> list[Path]:
    """Leave out files with the same bytes as an earlier one."""
    sizes = Counter(path.stat().st_size for path in paths)
    path_by_content: dict[object, Path] = {}
    for path in paths:
        size = path.stat().st_size
        if sizes[size] == 1:
            path_by_content[path] = path
        else:
            with opened_file(path) as file:
                path_by_content.setdefault(
                    (size, hashlib.file_digest(file, "sha256").digest()), path
                )
    return list(path_by_content.values())


def breaks_off(path: Path) -> bool:
    """Return whether the last line of a plain log has no end."""
    with opened_file(path) as file:
        if file.read(2) == GZIP:
            return False  # truncated gzip data is refused elsewhere
        file.seek(-1, os.SEEK_END)
        return file.read(1) != b"\n"


def _fold(path: Path) -> tuple[pa.Table, list[Rejected]]:
    opened(path)
    rejected: list[Rejected] = []
    try:
        with opened_path(path) as itself:
            with itself.open("rb") as file:
                check_log(file, path)
            return fold_json([itself], packed=path.suffix == ".gz"), rejected
    except WrongEvents:
        with TemporaryDirectory(prefix="trustdebt-log-") as folder:
            sound = Path(folder) / "sound.jsonl"
            with sound.open("w", encoding="utf-8") as out:
                for event in _sifted(path, rejected):
                    out.write(json.dumps(event, ensure_ascii=True) + "\n")
            return fold_json([sound]), rejected


def _sifted(path: Path, rejected: list[Rejected]) -> Iterator[dict[str, str]]:
    """Yield the valid events of a log; reject the other lines."""
    for number, line in enumerate(_lines(path), 1):
        if not line.strip():
            continue
        try:
            yield _event(line)
        except (WrongValue, RecursionError) as error:
            reason = str(error) if isinstance(error, WrongValue) else "is nested too deeply"
            rejected.append(Rejected(str(path), f"line {number}", reason))
            bound_rejected(rejected, path)


def _lines(path: Path) -> Iterator[str]:
    with suppress(UnicodeDecodeError):
        try:
            with ExitStack() as stack:
                unpacked: Any = stack.enter_context(opened_file(path))
                if unpacked.peek(2)[:2] == GZIP:
                    unpacked = stack.enter_context(gzip.open(unpacked))
                file = stack.enter_context(TextIOWrapper(unpacked, encoding="utf-8-sig"))
                for number in count(1):
                    line = file.readline(LONGEST)
                    if "\0" in line:
                        reason = "holds a NUL byte; it is not text"
                        raise InputRefused(path, f"line {number}", reason)
                    if not line:
                        return
                    yield line
        except (OSError, EOFError, zlib.error):
            raise InputRefused(path, "", "cannot be read to its end") from None
    raise InputRefused(path, "", "is not UTF-8 text")


def _event(line: str) -> dict[str, str]:
    entry = strict_json(line)
    if not isinstance(entry, dict):
        raise WrongValue("is no JSON object")
    for name in (*REQUIRED, "at"):
        if not entry.get(name):
            raise WrongValue(f"has no {name}")
    if entry.get("level") and entry["level"] not in LEVELS:
        raise WrongValue(f"level must be one of {', '.join(LEVELS)}")
    event = {name: str(entry[name]) for name in FIELDS if entry.get(name) is not None}
    return event | {"at": iso(instant(entry["at"]))}


def used_rows(folded: pa.Table, where: Path) -> pd.DataFrame:
    """Convert folded events to raw rows of USED; only successes are uses.

    A use with a credential gives a row for the credential as well as one for the principal.
    """
    went = folded.filter(pc.greater(folded["count"], 0))
    parts = [_rows_by(went, "principal")]
    if pc.any(pc.is_valid(went["credential"])).as_py():
        parts.append(_rows_by(went.filter(pc.is_valid(went["credential"])), "credential"))
    rows = pd.concat(parts, ignore_index=True)
    for name in ("first_at", "last_at"):
        instants = pd.to_datetime(rows[name], unit="ms", utc=True).dt.as_unit("ms")
        rows[name] = instants
    return rows.assign(**{FILE: str(where), PLACE: "folded events"}).astype({"count": "string"})


def _rows_by(folded: pa.Table, identity: str) -> pd.DataFrame:
    keys = [identity, "resource", "level"]
    uses = folded.select([*keys, "first_ms", "last_ms", "count"]).to_pandas()
    groups = uses.groupby(keys, dropna=False, sort=False)
    number = groups.ngroup().to_numpy()
    columns = {"first_at": ("first_ms", "min"), "last_at": ("last_ms", "max")}
    summed = groups.agg(**columns, count=("count", "sum")).reset_index()
    days = folded["days"].combine_chunks()
    slots = days.flatten().to_numpy(zero_copy_only=False)
    owner = number[pc.list_parent_indices(days).to_numpy(zero_copy_only=False)]
    named = summed.rename(columns={identity: "source_id", "resource": "target_id"})
    texts = ["source_id", "target_id", "level", "by_day"]
    by_day = uses_by_day.texts(owner, slots, len(summed))
    rows: pd.DataFrame = named.assign(by_day=by_day).astype(dict.fromkeys(texts, "string"))
    return rows
