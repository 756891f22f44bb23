"""What the journal states, among the facts of a snapshot."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analytics.answers.coverage import coverage
from analytics.posture import assess
from graph.access import AccessGraph
from graph.exports import all_exports
from graph.facts import Facts
from graph.journal.journal import Journal
from graph.journal.statements import apply
from graph.schema import COVERS, OWNS, RELATIONSHIPS, REVIEW
from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from tests.support.estates.small_estates import AS_OF, Estate, ago
from tests.support.printed import debt, findings, identities

NOW = AS_OF + pd.Timedelta(days=10)
DAY = pd.Timedelta(days=1)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal.sqlite", lambda: NOW)


def _estate() -> Estate:
    e = Estate().agent("bot", "zebra", created_at=ago(300)).person("ann", "bob")
    return e.resource("ledger", "restricted").can("bot", "read", "ledger", grant_id="g1")


def _owners(facts: Facts, as_of: pd.Timestamp, thing: str = "bot") -> dict[str, object]:
    rows = identities(assess(AccessGraph.of(facts, as_of)))["identities"]
    owners = next(r["owners"] for r in rows if r["id"] == thing)
    return {k: v["id"] if isinstance(v, dict) else v for k, v in owners.items()}


def test_an_attested_owner_counts_from_then(journal):
    """Before, the agent has no owner; from then on it has one that was declared later."""
    journal.attest("bot", "ann", "business", "bob", "", AS_OF - DAY)
    none = {"business": None, "technical": None, "state": "none"}
    for as_of, expected in (
        (AS_OF, {"business": "ann", "technical": None, "state": "declared_later"}),
        (AS_OF - 2 * DAY, none),
    ):
        assert _owners(apply(_estate().facts(), journal, as_of), as_of) == expected
    assert _owners(_estate().facts(), AS_OF) == none  # without the journal


def test_an_attestation_of_later_is_not_seen_now(journal):
    journal.attest("bot", "ann", "business", "ann", "", None)  # by the clock: after the snapshot
    facts = _estate().facts()
    assert apply(facts, journal) is facts
    assert _owners(apply(facts, journal, NOW), NOW)["business"] == "ann"


def test_a_withdrawn_attestation_counted_until_then(journal):
    journal.attest("bot", "ann", "business", "ann", "", AS_OF - 5 * DAY)
    journal.withdraw(1, "bob", "wrong", AS_OF - 2 * DAY)
    for days, owner in ((6, None), (5, "ann"), (3, "ann"), (2, None), (0, None)):
        as_of = AS_OF - days * DAY
        assert _owners(apply(_estate().facts(), journal, as_of), as_of)["business"] == owner


def test_the_word_of_a_person_is_not_lost_beside_a_guess(journal):
    """A source only infers the same owner; what was attested still counts."""
    e = _estate().owned("bot", "ann", evidence="inferred")
    assert _owners(e.facts(), AS_OF)["business"] is None
    journal.attest("bot", "ann", "business", "ann", "", AS_OF - DAY)
    assert _owners(apply(e.facts(), journal), AS_OF)["business"] == "ann"


def test_only_who_attests_for_himself_has_accepted(journal):
    journal.attest("bot", "ann", "business", "ann", "", AS_OF - DAY)
    journal.attest("bot", "bob", "technical", "ann", "", AS_OF - DAY)
    rows = apply(_estate().facts(), journal).frames[OWNS].set_index("source_id")
    assert rows["acknowledged_at"].notna().to_dict() == {"ann": True, "bob": False}
    assert set(rows["source"]) == {"journal"}


def test_a_review_covers_the_thing_or_one_grant(journal):
    journal.review("bot", "approve", "ann", "needed", AS_OF - DAY)
    journal.review("bot", "revoke", "bob", "not needed", AS_OF - DAY, "g1")
    facts = apply(_estate().facts(), journal)
    reviews = facts.frames[REVIEW].set_index("id")
    covers = facts.frames[COVERS].set_index("source_id").loc[reviews.index]
    assert reviews["decision"].tolist() == ["approve", "revoke"]
    assert reviews["decided_at"].tolist() == [AS_OF - DAY] * 2
    assert reviews["decided_by"].tolist() == ["ann", "bob"]
    assert covers["target_id"].tolist() == ["bot", "bot"]
    assert covers["grant_id"].fillna("").tolist() == ["", "g1"]


def test_coverage_stays_as_it_is(journal):
    """Who owns the others stays unknown where no source declares owners."""
    e = Estate(declares=["grants"]).agent("bot", "other").person("ann")
    journal.attest("bot", "ann", "business", "ann", "", AS_OF - DAY)
    facts = apply(e.facts(), journal)
    assert facts.coverage == e.facts().coverage
    assert _owners(facts, AS_OF)["business"] == "ann"
    assert _owners(facts, AS_OF, "other")["state"] == "unknown"


def test_what_the_snapshot_does_not_know_is_left_out(journal):
    """An entry about a thing that is gone, or by an owner that is, leaves no loose end."""
    journal.attest("gone", "ann", "business", "ann", "", AS_OF - DAY)
    journal.attest("bot", "nobody", "business", "ann", "", AS_OF - DAY)
    journal.review("gone", "approve", "ann", "x", AS_OF - DAY)
    facts = _estate().facts()
    assert apply(facts, journal) is facts


@pytest.mark.parametrize("reviewed", [True, False])
def test_the_numbering_of_a_store_is_carried_on(journal, tmp_path, reviewed):
    """Numbers of nodes, and of the ends of each relationship, are what counting again gives."""
    store = ParquetStore(tmp_path / "store")
    ingest(store, [_estate().link("bot", "SPAWNS", "zebra").owned("zebra", "bob").job()])
    journal.attest("zebra", "ann", "business", "ann", "", AS_OF - DAY)
    if reviewed:
        journal.review("bot", "approve", "ann", "needed", AS_OF - DAY)
        journal.review("zebra", "approve", "ann", "needed", AS_OF - DAY)
    _, facts = store.read()
    quick = AccessGraph.of(apply(facts, journal))
    assert quick.facts.numbering is not None
    counted = AccessGraph.of(Facts(quick.facts.frames, facts.coverage))
    assert quick.ids.to_pylist() == counted.ids.to_pylist()
    assert len(quick.ids) == 5 + 2 * reviewed
    for relationship in RELATIONSHIPS:
        for one, other in zip(quick.ends(relationship), counted.ends(relationship), strict=True):
            assert np.array_equal(one, other), relationship.name


def test_the_facts_of_the_store_stay_as_they_were(journal):
    facts = _estate().facts()
    before = facts.hash
    journal.attest("bot", "ann", "business", "ann", "", AS_OF - DAY)
    assert len(apply(facts, journal).frames[OWNS]) == 1
    assert (len(facts.frames[OWNS]), Facts(facts.frames, facts.coverage).hash) == (0, before)


def test_they_travel_in_exports(journal, tmp_path):
    journal.attest("bot", "ann", "business", "ann", "", AS_OF - DAY)
    journal.review("bot", "approve", "ann", "needed", AS_OF - DAY)
    graph = AccessGraph.of(apply(_estate().facts(), journal))
    all_exports()["opengraph"](graph, tmp_path / "g.json")
    said = (tmp_path / "g.json").read_text()
    assert '"kind": "OWNS"' in said
    assert "journal:review/2" in said


def _rules(facts: Facts) -> set[str]:
    posture = assess(AccessGraph.of(facts))
    return {f["rule"] for f in findings(posture)["findings"]}


def _debt(facts: Facts, assumption: str) -> float:
    rows = debt(assess(AccessGraph.of(facts)), by="assumption")["groups"]
    return sum(float(row["debt"]) for row in rows if row["key"] == assumption)


def test_an_approval_counts_as_one(journal):
    """The grant was never reviewed in 300 days: a finding and a debt, until somebody approves."""
    facts = _estate().can("bot", "write", "ledger", grant_id="g2", granted_at=ago(300)).facts()
    assert "REV-01" in _rules(facts)
    before = _debt(facts, "review")
    assert before > 0
    journal.review("bot", "approve", "ann", "needed", AS_OF - DAY)
    approved = apply(facts, journal)
    assert "REV-01" not in _rules(approved)
    assert _debt(approved, "review") == 0


def test_a_revocation_that_nobody_carried_out_is_found(journal):
    facts = _estate().facts()
    assert "REV-02" not in _rules(facts)
    assert _debt(facts, "outlived") == 0
    journal.review("bot", "revoke", "ann", "not needed", AS_OF - 5 * DAY, "g1")
    revoked = apply(facts, journal)
    assert "REV-02" in _rules(revoked)
    assert _debt(revoked, "outlived") > 0


def test_an_attested_owner_repays(journal):
    facts = _estate().facts()
    before = _debt(facts, "owner")
    assert before > 0
    for role in ("business", "technical"):
        journal.attest("bot", "ann", role, "ann", "", AS_OF - DAY)
    assert _debt(apply(facts, journal), "owner") == 0


# -- what a decision makes known ---------------------------------------------------------------


def _untold():
    """Return two agents with access, of which no source could state owners or reviews."""
    e = Estate(declares=("grants", "usage")).agent("bot", "zebra").person("ann", "bob")
    for agent in ("bot", "zebra"):
        e.resource(f"db-{agent}", "restricted")
        e.can(agent, "read", f"db-{agent}", grant_id=f"g-{agent}", granted_at=ago(400))
    return e.facts()


def _judged(journal, as_of=NOW):
    return assess(AccessGraph.of(apply(_untold(), journal, as_of), as_of))


def _items(posture, assumption):
    rows = debt(posture, items=True)["items"]
    return {r["identity"]["id"]: r["degree"] for r in rows if r["assumption"] == assumption}


def _unknown(posture):
    """Return the kinds of fact of which nothing at all is known."""
    said = coverage(posture, NOW)["unknown"]
    return {u.split(":")[0] for u in said if u.endswith(": no source declares them")}


def test_an_attested_owner_makes_the_owners_of_that_thing_known(journal):
    """In its role, of that thing, from then on; of the other nobody knows, as before."""
    journal.attest("bot", "ann", "business", "ann", "", None)
    assert "owners" in _unknown(_judged(journal, AS_OF))
    posture = _judged(journal)
    assert "owners" not in _unknown(posture)
    states = {r["id"]: r["owners"]["state"] for r in identities(posture)["identities"]}
    assert states == {"bot": "declared_later", "zebra": "unknown"}
    found = [f for f in findings(posture)["findings"] if f["rule"][:3] == "OWN"]
    assert "zebra" not in {f["subject"]["id"] for f in found}


@pytest.mark.parametrize("grant", [None, "g-bot"])
def test_a_decision_to_revoke_is_heard_where_no_source_declares_reviews(journal, grant):
    """Debt and the rule hear it alike; the access that nobody reviewed stays unknown."""
    journal.review("bot", "revoke", "ann", "not needed", None, grant)
    posture = _judged(journal)
    assert "reviews" not in _unknown(posture)
    found = [f for f in findings(posture)["findings"] if f["rule"] == "REV-02"]
    assert [f["subject"]["id"] for f in found] == ["bot"]
    assert _items(posture, "outlived") == {"bot": 1.0}
    review = _items(posture, "review")
    assert review["zebra"] is None  # nobody can tell
    assert review["bot"] == 1.0  # it is known now, and nobody approved it


def test_without_a_decision_neither_rule_nor_debt_speaks(journal):
    posture = _judged(journal)
    assert {"owners", "reviews"} <= _unknown(posture)
    assert not [f for f in findings(posture)["findings"] if f["rule"][:3] in ("OWN", "REV")]
    assert _items(posture, "outlived") == {}
    assert set(_items(posture, "review").values()) == {None}


def test_an_approval_counts_where_no_source_declares_reviews(journal):
    journal.review("bot", "approve", "ann", "needed", None)
    assert _items(_judged(journal), "review") == {"zebra": None}


def test_a_withdrawn_decision_makes_nothing_known(journal):
    entry = journal.attest("bot", "ann", "business", "ann", "", AS_OF - 2 * DAY)
    journal.withdraw(entry.number, "ann", "", AS_OF - DAY)
    assert "owners" in _unknown(_judged(journal))
