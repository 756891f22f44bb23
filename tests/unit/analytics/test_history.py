"""How many assessed snapshots a history keeps in memory."""

from pathlib import Path

import pandas as pd
import pytest

import analytics.history
from analytics.history import open_posture
from graph.stores import open_store
from ingest.job.run import ingest
from tests.support.estates.small_estates import AS_OF, Estate


@pytest.fixture
def store(tmp_path: Path) -> str:
    """Return a store of four snapshots, each of another day."""
    for days in (4, 3, 2, 1):
        opened = open_store(str(tmp_path))
        ingest(opened, [Estate(AS_OF - pd.Timedelta(days=days)).agent(f"bot-{days}").job()])
        opened.close()
    return str(tmp_path)


def test_small_ones_all_stay(store: str) -> None:
    history = open_posture(store).history
    assert history is not None
    once = [history.posture(info.id) for info in history.infos]
    assert [history.posture(info.id) for info in history.infos] == once


def test_large_ones_make_room(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two stay whatever they weigh; the third sends the first away."""
    monkeypatch.setattr(analytics.history, "KEPT_NODES", 0)
    history = open_posture(store).history
    assert history is not None
    once = [history.posture(info.id) for info in history.infos]
    assert history.posture(history.infos[-1].id) is once[-1]
    assert history.posture(history.infos[0].id) is not once[0]


def test_what_is_asked_for_again_and_again_stays(
    store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the current one, which each step of a walk is held against."""
    monkeypatch.setattr(analytics.history, "KEPT_NODES", 0)
    current = open_posture(store)
    history = current.history
    assert history is not None
    for info in history.infos[:-1]:
        history.posture(info.id)
        assert history.posture(history.infos[-1].id) is current


def test_the_histories_of_several_snapshots_share_the_room(
    store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two fit beside the last two of each: those of the first make room for the second's."""
    monkeypatch.setattr(analytics.history, "KEPT_NODES", 2)
    both = [open_posture(store).history for _ in range(2)]
    once = [[each.posture(info.id) for info in each.infos] for each in both if each is not None]
    for each, kept, first_is_there in zip(both, once, (False, True), strict=True):
        assert each is not None
        assert (each.posture(each.infos[0].id) is kept[0]) is first_is_there
