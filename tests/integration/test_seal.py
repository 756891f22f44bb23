"""A sealed store: what is done to it without the key shows to whoever has the key."""

import json
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from graph.journal.journal import journal_of
from graph.journal.place import journal_path
from graph.seal import journal, sealing
from graph.seal import key as seal
from graph.seal.key import KeyNeeded, KeyRefused, key_of, new_key, using
from graph.stores import Store, StoreDamaged, open_store
from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from tests.integration.cli import QUESTIONS
from tests.integration.conftest import ask
from tests.integration.disturbed import (
    ABOUT,
    COUNT,
    DISTURBANCES,
    LATER,
    decide,
    disturbed,
    journal_file,
    three,
)
from tests.integration.forged import (
    FORGERIES,
    ZEROS,
    add_a_decision,
    book,
    book_at,
    digest,
    edit_a_fact,
    forge_what_was_seen,
    plant_a_trigger,
    text_of,
)
from tests.integration.sealed import all_asked, copied
from tests.support.estates.small_estates import AS_OF, Estate
from tests.support.few_rules import only_rules
from tests.support.search import searching

TOLD = {"timing", "seal"}  # what may differ with the key
SEEDS = (0, 1, 5)  # between them these choose each of three ways, and the current snapshot, too


@pytest.fixture(autouse=True, scope="module")
def _one_rule() -> Iterator[None]:
    """Judge by one rule only: what is believed does not depend on the others."""
    with only_rules("no_accountable_owner"):
        yield


# ---------------------------------------------------------------- tampering


@pytest.mark.parametrize("how", DISTURBANCES, ids=lambda f: f.__name__)
def test_what_shows_without_a_key_shows_with_it(sealed, tmp_path, with_key, how):
    for seed in range(4):
        store = disturbed(sealed, tmp_path / str(seed), how, seed)
        with pytest.raises(StoreDamaged):
            ParquetStore(store).current()


@pytest.mark.parametrize("how", FORGERIES, ids=lambda f: f.__name__)
def test_what_was_made_whole_again_is_believed_without_the_key_only(sealed, tmp_path, key, how):
    """Each forgery with its twin: whoever has no key is told nothing."""
    for seed in range(6) if searching() else SEEDS:
        store = copied(sealed, tmp_path / str(seed))
        how(store, random.Random(seed))
        all_asked(store)
        with using(key):
            opened = ParquetStore(store)
            for question in (
                opened.current,
                opened.snapshots,
                opened.read,
                opened.lease(0).__enter__,
            ):
                with pytest.raises(StoreDamaged) as told:
                    question()
                assert str(store) in str(told.value), seed


def test_a_journal_put_there_before_the_first_decision_is_none(tmp_path, with_key):
    """Nothing is lost with the old one; but what is planted in it would write with our key."""
    store = tmp_path / "store"
    ingest(ParquetStore(store), [Estate(at=AS_OF).agent("bot").job()])
    with using(None):
        journal_of(str(tmp_path / "other")).keep_seen({}, [])
    shutil.copy(journal_file(tmp_path / "other"), journal_file(store))
    plant_a_trigger(store, random.Random(0))
    for question in (ParquetStore(store).current, lambda: decide(store, "F-1")):
        with pytest.raises(StoreDamaged, match="has no seal"):
            question()


@pytest.mark.parametrize("how", [edit_a_fact, add_a_decision, forge_what_was_seen])
def test_every_command_tells_what_was_forged(cli, sealed, tmp_path, key, how):
    store = copied(sealed, tmp_path)
    how(store, random.Random(0))
    folder = Estate().agent("new").write(tmp_path / "estate")
    lines = [[name, *more] for name, more in QUESTIONS.items() if name != "doctor"]
    for line in [*lines, ["sources"], ["snapshots"], ["ingest", "estate", folder], ["seal"]]:
        error = cli(*line, "--json", "--store", store, "--seal-key", key).refused(4)
        assert error["code"] == "store-damaged", line


def test_a_forged_cache_hides_since_when_without_the_key(cli, tmp_path, key, monkeypatch):
    """What is kept to save time says that nothing was found in June: believed, but for the key."""
    monkeypatch.setenv("TRUSTDEBT_KEPT_ANSWERS", "off")  # what is kept elsewhere
    stores = {"bad": tmp_path / "bad", "good": tmp_path / "good"}
    for name, store in stores.items():
        for month in (6, 7):
            e = Estate(at=AS_OF.replace(month=month)).agent("bot").person("ann")
            if (name, month) == ("good", 6):
                e.owned("bot", "ann", "ann")
            with using(key):
                ingest(ParquetStore(store), [e.job()])
        cli("findings", "--json", "--store", store, "--seal-key", key)
    line = ["findings", "--json", "--rule", "OWN-01", "--store", stores["bad"]]
    since = [cli(*line).result["findings"][0]["first_seen"]]
    with book(stores["good"]) as db:
        asked = "SELECT data, sha256 FROM seen WHERE snapshot GLOB '000001-????????????????'"
        [nothing] = db.execute(asked).fetchall()
    with book(stores["bad"]) as db:
        text = "UPDATE seen SET data = ?, sha256 = ? WHERE snapshot GLOB '000001-????????????????'"
        assert db.execute(text, nothing).rowcount == 1
    since.append(cli(*line).result["findings"][0]["first_seen"])
    assert [said[:7] for said in since] == ["2026-06", "2026-07"]
    assert "seal" in cli(*line, "--seal-key", key).refused(4)["message"]


# ---------------------------------------------------------------- with and without the key


def test_a_sealed_store_is_read_with_and_without_the_key(cli, sealed, tmp_path, key):
    store = copied(sealed, tmp_path)
    for line in (["identities"], ["findings"], ["sources"], ["snapshots"], ["journal"]):
        plain = cli(*line, "--json", "--store", store)
        keyed = cli(*line, "--json", "--store", store, "--seal-key", key)
        assert plain.code == keyed.code == 0, line
        said = [{k: v for k, v in one.result.items() if k not in TOLD} for one in (plain, keyed)]
        assert said[0] == said[1]
    without = cli("sources", "--json", "--store", store).result["seal"]
    with_it = cli("sources", "--json", "--store", store, "--seal-key", key).result["seal"]
    assert without["state"] == "sealed, not verified"
    assert with_it == without | {"state": "sealed, verified"}
    assert without["key"] == key_of(key).id
    assert key.read_text().strip() not in (store / "CURRENT").read_text()


def test_what_would_write_without_the_key_is_refused_and_changes_nothing(cli, sealed, tmp_path):
    store = copied(sealed, tmp_path)
    folder = Estate().agent("new").write(tmp_path / "estate")
    before = {p: p.read_bytes() for p in store.rglob("*") if p.is_file() and "-shm" not in p.name}
    finding = cli("findings", "--json", "--store", store).result["findings"][0]["id"]
    until = ["--until", "2099-01-01T00:00:00Z", "--by", "ann", "--reason", "known"]
    for line in (
        ["ingest", "estate", folder],
        ["demo"],
        ["accept", finding, *until],
        ["sources", "--forget", "estate/acme"],
    ):
        error = cli(*line, "--json", "--store", store).refused(2)
        assert error["code"] == "seal-key-needed", line
        assert "--seal-key" in error["message"]
    with pytest.raises(KeyNeeded):
        decide(store, "F-more")
    assert journal_of(str(store)).keep_seen({"s": ("v", b"")}, ["s"]) is False
    after = {p: p.read_bytes() for p in before if p.exists()}
    assert {p.name for p in before if before[p] != after.get(p)} <= {"journal.sqlite-wal"}
    assert len(journal_of(str(store)).entries()) == COUNT


def test_each_write_with_the_key_renews_the_seal(sealed, tmp_path, with_key):
    store = copied(sealed, tmp_path)
    heads = [sealing.how_sealed(str(store))["head"]]
    ingest(ParquetStore(store), [Estate(at=AS_OF).agent("more").job()])
    heads.append(sealing.how_sealed(str(store))["head"])
    decide(store, "F-more")
    heads.append(sealing.how_sealed(str(store))["head"])
    assert journal_of(str(store)).keep_seen({heads[0]: ("v", b"d")}, [heads[0]])
    assert journal_of(str(store)).seen(heads[0], "v") == b"d"
    opened = ParquetStore(store)
    with opened.lease() as lease:
        assert len(opened.prune(2, lease)) == COUNT
    assert len(opened.snapshots()) == 2
    assert len(all_asked(store)) == COUNT + 1
    assert len(set(heads)) == 3


def test_a_store_is_sealed_later_and_by_another_key_if_so_said(cli, tmp_path, key):
    with using(None):
        store = three(tmp_path / "plain")[0]
    journal_of(str(store)).keep_seen({"s": ("v", b"who knows")}, ["s"])
    line = ["seal", "--json", "--store", store]
    assert "--new" in cli(*line).refused(2)["message"]
    made = cli(*line, "--seal-key", tmp_path / "mine", "--new").result
    assert made["state"] == "sealed, verified"
    assert (tmp_path / "mine").stat().st_mode & 0o777 == 0o600
    assert cli(*line, "--seal-key", tmp_path / "mine").result == made
    with using(tmp_path / "mine"):
        assert len(all_asked(store)) == COUNT
        assert journal_of(str(store)).seen("s", "v") is None
        decide(store, "F-more")
    for other in (["findings"], ["seal"]):
        error = cli(*other, "--json", "--store", store, "--seal-key", key).refused(4)
        assert "was sealed with the key" in error["message"]
    assert cli(*line, "--seal-key", key, "--again").result["key"] == key_of(key).id
    with using(key):
        assert len(all_asked(store)) == COUNT + 1


def test_a_store_without_a_seal_is_none_that_the_key_believes(cli, tmp_path, key):
    store = three(tmp_path / "plain")[0]
    error = cli("findings", "--json", "--store", store, "--seal-key", key).refused(4)
    assert "it has no seal" in error["message"]
    assert cli("findings", "--json", "--store", store).code == 0
    assert cli("sources", "--json", "--store", store).result["seal"]["state"] == "not sealed"


def test_a_forged_store_is_not_sealed_again_unless_so_said(cli, sealed, tmp_path, key):
    store = copied(sealed, tmp_path)
    edit_a_fact(store, random.Random(1))
    line = ["seal", "--json", "--store", store, "--seal-key", key]
    assert "--again" in cli(*line).refused(4)["message"]
    assert cli(*line, "--again").code == 0


# ---------------------------------------------------------------- without parts of the defence


def test_without_the_mark_of_the_journal_a_decision_after_the_last_known_is_believed(
    sealed, tmp_path, with_key, monkeypatch
):
    store = copied(sealed, tmp_path)
    add_a_decision(store, random.Random(0))
    monkeypatch.setattr(journal, "check", lambda *_: None)
    assert len(all_asked(store)) == COUNT + 1


def test_without_comparing_marks_what_was_made_whole_is_believed(
    sealed, tmp_path, with_key, monkeypatch
):
    store = copied(sealed, tmp_path)
    edit_a_fact(store, random.Random(0))
    monkeypatch.setattr(seal.Key, "made", lambda *_: True)
    assert ParquetStore(store).current() is not None


# ---------------------------------------------------------------- either store


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the journals beside databases for one test only."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def test_either_store_is_sealed_and_refuses_without_the_key(
    store: Store, store_uri: str, key: Path
):
    with using(key):
        ingest(store, [Estate(at=AS_OF - pd.Timedelta(days=9)).agent("a").person("ann").job()])
        journal_of(store_uri).accept("F-1", LATER, "ann", "known", None, ABOUT)
        assert sealing.how_sealed(store_uri)["state"] == sealing.VERIFIED
    assert sealing.how_sealed(store_uri)["state"] == sealing.NOT_VERIFIED
    for write in (
        lambda: ingest(store, [Estate(at=AS_OF).agent("b").job()]),
        lambda: journal_of(store_uri).accept("F-2", LATER, "ann", "known", None, ABOUT),
    ):
        with pytest.raises(KeyNeeded):
            write()
    with using(key):
        ingest(store, [Estate(at=AS_OF).agent("b").job()])
        with store.lease() as lease:
            store.prune(1, lease)  # a database keeps for a minute what was just read
        assert store.read()[0] == store.snapshots()[-1]
        assert len(journal_of(store_uri).entries()) == 1
        head = sealing.how_sealed(store_uri)["head"]
        assert sealing.compare(store_uri, head)["head"] == head
        journal_of(store_uri).path.unlink()
        with pytest.raises(StoreDamaged):
            store.current()


def test_either_store_is_sealed_later(store: Store, store_uri: str, key: Path, tmp_path: Path):
    ingest(store, [Estate(at=AS_OF).agent("a").job()])
    with using(key), pytest.raises(StoreDamaged, match="it has no seal"):
        store.current()
    sealing.seal(store_uri, key)
    with using(key):
        assert store.read()[0] == store.current()
    other = new_key(tmp_path / "other")
    with using(other.path), pytest.raises(StoreDamaged, match="was sealed with the key"):
        store.current()
    with using(tmp_path / "no key"), pytest.raises(KeyRefused):
        store.current()


def test_a_forged_database_is_believed_without_the_key_only(empty_neo4j: str, key: Path):
    """Somebody who may write there takes the sources out of a snapshot, and makes it whole."""
    opened = open_store(empty_neo4j)
    with using(key):
        ingest(opened, [Estate(at=AS_OF).agent("a").job()])
    text, row = ask(
        empty_neo4j, "MATCH (p:TrustdebtPointer) MATCH (s:TrustdebtSnapshot) RETURN p.anchor, s"
    )[0]
    said = json.loads(text)
    names = ("id", "sequence", "taken_at", "hash", "coverage", "replaces", "counted")
    mark = digest(text_of([(dict(row) | {"coverage": "[]"}).get(name) for name in names]))
    [one] = said["body"]["snapshots"]
    one |= {"manifest": mark, "chain": digest(f"{ZEROS} {one['id']} {mark}")}
    said["body"]["published"]["hash"] = one["chain"]
    said["sha256"] = digest(text_of(said["body"]))
    with book_at(journal_path(empty_neo4j)) as db:
        db.execute("UPDATE tied SET hash = ?", (one["chain"],))
    ask(
        empty_neo4j,
        "MATCH (p:TrustdebtPointer) MATCH (s:TrustdebtSnapshot) "
        "SET p.anchor = $anchor, s.coverage = '[]'",
        anchor=text_of(said),
    )
    assert opened.current().coverage == ()
    with using(key), pytest.raises(StoreDamaged, match="its seal does not fit"):
        opened.current()
    opened.close()
