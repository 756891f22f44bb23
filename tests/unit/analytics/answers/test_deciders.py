"""Who may decide: a person whom a source states, and who is here; else the name is not verified."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from analytics.answers import journal
from analytics.history import posture_in
from graph.access import UnknownThing
from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from tests.support.estates.small_estates import AS_OF, Estate, ago
from tests.support.few_rules import only_rules

UNTIL = AS_OF + pd.Timedelta(days=3000)


@pytest.fixture(autouse=True, scope="module")
def _few_rules() -> Iterator[None]:
    """Keep to the rules that are asked here: any finding can be accepted."""
    with only_rules("no_accountable_owner", "standing_access", "review_overdue"):
        yield


def judged(folder: Path, *people: str, **left):
    e = Estate().agent("bot", created_at=ago(300)).resource("db", "restricted").person(*people)
    for name, at in left.items():
        e.person(name, left=at)
    e.can("bot", "read", "db", grant_id="g", granted_at=ago(200))
    store = ParquetStore(folder / "store")
    done = ingest(store, [e.job()])
    return posture_in(store, done.snapshot.id)


def decisions(posture, by):
    """Return everything that a person can decide, not yet done."""
    finding = posture_findings(posture)[0]
    return {
        "accept": lambda: journal.accept(posture, finding, UNTIL, by, "known"),
        "attest": lambda: journal.attest(posture, "bot", owner(posture), "business", by),
        "review": lambda: journal.review(posture, "bot", "revoke", by, "not needed"),
        "withdraw": lambda: journal.withdraw(posture, 1, by, "mistaken"),
    }


def owner(posture):
    people = journal.deciders(posture)
    return posture.graph.thing(int(people[0]))["id"] if len(people) else "bot"


def posture_findings(posture):
    from tests.support.printed import findings

    return [f["id"] for f in findings(posture)["findings"]]


@pytest.mark.parametrize("what", ["accept", "attest", "review", "withdraw"])
def test_nobody_decides_under_a_name_that_nobody_has(tmp_path, what):
    posture = judged(tmp_path, "ann", "anna", "zoe")
    with pytest.raises(UnknownThing, match="no person who could decide is called 'ane'") as refused:
        decisions(posture, "ane")[what]()
    assert refused.value.exit_code == 2
    assert refused.value.candidates[:2] == ["ann", "anna"]
    assert "bot" not in refused.value.candidates
    assert posture.journal.entries() == ()


@pytest.mark.parametrize("what", ["accept", "attest", "review"])
def test_who_is_known_decides(tmp_path, what):
    posture = judged(tmp_path, "ann")
    written = decisions(posture, "ANN")[what]()
    assert (written["by"], written["verified"], written["unverified"]) == ("ann", True, None)


def test_who_left_does_not_decide(tmp_path):
    posture = judged(tmp_path, "ann", bob=ago(20))
    with pytest.raises(journal.Refused, match="bob is no longer here, and cannot decide"):
        decisions(posture, "bob")["accept"]()


def test_software_does_not_decide(tmp_path):
    with pytest.raises(journal.Refused, match="only a person can decide"):
        decisions(judged(tmp_path, "ann"), "bot")["accept"]()


def test_where_no_source_states_any_person_the_name_is_not_verified(tmp_path):
    posture = judged(tmp_path)
    written = decisions(posture, "someone")["accept"]()
    assert (written["by"], written["verified"]) == ("someone", False)
    assert "not verified" in written["unverified"]
    (entry,) = posture.journal.entries()
    assert entry.record()["verified"] is False


# -- an acceptance whose time is up ------------------------------------------------------------


def later(folder, days):
    store = ParquetStore(folder / "store")
    at = AS_OF + pd.Timedelta(days=days)
    return posture_in(store, store.current().id, at)


def told(posture, finding):
    from tests.support.printed import findings

    (row,) = (f for f in findings(posture)["findings"] if f["id"] == finding)
    over = [e["finding"] for e in journal.journal(posture)["expired_and_open"]]
    return row["state"], row["state_why"], over


def test_an_acceptance_that_is_over_is_told_while_its_finding_is_open(tmp_path):
    posture = judged(tmp_path, "ann")
    finding = posture_findings(posture)[0]
    until = AS_OF + pd.Timedelta(days=30)
    journal.accept(posture, finding, until, "ann", "known")
    state, why, over = told(later(tmp_path, 20), finding)
    assert (state, over) == ("accepted", [])
    state, why, over = told(later(tmp_path, 31), finding)
    assert (state, over) == ("open", [finding])
    assert why == "ann accepted it until 2026-08-31T00:00:00Z; that is over, and it is open."


def test_one_that_was_withdrawn_before_is_not_over(tmp_path):
    posture = judged(tmp_path, "ann")
    finding = posture_findings(posture)[0]
    entry = journal.accept(posture, finding, AS_OF + pd.Timedelta(days=30), "ann", "known")
    journal.withdraw(later(tmp_path, 10), entry["entry"], "ann", "mistaken")
    assert told(later(tmp_path, 31), finding) == ("open", None, [])


# -- debt that is accepted ---------------------------------------------------------------------


def test_what_is_owed_for_an_accepted_finding_is_shown_as_accepted_and_stays_owed(tmp_path):
    from tests.support.printed import debt, findings

    before = judged(tmp_path, "ann")
    owed = debt(before)
    by_assumption = {g["key"]: g["debt"] for g in owed["groups"]}
    assert (owed["accepted"], {g["accepted"] for g in owed["groups"]}) == (0, {0})
    found = findings(before)["findings"]
    (finding,) = (f["id"] for f in found if f["rule"] == "OWN-01")
    journal.accept(before, finding, AS_OF + pd.Timedelta(days=30), "ann", "known")
    after = debt(later(tmp_path, 0))
    assert after["debt"] == owed["debt"]
    assert after["accepted"] == by_assumption["owner"] > 0
    groups = {g["key"]: g["accepted"] for g in after["groups"]}
    assert groups == dict.fromkeys(by_assumption, 0) | {"owner": by_assumption["owner"]}
    (whole,) = debt(later(tmp_path, 0), by="identity")["groups"]
    assert whole["accepted"] == by_assumption["owner"]
    assert debt(later(tmp_path, 31))["accepted"] == 0  # it lapsed by itself
