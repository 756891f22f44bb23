"""A thing that turns out to have another name: what was found and decided of it goes on."""

import pytest

from analytics.answers import journal as decisions
from analytics.answers.findings import finding
from graph.access import UnknownThing
from graph.journal.journal import Journal
from graph.schema import SOD_RULE
from graph.values import iso
from tests.support.estates.small_estates import Estate, ago
from tests.support.histories.merged_things import (
    ARN,
    NEXT_YEAR,
    OWNERS,
    cloud,
    connected,
    day,
    few_rules,
    hub,
    listed,
    now,
    one,
    unfollowed,
)
from tests.support.histories.small_history import books, history_of
from tests.support.printed import collisions, show

__all__ = ["few_rules"]  # a fixture of this module


# ---------------------------------------------------------------- findings


def test_what_is_found_stays_found():
    then, found = listed(now(history_of(hub(0)))), listed(now(connected()))
    assert {f["subject"]["id"] for f in found} == {ARN}
    assert sorted(f["rule"] for f in found) == sorted(f["rule"] for f in then)
    assert {"OWN-01", "LPR-01", "REV-01", "TIM-01"} <= {f["rule"] for f in found}
    assert {(f["state"], f["first_seen"]) for f in found} == {("open", iso(day(0)))}


def test_it_would_look_resolved_and_new(monkeypatch):
    """The twin: without following names, all is gone and something else is there."""
    unfollowed(monkeypatch)
    found = listed(now(connected()))
    assert {f["first_seen"] for f in found if f["state"] == "open"} == {iso(day(30))}
    assert {f["subject"]["id"] for f in found if f["state"] == "resolved"} == {"gh-bot"}


def test_what_is_resolved_after_is_resolved_once_and_says_by_what():
    owned = hub(60).owned("gh-bot", "ann", "ann", since=ago(-50))
    posture = now(connected([owned, cloud(60)]))
    found = one(posture, "OWN-01")
    assert (found["state"], found["first_seen"]) == ("resolved", iso(day(0)))
    assert found["resolved_at"] == iso(day(60))
    assert {(c["relationship"], c["from"]["id"], c["to"]["id"])
            for c in found["resolved_by"]["changes"]} == {("OWNS", "ann", ARN)}  # fmt: skip


def test_what_was_resolved_before_stays_with_the_thing():
    """It was resolved under the former id; whoever asks about the thing is told."""
    owned = hub(20).owned("gh-bot", "ann", "ann", since=ago(-10))
    still = hub(30).owned("gh-bot", "ann", "ann", since=ago(-10))
    posture = now(history_of(hub(0), owned, [still, cloud(30)]))
    about = posture.graph.find("gh-bot")
    assert about == posture.graph.find(ARN)
    (found,) = [f for f in listed(posture, about=about) if f["rule"] == "OWN-01"]
    assert (found["state"], found["subject"]["id"]) == ("resolved", "gh-bot")
    assert found["resolved_by"]["changes"][0]["relationship"] == "OWNS"


def test_two_findings_become_the_one_that_was_seen_first():
    two = [hub(0), cloud(30).agent("other")]
    alone = [Estate(at=day(30), source="hub").agent("gh-bot", env="prod"), cloud(30)]
    posture = now(history_of(two[0], alone, [hub(60), cloud(60)]))
    found = one(posture, "OWN-01")
    assert (found["state"], found["first_seen"], found["subject"]["id"]) == (
        "open", iso(day(0)), ARN)  # fmt: skip


# ---------------------------------------------------------------- what was decided


def test_what_was_accepted_stays_accepted(tmp_path):
    file = tmp_path / "journal"
    before = now(history_of(hub(0), journal=file))
    entries = {}
    for rule in ("OWN-01", "LPR-01"):  # of the agent; and of its grant, whose ids are all others
        said = one(before, rule)["id"]
        entries[rule] = decisions.accept(before, said, NEXT_YEAR, "ann", "known")
    after = now(connected(journal=file))
    for rule, entry in entries.items():
        found = one(after, rule)
        assert (found["state"], found["acceptance"]["entry"]) == ("accepted", entry["entry"])
        assert found["id"] != entry["finding"]
        assert finding(after, entry["finding"])["id"] == found["id"]
    assert one(after, "REV-01")["state"] == "open"


def test_it_would_be_open_again(tmp_path, monkeypatch):
    """The twin: without following names, the acceptance is of something that is not there."""
    file = tmp_path / "journal"
    before = now(history_of(hub(0), journal=file))
    decisions.accept(before, one(before, "OWN-01")["id"], NEXT_YEAR, "ann", "known")
    unfollowed(monkeypatch)
    found = [f for f in listed(now(connected(journal=file))) if f["rule"] == "OWN-01"]
    assert ("open", ARN) in [(f["state"], f["subject"]["id"]) for f in found]


def test_a_finding_is_accepted_by_an_id_that_it_had(tmp_path):
    was = one(now(history_of(hub(0))), "LPR-01")["id"]
    after = now(connected(journal=tmp_path / "journal"))
    written = decisions.accept(after, was[:10], NEXT_YEAR, "ann", "known")
    found = one(after, "LPR-01")
    assert (written["finding"], written["also"].count(was)) == (found["id"], 1)
    with pytest.raises(UnknownThing):
        decisions.accept(after, "F-0000000000000000", NEXT_YEAR, "ann", "known")


def test_the_later_of_two_acceptances_counts(tmp_path):
    """Each was given for one of two agents that are one by now."""
    file = tmp_path / "journal"
    two = [Estate(at=day(0), source="hub").agent("gh-bot"), cloud(0, declares=OWNERS)]
    before = now(history_of(two, journal=file))
    by_thing = {f["subject"]["id"]: f["id"] for f in listed(before) if f["rule"] == "OWN-01"}
    decisions.accept(before, by_thing[ARN], NEXT_YEAR, "ann", "first")
    decisions.accept(before, by_thing["gh-bot"], NEXT_YEAR, "ann", "second")
    found = one(now(history_of(two, [hub(30), cloud(30)], journal=file)), "OWN-01")
    assert found["acceptance"]["reason"] == "second"


def test_an_acceptance_outlives_the_id_and_the_snapshot_it_was_given_in(tmp_path):
    """The cloud lists the agent no more, and what showed that the two were one is not kept."""
    file = tmp_path / "journal"
    merged = now(connected(journal=file))
    decisions.accept(merged, one(merged, "LPR-01")["id"], NEXT_YEAR, "ann", "known")
    gone = Estate(at=day(60), source="cloud", declares=()).agent("other")
    for kept in (connected([hub(60), gone], journal=file),
                 history_of([hub(60), gone], journal=file)):  # fmt: skip
        found = [f for f in listed(now(kept)) if f["rule"] == "LPR-01"]
        assert [(f["state"], f["subject"]["id"]) for f in found] == [("accepted", "gh-bot")]


def test_owners_and_reviews_outlive_an_id(tmp_path):
    file = tmp_path / "journal"
    merged = now(connected(journal=file))
    Journal(file, lambda: day(31)).attest(ARN, "ann", "business", "ann", "", None, (["gh-bot"], ()))
    decisions.review(merged, ARN, "revoke", "ann", "not needed", since=day(20))
    gone = Estate(at=day(60), source="cloud", declares=()).agent("other")
    posture = now(connected([hub(60), gone], journal=file))
    shown = show(posture, posture.graph.find("gh-bot"))
    assert [(o["id"], o["source"]) for o in shown["owners"]] == [("ann", "journal")]
    assert one(posture, "REV-02")["subject"]["id"] == "gh-bot"


def test_both_sides_of_a_duty_may_get_another_name(tmp_path):
    """The finding names both, one as its object and the other in its key; so do the books."""

    def held(at: float) -> Estate:
        e = hub(at).resource("books", "internal", external_ids=["arn:arn:aws:s3:::books"])
        e.can("gh-bot", "write", "books", granted_at=ago(100), grant_id="g2")
        sides = {"left_resource": "crm", "left_level": "read", "right_resource": "books"}
        return e.add(SOD_RULE, id="1", rule="keeps and checks", right_level="write", **sides)

    file = tmp_path / "journal"
    before = now(history_of(held(0), journal=file))
    decisions.accept(before, one(before, "ISO-03")["id"], NEXT_YEAR, "ann", "known")
    both = cloud(30).resource("arn:aws:s3:::books")
    history = history_of(held(0), [held(30), both], journal=file)
    assert one(now(history), "ISO-03")["state"] == "accepted"
    done = books(history)
    assert (done.figures["new"], done.figures["retired"]) == (0, 0)


# ---------------------------------------------------------------- two again, and never one


def test_apart_takes_it_back_at_every_moment(tmp_path):
    """What was accepted of the one thing is accepted of the part of it that has the finding."""
    file = tmp_path / "journal"
    merged = now(connected(journal=file, declares=OWNERS))
    was = one(merged, "LPR-01")["id"]
    decisions.accept(merged, was, NEXT_YEAR, "ann", "known")
    decisions.accept(merged, one(merged, "OWN-01")["id"], NEXT_YEAR, "ann", "known")
    decisions.apart(merged, "gh-bot", ARN, "ann", "another one")
    split = connected(journal=file, declares=OWNERS)
    assert books(split).figures["retired"] == 0
    grant = [f for f in listed(now(split)) if f["rule"] == "LPR-01"]
    assert [(f["state"], f["subject"]["id"], f["first_seen"]) for f in grant] == [
        ("accepted", "gh-bot", iso(day(0)))]  # fmt: skip
    owner = {f["subject"]["id"]: f["state"] for f in listed(now(split)) if f["rule"] == "OWN-01"}
    assert owner == {"gh-bot": "open", ARN: "accepted"}  # both have it: the id it was given for


def test_two_by_their_sources_again_go_on_from_the_one():
    """The code host takes its word back: both are followed to what they were as one."""
    two = Estate(at=day(60), source="hub").agent("gh-bot", kind="workload", env="prod")
    two.resource("crm", "internal").person("ann")
    two.can("gh-bot", "read", "crm", granted_at=ago(100), grant_id="g1", telemetry="true")
    history = connected([two, cloud(60, declares=OWNERS)], declares=OWNERS)
    found = {f["subject"]["id"]: f for f in listed(now(history)) if f["rule"] == "OWN-01"}
    assert {i: (f["state"], f["first_seen"]) for i, f in found.items()} == {
        "gh-bot": ("open", iso(day(0))), ARN: ("open", iso(day(30)))}  # fmt: skip
    done = books(history, since=day(30))
    assert {e.kind for e in done.entries} == {"seen", "unseen"}


def test_a_finding_of_what_was_one_is_a_finding_of_both():
    """While they were one, only the one had it; the other is not new because they are two."""
    two = Estate(at=day(60), source="hub").agent("gh-bot", env="prod")
    as_one = [hub(0), cloud(0, declares=OWNERS)]
    history = history_of(as_one, [two, cloud(60, declares=OWNERS)])
    found = {f["subject"]["id"]: f for f in listed(now(history)) if f["rule"] == "OWN-01"}
    assert {i: f["first_seen"] for i, f in found.items()} == dict.fromkeys(
        ("gh-bot", ARN), iso(day(0)))  # fmt: skip


@pytest.mark.parametrize(("deleted", "state"), [(ago(-10), "open"), (None, "accepted")])
def test_an_id_that_is_used_again_is_not_what_was_accepted(tmp_path, deleted, state):
    """The twin: what goes on living under its id stays accepted."""
    file = tmp_path / "journal"
    before = now(history_of(hub(0), journal=file))
    decisions.accept(before, one(before, "OWN-01")["id"], NEXT_YEAR, "ann", "known")
    log = Estate(at=day(30), source="log", declares=())
    log.agent("gh-bot", created_at=ago(-20), deleted_at=deleted, status="active")
    assert one(now(history_of(hub(0), [hub(30), log], journal=file)), "OWN-01")["state"] == state


def test_a_name_that_is_used_again_is_another_thing(tmp_path):
    """What was accepted of the former one is open for the one that has its name now."""
    file = tmp_path / "journal"
    before = now(history_of(hub(0), journal=file))
    decisions.accept(before, one(before, "OWN-01")["id"], NEXT_YEAR, "ann", "known")
    new = Estate(at=day(30), source="cloud", declares=OWNERS).agent(ARN, created_at=ago(-20))
    dead = hub(30, status="deleted", deleted_at=ago(-10))
    posture = now(history_of(hub(0), [dead, new], journal=file))
    assert posture.graph.find("gh-bot") != posture.graph.find(ARN)
    assert [c["reason"] for c in collisions(posture)["collisions"]] == [
        "one ended before another was created"]  # fmt: skip
    found = {f["subject"]["id"]: f for f in listed(posture) if f["rule"] == "OWN-01"}
    assert (found[ARN]["state"], found[ARN]["first_seen"]) == ("open", iso(day(30)))
    assert found["gh-bot"]["state"] == "resolved"
