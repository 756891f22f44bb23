"""How far a read is, as somebody at a terminal sees it."""

import json
from pathlib import Path

import pytest

from ingest.files import progress
from ingest.files.bounded import read_bytes
from ingest.files.progress import file_by_file
from ingest.files.tables import read_table
from ingest.rows import Rows
from ingest.usage.log import read_usage

USE = {"id": "u", "at": "2026-07-01T10:00:00Z", "principal": "a", "resource": "x"}


def test_every_way_to_open_a_file_tells_of_it_once(tmp_path):
    said: list[str] = []
    (tmp_path / "a.json").write_text("{}")
    (tmp_path / "b.csv").write_text("id\nx\n")
    (tmp_path / "c.jsonl").write_text(json.dumps(USE) + "\n")
    with file_by_file("estate", said.append):
        for _ in range(2):
            read_bytes(tmp_path / "a.json")
        read_table(tmp_path / "b.csv")
        read_usage([tmp_path / "c.jsonl"], Rows())
    read_bytes(tmp_path / "b.csv")  # nobody listens any more
    assert said == [
        "reading estate, file 1: a.json",
        "reading estate, file 2: b.csv",
        "reading estate, file 3: c.jsonl",
    ]


@pytest.mark.parametrize(("pause", "count"), [(3600.0, progress.EACH), (0.0, 50)])
def test_of_many_files_some_are_told(tmp_path, monkeypatch, pause, count):
    monkeypatch.setattr(progress, "PAUSE", pause)
    said: list[str] = []
    with file_by_file("aws", said.append):
        for number in range(50):
            progress.opened(Path(f"{number}.json"))
    assert len(said) == count


def test_who_reads_within_another_read_tells_of_its_own(tmp_path):
    outer: list[str] = []
    inner: list[str] = []
    with file_by_file("a", outer.append):
        with file_by_file("b", inner.append):
            progress.opened(Path("x"))
        progress.opened(Path("y"))
    assert (inner, outer) == (["reading b, file 1: x"], ["reading a, file 1: y"])
