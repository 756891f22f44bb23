"""People of whom several sources speak: who is here, and since when who is not."""

from typing import Any

import pytest

from analytics.ownership.owners import active_people
from analytics.posture import assess
from graph.access import AccessGraph
from graph.schema import HUMAN
from tests.support.estates.rule_findings import ms
from tests.support.estates.small_estates import Estate, ago, together

LEFT_UNDATED = {"status": "left"}
OPEN_ACCOUNT = {"status": "active"}


@pytest.mark.parametrize("sources", [("a", "b"), ("b", "a")], ids=["first", "last"])
@pytest.mark.parametrize(
    ("says", "here"),
    [
        ((LEFT_UNDATED, OPEN_ACCOUNT), False),
        ((LEFT_UNDATED, {}), False),
        (({"status": "left", "left_at": ago(5)}, OPEN_ACCOUNT), False),
        (({"status": "left", "left_at": ago(-5)}, OPEN_ACCOUNT), True),
        ((OPEN_ACCOUNT, OPEN_ACCOUNT), True),
        ((OPEN_ACCOUNT, {}), True),
    ],
)
def test_whoever_left_by_the_word_of_one_source_is_gone(
    sources: tuple[str, str], says: tuple[dict[str, Any], ...], here: bool
) -> None:
    """Whichever source comes first: an account that nobody closed keeps no owner."""
    estates = [
        Estate(source=source).person("ann", **facts).agent("bot").owned("bot", "ann", "ann")
        for source, facts in zip(sources, says, strict=True)
    ]
    posture = assess(AccessGraph.of(together(*estates)))
    assert bool(active_people(posture.graph)[0][posture.graph.number("ann")]) is here
    assert here or posture.graph.frames[HUMAN]["status"].tolist() == ["left"]
    assert bool(posture.ownership.nobody()[posture.graph.number("bot")]) is not here


@pytest.mark.parametrize(
    ("facts", "days"),
    [
        ({"status": "active", "status_at": ago(200), "left_at": ago(30)}, 30),
        ({"status": "disabled", "status_at": ago(40), "left_at": ago(30)}, 40),
        ({"status": "disabled", "status_at": ago(20), "left_at": ago(30)}, 30),
    ],
)
def test_an_account_that_was_opened_is_no_departure(facts: dict[str, Any], days: float) -> None:
    graph = Estate().person("ann", **facts).graph()
    active, left_at = active_people(graph)
    assert (bool(active[0]), left_at[0]) == (False, ms(days))
