"""Teams that own something: with members, without, and of unknown members."""

import pytest

from analytics.posture import assess
from graph.access import AccessGraph
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
