"""The register of accepted findings: in force, over though the finding holds, withdrawn."""

import json
from collections.abc import Iterator

import pandas as pd
import pytest

from analytics.answers.audit import Window, audit_pack, chain
from analytics.answers.journal import accept
from graph.values import iso
from tests.support.estates.small_estates import AS_OF, Estate
from tests.support.few_rules import only_families, only_rules
from tests.support.histories.small_history import history_of
from tests.support.printed import findings, journal, reviews


@pytest.fixture(autouse=True, scope="module")
def _few_rules() -> Iterator[None]:
    """Keep to the rules that are asked here: what is accepted, and what a revoke left."""
    rules = "revocation_not_executed", "no_accountable_owner"
    with only_rules(*rules), only_families("ownership", "review"):
        yield


def day(number: float) -> pd.Timestamp:
    return AS_OF + pd.Timedelta(days=number)


def test_the_register_of_exceptions(tmp_path):
    """One is in force, one is over and the finding holds all the same, one is withdrawn."""
    e = Estate().person("ann").agent("a", "b", "c")
    history = history_of(e, journal=tmp_path / "journal.sqlite")
    posture = history.posture(history.infos[0].id)
    rows = findings(posture, rule="OWN-01")["findings"]
    by_id = {row["subject"]["id"]: row["id"] for row in rows}
    for name, until in (("a", day(5)), ("b", day(30)), ("c", day(30))):
        accept(posture, by_id[name], until, "ann", f"known of {name}")
    assert history.journal is not None
    history.journal.withdraw(3, "ann", "no", AS_OF)
    later = history.posture(history.infos[0].id, day(8))
    answer = reviews(later)
    assert [(x["reason"], x["state"], x["days_over"]) for x in answer["exceptions"]] == [
        ("known of a", "expired_and_open", 3),
        ("known of b", "in_force", None),
        ("known of c", "withdrawn", None),
    ]
    assert answer["exceptions"][0]["by"]["id"] == "ann"
    (row,) = [m for m in answer["measures"] if m["name"] == "expired_exceptions"]
    assert (row["count"], row["of"]) == (1, 3)


def test_an_exception_that_is_over_stays_so_when_it_is_withdrawn_afterwards(tmp_path):
    history = history_of(Estate().person("ann").agent("a"), journal=tmp_path / "journal.sqlite")
    assert history.journal is not None
    history.journal.now = lambda: day(8)
    posture = history.posture(history.infos[0].id)
    (row,) = findings(posture, rule="OWN-01")["findings"]
    accept(posture, row["id"], day(5), "ann", "known")
    history.journal.withdraw(1, "ann", "no", day(7))
    later = history.posture(history.infos[0].id, day(8))
    assert [x["state"] for x in reviews(later)["exceptions"]] == ["expired_and_open"]
    assert [x["entry"] for x in journal(later)["expired_and_open"]] == [1]


def test_an_exception_of_a_finding_that_was_resolved_is_not_in_force(tmp_path):
    """`a` has an owner since the second snapshot: nothing of it is accepted any longer."""
    before = Estate(at=day(-10)).person("ann").agent("a", "b")
    after = Estate().person("ann").agent("a", "b").owned("a", "ann", "ann")
    history = history_of(before, after, journal=tmp_path / "journal.sqlite")
    first = history.posture(history.infos[0].id)
    rows = findings(first, rule="OWN-01")["findings"]
    for row in sorted(rows, key=lambda row: row["subject"]["id"]):
        accept(first, row["id"], day(400), "ann", f"known of {row['subject']['id']}")
    later = history.posture(history.infos[1].id)
    states = [(x["reason"], x["state"]) for x in reviews(later)["exceptions"]]
    assert states == [("known of b", "in_force"), ("known of a", "resolved")]


def test_an_acceptance_that_was_taken_back_before_it_counted_is_in_no_audit(tmp_path):
    """The register has it, as withdrawn; the pack holds what was in force in the window."""
    history = history_of(Estate().person("ann").agent("a"), journal=tmp_path / "journal.sqlite")
    assert history.journal is not None
    posture = history.posture(history.infos[0].id)
    (row,) = findings(posture, rule="OWN-01")["findings"]
    for entry, days_later in ((1, 0), (3, 2)):
        accept(posture, row["id"], day(30), "ann", "known")
        history.journal.withdraw(entry, "ann", "no", day(days_later))
    later = history.posture(history.infos[0].id, day(8))
    window = Window(later.graph.find("a"), day(-8), day(8))
    pack = audit_pack(later, window, chain(later, window))
    listed = json.loads(pack["exceptions.json"])["exceptions"]
    assert [(entry["entry"], entry["withdrawn_at"]) for entry in listed] == [(3, iso(day(2)))]
