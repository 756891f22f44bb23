"""Uploading on the page Sources: the form that a source needs, the answer, and hostile files."""

import io
import json
import threading
import time
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.runtime.scriptrunner import StopException
from streamlit.testing.v1 import AppTest

from app.web.page import tasks
from app.web.server import door, upload
from app.web.server.upload import Asked, File, Refused
from app.web.views.sources import upload_form
from graph.journal.actor import By
from ingest.sources import all_sources
from tests.e2e.conftest import TOKEN, Open, Watched
from tests.e2e.said import texts
from tests.support.exports.small_exports import EXPORTS

CARD = EXPORTS["a2a"][0]["a2a.json"]
DONE = {
    "snapshot": "000001-0000000000000000",
    "published": True,
    "nodes": {"Agent": 2, "Tool": 0},
    "relationships": {"CALLS": 3},
    "quarantined": [{"file": "<b>", "place": "line 3", "reason": "is wrong"}],
    "warnings": ["![x](http://a.test/): read as upload-1.json"],
    "reads": [
        {"source": "a2a", "scope": "<i>", "complete": False, "taken_at": "2026-08-01T00:00:00Z",
         "rows": 5, "set_aside": 1},
    ],
}  # fmt: skip
HOSTILE = [
    "<img src=x onerror=alert(1)>.json",
    "gnp.\u202enosj",
    "../../../etc/passwd",
    "![x](http://canary.test/x).json",
    "x" * 10_000 + ".json",
]


@pytest.fixture
def form(open_deciding: Open, own_copy: Path) -> AppTest:
    """Open the form, as it is where only this machine can reach the app, with the token.

    What is refused is written into the store, which others would have to judge anew.
    """
    test = open_deciding(own_copy, "sources")
    test.toggle[0].set_value(True).run()
    return test


def field(kind: Sequence[Any], label: str) -> Any:
    return next(one for one in kind if one.label.startswith(label))


def send(test: AppTest, source: str, files: Sequence[tuple[str, bytes]], **said: str) -> AppTest:
    field(test.selectbox, "Source").select(source).run()
    for label, words in said.items():
        field(test.text_input, label.replace("_", " ")).set_value(words)
    test.file_uploader[0].set_value([(name, data, "application/json") for name, data in files])
    field(test.button, "Import").click()
    return test.run(timeout=60)


def heard(patch: pytest.MonkeyPatch, answer: dict[str, Any] | Refused) -> list[Any]:
    """Answer uploads without a process; return what was asked."""
    asked: list[Any] = []

    def ingest(what: Asked, files: Sequence[File], uri: str, by: By) -> dict[str, Any]:
        asked.append((what, [(file.name, bytes(file.data)) for file in files]))
        if isinstance(answer, Refused):
            raise answer
        return answer

    patch.setattr(upload, "ingest", ingest)
    return asked


def test_no_upload_where_others_can_reach_the_app(
    open_page: Open, store: Path, around: pytest.MonkeyPatch
) -> None:
    around.setattr(door, "HERE", (st.get_option("server.address"),))
    assert len(open_page(store, "sources").toggle) == 1
    around.setattr(door, "HERE", ())
    test = open_page(store, "sources")
    assert len(test.toggle) == 0
    assert "open to this machine alone" in texts(test)


def test_an_upload_asks_for_the_token(
    open_page: Open, store: Path, around: pytest.MonkeyPatch
) -> None:
    """Once in a session; where none was told, nothing is taken."""
    around.setattr(door, "HERE", (st.get_option("server.address"),))
    test = open_page(store, "sources")
    test.toggle[0].set_value(True).run()
    assert "start the app with `trustdebt app`" in texts(test)
    around.setattr(door._Door, "token", TOKEN)
    for said, files in (("wrong", 0), (TOKEN, 1)):
        test.run()
        assert len(test.file_uploader) == 0
        field(test.text_input, "Token").set_value(said)
        field(test.button, "Unlock").click()
        assert len(test.run(timeout=60).file_uploader) == files
    assert len(test.run().file_uploader) == 1


def test_without_the_door_anybody_uploads(
    open_page: Open, store: Path, around: pytest.MonkeyPatch
) -> None:
    """The twin."""
    around.setattr(door, "HERE", (st.get_option("server.address"),))
    around.setattr(door, "ask", lambda *_: True)
    test = open_page(store, "sources")
    test.toggle[0].set_value(True).run(timeout=60)
    assert len(test.file_uploader) == 1


def test_a_store_without_a_snapshot_takes_an_upload(
    open_page: Open, tmp_path: Path, around: pytest.MonkeyPatch
) -> None:
    around.setattr(door, "HERE", (st.get_option("server.address"),))
    assert len(open_page(tmp_path, "sources").toggle) == 1
    assert len(open_page(tmp_path, "findings").toggle) == 0


def test_each_source_asks_for_what_it_needs(form: AppTest) -> None:
    """The field comes from the source itself; most need none."""
    source = field(form.selectbox, "Source")
    source.select("codeowners").run()
    assert field(form.text_input, "Repository")
    source.select("csv").run()
    assert "[[table]]" in field(form.text_area, "Column map").placeholder
    source.select("a2a").run()
    labels = [f.label for f in form.text_input if f.label != "Search everything"]
    assert labels == ["Scope", "Taken at"]
    assert not form.text_area


def test_the_form_hands_on_what_was_said(form: AppTest, around: pytest.MonkeyPatch) -> None:
    asked = heard(around, DONE)
    said = {
        "Repository": " github.com/acme/api ",
        "Scope": "acme ",
        "Taken_at": "2026-08-01T00:00:00Z",
    }
    send(form, "codeowners", [("CODEOWNERS", b"* @x"), ("b", b"")], **said)
    wanted = Asked("codeowners", "acme", "2026-08-01T00:00:00Z", "github.com/acme/api")
    assert asked == [(wanted, [("CODEOWNERS", b"* @x"), ("b", b"")])]


def test_the_answer_is_said_and_nothing_in_it_is_obeyed(
    form: AppTest, around: pytest.MonkeyPatch
) -> None:
    heard(around, DONE)
    test = send(form, "a2a", [("a.json", b"{}")])
    assert not test.exception
    assert "Published snapshot `000001-0000000000000000`" in test.success[0].value
    said = texts(test)
    assert "read in part: what it does not mention is kept. 5 rows, 1 rejected" in said
    assert "2 agents; 3 relationships" in said
    assert "another snapshot" in said
    aside = next(f.value for f in test.dataframe if "File" in f.value)
    assert aside.to_numpy().tolist() == [["<b>", "line 3", "is wrong"]]
    assert "![x](http" not in said
    assert "\\!\\[x\\]" in said
    field(test.button, "Close").click()
    assert not test.run().success


@pytest.mark.parametrize(
    ("code", "advice"),
    [("store-busy", "Try again when it has ended"), ("too-much-memory", "has no such bound")],
)
def test_a_refusal_says_that_nothing_changed_and_what_to_do(
    form: AppTest, around: pytest.MonkeyPatch, code: str, advice: str
) -> None:
    heard(around, Refused("<b>.json, line 3: is not JSON", code))
    test = send(form, "a2a", [("a.json", b"{")])
    (error,) = test.error
    assert error.value.startswith(
        "**Nothing was published.** \\<b\\>\\.json\\, line 3\\: is not JSON"
    )
    assert advice in error.value
    assert set(upload_form.ADVICE) >= {code}


def test_an_upload_that_is_cancelled_ends_and_says_so(
    form: AppTest, around: pytest.MonkeyPatch
) -> None:
    """A page that is drawn anew meanwhile takes it up again; only the button ends it."""
    running = threading.Event()

    def read(*_: object) -> None:
        running.set()
        try:
            while True:
                time.sleep(0.01)
        finally:
            running.clear()

    def leave(*_: object) -> str:
        raise StopException

    around.setattr(upload, "ingest", read)
    around.setattr(tasks, "LONG", 0.0)
    around.setattr(tasks, "how_far", leave)
    test = send(form, "a2a", [("a.json", b"{")])
    assert "sources:task" in test.run().session_state
    assert running.is_set()
    test.button("tasks:cancel").click().run()
    assert not running.is_set()
    assert test.error[0].value.startswith("**Nothing was published.** You cancelled it after ")
    assert "starts it again" in test.error[0].value


def test_hostile_names_are_shown_and_never_obeyed(form: AppTest) -> None:
    """Five files whose names attack whoever handles or draws them, and a refusal of the first."""
    test = send(form, "a2a", [(name, b"{") for name in HOSTILE])
    assert not test.exception
    (error,) = test.error
    assert "\\<img src\\=x" in error.value
    assert "the JSON text ends too early" in error.value
    assert "upload-" not in error.value


def test_a_hostile_archive_is_refused_in_words(form: AppTest) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("../../<b>", b"{}")
    (error,) = send(form, "estate", [("<b>.zip", buffer.getvalue())]).error
    assert "\\<b\\>\\.zip\\: names a file outside the archive" in error.value


def test_uploading_in_a_browser(
    serve: Callable[[Path], str],
    told: Callable[[str], str],
    open_window: Callable[..., Watched],
    tmp_path: Path,
) -> None:
    """A file goes in by hand into an empty store and is refused; good ones make a snapshot."""
    home = serve(tmp_path / "s")
    window = open_window(home)
    page = window.go(f"{home}/sources?{door.PARAMETER}={told(home)}")
    rows = [{"id": f"d{n}", "at": "2026-07-01T10:00:00Z", "subject": {"id": "bot"},
             "decision": "allow", "action": {"name": "read"}, "resource": {"id": "db"}}
            for n in range(40)]  # fmt: skip
    log = "\n".join(map(json.dumps, [*rows, rows[0] | {"at": "yesterday"}])).encode()
    other = log.replace(b'"id": "d', b'"id": "e')
    hostile = [f"{name}l" for name in HOSTILE if name.endswith(".json")]  # JSON lines
    page.get_by_text("Files or ZIPs of one export").wait_for(timeout=120_000)
    for source, sent, said in (
        ("a2a", [b"{"], "Nothing was published"),
        ("decisions", [log, other], "Published snapshot"),
    ):
        page.locator("[data-testid=stSelectbox] input").last.click()
        page.keyboard.type(source)
        page.keyboard.press("Enter")
        page.get_by_text(f"{all_sources()[source].reads}").wait_for()
        window.settle()
        page.locator("input[type=file]").set_input_files(
            [
                {"name": name, "mimeType": "text/plain", "buffer": data}
                for name, data in zip(hostile, sent, strict=False)
            ]
        )
        window.settle()
        page.get_by_role("button", name="Import").click()
        page.get_by_text(said).first.wait_for(timeout=60_000)
        window.settle()
    assert page.get_by_text("2 rejected").is_visible()
    assert page.evaluate("window.pwned") is None
