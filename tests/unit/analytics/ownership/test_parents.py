"""Owners that are inherited, or may be: where no source could state who owns the parent."""

from typing import Any

import pytest

from analytics.ownership.owners import NOBODY, ROLES
from analytics.posture import Posture, assess
from graph.access import AccessGraph
from tests.support.estates.rule_findings import found
from tests.support.estates.small_estates import Estate, ago, together
from tests.support.printed import debt

DARK = ("grants", "inventory")  # a source that knows no owners


def family(**parent: Any) -> Posture:
    """State child and grandchild in a list of owners, and who made the child elsewhere."""
    e = Estate(source="csv").agent("child", "grandchild").person("ann").resource("r", "restricted")
    e.can("grandchild", "read", "r", granted_at=ago(100))
    e.link("child", "SPAWNS", "grandchild")
    dark = Estate(source="runtime", declares=DARK).agent("parent", **parent).agent("child")
    return assess(AccessGraph.of(together(e, dark.link("parent", "SPAWNS", "child"))))


def test_who_inherits_from_what_nobody_could_state_is_unknown_not_orphaned() -> None:
    posture = family()
    owned = posture.ownership
    for name in ("parent", "child", "grandchild"):
        number = posture.graph.number(name)
        assert not owned.known[number]
        assert all(owned.covered[role][number] == NOBODY for role in ROLES)
    assert not [row for rule in ("OWN-01", "OWN-05") for row in found(posture, rule)]
    owed = debt(posture, by="assumption")
    (owner,) = [row for row in owed["groups"] if row["key"] == "owner"]
    assert owner["debt"] == 0
    assert owed["unverified"] >= 1.25 * 30  # the autonomy of an agent, times restricted


def test_a_parent_out_of_service_hands_nothing_down() -> None:
    """Whoever owns it: its children are known to have nobody."""
    owned = family(status="retired").ownership
    assert owned.known.sum() == 2
    assert owned.nobody().sum() == 2


@pytest.mark.parametrize("role", ROLES)
def test_each_role_is_in_doubt_by_itself(role: str) -> None:
    """The parent's owner in the other role is stated, so only this one is in doubt."""
    (other,) = {*ROLES} - {role}
    e = Estate(source="csv").agent("child").person("ann")
    dark = Estate(source="runtime", declares=DARK).agent("parent", "child").person("ann")
    dark.owned("parent", **{other: "ann"}).link("parent", "SPAWNS", "child")
    posture = assess(AccessGraph.of(together(e, dark)))
    child = posture.graph.number("child")
    assert posture.ownership.inherited[other][child]
    assert not posture.ownership.known_in[role][child]
    assert posture.ownership.known_in[other][child]


def test_agents_that_made_one_another_and_that_nobody_owns_are_orphans() -> None:
    e = Estate().agent("a", "b").link("a", "SPAWNS", "b").link("b", "SPAWNS", "a")
    assert e.posture().ownership.nobody().sum() == 2


def test_an_owner_of_its_own_settles_it() -> None:
    e = Estate(source="csv").agent("child").person("ann").owned("child", "ann", "ann")
    dark = Estate(source="runtime", declares=DARK).agent("parent", "child")
    posture = assess(AccessGraph.of(together(e, dark.link("parent", "SPAWNS", "child"))))
    child = posture.graph.number("child")
    assert posture.ownership.known_whole[child]
    assert not any(posture.ownership.missing(role)[child] for role in ROLES)
