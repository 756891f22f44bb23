"""Parts of a store that are swapped, copied, lost, older or another store's, and its journal's."""

import json
import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest

from graph import journal_ties
from graph.journal import journal_of
from graph.schema import AGENT
from graph.stores import StoreDamaged, StoreError, open_store
from graph.stores.manifest import read_manifest
from graph.stores.parquet_store import ParquetStore
from ingest.job import ingest
from tests.integration.cli import QUESTIONS
from tests.small_estates import AS_OF, Estate

COUNT = 4  # snapshots of a store
LATER = pd.Timestamp("2099-01-01", tz="UTC")
ABOUT = ("OWN-01", "bot", "")  # what an accepted finding is about


def _decide(store: Path, finding: str) -> None:
    journal_of(str(store)).accept(finding, LATER, "ann", "known", None, ABOUT)


def _filled(folder: Path, scope: str = "acme") -> Path:
    """Publish four snapshots, the n-th of which has n agents, with three decisions among them."""
    for number in range(1, COUNT + 1):
        e = Estate(scope=scope, at=AS_OF.replace(month=number)).person("ann")
        for one in range(number):
            e.agent(f"{scope}-{one}")
        ingest(ParquetStore(folder), [e.job()])
        if number > 1:
            _decide(folder, f"F-{number}")
    return folder


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """Return a store, the same as it was a snapshot and a decision before, and another one."""
    folder = tmp_path_factory.mktemp("stores")
    store = _filled(folder / "store")
    older = shutil.copytree(store, folder / "older")
    ingest(ParquetStore(store), [Estate(at=AS_OF).agent("last").job()])
    _decide(store, "F-last")
    return store, older, _filled(folder / "other", "other")


def _folders(store: Path) -> list[Path]:
    return sorted(p for p in (store / "snapshots").iterdir() if p.is_dir())


def _two(store: Path, chance: random.Random) -> list[Path]:
    return chance.sample(_folders(store), 2)


def _swap(store: Path, older: Path, other: Path, chance: random.Random) -> None:
    one, two = _two(store, chance)
    one.rename(store / "aside")
    two.rename(one)
    (store / "aside").rename(two)


def _copy_over(store: Path, older: Path, other: Path, chance: random.Random) -> None:
    one, two = _two(store, chance)
    shutil.rmtree(two)
    shutil.copytree(one, two)


def _copy_as_next(store: Path, older: Path, other: Path, chance: random.Random) -> None:
    one = chance.choice(_folders(store))
    shutil.copytree(one, one.with_name(f"{chance.randint(6, 999_999):06d}-{one.name[7:]}"))


def _foreign_beside(store: Path, older: Path, other: Path, chance: random.Random) -> None:
    one = chance.choice(_folders(other))
    shutil.copytree(one, store / "snapshots" / one.name)


def _foreign_over(store: Path, older: Path, other: Path, chance: random.Random) -> None:
    one = chance.choice(_folders(store))
    shutil.rmtree(one)
    shutil.copytree(chance.choice(_folders(other)), one)


def _no_snapshot(store: Path, older: Path, other: Path, chance: random.Random) -> None:
    (store / "snapshots" / "notes").mkdir()


def _lose_a_snapshot(store: Path, older: Path, other: Path, chance: random.Random) -> None:
    shutil.rmtree(chance.choice(_folders(store)))


def _lose_a_part(store: Path, older: Path, other: Path, chance: random.Random) -> None:
    chance.choice(list(chance.choice(_folders(store)).iterdir())).unlink()


def _cut_a_part(store: Path, older: Path, other: Path, chance: random.Random) -> None:
    part = chance.choice(list(chance.choice(_folders(store)).iterdir()))
    part.write_bytes(part.read_bytes()[: chance.randrange(part.stat().st_size)])


def _rewrite_a_manifest(store: Path, older: Path, other: Path, chance: random.Random) -> None:
    """Leave a table out, as somebody would who makes the manifest whole again."""
    file = chance.choice(_folders(store)) / "manifest.json"
    body = json.loads(file.read_bytes())
    del body["files"]["Agent"]
    file.write_text(json.dumps(body, sort_keys=True, separators=(",", ":")))


def _older_pointer(store: Path, older: Path, other: Path, chance: random.Random) -> None:
    shutil.copy(older / "CURRENT", store / "CURRENT")


def _foreign_pointer(store: Path, older: Path, other: Path, chance: random.Random) -> None:
    shutil.copy(other / "CURRENT", store / "CURRENT")


def _lose_the_pointer(store: Path, older: Path, other: Path, chance: random.Random) -> None:
    (store / "CURRENT").unlink()


def _flip_in_the_pointer(store: Path, older: Path, other: Path, chance: random.Random) -> None:
    data = bytearray((store / "CURRENT").read_bytes())
    data[chance.randrange(len(data) - 1)] ^= 1 << chance.randrange(7)  # the last is a line's end
    (store / "CURRENT").write_bytes(data)


def _journal(store: Path) -> Path:
    for side in ("-wal", "-shm"):
        (store / f"journal.sqlite{side}").unlink(missing_ok=True)
    return store / "journal.sqlite"


def _lose_the_journal(store: Path, older: Path, other: Path, chance: random.Random) -> None:
    _journal(store).unlink()


def _empty_the_journal(store: Path, older: Path, other: Path, chance: random.Random) -> None:
    _journal(store).write_bytes(b"")


def _older_journal(store: Path, older: Path, other: Path, chance: random.Random) -> None:
    shutil.copy(_journal(older), _journal(store))


def _foreign_journal(store: Path, older: Path, other: Path, chance: random.Random) -> None:
    shutil.copy(_journal(other), _journal(store))


def _cut_the_journal(store: Path, older: Path, other: Path, chance: random.Random) -> None:
    with closing(sqlite3.connect(_journal(store))) as db:
        db.execute("DROP TRIGGER entry_is_kept")
        db.execute("DELETE FROM entry WHERE number > ?", (chance.randrange(COUNT),))
        db.commit()


DISTURBANCES: list[Callable[[Path, Path, Path, random.Random], None]] = [
    *[_swap, _copy_over, _copy_as_next, _foreign_beside, _foreign_over, _no_snapshot],
    *[_lose_a_snapshot, _lose_a_part, _cut_a_part, _rewrite_a_manifest],
    *[_older_pointer, _foreign_pointer, _lose_the_pointer, _flip_in_the_pointer],
    *[_lose_the_journal, _empty_the_journal, _older_journal, _foreign_journal, _cut_the_journal],
]


def _disturbed(
    stores: tuple[Path, Path, Path],
    to: Path,
    how: Callable[[Path, Path, Path, random.Random], None],
    seed: int = 0,
) -> Path:
    mine = [shutil.copytree(one, to / one.name) for one in stores]
    how(mine[0], mine[1], mine[2], random.Random(seed))
    return mine[0]


@pytest.mark.parametrize("how", DISTURBANCES, ids=lambda f: f.__name__.strip("_"))
def test_whatever_is_asked_of_a_disturbed_store_is_refused(stores, tmp_path, how):
    for seed in range(12):
        store = _disturbed(stores, tmp_path / str(seed), how, seed)
        opened = ParquetStore(store)
        for ask in (opened.current, opened.snapshots, opened.read, opened.lease(0).__enter__):
            with pytest.raises(StoreDamaged) as told:
                ask()
            assert str(store) in str(told.value), seed


@pytest.mark.parametrize("how", [_swap, _lose_the_journal, _lose_a_snapshot])
def test_every_command_refuses_a_disturbed_store(cli, stores, tmp_path, how):
    store = _disturbed(stores, tmp_path, how)
    folder = Estate().agent("new").write(tmp_path / "estate")
    lines = [[name, *more] for name, more in QUESTIONS.items()]
    for line in [*lines, ["sources"], ["snapshots"], ["ingest", "estate", folder]]:
        error = cli(*line, "--json", "--store", store).refused(4)
        assert error["code"] == "store-damaged", line


def test_a_store_that_nobody_disturbed_answers(cli, stores, tmp_path):
    """The twin, copied to another place: it is the disturbance that is told."""
    store = _disturbed(stores, tmp_path, lambda *_: None)
    for line in (["identities"], ["findings"], ["sources"], ["snapshots"], ["journal"]):
        assert cli(*line, "--json", "--store", store).code == 0
    assert len(cli("journal", "--json", "--store", store).result["entries"]) == COUNT
    assert ParquetStore(store).read()[1].frames[AGENT]["id"].tolist() == ["last"]


def test_without_the_anchor_a_swapped_snapshot_would_answer(stores, tmp_path, monkeypatch):
    """The twin without the defence: the manifest that lies in the folder is believed."""

    def believed(self, listed, anchor):
        data = (self._folder / listed.id / "manifest.json").read_bytes()
        return read_manifest(data, json.loads(data)["id"], anchor.store)

    store = _disturbed(stores, tmp_path, _copy_over)
    with pytest.raises(StoreError):
        ParquetStore(store).snapshots()
    monkeypatch.setattr(ParquetStore, "_manifest", believed)
    ids = [s.id for s in ParquetStore(store).snapshots()]
    assert len(ids) == len(set(ids)) + 1  # one of them speaks for two


def test_without_the_ties_lost_decisions_would_not_show(stores, tmp_path, monkeypatch):
    """The twin without the defence: the journal is empty, and nobody says so."""
    store = _disturbed(stores, tmp_path, _empty_the_journal)
    monkeypatch.setattr(journal_ties, "check", lambda *_: None)
    assert ParquetStore(store).current() is not None
    assert journal_of(str(store)).entries() == ()


def test_a_process_that_dies_between_journal_and_anchor_does_no_harm(stores, tmp_path):
    """An entry that the anchor does not know yet counts, and the next one makes up for it."""
    store = _disturbed(stores, tmp_path, lambda *_: None)
    before = (store / "CURRENT").read_bytes()
    _decide(store, "F-more")
    (store / "CURRENT").write_bytes(before)
    assert [e.number for e in journal_of(str(store)).entries()] == [*range(1, COUNT + 2)]
    assert ParquetStore(store).current() is not None
    _decide(store, "F-again")
    _lose_the_journal(store, store, store, random.Random())
    with pytest.raises(StoreDamaged, match=f"entry {COUNT + 2} of the journal"):
        ParquetStore(store).current()


def test_a_new_store_takes_the_journal_that_is_put_into_it(stores, tmp_path):
    """So decisions outlive a store that was lost: they count in the next one."""
    store = _disturbed(stores, tmp_path, _lose_a_snapshot)
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    shutil.copy(_journal(store), fresh / "journal.sqlite")
    ingest(open_store(str(fresh)), [Estate().agent("a").job()])
    assert len(journal_of(str(fresh)).entries()) == COUNT
    (fresh / "journal.sqlite").unlink()
    with pytest.raises(StoreDamaged, match="decisions are lost"):
        open_store(str(fresh)).current()


@pytest.mark.parametrize("text", ["000005-0123456789abcdef\n", "000005-0123456789abcdef 7\n"])
def test_a_store_of_an_earlier_version_is_told_as_one(tmp_path, text):
    (tmp_path / "snapshots" / "000005-0123456789abcdef").mkdir(parents=True)
    (tmp_path / "CURRENT").write_text(text)
    with pytest.raises(StoreDamaged, match=r"earlier version of trustdebt.* into a new store"):
        ParquetStore(tmp_path).current()
