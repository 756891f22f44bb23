"""A first ingest that is interrupted anywhere, and several of them at once."""

from pathlib import Path

import pytest

from graph.schema import AGENT
from graph.stores import StoreUnavailable, open_store, parquet_store
from ingest.job import ingest
from tests.integration import crash
from tests.small_estates import Estate

PAIRS = 12


def _estate(name: str) -> Estate:
    return Estate(scope=name).agent(f"bot-{name}")


def _interrupted(folder: Path, calls: int) -> bool:
    """Begin a store and be killed before a call; say whether that came so far."""
    given = (str(folder), _estate("a"), calls)
    process = crash.FORKS.Process(target=crash.ingest_and_die, args=given)
    process.start()
    code = crash.ended(process)
    assert code in (0, crash.KILLED), code
    return code == crash.KILLED


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Return what is left when a first ingest dies before each of its calls in turn."""
    folder, left = tmp_path_factory.mktemp("begun"), []
    while _interrupted(folder / f"{len(left)}" / "store", len(left) + 1):
        left.append(folder / f"{len(left)}" / "store")
    return left


def test_a_first_ingest_that_was_interrupted_is_begun_again(begun):
    assert len(begun) > 25
    for store in begun:
        opened = open_store(str(store))
        current = opened.current()  # readers see nothing yet, or all of it
        assert current is None or current.nodes == {"Agent": 1}, store
        ingest(opened, [_estate("b").job()])
        ids = set(opened.read()[1].frames[AGENT]["id"])
        assert ids == ({"bot-b"} if current is None else {"bot-a", "bot-b"}), store


def test_without_knowing_how_a_store_begins_some_would_be_refused(
    tmp_path_factory, monkeypatch, request
):
    """The twin without the defence: a folder without CURRENT is none of ours."""
    monkeypatch.setattr(parquet_store, "BEGUN", ("journal",))
    refused, calls, folder = 0, 1, tmp_path_factory.mktemp("refused")
    while calls < 10 and _interrupted(folder / str(calls), calls):
        try:
            open_store(str(folder / str(calls))).current()
        except StoreUnavailable:
            refused += 1
        calls += 1
    assert refused


@pytest.mark.parametrize("left", [[], ["CURRENT"], ["LOCK"], [".CURRENT.new"]])
def test_what_an_earlier_version_began_is_begun_again(tmp_path, left):
    for name in left:
        (tmp_path / name).write_text("-\n" if name == "CURRENT" else "")
    assert open_store(str(tmp_path)).current() is None
    assert ingest(open_store(str(tmp_path)), [_estate("a").job()]).published


def test_a_folder_of_somebody_else_stays_as_it_is(tmp_path):
    """The twin: what is none of ours is refused."""
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(StoreUnavailable, match="not a store"):
        ingest(open_store(str(tmp_path)), [_estate("a").job()])
    assert [p.name for p in tmp_path.iterdir()] == ["notes.txt"]


def test_first_ingests_at_once_both_end_well(tmp_path):
    for number in range(PAIRS):
        store, ready = tmp_path / str(number), crash.FORKS.Barrier(2)
        both = [
            crash.FORKS.Process(
                target=crash.ingest_when_all_are_ready, args=(str(store), _estate(name), ready)
            )
            for name in "ab"
        ]
        for process in both:
            process.start()
        assert [crash.ended(process) for process in both] == [0, 0]
        opened = open_store(str(store))
        assert set(opened.read()[1].frames[AGENT]["id"]) == {"bot-a", "bot-b"}
        assert [s.sequence for s in opened.snapshots()] == [1, 2]
