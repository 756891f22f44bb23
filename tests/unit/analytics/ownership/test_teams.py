"""Teams that own something: with members, without, and of unknown members."""

import pytest

from analytics.ownership.bus_factor import keepers
from analytics.ownership.owners import ownership
from analytics.ownership.unowned_since import unowned_since
from analytics.posture import assess
from graph.access import AccessGraph
from tests.support.estates.rule_findings import ms
from tests.support.estates.small_estates import Estate, ago, together

WHOLE = ("owners", "inventory", "grants")


def answering(*estates: Estate) -> bool:
    posture = assess(AccessGraph.of(together(*estates)))
    return bool(posture.ownership.covered["business"][posture.graph.find("a")] >= 0)


@pytest.mark.parametrize(
    ("declares", "expected"),
    [(WHOLE, False), (("owners",), True), (("inventory", "grants"), True)],
    ids=["lists all and its owners", "owners only", "no owners"],
)
def test_a_team_without_members_is_empty_where_members_would_be_listed(declares, expected):
    e = Estate(declares=declares).agent("a").thing("Team", "ops")
    assert answering(e.owned("a", business="ops")) is expected


def test_a_team_is_empty_where_its_scope_lists_members_of_another():
    e = Estate(declares=("owners",)).agent("a").thing("Team", "ops", "staff").person("ann")
    assert not answering(e.owned("a", business="ops").link("ann", "MEMBER_OF", "staff"))


@pytest.mark.parametrize(("left", "expected"), [(None, True), (ago(3), False)])
def test_a_team_answers_while_a_member_is_there(left, expected):
    e = Estate(declares=WHOLE).agent("a").thing("Team", "ops").person("ann", left=left)
    assert answering(e.owned("a", business="ops").link("ann", "MEMBER_OF", "ops")) is expected


def test_members_that_another_scope_states_count():
    e = Estate(declares=("owners",)).agent("a").thing("Team", "ops").owned("a", business="ops")
    hr = Estate(declares=(), scope="hr").thing("Team", "ops").person("ann", left=ago(3))
    assert not answering(e, hr.link("ann", "MEMBER_OF", "ops"))


@pytest.mark.parametrize(("left", "expected"), [(None, True), (ago(3), False)])
def test_a_group_answers_while_a_group_in_it_has_a_member(left, expected):
    e = Estate(declares=WHOLE).agent("a").thing("Group", "all", "some").person("ann", left=left)
    e.link("ann", "MEMBER_OF", "some").link("some", "MEMBER_OF", "all")
    assert answering(e.owned("a", business="all")) is expected
    posture = e.posture()
    ann = {posture.graph.find("ann")} if expected else set()
    assert keepers(posture).get(posture.graph.find("a"), frozenset()) == ann
    since = unowned_since(posture, "business")[posture.graph.find("a")]
    assert expected or since == ms(3)


def test_groups_in_one_another_without_a_person_are_empty():
    e = Estate(declares=WHOLE).agent("a").thing("Group", "one", "two")
    e.link("one", "MEMBER_OF", "two").link("two", "MEMBER_OF", "one")
    assert not answering(e.owned("a", business="one"))


def test_nobody_empties_a_team_with_a_group_of_unknown_members():
    """Ann is the only known member; who else is in the group, no source could say."""
    e = Estate().agent("a").thing("Team", "ops").person("ann").link("ann", "MEMBER_OF", "ops")
    e.owned("a", business="ops", technical="ops", since=ago(9))
    groups = Estate(declares=("grants",), scope="other").thing("Group", "g")
    posture = assess(AccessGraph.of(together(e, groups.link("g", "MEMBER_OF", "ops"))))
    ann, group, a = map(posture.graph.find, ("ann", "g", "a"))
    assert ownership(posture.graph, (ann,)).covered["business"][a] >= 0
    assert keepers(posture)[a] == {ann, group}
