"""The chain of an identity in a window, where a part of it is in no source."""

import pandas as pd
import pytest

from analytics.answers.audit import Window, chain
from graph.schema import COVERS, REVIEW
from tests.support.estates.decision_log import Log, log
from tests.support.estates.small_estates import EVERYTHING


def told(made: Log) -> list[tuple[str, str]]:
    posture = made.posture()
    window = pd.Timestamp("2026-07-20", tz="UTC"), pd.Timestamp("2026-07-21", tz="UTC")
    story = chain(posture, Window(posture.graph.find("bot"), *window))
    return [(each["id"], each["gap"]) for each in story["gaps"] if each["id"]]


@pytest.mark.parametrize(
    ("more", "gaps"),
    [
        (lambda e: e.decided("11:00", "deny", resource="x"), [("d3", "the decision names x")]),
        (lambda e: e.used("11:00", resource="x"), [("u3", "the use names x")]),
        (lambda e: e.used("11:00", resource="x", outcome="failure"), []),
        (lambda e: e.used("11:00", resource="x", principal="other"), []),
        (lambda e: e.used("11:00", resource="x", at="2026-07-21T00:00:00Z"), []),
    ],
)
def test_what_names_a_resource_that_no_source_states_is_a_gap(more, gaps) -> None:
    """It is in no entry, as nobody knows what it was about; it was not nothing, though."""
    made = log().agent("other").decided("10:00").used("10:05")
    assert told(more(made)) == [(id_, f"{gap}, which no source states") for id_, gap in gaps]


GIVEN, REVIEWED = "2026-07-20T09:00:00Z", "2026-07-20T12:00:00Z"


def chained(made: Log) -> tuple[list[tuple[str, str]], list[str]]:
    """Return kind and holder (or what was reviewed) of each entry of 20 July, and the gaps."""
    posture = made.posture()
    window = pd.Timestamp("2026-07-20", tz="UTC"), pd.Timestamp("2026-07-21", tz="UTC")
    story = chain(posture, Window(posture.graph.find("bot"), *window))
    entries = [(e["kind"], e.get("holder", e.get("about"))["id"]) for e in story["chain"]]
    return entries, [gap["gap"] for gap in story["gaps"]]


def by(*steps: tuple[str, str, str]) -> Log:
    """Build a bot and another one, and what both or either may use or take."""
    made = log().agent("bot2").account("svc").thing("Role", "role").thing("Group", "group")
    for source, kind, target in steps:
        made.link(source, kind, target)
    return made


OWN = {
    "bot": [],
    "svc": [("bot", "RUNS_AS", "svc")],
    "role": [("bot", "RUNS_AS", "role"), ("bot2", "RUNS_AS", "role")],
    "group": [("bot", "RUNS_AS", "svc"), ("bot2", "RUNS_AS", "svc"), ("svc", "MEMBER_OF", "group")],
}


@pytest.mark.parametrize("holder", OWN)
@pytest.mark.parametrize("dated", ["granted_at", "valid_from"])
def test_the_grants_of_an_identity_are_in_its_chain_however_it_has_them(holder, dated) -> None:
    """With their reviews, also where others have them, too: a proof rests on both."""
    made = by(*OWN[holder]).can(holder, "read", "r", **{dated: GIVEN})
    made.add(REVIEW, id="rev", decision="approve", decided_at=REVIEWED)
    made.add(COVERS, source_id="rev", target_id=holder)
    assert chained(made)[0] == [("grant", holder), ("review", holder)]


def test_what_only_another_identity_has_is_not_in_the_chain() -> None:
    made = by(("bot", "SPAWNS", "bot2")).can("bot2", "read", "r", granted_at=GIVEN)
    assert chained(made) == ([], [])


@pytest.mark.parametrize(("count", "words"), [(1, "1 grant"), (2, "2 grants")])
def test_grants_without_a_date_are_a_gap(count: int, words: str) -> None:
    made = by(*OWN["role"]).can("bot", "read", "r")
    if count > 1:
        made.can("role", "read", "r")
    assert chained(made) == ([], [f"without a date, and so in no entry: {words}"])


def test_grants_that_no_source_could_state_are_a_gap() -> None:
    made = Log(declares=[kind for kind in EVERYTHING if kind != "grants"]).agent("bot")
    assert chained(made) == ([], ["no source declares grants"])
