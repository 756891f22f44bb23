"""What ingest judges ahead, if it is told to, and what becomes of it if that fails."""

import pytest

from analytics.answers import ahead
from analytics.kept import answers
from analytics.kept.ahead import Ahead
from analytics.runtime.budget import OverBudget
from graph.stores import open_store
from tests.integration.cli import example
from tests.integration.test_kept_answers import places


def test_ingest_judges_if_it_is_told_to_and_keeps_nothing_otherwise(cli, tmp_path, monkeypatch):
    monkeypatch.setattr(answers, "WORTH", 0.0)  # keep an answer however little time it took
    first = ahead.all_steps()[:1]
    monkeypatch.setattr(ahead, "all_steps", lambda: first)
    folder, store = example().write(tmp_path / "estate"), tmp_path / "store"
    line = ["ingest", "estate", folder, "--store", store, "--json"]
    for given in ([], ["--no-judge"]):  # nobody sits at a terminal
        assert cli(*line, *given).result["warnings"] == []
        assert not places(store)
    assert cli(*line, "--judge").result["warnings"] == []
    assert places(store)


def _over(posture):
    raise OverBudget


def _wrong(posture):
    raise ZeroDivisionError


def _stopped(posture):
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("fails", "why"), [(_over, "budget"), (_wrong, "ZeroDivisionError"), (_stopped, "stopped")]
)
def test_what_is_published_stays_published_if_it_cannot_be_judged(
    cli, tmp_path, monkeypatch, fails, why
):
    monkeypatch.setattr(ahead, "all_steps", lambda: (Ahead(0, "what fails", fails),))
    folder, store = example().write(tmp_path / "estate"), tmp_path / "store"
    said = cli("ingest", "estate", folder, "--store", store, "--judge", "--json")
    (warning,) = said.result["warnings"]
    assert why in warning
    assert [info.id for info in open_store(str(store)).snapshots()] == [said.result["snapshot"]]
