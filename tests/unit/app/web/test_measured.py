"""What tiles compare is what they show."""

from typing import Any, cast

from analytics.answers.compare.sides import Sides
from analytics.answers.evidence import evidence
from app.web.answers import measured
from ingest.generator import generate
from tests.support.estates.accuracy import assessed
from tests.support.estates.small_estates import Estate


def test_the_share_that_is_explained_and_the_count_of_what_is_are_told_apart() -> None:
    posture = assessed(generate(60, 7))
    answer = evidence(posture)
    figures = measured.explained(cast(Any, None), posture)
    share = answer.coverage["explained"] / answer.coverage["sensitive"]
    assert figures["beforehand"].value == share <= 1
    assert figures["explained"].value == answer.states["explained"] > 1
    assert figures["unexplained"].value == answer.states["unexplained"]


def test_the_first_agent_is_not_compared_with_the_accounts_that_were_counted_before() -> None:
    before = Estate().account("x", "y").resource("db", "restricted")
    before.can("x", "read", "db").can("y", "read", "db")
    after = Estate().agent("bot").resource("db", "restricted").can("bot", "read", "db")
    sides = Sides(before.posture(), after.posture())
    counts = [measured.front(sides, end)["reaching"].value for end in sides.ends]
    assert counts == [0, 1]
