"""Logs of use that are folded on a Spark cluster: the facts are those that DuckDB folds here."""

import gzip
import json
import os
import random
import shutil
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from graph.stores.parquet.store import ParquetStore
from ingest.rows import Rows
from ingest.usage import engine
from ingest.usage.log import read_usage
from ingest.usage.on_spark import on_spark
from tests.integration.cli import Run, example
from tests.support.spark import executors, standalone

pytest.importorskip("pyspark", reason="NO SPARK: `make scale` installs it and runs this")

EVENT = {"principal": "bot", "resource": "db", "level": "read", "at": "2026-08-01T10:00:00Z"}
PLAIN = [
    EVENT,
    EVENT | {"at": "2026-08-01 10:00:00.123456+02:00", "outcome": None},
    EVENT | {"at": "2026-08-02T23:59:59.999-14:00", "outcome": "DENIED"},
    EVENT | {"principal": 'q"\\/\n\té\U0001f600', "credential": "", "outcome": "Success"},
    EVENT | {"id": 17, "score": -0.5, "flag": True, "more": None, "principal2": "x"},
]
ODD = {
    "a number where text belongs": json.dumps(EVENT | {"principal": 12.50}),
    "a list where text belongs": json.dumps(EVENT | {"level": ["read"]}),
    "a key twice": json.dumps(EVENT)[:-1] + ', "resource": "wiki"}',
    "a key in other letters": json.dumps(EVENT | {"Principal": "other"}),
    "an escaped key": json.dumps(EVENT).replace('"level"', '"\\u006cevel"'),
    "no zone": json.dumps(EVENT | {"at": "2026-08-01T10:00:00"}),
    "a day only": json.dumps(EVENT | {"at": "2026-08-01"}),
    "a day that is none": json.dumps(EVENT | {"at": "2026-02-30T10:00:00Z"}),
    "hour 24": json.dumps(EVENT | {"at": "2026-08-01T24:00:00Z"}),
    "no instant": json.dumps({k: v for k, v in EVENT.items() if k != "at"}),
    "no principal": json.dumps({k: v for k, v in EVENT.items() if k != "principal"}),
    "a principal that is null": json.dumps(EVENT | {"principal": None}),
    "a level that is none": json.dumps(EVENT | {"level": "Read"}),
    "an empty resource": json.dumps(EVENT | {"resource": ""}),
    "a lone surrogate": json.dumps(EVENT | {"principal": "\ud800"}),
    "NUL": json.dumps(EVENT | {"principal": "a\0b"}),
    "a record within": json.dumps(EVENT | {"context": {"ip": "::1"}}),
    "single quotes": json.dumps(EVENT).replace('"', "'"),
    "no JSON": "{",
    "text after it": json.dumps(EVENT) + " x",
    "a long line": json.dumps(EVENT | {"note": "x" * 5000}),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("spark")


@pytest.fixture(scope="module")
def master(folder: Path) -> Iterator[str]:
    with standalone(folder) as address:
        yield address


def _written(path: Path, lines: list[str]) -> Path:
    text = "".join(f"{line}\n" for line in lines)
    packed = path.suffix == ".gz"
    path.write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    return path


def _random(count: int, seed: int) -> list[str]:
    chance = random.Random(seed)
    return [
        json.dumps(
            EVENT
            | {
                "principal": f"agent-{chance.randrange(max(count // 20, 1))}",
                "resource": f"db-{chance.randrange(40)}",
                "at": f"2026-08-{chance.randrange(1, 29):02}T{chance.randrange(24):02}:00:01.5Z",
                "outcome": chance.choice(["Success", "failed", None]),
            }
        )
        for _ in range(count)
    ]


def _read(paths: list[Path], by: engine.Engine | None = None) -> tuple[pd.DataFrame, list[str]]:
    """Return the rows of use, in one order, and what was rejected."""
    gathered = Rows()
    token = engine._engine.set(by)
    try:
        rows = read_usage(paths, gathered)
    finally:
        engine._engine.reset(token)
    assert rows is not None
    keys = ["source_id", "target_id", "level"]
    ordered = rows.sort_values(keys, ignore_index=True, na_position="first")
    return ordered, [f"{Path(r.file).name} {r.place} {r.reason}" for r in gathered.rejected]


@pytest.fixture(scope="module")
def spark(master: str) -> Iterator[engine.Engine]:
    with on_spark(master) as started:
        yield started


def test_plain_logs_are_folded_there_and_are_the_same(spark, tmp_path):
    logs = [
        _written(tmp_path / "a b é.jsonl", [json.dumps(event) for event in PLAIN]),
        _written(tmp_path / "day.jsonl", ["", *_random(3_000, 1), "  "]),
        _written(tmp_path / "packed.jsonl.gz", _random(2_000, 2)),
    ]
    table, done = spark(logs)
    assert done == set(logs)
    assert table.num_rows > 100
    there, rejected = _read(logs, spark)
    here, _ = _read(logs)
    pd.testing.assert_frame_equal(there, here)
    assert not rejected
    assert len(there) > 100


def test_a_log_with_another_line_is_left_to_who_tells_of_it(spark, tmp_path):
    logs = [
        _written(tmp_path / f"{number}.jsonl", [json.dumps(EVENT), line, json.dumps(EVENT)])
        for number, line in enumerate(ODD.values())
    ]
    bytes_ = json.dumps(EVENT).encode()
    for name, content in {
        "mark.jsonl": b"\xef\xbb\xbf" + bytes_,
        "latin.jsonl": bytes_.replace(b"bot", b"b\xf6t"),
        "empty.jsonl": b"",
        "plain.jsonl.gz": bytes_,
        "packed.jsonl": gzip.compress(bytes_),
        "_hidden.jsonl": bytes_,
        "[ab]*.jsonl": bytes_,
    }.items():
        (tmp_path / name).write_bytes(content + b"\n" * (name != "packed.jsonl"))
        logs.append(tmp_path / name)
    plain = _written(tmp_path / "sound.jsonl", [json.dumps(EVENT)])
    taken = spark([*logs[: len(ODD) + 3], plain])[1]
    assert taken - {tmp_path / "mark.jsonl"} == {plain}  # the mark is none to either
    there, here = _read([*logs, plain], spark), _read([*logs, plain])
    pd.testing.assert_frame_equal(there[0], here[0])
    assert there[1] == here[1]
    assert len(here[1]) > 8


def test_the_twin_that_takes_every_line_for_plain_reads_otherwise(spark, tmp_path, monkeypatch):
    """Without the test of its lines, Spark would take the other one of two values."""
    log = _written(tmp_path / "odd.jsonl", [ODD["a key twice"]])
    monkeypatch.setattr("ingest.usage.on_spark.PLAIN", ".*")
    there, here = _read([log], spark)[0], _read([log])[0]
    assert there["target_id"].tolist() != here["target_id"].tolist()


def test_an_executor_killed_in_the_middle_costs_nothing(spark, folder, tmp_path):
    log = _written(tmp_path / "long.jsonl", _random(150_000, 3))
    expected, _ = _read([log])
    spark([_written(tmp_path / "short.jsonl", _random(10, 4))])  # the executors are there
    before = executors(folder)
    assert len(before) == 2

    def kill() -> None:
        time.sleep(1.0)
        os.kill(before[0], signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    there, _ = _read([log], spark)
    assert killer.is_alive() is False, "it was over before anybody was killed"
    assert before[0] not in executors(folder)
    pd.testing.assert_frame_equal(there, expected)


def test_ingest_there_publishes_the_same_snapshot(master, cli: Run, tmp_path):
    estate = example().write(tmp_path / "estate")
    (estate / "usage").mkdir(exist_ok=True)
    events = [
        json.dumps(EVENT | {"resource": "ledger", "at": f"2026-07-{day:02}T10:00:00Z"})
        for day in range(1, 20)
    ]
    _written(estate / "usage" / "july.jsonl", events)
    hashes = []
    for options in ([], ["--engine", "spark", "--master", master]):
        store = tmp_path / "store"
        shutil.rmtree(store, ignore_errors=True)
        assert cli("ingest", "estate", estate, "--store", store, *options).code == 0
        current = ParquetStore(store).current()
        assert current is not None
        hashes.append(current.hash)
    assert hashes[0] == hashes[1]


@pytest.mark.parametrize(
    ("options", "code", "reason"),
    [
        (["--engine", "spark"], 2, "needs --master"),
        (["--engine", "ray"], 2, "--engine is dask or spark"),
        (["--master", "spark://127.0.0.1:1"], 2, "goes with --engine spark"),
        (["--engine", "spark", "--master", "here"], 2, "spark://HOST:PORT"),
        (["--engine", "spark", "--master", "spark://127.0.0.1:1"], 4, "no Spark master answers"),
    ],
)
def test_options_that_do_not_fit_are_refused(cli: Run, tmp_path, options, code, reason):
    line = ["ingest", "estate", tmp_path, "--store", tmp_path / "s", *options, "--json"]
    assert reason in cli(*line).refused(code)["message"]


def test_without_spark_it_is_named(cli: Run, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyspark", None)
    line = ["ingest", "estate", tmp_path, "--engine", "spark", "--master", "local[1]", "--json"]
    assert "pip install 'trustdebt[spark]'" in cli(*line).refused(4)["message"]
