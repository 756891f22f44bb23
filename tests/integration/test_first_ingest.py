"""A first ingest that is interrupted anywhere, and several of them at once."""

import shutil
from pathlib import Path

import pytest

from graph.journal.journal import journal_of
from graph.schema import AGENT
from graph.stores import StoreDamaged, StoreUnavailable, journal_ties, open_store
from graph.stores.parquet import store as parquet_store
from ingest.job.run import ingest
from tests.integration import crash
from tests.integration.disturbed import decide
from tests.support.estates.small_estates import Estate

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


def _with_a_journal(folder: Path) -> str:
    """Ingest, with a journal from elsewhere, in a process that ends before it says whose it is."""
    ingest(open_store(str(folder / "old")), [_estate("old").job()])
    decide(folder / "old", "F-1")
    (folder / "moved").mkdir()
    shutil.copy(folder / "old" / "journal.sqlite", folder / "moved")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(journal_ties, "remember", lambda *_: None)
        ingest(open_store(str(folder / "moved")), [_estate("a").job()])
    return str(folder / "moved")


def test_a_first_ingest_that_ends_before_the_journal_knows_it_leaves_a_whole_store(tmp_path):
    store = _with_a_journal(tmp_path)
    assert open_store(store).current() is not None
    assert len(journal_of(store).entries()) == 1


def test_without_telling_the_journal_first_that_store_would_be_refused(tmp_path, monkeypatch):
    """The twin without the defence: the journal still names the store that it came from."""
    monkeypatch.setattr(journal_ties, "begin", lambda *_: None)
    with pytest.raises(StoreDamaged, match="belongs to another store"):
        open_store(_with_a_journal(tmp_path)).current()


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
