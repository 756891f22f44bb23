"""Ownership as evidence: who says so, how old it is, and who says otherwise."""

from typing import Any

import pandas as pd
import pytest

from analytics.answers.evidence_of_owners import evidence_of
from analytics.posture import Posture, assess
from graph.access import AccessGraph
from graph.facts import Facts
from tests.support.estates.rule_findings import found
from tests.support.estates.small_estates import AS_OF, Estate, ago, together
from tests.support.printed import conflicts, debt, kpis, orphans, show


def about(posture: Posture, thing: str, role: str = "business") -> dict[str, Any]:
    answer: dict[str, Any] = evidence_of(posture, posture.graph.number(thing))[role]
    return answer


def owner(**facts: Any) -> Estate:
    """State that ann owns bot, which is two years old."""
    e = Estate().agent("bot", created_at=ago(730)).person("ann", "bob").thing("Team", "ops")
    return e.link("ann", "OWNS", "bot", role="business", **facts)


@pytest.mark.parametrize(
    ("facts", "state", "confidence"),
    [
        ({"since": ago(0), "evidence": "declared"}, "declared", 1.0),
        ({"since": ago(365), "evidence": "declared"}, "declared", 0.5),
        ({"since": ago(730)}, "declared", 0.25),  # named when it was made
        ({"since": ago(365)}, "declared_later", 0.4),
        ({"since": ago(730), "acknowledged_at": ago(0)}, "declared", 1.0),
        ({"evidence": "declared"}, "declared", 0.5),  # nobody says since when
        ({"since": ago(0), "evidence": "inferred"}, "inferred", 0.4),
    ],
)
def test_confidence_halves_every_year(facts: dict[str, Any], state: str, confidence: float) -> None:
    found = about(owner(**facts).posture(), "bot")
    assert (found["state"], found["confidence"]) == (state, pytest.approx(confidence))
    (said,) = found["statements"]
    assert (said["id"] != "", said["source"], said["state"]) == (True, "estate", "active")


def test_an_owner_who_left_and_one_that_is_software_are_worth_nothing() -> None:
    e = Estate().agent("bot", "other").person("ann", left=ago(3))
    e.link("ann", "OWNS", "bot", role="business", since=ago(9))
    e.link("other", "OWNS", "bot", role="technical", since=ago(9))
    posture = e.posture()
    business, technical = about(posture, "bot"), about(posture, "bot", "technical")
    assert [s["state"] for s in business["statements"] + technical["statements"]] == [
        "gone",
        "software",
    ]
    assert business["statements"][0]["ended_at"] == ago(3)
    for role in (business, technical):
        assert (role["state"], role["confidence"], role["covered"]) == ("none", 0.0, False)


def test_a_team_counts_for_less_than_a_person() -> None:
    e = Estate().agent("bot").person("ann").thing("Team", "ops").link("ann", "MEMBER_OF", "ops")
    e.link("ops", "OWNS", "bot", role="business", since=ago(0), evidence="declared")
    assert about(e.posture(), "bot")["confidence"] == pytest.approx(0.8)


def test_nobody_could_say_is_not_nobody() -> None:
    e = Estate(declares=("grants",)).agent("bot")
    assert about(e.posture(), "bot")["state"] == "unknown"
    assert about(Estate().agent("bot").posture(), "bot")["state"] == "none"


def two(first: str, second: str, behind: float = 0, **left: str) -> Posture:
    """Let a registry name one owner, and a directory that was read `behind` days before it."""
    registry = Estate(source="registry").agent("bot", created_at=ago(0))
    registry.link(first, "OWNS", "bot", role="business", since=ago(0))
    for name in sorted({first, second}):
        registry.person(name, left=left.get(name))
    directory = Estate(at=AS_OF - pd.Timedelta(days=behind), source="directory").agent("bot")
    directory.link(second, "OWNS", "bot", role="business", since=ago(behind))
    return assess(AccessGraph.of(together(registry, directory), AS_OF))


def test_sources_that_agree_strengthen_each_other() -> None:
    found = about(two("ann", "ann", behind=365), "bot")
    assert found["conflicts"] == []
    assert len(found["statements"]) == 2
    assert found["confidence"] == pytest.approx(1.0)


def test_doubts_of_sources_that_agree_are_multiplied() -> None:
    registry = owner(evidence="declared", since=ago(365))
    other = Estate(source="directory").agent("bot", created_at=ago(730))
    other.link("ann", "OWNS", "bot", role="business", evidence="declared", since=ago(730))
    posture = assess(AccessGraph.of(together(registry, other), AS_OF))
    assert about(posture, "bot")["confidence"] == pytest.approx(1 - 0.5 * 0.75)


def test_two_active_owners_of_one_role_are_a_conflict() -> None:
    (conflict,) = conflicts(two("ann", "bob"))
    assert (conflict["conflict"], conflict["contradicted"]) == ("disagree", [])
    assert {conflict["owners"][0]["id"], conflict["others"][0]["id"]} == {"ann", "bob"}


def test_the_source_that_was_read_later_contradicts_the_other() -> None:
    posture = two("ann", "bob", behind=30)
    (conflict,) = conflicts(posture)
    assert conflict["says"]["source"] == "registry"
    assert [o["id"] for o in conflict["contradicted"]] == ["bob"]
    said = {s["id"]: s for s in about(posture, "bot")["statements"]}
    by_name = {s["name"]: s["contradicted"] for s in said.values()}
    assert by_name == {"ann": False, "bob": True}


def test_a_source_that_still_names_who_left_is_outdated() -> None:
    (conflict,) = conflicts(two("ann", "bob", behind=30, bob=ago(10)))
    assert conflict["conflict"] == "outdated"
    assert conflict["against"]["source"] == "directory"


def test_what_somebody_attested_counts_from_when_they_did() -> None:
    """No source is read for an attestation, so its own date says which word is the later one."""
    registry = Estate(at=AS_OF - pd.Timedelta(days=30), source="registry").agent("bot")
    registry.person("ann", "bob").link("ann", "OWNS", "bot", role="business", since=ago(90))
    said = Estate(source="journal").link("bob", "OWNS", "bot", role="business", since=ago(5))
    frames = together(registry, said).frames
    posture = assess(AccessGraph.of(Facts.of(frames, (registry.coverage,)), AS_OF))
    (conflict,) = conflicts(posture)
    assert [o["id"] for o in conflict["contradicted"]] == ["ann"]


def test_two_owners_named_by_one_source_are_no_conflict() -> None:
    e = owner(since=ago(5))
    posture = e.link("bob", "OWNS", "bot", role="business", since=ago(5)).posture()
    assert conflicts(posture) == []


def test_show_has_the_evidence() -> None:
    posture = owner(since=ago(0)).posture()
    shown = show(posture, posture.graph.number("bot"))["owner_evidence"]
    assert shown["business"]["state"] == "declared_later"
    assert show(posture, posture.graph.number("ann"))["owner_evidence"] == {}


def test_confidence_of_all_is_counted() -> None:
    e = owner(since=ago(0), evidence="declared").agent("left").agent("old")
    e.link("ann", "OWNS", "old", role="business", since=ago(900), evidence="declared")
    counted = orphans(e.posture())["confidence"]["business"]
    assert (counted["sure"], counted["doubtful"], counted["of"]) == (1, 1, 3)


# -- a list that knows one kind of owner ----------------------------------------------------------


def one_kind(*roles: str, owned: bool) -> Posture:
    """Let a source state who owns bot, that could have stated `roles`."""
    e = Estate(owner_roles=roles).agent("bot", created_at=ago(100)).person("ann")
    e.resource("r", "confidential").can("bot", "read", "r")
    return (e.owned("bot", business="ann", since=ago(9)) if owned else e).posture()


def test_a_role_that_no_source_could_state_is_unknown_and_nobody_is_accused() -> None:
    posture = one_kind("business", owned=True)
    owned, bot = posture.ownership, posture.graph.number("bot")
    assert [bool(owned.known_in[role][bot]) for role in ("business", "technical")] == [True, False]
    assert found(posture, "OWN-01") + found(posture, "OWN-04") == []
    owed = [i["debt"] for i in debt(posture, items=True)["items"] if i["assumption"] == "owner"]
    assert sum(owed) == 0.0
    figures = {row["name"]: row for row in kpis(posture)["kpis"]}
    assert figures["ownership_coverage"]["value"] is None  # of neither kind alone
    assert figures["unowned_access"]["value"] == 0.0
    assert about(posture, "bot", "technical")["state"] == "unknown"


def test_where_the_kind_that_is_known_is_missing_nobody_answers() -> None:
    """The twin: the one kind of owner that is known is not there."""
    (said,) = found(one_kind("business", owned=False), "OWN-01")
    assert said.sentence == (
        "Nobody answers for bot: it has no active business owner, "
        "and no source states its technical owner."
    )


def test_where_both_kinds_are_known_the_missing_one_is_named() -> None:
    """The other twin: a source that could have stated both."""
    (said,) = found(one_kind("business", "technical", owned=True), "OWN-04")
    assert said.sentence == "Nobody is the technical owner of bot."
    assert found(one_kind("business", "technical", owned=True), "OWN-01") == []


def test_two_sources_of_one_kind_each_know_both() -> None:
    e = Estate(owner_roles=("business",)).agent("bot").person("ann").owned("bot", business="ann")
    other = Estate(source="csv", scope="it", owner_roles=("technical",)).agent("bot")
    posture = assess(AccessGraph.of(together(e, other)))
    (said,) = found(posture, "OWN-04")
    assert said.sentence == "Nobody is the technical owner of bot."


@pytest.mark.parametrize("evidence", ["declared", "inferred"])
def test_a_guess_makes_no_role_known(evidence: str) -> None:
    """Who is only inferred is nobody, and where no source declares owners nobody is accused."""
    e = Estate(declares=["grants"]).agent("bot").person("ann")
    posture = e.owned("bot", business="ann", evidence=evidence).posture()
    bot = posture.graph.number("bot")
    assert bool(posture.ownership.known[bot]) is (evidence == "declared")
    assert posture.owner_states[bot] == evidence


@pytest.mark.parametrize("guessed_last", [True, False])
def test_a_guess_takes_nothing_away_from_a_declaration(guessed_last: bool) -> None:
    """A list names ann and a file of reviewers makes one guess at her: she is the owner."""

    def says(source: str, days: float, **facts: Any) -> Estate:
        e = Estate(AS_OF - pd.Timedelta(days=days), source=source)
        return e.agent("bot").person("ann").owned("bot", "ann", "ann", **facts)

    listed = says("csv", 1, since=ago(100), evidence="declared_later")
    guess = says("codeowners", 0 if guessed_last else 2, evidence="inferred")
    posture = assess(AccessGraph.of(together(listed, guess)))
    bot = posture.graph.number("bot")
    assert not any(posture.ownership.missing(role)[bot] for role in ("business", "technical"))
    assert posture.ownership.states(posture.created_at)[bot] == "declared_later"
    found = about(posture, "bot")
    assert (found["state"], found["covered"]) == ("declared_later", True)
    assert [(s["source"], s["evidence"]) for s in found["statements"]] == [
        ("codeowners", "inferred"),
        ("csv", "declared_later"),
    ]


def test_what_is_only_guessed_twice_stays_a_guess() -> None:
    parts = [
        Estate(source=source).agent("bot").person("ann").owned("bot", "ann", evidence="inferred")
        for source in ("codeowners", "agent_bom")
    ]
    found = about(assess(AccessGraph.of(together(*parts))), "bot")
    assert (found["state"], found["covered"]) == ("inferred", False)
