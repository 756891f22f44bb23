"""What tiles compare is what they show."""

from typing import Any, cast

from analytics.answers.evidence import evidence
from app.web.answers import measured
from ingest.generator import generate
from tests.support.estates.accuracy import assessed


def test_the_share_that_is_explained_and_the_count_of_what_is_are_told_apart() -> None:
    posture = assessed(generate(60, 7))
    answer = evidence(posture)
    figures = measured.explained(cast(Any, None), posture)
    share = answer.coverage["explained"] / answer.coverage["sensitive"]
    assert figures["beforehand"].value == share <= 1
    assert figures["explained"].value == answer.states["explained"] > 1
    assert figures["unexplained"].value == answer.states["unexplained"]
