"""What follows a long history: old snapshots are known from what is kept beside them."""

import json
import shutil
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest

from analytics.answers.findings import findings
from analytics.answers.ledger import ledger, since_the_oldest
from analytics.answers.table import as_json
from analytics.debt.ledger.moments import Moment, oldest
from analytics.figures.revocation_speed import overdue
from analytics.history import open_posture
from analytics.kept import answers
from graph.journal.journal import journal_of
from graph.keeping import SWITCH
from graph.schema import HUMAN
from graph.stores import open_store
from ingest.generator import generate, reading
from ingest.job.run import ingest_reading
from ingest.sources import all_sources
from tests.support.estates.small_estates import Estate
from tests.support.histories.merged_things import ARN, BUCKET, ago, connected, day

STATES = 5


@pytest.fixture(autouse=True, scope="module")
def _all_is_worth_it():
    """Keep every answer, however little time it took."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(answers, "WORTH", 0.0)
        yield


def publish(store: Path, states: slice) -> Path:
    with closing(open_store(str(store))) as opened:
        for state in generate(12, 3).history[states]:
            ingest_reading(opened, all_sources()["estate"], reading(state))
    return store


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    store = publish(tmp_path_factory.mktemp("made") / "store", slice(STATES - 1))
    books(store)
    return store


@pytest.fixture
def store(made, tmp_path) -> Path:
    """Return a store of four snapshots, of which the ledger was asked for."""
    return shutil.copytree(made, tmp_path / "store")


def books(store: Path, **asked) -> str:
    """Return the ledger of all snapshots, as text."""
    posture = open_posture(str(store))
    end = Moment(posture.graph.snapshot, posture.graph.as_of)
    return json.dumps(as_json(ledger(posture.history, oldest(posture.history), end, **asked)))


def anew(monkeypatch, store: Path, **asked) -> str:
    with monkeypatch.context() as patch:
        patch.setenv(SWITCH, "off")
        return books(store, **asked)


def read_by(monkeypatch, ask) -> tuple[int, ...]:
    """Return the numbers of the snapshots that a question reads."""
    from analytics.history import History

    read = set()
    real = History.posture

    def watched(self, snapshot, as_of=None):
        read.add(int(snapshot.split("-")[0]))
        return real(self, snapshot, as_of)

    with monkeypatch.context() as patch:
        patch.setattr(History, "posture", watched)
        ask()
    return tuple(sorted(read))


def test_a_further_snapshot_costs_its_own_period_and_the_sum_of_all(store, monkeypatch):
    publish(store, slice(STATES - 1, STATES))
    assert read_by(monkeypatch, lambda: books(store, limit=1)) == (1, 4, 5)
    assert read_by(monkeypatch, lambda: books(store, limit=1)) == (4, 5)  # the newest entry
    assert books(store, limit=1) == anew(monkeypatch, store, limit=1)
    assert books(store) == anew(monkeypatch, store)


def test_if_nothing_were_kept_all_snapshots_would_be_read(store, monkeypatch):
    """The twin."""
    publish(store, slice(STATES - 1, STATES))
    monkeypatch.setenv(SWITCH, "off")
    assert read_by(monkeypatch, lambda: books(store, limit=1)) == (1, 2, 3, 4, 5)


def test_what_the_page_asks_reads_no_other_snapshot_once_it_was_asked(store, monkeypatch):
    def ask():
        since_the_oldest(open_posture(str(store)))

    ask()
    assert read_by(monkeypatch, ask) == ()


def _attest(store):
    posture = open_posture(str(store))
    unowned = int(findings(posture, "OWN-01").findings.frame["subject"].iloc[0])
    agent, person = posture.graph.thing(unowned)["id"], posture.graph.frames[HUMAN]["id"].iloc[0]
    since = posture.graph.as_of - pd.Timedelta(days=1)
    journal_of(str(store)).attest(agent, person, "business", "Ann", "asked", since)


def test_a_decision_is_in_sums_that_were_kept_before_it(store, monkeypatch):
    before = books(store)
    _attest(store)
    assert books(store) == anew(monkeypatch, store) != before


def test_without_decisions_in_the_key_it_would_not_be(store, monkeypatch):
    """The twin."""
    real = answers._moment
    monkeypatch.setattr(answers, "_moment", lambda end, _: real(end, ""))
    before = books(store, limit=1)
    _attest(store)
    assert json.loads(books(store, limit=1))["periods"] == json.loads(before)["periods"]
    assert anew(monkeypatch, store, limit=1) != before


def test_names_are_followed_through_snapshots_that_are_not_read(tmp_path, monkeypatch):
    """The code host is switched off in the end: the name of before is known from in between."""
    aws = Estate(at=day(60), source="cloud").agent(ARN, kind="workload", env="prod").person("ann")
    aws.resource(BUCKET, "internal")
    aws.can(ARN, "read", BUCKET, granted_at=ago(100), grant_id="g1", telemetry="true")
    history = connected([Estate(at=day(60), source="hub", declares=aws.declares).agent("x"), aws])
    store = tmp_path / "store"
    with closing(open_store(str(store))) as opened, opened.lease(10) as lease:
        for info in history.infos:
            opened.publish(history.facts(info.id), lease)
    first = books(store)
    assert len(open_posture(str(store)).history.infos) == 3
    assert first == books(store) == anew(monkeypatch, store)
    assert json.loads(first)["retired"] == 0 < json.loads(first)["opening"]


def spells(store: Path) -> str:
    """Return what was overdue in any snapshot, and for how long, as text."""
    return overdue(open_posture(str(store))).rows.to_csv()


def test_what_was_overdue_is_known_without_reading_the_snapshots(store, monkeypatch):
    first = spells(store)
    assert read_by(monkeypatch, lambda: spells(store)) == ()
    publish(store, slice(STATES - 1, STATES))
    assert read_by(monkeypatch, lambda: spells(store)) == (4,)  # the current one of before
    with monkeypatch.context() as patch:
        patch.setenv(SWITCH, "off")
        assert read_by(monkeypatch, lambda: spells(store)) == (1, 2, 3, 4)  # the twin
        made_anew = spells(store)
    assert made_anew == spells(store) != first
