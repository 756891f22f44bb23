"""What choke-points and cut begin from by default, and what they say where there is no end."""

import pytest

from analytics.answers.choke_points import choke_points
from analytics.answers.cut import cut
from analytics.answers.table import as_json
from analytics.posture import Posture
from app.cli.commands.removal import _exposed, ends_of
from tests.support.estates.small_estates import Estate


def names(posture: Posture, numbers: object) -> list[str]:
    return [str(posture.graph.ids[number]) for number in numbers]  # type: ignore[attr-defined]


def test_without_agents_all_identities_are_the_starts() -> None:
    """The board and the page begin there as well."""
    made = Estate().account("svc").resource("db", "restricted").can("svc", "read", "db")
    starts, targets = ends_of(alone := made.posture(), None, None)
    assert (names(alone, starts), names(alone, targets)) == (["svc"], ["db"])
    answer = as_json(choke_points(alone, starts, targets))
    assert (answer["exposed"], answer["starts"]) == (1, 1)
    both = made.agent("bot").posture()
    assert names(both, ends_of(both, None, None)[0]) == ["bot"]
    assert not len(ends_of(alone, ["all-agents"], None)[0])  # what was asked for


def test_where_an_end_is_empty_nothing_is_said_to_be_apart() -> None:
    made = Estate().agent("bot").resource("db").can("bot", "admin", "db")
    ends = ends_of(posture := made.posture(), None, None)
    said = str(_exposed(as_json(choke_points(posture, *ends))))
    assert said.startswith("No target is known, so nothing can be said")
    assert cut(posture, *ends).certificate == "No target is known, so nothing can be said."


@pytest.mark.parametrize("empty", ["From", "To"])
def test_where_an_end_is_empty_no_figure_of_a_cut_is_known(empty: str) -> None:
    made = Estate().agent("bot").resource("db", "restricted").can("bot", "admin", "db")
    starts, targets = ends_of(posture := made.posture(), None, None)
    none = starts[:0]
    cut_off = cut(posture, *((none, targets) if empty == "From" else (starts, none)))
    assert (cut_off.separable, cut_off.exact, cut_off.cost, cut_off.max_flow) == (None,) * 4
    assert cut(posture, starts, targets).separable
