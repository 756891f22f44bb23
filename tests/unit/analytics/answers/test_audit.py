"""The chain of an identity in a window, where a part of it is in no source."""

import pandas as pd
import pytest

from analytics.answers.audit import Window, chain
from tests.support.estates.decision_log import Log, log


def told(made: Log) -> list[tuple[str, str]]:
    posture = made.posture()
    window = pd.Timestamp("2026-07-20", tz="UTC"), pd.Timestamp("2026-07-21", tz="UTC")
    story = chain(posture, Window(posture.graph.find("bot"), *window))
    return [(each["id"], each["gap"]) for each in story["gaps"] if each["id"]]


@pytest.mark.parametrize(
    ("more", "gaps"),
    [
        (lambda e: e.decided("11:00", "deny", resource="x"), [("d3", "the decision names x")]),
        (lambda e: e.used("11:00", resource="x"), [("u3", "the use names x")]),
        (lambda e: e.used("11:00", resource="x", outcome="failure"), []),
        (lambda e: e.used("11:00", resource="x", principal="other"), []),
        (lambda e: e.used("11:00", resource="x", at="2026-07-21T00:00:00Z"), []),
    ],
)
def test_what_names_a_resource_that_no_source_states_is_a_gap(more, gaps) -> None:
    """It is in no entry, as nobody knows what it was about; it was not nothing, though."""
    made = log().agent("other").decided("10:00").used("10:05")
    assert told(more(made)) == [(id_, f"{gap}, which no source states") for id_, gap in gaps]
