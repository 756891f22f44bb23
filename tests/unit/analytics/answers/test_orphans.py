"""Orphans: the rule of each row is a finding about the same identity."""

from itertools import product

import pytest

from analytics.answers.orphans import orphans
from analytics.answers.table import as_json
from analytics.findings.evaluation import find_all
from analytics.posture import Posture
from tests.support.estates.small_estates import Estate, ago

OWNERS = {
    "nobody": None,
    "left": "zed",
    "person": "ann",
    "empty": "void",
    "team": "crew",
    "software": "svc",
}


@pytest.fixture(scope="module")
def posture() -> Posture:
    """Build an agent for each pair of a business and a technical owner, named after both."""
    e = Estate().person("ann").person("zed", left=ago(30)).account("svc").owned("svc", "ann", "ann")
    e.thing("Team", "void", "crew").link("ann", "MEMBER_OF", "crew").link(
        "zed", "MEMBER_OF", "void"
    )
    for business, technical in product(OWNERS, OWNERS):
        name = f"{business}/{technical}"
        e.agent(name).owned(name, OWNERS[business], OWNERS[technical])
    return e.posture()


def of(posture: Posture, name: str) -> dict[str, tuple[str, str | None]]:
    """Return the rule and the last owner of each role of an agent that nobody has."""
    return {
        row["role"]: (row["rule"], row["last_owner"] and row["last_owner"]["id"])
        for row in as_json(orphans(posture).orphaned)
        if row["identity"]["id"] == name
    }


@pytest.mark.parametrize("names", list(product(OWNERS, OWNERS)), ids="/".join)
def test_the_rule_of_an_orphan_is_found_by_findings(posture, names):
    name = "/".join(names)
    rows = find_all(posture)
    found = rows["rule"][rows["subject"] == posture.graph.number(name)]
    assert {rule for rule, _ in of(posture, name).values()} <= set(found)


def test_an_empty_team_beside_a_person_is_one_missing_role(posture):
    """Not only a team owns it: OWN-04; the empty team is who had the role last."""
    assert of(posture, "person/empty") == {"technical": ("OWN-04", "void")}
    assert of(posture, "empty/person") == {"business": ("OWN-04", "void")}


def test_an_empty_team_beside_nobody_is_an_empty_team(posture):
    assert of(posture, "empty/nobody") == {
        "business": ("OWN-03", "void"),
        "technical": ("OWN-01", None),
    }


def test_the_last_owner_is_the_same_in_any_order_of_rows():
    """Two people of one role, of whom nobody says when they left: either row may be read first."""
    people = [("old", "business"), ("zed", "business")]
    named = set()
    for rows in (people, people[::-1]):
        e = Estate().agent("bot").person("old", "zed", status="left")
        for person, role in rows:
            e.link(person, "OWNS", "bot", role=role)
        named.add(of(e.posture(), "bot")["business"])
    assert len(named) == 1


def test_of_several_the_finding_names_the_same():
    """Software that was named first, and of two teams emptied at once that of the first id."""
    e = Estate().account("svc-a", "svc-z").person("zed", left=ago(30)).thing("Team", "t-a", "t-z")
    e.agent("bot", "crewed").owned("bot", "svc-z", since=ago(10))
    e.owned("bot", "svc-a", since=ago(90))
    for team in ("t-z", "t-a"):
        e.link("zed", "MEMBER_OF", team).owned("crewed", team)
    posture = e.posture()
    assert of(posture, "bot")["business"] == ("OWN-06", "svc-a")
    assert of(posture, "crewed")["business"] == ("OWN-03", "t-a")
    rows = find_all(posture)
    for agent in ("bot", "crewed"):
        rule, owner = of(posture, agent)["business"]
        found = rows[(rows["rule"] == rule) & (rows["subject"] == posture.graph.number(agent))]
        assert found["object"].tolist() == [posture.graph.number(owner)]
