"""Who may decide: a person whom a source states, and who is here; else the name is not verified."""

from pathlib import Path

import pandas as pd
import pytest

from analytics.answers import journal
from analytics.history import posture_in
from graph.access import UnknownThing
from graph.stores.parquet_store import ParquetStore
from ingest.job import ingest
from tests.small_estates import AS_OF, Estate, ago

UNTIL = AS_OF + pd.Timedelta(days=3000)


def judged(folder: Path, *people: str, **left):
    e = Estate().agent("bot", created_at=ago(300)).resource("db", "restricted").person(*people)
    for name, at in left.items():
        e.person(name, left=at)
    e.can("bot", "read", "db", grant_id="g", granted_at=ago(200))
    store = ParquetStore(folder / "store")
    done = ingest(store, [e.job()])
    return posture_in(store, store.snapshots(), done.snapshot.id)


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
    from analytics import answers

    return [f["id"] for f in answers.findings(posture)["findings"]]


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
