"""Snapshots and a journal beside Neo4j that are lost, changed, or of another state."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from graph.journal.journal import journal_of
from graph.journal.place import journal_path
from graph.stores import Store, StoreDamaged, open_store
from graph.stores.neo4j.store import Neo4jStore
from ingest.job.run import ingest
from tests.integration.conftest import ask
from tests.support.estates.small_estates import AS_OF, Estate

LATER = pd.Timestamp("2099-01-01", tz="UTC")
ABOUT = ("OWN-01", "bot", "")  # what an accepted finding is about
SECOND = "MATCH (s:TrustdebtSnapshot) WHERE s.sequence = 2 "
POINTER = "MATCH (p:TrustdebtPointer {name: 'current'}) "
OURS = "MATCH (n) WHERE n:TrustdebtSnapshot OR n:TrustdebtPointer "
DISTURBED = {
    "a middle snapshot is gone": SECOND + "DELETE s",
    "a middle snapshot is hidden": SECOND + "SET s.state = 'RETIRED'",
    "its coverage is another": SECOND + "SET s.coverage = '[]'",
    "its instant is another": SECOND + "SET s.taken_at = s.taken_at + 1",
    "two have changed places": SECOND + "MATCH (t:TrustdebtSnapshot {sequence: 1}) "
    "WITH s, t, properties(s) AS mine, properties(t) AS other "
    "SET s.hash = other.hash, s.taken_at = other.taken_at, "
    "t.hash = mine.hash, t.taken_at = mine.taken_at",
    "one is a copy": SECOND + "CREATE (t:TrustdebtSnapshot {id: '000009-x'}) "
    "SET t.state = s.state, t.sequence = 9, t.taken_at = s.taken_at, t.hash = s.hash, "
    "t.recorded_at = s.recorded_at, t.coverage = s.coverage, t.counted = s.counted",
    "the pointer is gone": POINTER + "DELETE p",
    "the pointer names another": SECOND + POINTER + "SET p.snapshot = s.id",
    "the anchor is gone": POINTER + "REMOVE p.anchor",
    "the anchor is cut": POINTER + "SET p.anchor = left(p.anchor, 200)",
}


@pytest.fixture
def uri(empty_neo4j: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the address of three snapshots, with one decision in the journal beside them."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    for number in (1, 2, 3):
        _publish(empty_neo4j, number)
    journal_of(empty_neo4j).accept("F-1", LATER, "ann", "known", None, ABOUT)
    return empty_neo4j


def _publish(uri: str, number: int) -> None:
    e = Estate(at=AS_OF.replace(month=number)).agent(f"bot-{number}", name="as stated")
    store = open_store(uri)
    ingest(store, [e.job()])
    store.close()


@pytest.fixture
def opened(uri: str) -> Iterator[Store]:
    """Open that store."""
    store = open_store(uri)
    yield store
    store.close()


def _asked(store: Store) -> list[Callable[[], object]]:
    return [store.current, store.snapshots, store.read, store.lease(0).__enter__]


def test_a_list_that_does_not_fit_is_refused(uri: str, opened: Store):
    saved = ask(
        uri,
        OURS + "RETURN labels(n)[0], properties(n)",
    )
    for what, text in DISTURBED.items():
        assert [s.sequence for s in opened.snapshots()] == [1, 2, 3], what
        ask(uri, text)
        for question in _asked(opened):
            with pytest.raises(StoreDamaged) as told:
                question()
            assert uri in str(told.value), what
        ask(uri, OURS + "DELETE n")
        for label in ("TrustdebtSnapshot", "TrustdebtPointer"):
            rows = [said for name, said in saved if name == label]
            ask(uri, f"UNWIND $rows AS row CREATE (n:{label}) SET n = row", rows=rows)


def test_a_property_that_somebody_edited_is_no_fact(uri: str, opened: Store):
    assert opened.read()[1].hash == opened.current().hash
    ask(uri, "MATCH (a:TrustdebtAgent {id: 'bot-3'}) SET a.name = 'as edited'")
    with pytest.raises(StoreDamaged, match="not what was published"):
        opened.read()


def test_an_older_state_of_the_database_is_told(uri: str, opened: Store):
    former = ask(uri, "MATCH (p:TrustdebtPointer {name: 'current'}) RETURN p.anchor, p.snapshot")[0]
    _publish(uri, 4)
    text = "MATCH (s:TrustdebtSnapshot {sequence: 4}) DELETE s "
    text += "WITH 1 AS one MATCH (p:TrustdebtPointer {name: 'current'})"
    ask(uri, f"{text} SET p.anchor = $a, p.snapshot = $s", a=former[0], s=former[1])
    with pytest.raises(StoreDamaged, match="000004 was published after"):
        opened.current()


@pytest.mark.parametrize("how", ["deleted", "emptied"])
def test_a_lost_journal_is_told(uri: str, opened: Store, how: str):
    path = journal_path(uri)
    for each in path.parent.glob(f"{path.name}*"):
        each.unlink()
    if how == "emptied":
        path.touch()
    for question in _asked(opened):
        with pytest.raises(StoreDamaged, match="decisions are lost"):
            question()


def test_another_place_of_the_journal_is_another_journal(
    uri: str, opened: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """People who share a database and no machine each have one of their own."""
    monkeypatch.setenv("TRUSTDEBT_JOURNAL", str(tmp_path / "mine.sqlite"))
    assert len(opened.snapshots()) == 3
    journal_of(uri).accept("F-2", LATER, "ben", "known", None, ABOUT)
    assert len(opened.snapshots()) == 3
    (tmp_path / "mine.sqlite").unlink()
    with pytest.raises(StoreDamaged, match="decisions are lost"):
        opened.snapshots()


def test_without_the_anchor_nobody_would_notice(
    uri: str, opened: Store, monkeypatch: pytest.MonkeyPatch
):
    """The twin without the defence: what is there is believed."""
    ask(uri, SECOND + "DELETE s")
    with pytest.raises(StoreDamaged, match="is not there"):
        opened.snapshots()

    def believed(self: Neo4jStore, found: list[list[Any]]) -> tuple[None, dict[str, list[Any]]]:
        return None, {row[4]: row[4:] for row in found}

    monkeypatch.setattr(Neo4jStore, "_checked", believed)
    assert [s.sequence for s in opened.snapshots()] == [1, 3]
