"""Packed logs of use that expand, or have parts without end: refused before they are decoded."""

import gzip
import io
import json
import time
import zipfile
from functools import cache

import pytest

from app.web.server import upload
from graph.journal.actor import By
from ingest.rows import Rows
from ingest.usage import log
from ingest.usage.log import read_usage

BY = By("ann")
EVENT = {"at": "2026-07-01T00:00:00Z", "principal": "bot", "resource": "db", "level": "read"}
LINE = json.dumps(EVENT).encode() + b"\n"
WIDE = json.dumps(EVENT).encode() + b" " * 900_000 + b"\n"
ESTATE = {
    "estate.toml": b'taken_at = 2026-08-01\nscope = "demo"\ndeclares = ["usage"]\n'
    b"usage_window_start = 2026-06-01\n",
    "nodes/Agent.csv": b"id\nbot\n",
    "nodes/Resource.csv": b"id\ndb\n",
    "usage/good.jsonl": LINE,
}
HOSTILE = {  # what is packed, by what makes it, and why it is refused
    "bomb": (lambda: gzip.compress(WIDE) * 300, "takes more than"),
    "one part": (lambda: gzip.compress(WIDE * 300), "takes more than"),
    "empty parts": (
        lambda: gzip.compress(LINE) + gzip.compress(b"") * 10_000,
        "10000 gzip members",
    ),
    "torn": (lambda: gzip.compress(LINE)[:-4], "ends within its gzip data"),
    "no gzip behind": (lambda: gzip.compress(LINE) + b"PK", "is not whole gzip data"),
}


@cache
def packed(kind: str) -> bytes:
    return HOSTILE[kind][0]()


def zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        for name, said in files.items():
            made.writestr(name, said)
    return buffer.getvalue()


@pytest.mark.parametrize("suffix", [".jsonl.gz", ".jsonl"])
@pytest.mark.parametrize("kind", HOSTILE)
def test_a_command_sets_it_aside_whole(cli, tmp_path, kind, suffix):
    """The other log is read; this one is named with its reason, and the read is not complete."""
    data, reason = packed(kind), HOSTILE[kind][1]
    for name, said in {**ESTATE, f"usage/bad{suffix}": data}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(said)
    start = time.process_time()
    ran = cli("ingest", "estate", tmp_path, "--store", tmp_path / "store", "--json")
    assert ran.code == 0
    assert time.process_time() - start < 10
    (aside,) = ran.result["quarantined"]
    assert aside["file"] == str(tmp_path / f"usage/bad{suffix}")
    assert aside["whole_file"]
    assert reason in aside["reason"]
    (read,) = ran.result["reads"]
    assert not read["complete"]
    assert ran.result["relationships"]["USED"] == 1


@pytest.mark.parametrize("kind", ["bomb", "empty parts"])
def test_so_does_an_upload(tmp_path, kind):
    """An archive may hold such a log; its own bounds are of another kind."""
    data, reason = packed(kind), HOSTILE[kind][1]
    files = [upload.File("estate.zip", zipped({**ESTATE, "usage/bad.jsonl.gz": data}))]
    done = upload.ingest(upload.Asked("estate"), files, str(tmp_path / "store"), BY)
    (aside,) = done["quarantined"]
    assert reason in aside["reason"]


def test_parts_of_a_log_are_read(tmp_path):
    """Logs are often appended to, a part a time: as many as are allowed."""
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(LINE) * 9_000)
    gathered = Rows()
    rows = read_usage([path], gathered)
    assert gathered.rejected == []
    assert list(rows["count"]) == ["9000"]


@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.jsonl"])
def test_the_environment_bounds_logs(tmp_path, monkeypatch, name):
    path = tmp_path / name
    path.write_bytes(gzip.compress(LINE * 10) if name.endswith("gz") else LINE * 10)
    for most, refused in ((len(LINE) * 10, 0), (len(LINE) * 10 - 1, 1)):
        monkeypatch.setenv("TRUSTDEBT_MAX_LOG_BYTES", str(most))
        gathered = Rows()
        read_usage([path], gathered)
        assert len(gathered.rejected) == refused


@pytest.mark.parametrize("kind", ["bomb", "one part", "empty parts"])
def test_without_the_look_they_are_decoded(tmp_path, monkeypatch, kind):
    """The twin: all of it is decompressed, line by line, and counted."""
    monkeypatch.setattr(log, "check_log", lambda *_: None)
    path = tmp_path / "bad.jsonl.gz"
    path.write_bytes(packed(kind))
    gathered = Rows()
    rows = read_usage([path], gathered)
    assert gathered.rejected == []
    assert list(rows["count"]) == ["1" if kind == "empty parts" else "300"]
