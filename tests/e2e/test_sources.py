"""The page Sources: what it says of coverage and of what was set aside, and the upload."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import streamlit as st

import trustdebt
from app import upload
from tests.e2e.conftest import Open, Watched
from tests.e2e.said import texts
from tests.small_exports import EXPORTS

GOOD = {
    "id": "d1", "at": "2026-07-01T10:00:00Z", "subject": {"id": "bot"}, "decision": "allow",
    "action": {"name": "read"}, "resource": {"id": "db"},
}  # fmt: skip
BAD = GOOD | {"id": "d2", "at": "yesterday"}


@pytest.fixture
def own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """Ingest two sources; one of two decisions has no instant."""
    log, card = tmp_path / "log.jsonl", tmp_path / "card.json"
    log.write_text("\n".join(map(json.dumps, (GOOD, BAD))))
    card.write_bytes(EXPORTS["a2a"][0]["a2a.json"])
    for line in (["decisions", log, "--max-bad", "90"], ["a2a", card]):
        words = ["ingest", *map(str, line), "--scope", "acme", "--store", str(tmp_path / "s")]
        assert trustdebt.main(words) == 0, capsys.readouterr()
    return tmp_path / "s"


def test_the_page_says_what_was_read_and_what_was_set_aside(open_page: Open, own: Path) -> None:
    """What an earlier ingest set aside is still said after the next one of another source."""
    test = open_page(own, "sources")
    assert not test.exception
    coverage, aside = (frame.value for frame in test.dataframe[:2])
    assert coverage[["Source", "Read", "Set aside"]].to_numpy().tolist() == [
        ["a2a", "complete", "0 of 6"],
        ["decisions", "in part", "1 of 2"],
    ]
    assert aside["Reason"].tolist() == ["at: is not an ISO 8601 instant"]
    assert aside["Place"].tolist() == ["line 2"]
    assert "yesterday" not in texts(test)


def test_an_older_snapshot_shows_what_was_set_aside_then(open_page: Open, own: Path) -> None:
    test = open_page(own, "sources", snapshot="000001")
    (coverage, aside) = (frame.value for frame in test.dataframe[:2])
    assert coverage["Source"].tolist() == ["decisions"]
    assert len(aside) == 1


def test_a_store_without_records_says_so(open_page: Open, store: Path) -> None:
    test = open_page(store, "sources")
    assert not test.exception
    assert test.dataframe[0].value["Set aside"].tolist() == ["not recorded"]


def test_no_upload_where_others_can_reach_the_app(
    open_page: Open, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload, "HERE", (st.get_option("server.address"),))
    assert len(open_page(own, "sources").toggle) == 1
    monkeypatch.setattr(upload, "HERE", ())
    test = open_page(own, "sources")
    assert len(test.toggle) == 0
    assert "open to this machine alone" in texts(test)


def test_an_upload_is_what_the_command_does(own: Path) -> None:
    """The same document, with names of our own making for the files."""
    sent = [upload.File("../../card.json", EXPORTS["a2a"][0]["a2a.json"])]
    done = upload.ingest("a2a", sent, str(own), "acme", "2026-08-01T00:00:00Z")
    assert done["nodes"]["Agent"] == 1
    log = "\n".join(map(json.dumps, (GOOD, GOOD | {"id": "d3"}, BAD))).encode()
    with pytest.raises(upload.Refused, match=r"^upload-1\.jsonl, line 3: 1 of 3 rows"):
        upload.ingest("decisions", [upload.File("x/../log.jsonl", log)], str(own))


def test_an_upload_is_bounded(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for files in ([], [upload.File("a", b"")] * (upload.MAX_FILES + 1)):
        with pytest.raises(upload.Refused):
            upload.ingest("a2a", files, str(own))
    monkeypatch.setattr(upload, "PATIENCE", 0.01)
    with pytest.raises(upload.Refused, match="took longer"):
        upload.ingest("a2a", [upload.File("a.json", b"{}")], str(own))


def test_a_source_cannot_be_an_option(own: Path) -> None:
    with pytest.raises(upload.Refused, match="no source is called"):
        upload.ingest("--config=/etc/passwd", [upload.File("a.json", b"{}")], str(own))


def test_uploading_in_a_browser(
    serve: Callable[[Path], str], open_window: Callable[..., Watched], own: Path
) -> None:
    """A file goes in by hand, is refused with its place, and a good one makes a snapshot."""
    home = serve(own)
    window = open_window(home)
    for data, said in (
        (b"{", "Nothing was changed"),
        (EXPORTS["a2a"][0]["a2a.json"].replace(b'"n"', b'"fresh"'), "Published snapshot"),
    ):
        page = window.go(f"{home}/sources")
        page.get_by_text("Upload files").click()
        page.get_by_text("Files of one export").wait_for(timeout=120_000)
        page.locator("input[type=file]").set_input_files(
            {"name": "card.json", "mimeType": "application/json", "buffer": data}
        )
        window.settle()
        page.get_by_role("button", name="Read it").click()
        page.get_by_text(said).first.wait_for(timeout=120_000)
