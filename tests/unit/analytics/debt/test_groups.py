"""The group that an identity belongs to."""

import pytest

from analytics.debt.groups import NONE, keys
from tests.support.estates.small_estates import Estate, ago


@pytest.mark.parametrize(("member", "counts"), [("ann", True), ("zed", False)])
def test_a_team_whose_members_all_left_is_no_ones_team(member: str, counts: bool) -> None:
    estate = Estate().agent("bot").person("ann").person("zed", left=ago(30))
    estate.thing("Team", "crew").link(member, "MEMBER_OF", "crew").owned("bot", "crew", "crew")
    posture = estate.posture()
    assert keys(posture, "team").tolist() == [posture.graph.find("crew") if counts else NONE]
