"""The headline numbers where nobody can know who reaches what: they are no zeros, also in JSON."""

import pytest

from analytics.answers.board import board, headlines, scope_of
from analytics.answers.table import as_json
from tests.support.estates.small_estates import AS_OF, Estate
from tests.unit.app.cli.test_cards import drawn


def test_where_no_reach_is_known_nobody_is_counted_at_a_jewel() -> None:
    """No source states grants: 0 beside two agents was read as "none of them reaches it"."""
    made = Estate(declares=[]).agent("a").agent("b").resource("db", "restricted")
    posture = made.posture()
    heads = headlines(posture, scope_of(posture))
    assert (heads.starts, heads.not_known, heads.targets) == (2, 2, 1)
    assert (heads.reaching, heads.paths, heads.best) == (None, None, None)
    record = as_json(board(posture, AS_OF))["headlines"]
    assert (record["reaching"], record["paths"]) == (None, None)


def test_the_card_of_such_a_board_can_be_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    made = Estate(declares=[]).agent("a").resource("db", "restricted")
    shown = " ".join(drawn(capsys, "board", as_json(board(made.posture(), AS_OF))).split())
    assert "agents at a crown jewel not known" in shown


def test_where_some_reach_is_known_it_is_counted() -> None:
    made = Estate().agent("a").agent("b").resource("db", "restricted").can("a", "read", "db")
    posture = made.posture()
    heads = headlines(posture, scope_of(posture))
    assert (heads.starts, heads.not_known) == (2, 0)
    assert (heads.reaching, heads.paths) == (1, 1)


def test_where_all_reach_nothing_that_is_a_zero() -> None:
    posture = Estate().agent("a").resource("db", "restricted").posture()
    heads = headlines(posture, scope_of(posture))
    assert (heads.not_known, heads.reaching, heads.paths) == (0, 0, 0)
