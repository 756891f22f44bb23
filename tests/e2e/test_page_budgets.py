"""A page that needs more memory or time than it may have says so, and the app goes on."""

import gc
import time
from collections.abc import Callable
from pathlib import Path
from weakref import ref

import pytest

from analytics.posture import Posture
from app.web.page import snapshots, tasks
from app.web.search import finder
from app.web.views import all_views
from graph.machine.memory import resident
from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from tests.e2e.conftest import Open
from tests.support.estates.hubs import shared_role

Drawn = Callable[..., list[str]]
MIB = 2**20
BEYOND = 150  # MiB that a page may take here


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One role that 500 agents share opens 500 resources: 250,000 entitlements."""
    folder = tmp_path_factory.mktemp("hub") / "store"
    ingest(ParquetStore(folder), [shared_role(500).job()])
    return folder


@pytest.fixture
def drawn(open_page: Open, store: Path, monkeypatch: pytest.MonkeyPatch) -> Drawn:
    """Draw pages in sessions that stay open; return those that hold what they drew for good."""

    def draw(*pages: str, tries: int = 40) -> list[str]:
        read, sessions, estates = snapshots.read, [], {}
        for page in pages:

            def noted(choice: snapshots.Choice, page: str = page) -> Posture:
                posture = read(choice)
                estates[page] = ref(posture)
                return posture

            monkeypatch.setattr(snapshots, "read", noted)
            sessions.append(open_page(store, page))
            snapshots.forget()  # so that the next one reads it anew
        assert len(estates) == len(sessions) == len(pages)
        for _ in range(tries):  # what a page began beside it may go on after it is drawn
            gc.collect()
            kept = [page for page, estate in estates.items() if estate() is not None]
            if not kept:
                break
            time.sleep(0.5)
        return kept

    return draw


def test_a_page_over_its_budget_says_what_to_do(
    open_page: Open, hub: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_page(store, "findings")  # what the libraries take is not the page's doing
    snapshots.forget()
    held = resident()
    monkeypatch.setenv("TRUSTDEBT_BUDGET", f"{held // MIB + BEYOND}MiB")
    test = open_page(hub, "findings")
    assert not test.exception
    (told,) = test.error
    assert "Raise the budget" in told.value
    assert any("TRUSTDEBT_BUDGET" in each.value for each in test.markdown)
    assert resident() < held + 1.7 * BEYOND * MIB
    for _ in range(20):  # once the work that was ended has let go of what it held
        if not (small := open_page(store, "findings")).error:
            break
        time.sleep(1)
    assert not small.error  # a page that needs less is drawn


def test_the_twin_without_a_budget_it_takes_what_it_takes(
    open_page: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On facts of its own: who asks the same as work that still ends would wait for that.

    They are fewer, and still take more than the page above may.
    """
    ingest(ParquetStore(tmp_path / "store"), [shared_role(220).job()])
    monkeypatch.setenv("TRUSTDEBT_BUDGET", "unlimited")
    test = open_page(tmp_path / "store", "findings")
    assert not test.error
    assert len(test.dataframe)


def test_an_open_session_does_not_hold_the_estate(drawn: Drawn) -> None:
    assert drawn(*all_views()) == []


def test_a_session_that_could_cancel_its_page_does_not_hold_the_estate(
    drawn: Drawn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Streamlit keeps what the button does for as long as the session."""
    offered = []
    for patience in ("QUIET", "LONG"):
        monkeypatch.setattr(tasks, patience, 0.0)
    monkeypatch.setattr(tasks, "EACH", 0.01)
    offer = tasks._offer
    monkeypatch.setattr(tasks, "_offer", lambda *of: offered.append(of[1]) or offer(*of))
    assert drawn("posture") == []
    assert offered


def test_the_twin_of_a_search_that_holds_it(drawn: Drawn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finder, "ref", lambda posture: lambda: posture)
    assert drawn("findings", tries=4) == ["findings"]


def test_a_budget_that_nobody_can_read_is_told(
    open_page: Open, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRUSTDEBT_BUDGET", "much")
    (told,) = open_page(store, "findings").error
    assert "amount of memory" in told.value
