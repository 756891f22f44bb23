"""The group that an identity belongs to."""

import pytest

from analytics.answers import board
from analytics.answers.table import as_json
from analytics.debt.groups import NONE, keys
from tests.support.estates.small_estates import Estate, ago
from tests.support.estates.three_teams import three_teams
from tests.support.printed import debt as debt_answer


@pytest.mark.parametrize(("member", "counts"), [("ann", True), ("zed", False)])
def test_a_team_whose_members_all_left_is_no_ones_team(member: str, counts: bool) -> None:
    estate = Estate().agent("bot").person("ann").person("zed", left=ago(30))
    estate.thing("Team", "crew").link(member, "MEMBER_OF", "crew").owned("bot", "crew", "crew")
    posture = estate.posture()
    assert keys(posture, "team").tolist() == [posture.graph.find("crew") if counts else NONE]


def test_a_team_that_may_use_nothing_owes_nothing_and_is_not_left_out() -> None:
    rows = {row["key"]: row for row in debt_answer(three_teams(), by="team")["groups"]}
    assert list(rows) == ["red", "grey", "blue"]
    assert sum(row["identities"] for row in rows.values()) == 3
    blue = rows["blue"]
    assert (blue["debt"], blue["max_debt"], blue["tdr"], blue["tdr_range"]) == (0, 0, None, None)
    assert (blue["grade"], blue["grade_because"]) == ("NR", "there is nothing to owe for")
    for by in ("identity", "owner", "provider", "environment"):
        groups = debt_answer(three_teams(), by=by)["groups"]
        assert sum(row["identities"] for row in groups) == 3, by


def test_the_teams_of_the_board_have_the_figures_of_their_groups() -> None:
    posture = three_teams()
    groups = {row["key"]: row for row in debt_answer(posture, by="team")["groups"]}
    for row in as_json(board.teams(posture).teams):
        group = groups[row["name"]]
        for figure in ("debt", "max_debt", "tdr", "tdr_range", "grade"):
            assert row[figure] == group[figure], (row["name"], figure)
