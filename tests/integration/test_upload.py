"""An upload in its own process: bounded, said in the words of the command, and nothing is left."""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest

import trustdebt
from app.web.server import upload
from app.web.server.upload import Asked, File, Refused
from graph.journal.actor import By
from graph.journal.failed_reads import UPLOAD_FOLDER, failed_reads
from graph.journal.place import journal_path
from graph.journal.rejected_rows import rejected_rows
from graph.stores.parquet.store import ParquetStore
from ingest.upload.limits import LEFT
from tests.support.exports.small_exports import EXPORTS, write

BY = By("ann")

ROOT = Path(__file__).parents[2]
CARD = EXPORTS["a2a"][0]["a2a.json"]
GOOD = {
    "id": "d1", "at": "2026-07-01T10:00:00Z", "subject": {"id": "bot"}, "decision": "allow",
    "action": {"name": "read"}, "resource": {"id": "db"},
}  # fmt: skip


@pytest.fixture(autouse=True)
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let uploads lie where this test can look."""
    folder = tmp_path / "room"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def log(wrong: int, right: int = 30) -> bytes:
    """Write decisions, some without an instant."""
    rows = [GOOD | {"id": f"r{n}"} for n in range(right)]
    rows += [GOOD | {"id": f"w{n}", "at": "yesterday"} for n in range(wrong)]
    return "\n".join(map(json.dumps, rows)).encode()


def command(capsys: pytest.CaptureFixture[str], *words: object) -> dict[str, Any]:
    capsys.readouterr()
    trustdebt.main([*map(str, words), "--json"])
    said: dict[str, Any] = json.loads(capsys.readouterr().out)
    return said


def test_the_answer_is_that_of_the_command(
    tmp_path: Path, room: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same snapshot, counts, rows set aside and remarks, under the names of the sender."""
    folder = tmp_path / "uploaded"
    write({"log.jsonl": log(1)}, folder)
    words = ["ingest", "decisions", folder / "log.jsonl", "--store", tmp_path / "a"]
    wanted = command(capsys, *words)["result"]
    got = upload.ingest(Asked("decisions"), [File("log.jsonl", log(1))], str(tmp_path / "b"), BY)
    wanted["quarantined"][0]["file"] = "log.jsonl"
    assert got == wanted
    assert got["reads"][0]["rows"] == 31
    (kept,) = rejected_rows(got["snapshot"], str(tmp_path / "b"))
    assert kept.rows == (("log.jsonl", "line 31", "at: is not an ISO 8601 instant"),)
    assert list(room.iterdir()) == []


def test_a_refusal_is_that_of_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write({"log.jsonl": log(5)}, tmp_path)
    words = ["ingest", "decisions", tmp_path / "log.jsonl", "--store", tmp_path / "a"]
    wanted = command(capsys, *words)["error"]["message"].replace(f"{tmp_path}/", "")
    with pytest.raises(Refused) as error:
        upload.ingest(Asked("decisions"), [File("log.jsonl", log(5))], str(tmp_path / "b"), BY)
    assert str(error.value) == wanted
    assert error.value.code == "input-refused"
    (failed,) = failed_reads(journal_path(str(tmp_path / "b")))
    assert (failed.name, failed.file) == ("decisions/uploaded", "log.jsonl")
    with pytest.raises(Refused, match=r"^taken at: .* write 2026-08-01T00:00:00Z$"):
        upload.ingest(Asked("a2a", "", "soon"), [File("a", CARD)], str(tmp_path / "b"), BY)


def test_scope_and_instant_are_taken(tmp_path: Path) -> None:
    asked = Asked("a2a", "--acme; rm", "2026-08-01T00:00:00Z")
    (read,) = upload.ingest(asked, [File("a.json", CARD)], str(tmp_path / "s"), BY)["reads"]
    assert (read["scope"], read["taken_at"]) == ("--acme; rm", "2026-08-01T00:00:00Z")


def test_memory_is_bounded(tmp_path: Path, room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A document of 1 MB that takes 30 MB as objects; with room for those it is read."""
    wide = b'{"x":[' + b"[]," * 400_000 + b"[]]}"
    for mib, said in ((1_536, "holds no agent card"), (8, "needs more memory than an upload")):
        monkeypatch.setattr(upload, "MAX_MEMORY", mib)
        with pytest.raises(Refused, match=said):
            upload.ingest(Asked("a2a"), [File("a.json", wide)], str(tmp_path / "s"), BY)
    assert list(room.iterdir()) == []


def test_it_is_ended_when_it_takes_too_long(
    tmp_path: Path, room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It waits for a store that another ingest holds; not for longer than it may."""
    store = ParquetStore(tmp_path / "s")
    monkeypatch.setattr(upload, "PATIENCE", 4.0)
    with store.lease(), pytest.raises(Refused, match="took longer than 4 s"):
        upload.ingest(Asked("a2a"), [File("a.json", CARD)], str(tmp_path / "s"), BY)
    assert list(room.iterdir()) == []
    assert store.current() is None


@pytest.mark.parametrize("whole", [True, False])
def test_nothing_is_left_when_the_app_stops(tmp_path: Path, room: Path, whole: bool) -> None:
    """The app is gone while the files arrive, or while they are read: nothing is published."""
    store, folder = ParquetStore(tmp_path / "s"), room / f"{UPLOAD_FOLDER}1"
    size = len(CARD) if whole else len(CARD) + 1
    asked = {"source": "a2a", "scope": "", "taken_at": "", "answer": "", "folder": str(folder)}
    head = json.dumps(asked | {"files": [("a.json", size)]}).encode()
    line = [sys.executable, "trustdebt.py", "receive", "--json", "--store", str(tmp_path / "s")]
    with store.lease():
        process = subprocess.Popen(
            line, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert process.stdin is not None
        process.stdin.write(len(head).to_bytes(4) + head + CARD)
        process.stdin.flush()
        _until(lambda: (folder / "uploaded" / "a.json").exists())
        if whole:
            time.sleep(1)  # it has gone on to wait for the store
        assert process.poll() is None
        said, _ = process.communicate(timeout=20)  # closes the pipe, as the end of the app does
    assert process.returncode == LEFT if whole else b"did not arrive whole" in said
    assert not folder.exists()
    assert store.current() is None


def _until(there: Any) -> None:
    end = time.monotonic() + 20
    while not there():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_store_that_cannot_be_written_is_said(tmp_path: Path, room: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Refused, match=r"cannot be|is a file") as error:
        upload.ingest(Asked("a2a"), [File("a.json", CARD)], str(tmp_path / "file" / "s"), BY)
    assert error.value.code == "store-unavailable"
    assert list(room.iterdir()) == []


def test_an_upload_is_bounded(tmp_path: Path, room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for files in ([], [File("a", b"")] * (upload.MAX_FILES + 1)):
        with pytest.raises(Refused):
            upload.ingest(Asked("a2a"), files, str(tmp_path), BY)
    monkeypatch.setattr(upload, "MAX_MIB", 0)
    with pytest.raises(Refused, match="more than"):
        upload.ingest(Asked("a2a"), [File("a", b"1")], str(tmp_path), BY)
    assert list(room.iterdir()) == []


def test_a_source_cannot_be_an_option(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="no source is called") as error:
        upload.ingest(Asked("--config=/etc/passwd"), [File("a", b"{}")], str(tmp_path / "s"), BY)
    assert error.value.code == "unknown-source"
