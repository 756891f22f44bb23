"""The usage fold: a log of events to who used what on which days, against a loop over its lines."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from graph.instants import DAY
from graph.usage.by_day import unpacked
from graph.usage.outcomes import FAILED
from ingest.rows import Rows
from ingest.usage.fold import KEYS, fold_json
from ingest.usage.log import read_usage
from tests.benchmarks.measure import Figure, Size, Topic, cpu, peak

COMPARED, LARGE = 1_000_000, 10_000_000  # events
GIB = (1 << 30) / 1e6  # MB, as figures of memory are given
Folded = dict[tuple[str, ...], tuple[list[int | None], dict[int, int]]]


def write(path: Path, events: int) -> Path:
    """Write a log in which 200 principals use 50 resources, a third of the uses failing."""
    if not path.exists():
        with duckdb.connect(config={"threads": 2, "memory_limit": "512MiB"}) as connection:
            connection.execute("SET preserve_insertion_order = false")
            connection.execute(
                f"""
                COPY (SELECT 'e' || i AS id,
                    strftime(to_timestamp(1700000000 + hash(i) % 10000000),
                        '%Y-%m-%dT%H:%M:%S') || '.' || lpad((hash(i * 3) % 1000)::VARCHAR, 3, '0')
                        || 'Z' AS at,
                    'arn:aws:iam::123456789012:role/r' || hash(i * 5) % 200 AS principal,
                    'key-' || hash(i * 7) % 3 AS credential,
                    'arn:aws:s3:::bucket-' || hash(i * 11) % 50 AS resource,
                    's3:GetObject' AS action,
                    ['read', 'write'][1 + (hash(i * 13) % 2)::INT] AS level,
                    ['success', 'Success', 'AccessDenied: denied', 'denied']
                        [1 + (hash(i * 17) % 4)::INT] AS outcome
                FROM range({events}) r(i)) TO '{path}' (FORMAT json)
                """
            )
    return path


def loop(path: Path) -> Folded:
    """Fold a log the plain way: a line at a time, into a dictionary."""
    folded: Folded = {}
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            event = json.loads(line)
            at = int(datetime.fromisoformat(event["at"]).timestamp() * 1000 + 0.5)
            key = tuple(event[name] for name in KEYS)
            row, days = folded.setdefault(key, ([None, None, at, 0, 0], {}))
            row[2] = max(row[2], at)
            if event["outcome"].lower() in FAILED:
                row[4] += 1
                continue
            row[3] += 1
            row[0] = at if row[0] is None else min(row[0], at)
            row[1] = at if row[1] is None else max(row[1], at)
            days[at // DAY] = days.get(at // DAY, 0) + 1
    return folded


def against_a_loop(size: Size) -> Iterator[Figure]:
    """Compare both on one log, result and processor time."""
    path = write(size.folder / "events.jsonl", COMPARED)
    fold_json([path])  # Ibis and DuckDB are read in
    found: list[Folded] = []
    plain = cpu(lambda: found.append(loop(path)))
    ours = cpu(lambda: fold_json([path]))
    names = ("first_ms", "last_ms", "tried_ms", "count", "failures")
    rows = fold_json([path]).to_pylist()
    assert {tuple(r[k] for k in KEYS): ([r[n] for n in names], _days(r)) for r in rows} == found[0]
    yield Figure("1,000,000 events: the fold", ours, "s")
    yield Figure("1,000,000 events: a json.loads loop", plain, "s")
    yield Figure("the loop takes so many times the fold", plain / ours, "x", at_least=5)


def _days(row: dict[str, Any]) -> dict[int, int]:
    day, count = unpacked(np.array(row["days"] or [], np.int64))
    return dict(zip(day.tolist(), count.tolist(), strict=True))


def large(size: Size) -> Iterator[Figure]:
    """Read ten million events and watch the memory."""
    path = write(size.folder / "large.jsonl", LARGE)
    yield Figure("10,000,000 events: read", cpu(lambda: read_usage([path], Rows())), "s")
    whole = peak("10,000,000 events: peak memory")
    yield Figure(whole.what, whole.value, whole.unit, at_most=GIB)


TOPIC = Topic(
    "Usage",
    "A log of JSON lines with 200 principals, 50 resources, three credentials and two levels. "
    "Times are processor seconds of all threads; the loop folds the same log with `json.loads` and "
    "a dictionary, and both results are checked to be equal.",
    50,
    (against_a_loop, large),
    sizes=("10k",),
    generated=False,
)
