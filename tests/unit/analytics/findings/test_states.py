"""The life of a finding over the snapshots of a store."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from analytics import past
from analytics.findings.lifecycle import states
from analytics.findings.lifecycle.about import what_it_is_about
from analytics.findings.lifecycle.states import STATES
from analytics.history import open_posture
from analytics.posture import Posture
from graph.journal.journal import journal_of
from graph.stores.parquet.store import ParquetStore
from graph.values import iso
from ingest.job.run import ingest
from tests.support.estates.small_estates import AS_OF, EVERYTHING, Estate
from tests.support.few_rules import only_families, only_rules
from tests.support.printed import findings

DAY = pd.Timedelta(days=1)
RULE = "OWN-01"
RULES = ("no_accountable_owner", "owner_departed")
Publish = Callable[..., None]


@pytest.fixture(autouse=True)
def _few_rules() -> Iterator[None]:
    """Keep to two rules: how a finding lives does not depend on the others, which take time."""
    with only_rules(*RULES), only_families("ownership"):
        yield


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def publish(store: Path) -> Publish:
    """Publish estates together, as one snapshot; what they no longer state is meant to be so."""

    def run(*estates: Estate) -> None:
        ingest(ParquetStore(store), [e.job() for e in estates], max_loss=100)

    return run


def estate(days: float = 0, owner: str | None = None, **facts: Any) -> Estate:
    """Build an agent, owned or not, as stated so many days before `AS_OF`."""
    e = Estate(at=AS_OF - days * DAY, **facts).agent("bot").person("ann")
    return e.owned("bot", owner, owner)


def look(store: Path, as_of: pd.Timestamp | None = None, snapshot: str | None = None) -> Posture:
    return open_posture(str(store), snapshot, as_of)


def found(posture: Posture, rule: str = RULE) -> list[dict[str, Any]]:
    return findings(posture, rule=rule, states=STATES)["findings"]


def state(posture: Posture, rule: str = RULE) -> str:
    (one,) = found(posture, rule)
    return one["state"]


# ---------------------------------------------------------------- seen, gone, and back


def test_first_and_last_seen(store, publish):
    for days in (60, 30, 0):
        publish(estate(days))
    (one,) = found(look(store))
    assert (one["state"], one["first_seen"], one["last_seen"]) == (
        "open",
        iso(AS_OF - 60 * DAY),
        iso(AS_OF),
    )


def test_a_finding_that_is_gone_is_resolved_and_says_by_what(store, publish):
    publish(estate(60))
    publish(estate(30))
    publish(estate(10, "ann"))
    publish(estate(0, "ann"))
    posture = look(store)
    assert not [f for f in findings(posture)["findings"] if f["rule"] == RULE]
    (one,) = found(posture)
    assert (one["state"], one["last_seen"], one["resolved_at"]) == (
        "resolved",
        iso(AS_OF - 30 * DAY),
        iso(AS_OF - 10 * DAY),
    )
    changes = one["resolved_by"]["changes"]
    assert {(c["what"], c["relationship"], c["from"]["id"], c["to"]["id"]) for c in changes} == {
        ("added", "OWNS", "ann", "bot")
    }
    assert one["resolved_by"]["snapshot"].startswith("000003-")
    assert one["resolved_by"]["time_alone"] is False


def test_a_finding_of_a_thing_that_is_gone_is_resolved(store, publish):
    publish(estate(30))
    publish(Estate().agent("other").person("ann").owned("other", "ann", "ann"))
    (one,) = found(look(store))
    assert one["state"] == "resolved"
    assert [(c["what"], c["thing"]["id"]) for c in one["resolved_by"]["changes"]] == [
        ("removed", "bot")
    ]


def test_a_finding_that_comes_back_is_reopened(store, publish):
    publish(estate(60))
    publish(estate(30, "ann"))
    publish(estate(0))
    (one,) = found(look(store))
    assert (one["state"], one["first_seen"], one["reopened_at"], one["resolved_at"]) == (
        "reopened",
        iso(AS_OF - 60 * DAY),
        iso(AS_OF),
        None,
    )


def test_an_earlier_moment_knows_only_what_was_published_until_then(store, publish):
    publish(estate(60))
    publish(estate(30, "ann"))
    publish(estate(0))
    assert state(look(store, snapshot="000001")) == "open"
    assert state(look(store, snapshot="000002")) == "resolved"
    assert state(look(store, snapshot="@" + iso(AS_OF - 30 * DAY))) == "resolved"


def test_of_two_snapshots_of_the_same_instant_the_last_counts(store, publish):
    publish(estate(30, "ann"))
    publish(estate(30))
    publish(estate(0))
    (one,) = found(look(store))
    assert (one["state"], one["first_seen"]) == ("open", iso(AS_OF - 30 * DAY))


def test_time_alone_can_resolve(store, publish):
    """The grant ends by itself: nothing changed between the snapshot and the moment looked at."""
    e = (
        Estate(at=AS_OF)
        .agent("bot")
        .person("ann")
        .owned("bot", "ann", "ann", since=iso(AS_OF + DAY))
    )
    publish(e)
    assert state(look(store)) == "open"
    (one,) = found(look(store, AS_OF + 2 * DAY))
    assert (one["state"], one["resolved_by"]["time_alone"]) == ("resolved", True)


# ---------------------------------------------------------------- sources that fall silent


def _quiet(**facts: Any) -> Estate:
    """Build the agent as a source states it that knows nothing of owners any more."""
    return estate(0, **({"declares": [k for k in EVERYTHING if k != "owners"]} | facts))


def test_a_source_that_no_longer_declares_owners_resolves_nothing(store, publish):
    """The rule finds nothing there any more; that is no reason to be content."""
    publish(estate(30))
    publish(_quiet())
    posture = look(store)
    assert RULE in {r["rule"] for r in findings(posture)["not_evaluable"]}
    (one,) = found(posture)
    assert (one["state"], one["last_seen"]) == ("stale_evidence", iso(AS_OF - 30 * DAY))
    assert one["state_why"]
    assert RULE in {f["rule"] for f in findings(posture)["findings"]}


def test_another_source_of_owners_does_not_resolve_it_either(store, publish):
    """It declares owners, but does not state the agent: its owners are unknown, not there."""
    other = Estate(source="hr", scope="hr").agent("other").person("ann")
    publish(estate(30))
    publish(_quiet(), other.owned("other", "ann", "ann"))
    assert state(look(store)) == "stale_evidence"


def test_nor_does_the_loss_of_the_only_source_that_knew_of_the_owner(store, publish):
    """A second source named a leaver as owner, and names nobody now; the first knows no owners."""
    aws = {"declares": ["grants"], "source": "aws"}

    def hr(days: float, *owners: str) -> Estate:
        e = Estate(at=AS_OF - days * DAY, source="hr", declares=["owners"])
        e.person("zed", left=iso(AS_OF - 90 * DAY)).agent("known").agent("bot2")
        for one in owners:
            e.agent("bot").owned("bot", one, one)
        return e

    publish(Estate(at=AS_OF - 30 * DAY, **aws).agent("bot"), hr(30, "zed"))
    assert state(look(store), "OWN-02") == "open"
    publish(Estate(at=AS_OF, **aws).agent("bot"), hr(0))
    assert state(look(store), "OWN-02") == "stale_evidence"


def test_a_partial_read_resolves_nothing(store, publish):
    publish(estate(30))
    publish(estate(0, "ann", complete=False))
    assert state(look(store)) == "stale_evidence"
    publish(estate(-1, "ann"))
    assert state(look(store)) == "resolved"  # a whole read again tells


def test_what_was_resolved_stays_so_when_its_source_falls_silent(store, publish):
    publish(estate(60))
    publish(estate(30, "ann"))
    publish(_quiet())
    assert state(look(store)) == "resolved"


def test_seen_again_after_silence_it_is_open_not_reopened(store, publish):
    publish(estate(60))
    publish(_quiet())
    publish(estate(-1))
    assert state(look(store)) == "open"


@pytest.mark.parametrize(("days", "expected"), [(30, "open"), (31, "stale_evidence")])
def test_what_was_not_read_for_long_is_stale_evidence(store, publish, days, expected):
    """Another scope goes on reporting; that of the agent was last read so many days before."""
    publish(estate(days))
    publish(
        Estate(at=AS_OF, scope="other").agent("other").person("ann").owned("other", "ann", "ann")
    )
    assert state(look(store)) == expected


def test_a_partial_read_that_does_not_mention_it_makes_it_old(store, publish):
    publish(estate(40))
    publish(Estate(at=AS_OF, complete=False).agent("other"))
    rows = {f["subject"]["id"]: f["state"] for f in found(look(store))}
    assert rows == {"bot": "stale_evidence", "other": "open"}


# ---------------------------------------------------------------- accepted


def accept(store: Path, posture: Posture, days: float) -> None:
    (one,) = found(posture)
    about = what_it_is_about(posture, one["id"])
    journal_of(str(store)).accept(
        one["id"], AS_OF + days * DAY, "ann", "known", posture.graph.as_of, about
    )


def test_an_accepted_finding_stays_listed_and_returns_by_itself(store, publish):
    publish(estate(0))
    accept(store, look(store), 10)
    (one,) = found(look(store))
    assert one["state"] == "accepted"
    said = one["acceptance"]
    assert (said["by"], said["reason"], said["until"]) == ("ann", "known", iso(AS_OF + 10 * DAY))
    assert RULE in {f["rule"] for f in findings(look(store))["findings"]}
    for days, expected in ((9, "accepted"), (10, "open"), (11, "open")):
        (one,) = found(look(store, AS_OF + days * DAY))
        assert one["state"] == expected
        assert (one["acceptance"] is None) == (expected == "open")


def test_it_was_not_accepted_before(store, publish):
    publish(estate(30))
    publish(estate(0))
    accept(store, look(store), 10)
    assert state(look(store, snapshot="000001")) == "open"


def test_what_is_resolved_is_not_accepted(store, publish):
    publish(estate(30))
    accept(store, look(store), 10)
    publish(estate(0, "ann"))
    assert state(look(store)) == "resolved"
    publish(estate(-1))
    assert state(look(store)) == "accepted"  # the acceptance still holds


def test_an_attested_owner_resolves(store, publish):
    """Attested between two snapshots: the second one counts it, and names it as the change."""
    publish(estate(30))
    journal = journal_of(str(store))
    for role in ("business", "technical"):
        journal.attest("bot", "ann", role, "ann", "", AS_OF - 10 * DAY)
    publish(Estate(at=AS_OF).agent("bot").person("ann").resource("new"))
    (one,) = found(look(store))
    assert one["state"] == "resolved"
    assert {c["relationship"] for c in one["resolved_by"]["changes"]} == {"OWNS"}
    assert {c["why"] for c in one["resolved_by"]["changes"]} == {"changed"}
    assert state(look(store, snapshot="000001")) == "open"


# ---------------------------------------------------------------- what is remembered


def _told(store: Path) -> list[tuple[Any, ...]]:
    rows = findings(look(store), states=STATES)["findings"]
    return [(f["id"], f["state"], f["first_seen"], f["last_seen"], f["resolved_at"]) for f in rows]


def test_what_is_remembered_changes_nothing_but_time(store, publish, monkeypatch):
    monkeypatch.setenv("TRUSTDEBT_KEPT_ANSWERS", "off")  # what is remembered elsewhere
    for days, owner in ((60, None), (40, "ann"), (20, None), (0, "ann")):
        publish(estate(days, owner))
    assessed: list[str] = []
    real = states.Sighting.of
    monkeypatch.setattr(
        states.Sighting, "of", lambda p: assessed.append(p.graph.snapshot.id) or real(p)
    )
    fresh = _told(store)
    assert len(assessed) == 4
    assert _told(store) == fresh
    assert len(assessed) == 5  # the moment looked at, alone
    (store / "journal.sqlite").unlink()
    assert _told(store) == fresh
    assert len(assessed) == 9


def test_what_is_remembered_is_forgotten_with_the_rules(store, publish, monkeypatch):
    publish(estate(30))
    publish(estate(0))
    _told(store)
    monkeypatch.setattr(past, "rules_version", lambda: "other rules")
    kept = look(store)
    read = kept.history._read  # what a snapshot holds is read again
    asked: list[str] = []
    kept.history._read = lambda name: asked.append(name) or read(name)
    findings(kept)
    assert asked


def test_what_is_remembered_is_forgotten_with_a_word_about_the_past(store, publish):
    """Somebody attests today that the agent had owners when the first snapshot was taken."""
    publish(estate(30))
    publish(estate(0, "ann"))
    assert state(look(store)) == "resolved"
    for role in ("business", "technical"):
        journal_of(str(store)).attest("bot", "ann", role, "ann", "", AS_OF - 50 * DAY)
    assert found(look(store)) == []


def test_a_store_that_cannot_remember_answers_all_the_same(store, publish, monkeypatch, tmp_path):
    publish(estate(30))
    publish(estate(0))
    monkeypatch.setenv("TRUSTDEBT_JOURNAL", str(tmp_path / "missing" / "journal.sqlite"))
    (tmp_path / "missing").write_text("a file where a folder should be")
    (one,) = found(look(store))
    assert one["first_seen"] == iso(AS_OF - 30 * DAY)
