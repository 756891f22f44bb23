"""The page Sources: coverage first, then what was set aside, and what was made one."""

import json
import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import trustdebt
from graph.seal import sealing
from graph.seal.key import using
from tests.e2e.conftest import Open
from tests.e2e.said import figures, texts
from tests.support.exports.small_exports import EXPORTS

GOOD = {
    "id": "d1", "at": "2026-07-01T10:00:00Z", "subject": {"id": "bot"}, "decision": "allow",
    "action": {"name": "read"}, "resource": {"id": "db"},
}  # fmt: skip
BAD = GOOD | {"id": "d2", "at": "yesterday"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ingest two sources; one of two decisions has no instant."""
    folder = tmp_path_factory.mktemp("sources")
    log, card = folder / "log.jsonl", folder / "card.json"
    log.write_text("\n".join(map(json.dumps, (GOOD, BAD))))
    card.write_bytes(EXPORTS["a2a"][0]["a2a.json"])
    for line in (["decisions", log, "--max-bad", "90"], ["a2a", card]):
        words = ["ingest", *map(str, line), "--scope", "acme", "--store", str(folder / "s")]
        assert trustdebt.main(words) == 0
    return folder / "s"


@pytest.fixture
def own(made: Path, tmp_path: Path) -> Path:
    """Copy both, to write beside them."""
    return Path(shutil.copytree(made, tmp_path / "s"))


def test_the_page_says_what_was_read_and_what_was_set_aside(open_page: Open, own: Path) -> None:
    """What an earlier ingest set aside is still said after the next one of another source."""
    test = open_page(own, "sources")
    assert not test.exception
    assert figures(test)["Rows rejected"] == "1"
    coverage, aside = (frame.value for frame in test.dataframe[:2])
    assert coverage[["Source", "Read", "Rejected"]].to_numpy().tolist() == [
        ["decisions", "● in part", "1 of 2"],
        ["a2a", "complete", "0 of 6"],
    ]
    assert aside["Reason"].tolist() == ["at: is not an ISO 8601 instant"]
    assert aside["Place"].tolist() == ["line 2"]
    assert "yesterday" not in texts(test)


def test_an_older_snapshot_shows_what_was_set_aside_then(open_page: Open, own: Path) -> None:
    test = open_page(own, "sources", snapshot="000001")
    (coverage, aside) = (frame.value for frame in test.dataframe[:2])
    assert coverage["Source"].tolist() == ["decisions"]
    assert len(aside) == 1


@pytest.mark.usefixtures("no_plan")
def test_the_page_says_what_could_not_be_read(
    open_page: Open, own: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """At once, by its state, and why; the line above every page says it as well."""
    whole = open_page(own, "sources")
    assert figures(whole)["Could not be read"] == "0"
    assert "Could not be read" not in [header.value for header in whole.header]
    for name, scope in (("a2a", "acme"), ("hr", "<b>new</b>")):
        words = ["ingest", name, str(own.parent / "gone.json"), "--scope", scope]
        assert trustdebt.main([*words, "--store", str(own)]) == 3
    capsys.readouterr()
    test = open_page(own, "sources")
    assert not test.exception
    assert figures(test)["Could not be read"] == "2"
    coverage, failed = (frame.value for frame in test.dataframe[:2])
    assert coverage["Source"].tolist() == ["a2a", "decisions"]
    assert coverage["Read"].str.startswith("▲ failed on ").tolist() == [True, False]
    assert coverage["Read"].str.endswith("before: complete").tolist() == [True, False]
    assert failed[["Source", "Scope", "Reason"]].to_numpy().tolist() == [
        ["a2a", "acme", "there is no such file or folder"],
        ["hr", "<b>new</b>", "there is no such file or folder"],
    ]
    assert "2 scopes could not be read" in texts(test)
    assert "2 scopes could not be read" in texts(open_page(own, "posture"))


def test_a_store_without_records_says_so(open_page: Open, store: Path) -> None:
    test = open_page(store, "sources")
    assert figures(test)["Rows rejected"] == "not recorded"
    assert not test.exception
    assert test.dataframe[0].value["Rejected"].tolist() == ["not recorded"]


@pytest.fixture(scope="module")
def joined(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ingest two estates that know one agent by two ids and share its role; both know Ann."""
    folder = tmp_path_factory.mktemp("joined")
    for scope in ("east", "west"):
        nodes = folder / scope / "nodes"
        nodes.mkdir(parents=True)
        (nodes.parent / "estate.toml").write_text(
            f'scope = "{scope}"\ntaken_at = 2026-08-01T00:00:00Z\ndeclares = ["inventory"]\n'
        )
        bot = {"id": f"{scope}:bot", "name": "<b>bot</b>", "external_ids": ["arn:arn:aws:iam::1:x"]}
        (nodes / "Agent.jsonl").write_text(json.dumps(bot))
        (nodes / "Human.jsonl").write_text(json.dumps({"id": f"{scope}:ann", "name": "Ann"}))
        words = ["ingest", "estate", str(nodes.parent), "--store", str(folder / "s")]
        assert trustdebt.main(words) == 0
    return folder / "s"


@pytest.fixture
def two(joined: Path, tmp_path: Path) -> Path:
    """Copy both, to write beside them."""
    return Path(shutil.copytree(joined, tmp_path / "s"))


def test_a_merge_is_undone_and_done_again_on_the_page(open_deciding: Open, two: Path) -> None:
    """Its evidence is shown; one id stands by itself once somebody says so, and until undone."""
    test = open_deciding(two, "sources")
    test.session_state["merges:1"] = {"selection": {"rows": [0], "columns": [], "cells": []}}
    test.run()
    assert "same arn" in texts(test)
    assert "\\<b\\>bot" in texts(test)
    _decide(test, "Keep it apart", "east:ann", "two teams")
    assert not test.exception
    kept = next(f.value for f in test.dataframe if "Kept apart because" in f.value)
    assert kept["Things"].tolist() == ["east:bot, west:bot"]
    assert "a person keeps them apart" in kept["Kept apart because"][0]
    assert not any("Because of" in frame.value for frame in test.dataframe)
    _decide(test, "Let the ids decide again", "east:ann", "it is one team")
    merged = next(f.value for f in test.dataframe if "Because of" in f.value)
    assert merged["Ids"].tolist() == ["east:bot, west:bot"]


def test_a_merge_is_not_undone_without_a_name_and_a_reason(open_deciding: Open, two: Path) -> None:
    test = open_deciding(two, "sources")
    test.session_state["merges:1"] = {"selection": {"rows": [0], "columns": [], "cells": []}}
    test.run()
    _decide(test, "Keep it apart", "", "")
    assert test.error
    assert any("Because of" in frame.value for frame in test.dataframe)


def _decide(test: AppTest, button: str, by: str, why: str) -> None:
    who = next(box for box in test.selectbox if box.label == "Who decides")
    who.set_value(by or None)
    test.text_area[-1].set_value(why)
    next(b for b in test.button if b.label == button).click()
    test.run()


def test_the_page_says_of_a_sealed_store_whether_its_seal_was_compared(
    open_page: Open, own: Path, tmp_path: Path
) -> None:
    assert "The store is" not in texts(open_page(own, "sources"))
    sealing.seal(str(own), tmp_path / "key", new=True)
    assert "The store is sealed, not verified." in texts(open_page(own, "sources"))
    with using(tmp_path / "key"):
        assert "The store is sealed, verified." in texts(open_page(own, "sources"))
