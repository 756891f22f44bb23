"""Parts of a store that are swapped, copied, lost, older or another store's, and its journal's."""

import json
import random
import shutil

import pytest

from graph.journal.journal import journal_of
from graph.schema import AGENT
from graph.stores import StoreDamaged, StoreError, journal_ties, open_store
from graph.stores.manifest import read_manifest
from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from tests.integration.cli import QUESTIONS
from tests.integration.disturbed import (
    COUNT,
    DISTURBANCES,
    Stores,
    copy_over,
    decide,
    disturbed,
    empty_the_journal,
    journal_file,
    lose_a_snapshot,
    lose_the_journal,
    swap,
    three,
)
from tests.support.estates.small_estates import Estate


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Stores:
    return three(tmp_path_factory.mktemp("stores"))


@pytest.mark.parametrize("how", DISTURBANCES, ids=lambda f: f.__name__.strip("_"))
def test_whatever_is_asked_of_a_disturbed_store_is_refused(stores, tmp_path, how):
    for seed in range(12):
        store = disturbed(stores, tmp_path / str(seed), how, seed)
        opened = ParquetStore(store)
        for ask in (opened.current, opened.snapshots, opened.read, opened.lease(0).__enter__):
            with pytest.raises(StoreDamaged) as told:
                ask()
            assert str(store) in str(told.value), seed


@pytest.mark.parametrize("how", [swap, lose_the_journal, lose_a_snapshot])
def test_every_command_refuses_a_disturbed_store(cli, stores, tmp_path, how):
    store = disturbed(stores, tmp_path, how)
    folder = Estate().agent("new").write(tmp_path / "estate")
    lines = [[name, *more] for name, more in QUESTIONS.items() if name != "doctor"]
    for line in [*lines, ["sources"], ["snapshots"], ["ingest", "estate", folder]]:
        error = cli(*line, "--json", "--store", store).refused(4)
        assert error["code"] == "store-damaged", line
    said = cli("doctor", "--json", "--store", store)
    assert said.code == 1
    assert next(row["state"] for row in said.result["checks"] if row["check"] == "store") == "wrong"


def test_a_store_that_nobody_disturbed_answers(cli, stores, tmp_path):
    """The twin, copied to another place: it is the disturbance that is told."""
    store = disturbed(stores, tmp_path, lambda *_: None)
    for line in (["identities"], ["findings"], ["sources"], ["snapshots"], ["journal"]):
        assert cli(*line, "--json", "--store", store).code == 0
    assert len(cli("journal", "--json", "--store", store).result["entries"]) == COUNT
    assert ParquetStore(store).read()[1].frames[AGENT]["id"].tolist() == ["last"]


def test_without_the_anchor_a_swapped_snapshot_would_answer(stores, tmp_path, monkeypatch):
    """The twin without the defence: the manifest that lies in the folder is believed."""

    def believed(self, listed, anchor):
        data = (self._folder / listed.id / "manifest.json").read_bytes()
        return read_manifest(data, json.loads(data)["id"], anchor.store)

    store = disturbed(stores, tmp_path, copy_over)
    with pytest.raises(StoreError):
        ParquetStore(store).snapshots()
    monkeypatch.setattr(ParquetStore, "_manifest", believed)
    ids = [s.id for s in ParquetStore(store).snapshots()]
    assert len(ids) == len(set(ids)) + 1  # one of them speaks for two


def test_without_the_ties_lost_decisions_would_not_show(stores, tmp_path, monkeypatch):
    """The twin without the defence: the journal is empty, and nobody says so."""
    store = disturbed(stores, tmp_path, empty_the_journal)
    monkeypatch.setattr(journal_ties, "check", lambda *_: None)
    assert ParquetStore(store).current() is not None
    assert journal_of(str(store)).entries() == ()


def test_a_process_that_dies_between_journal_and_anchor_does_no_harm(stores, tmp_path):
    """An entry that the anchor does not know yet counts, and the next one makes up for it."""
    store = disturbed(stores, tmp_path, lambda *_: None)
    before = (store / "CURRENT").read_bytes()
    decide(store, "F-more")
    (store / "CURRENT").write_bytes(before)
    assert [e.number for e in journal_of(str(store)).entries()] == [*range(1, COUNT + 2)]
    assert ParquetStore(store).current() is not None
    decide(store, "F-again")
    lose_the_journal(store, store, store, random.Random())
    with pytest.raises(StoreDamaged, match=f"entry {COUNT + 2} of the journal"):
        ParquetStore(store).current()


def test_a_new_store_takes_the_journal_that_is_put_into_it(stores, tmp_path):
    """So decisions outlive a store that was lost: they count in the next one."""
    store = disturbed(stores, tmp_path, lose_a_snapshot)
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    shutil.copy(journal_file(store), fresh / "journal.sqlite")
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
