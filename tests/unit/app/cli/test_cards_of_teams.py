"""The rows of teams in a terminal: what is not rated is no ratio, and nothing is left out."""

import pytest

from analytics.answers.debt import debt
from analytics.answers.table import as_json
from tests.support.estates.three_teams import three_teams
from tests.unit.app.cli.test_cards import BOARD, drawn


def test_what_a_team_owes_is_shown_with_what_it_is_of(capsys: pytest.CaptureFixture[str]) -> None:
    """Red may owe 1,187.5 tp, grey 104.7, of which little is verified, and blue nothing."""
    shown = drawn(capsys, "debt", as_json(debt(three_teams(), by="team")))
    cells = ([cell.strip() for cell in line.split("│")] for line in shown.splitlines())
    rows = {cell[0].strip(): cell[1:] for cell in cells}
    assert rows["red"][2:5] == ["31.5%", "1,188", "D"]
    assert rows["grey"][2:5] == ["4% to 57%", "105", "NR"]
    assert rows["blue"][:5] == ["0", "0", "-", "0", "NR"]


def test_the_board_shows_a_range_of_a_team_that_is_not_rated(
    capsys: pytest.CaptureFixture[str],
) -> None:
    known = {"tdr": 0.0435, "tdr_range": [0.0435, 0.5659], "grade": "NR", "capped_by": None}
    rows = [{"name": "grey", "identities": 1, **known}]
    shown = drawn(capsys, "board", BOARD | {"teams": {"teams": rows}})
    assert "4% to 57%" in shown
    assert "4.3%" not in shown
