"""One use that two logs tell, one of them in whole seconds, and two uses that look alike."""

import pandas as pd
import pytest

from analytics.evidence.matching import uses
from analytics.posture import assess
from analytics.remediation.policy.uses import uses as uses_of
from graph.access import AccessGraph
from graph.schema import USE_EVENT
from tests.support.estates.decision_log import Log, log
from tests.support.estates.small_estates import together

FINE = "10:05:07.421"


def told(*logs: Log) -> list[str]:
    """Return the instant of each use that is counted."""
    rows = uses(assess(AccessGraph.of(together(*logs))))
    assert rows["count"].tolist() == [1] * len(rows)
    return [str(pd.Timestamp(at, unit="ms"))[11:] for at in rows["at"].tolist()]


def fine(**facts) -> Log:
    return log().used(FINE, **{"id": "e-1", "action": "s3:GetObject", **facts})


def coarse(clock="10:05:07", **facts) -> Log:
    """Write a log of another source, in whole seconds."""
    made = Log(source="decisions", scope="gateway", declares=["usage"])
    return made.used(clock, **{"id": "e-1", "action": "s3:GetObject", **facts})


@pytest.mark.parametrize(
    ("facts", "other"),
    [({}, {}), ({"action": "S3:getobject"}, {}), ({"action": None}, {}), ({}, {"action": None})],
)
def test_the_exact_instant_of_a_use_that_is_told_in_seconds_too_counts_alone(facts, other):
    for logs in ((fine(**other), coarse(**facts)), (coarse(**facts), fine(**other))):
        assert told(*logs) == [FINE + "000"]


@pytest.mark.parametrize(
    "other",
    [
        coarse(id="e-2"),
        coarse(id="e-2", correlation_id="c"),
        coarse("10:05:08"),
        coarse("10:05:06"),
        coarse(resource="r/part"),
        coarse(level="write"),
        coarse(action="s3:GetObjectAcl"),
        coarse().used("10:06:00.5", id="x"),  # this log has parts of seconds: so it means 07.000
    ],
    ids=["id", "correlation only", "after", "before", "thing", "level", "action", "precision"],
)
def test_what_differs_in_anything_else_is_another_use(other):
    first = fine(correlation_id="c")
    assert len(told(first, other)) == 1 + len(other.rows[USE_EVENT])


def test_two_logs_of_seconds_are_one_as_before():
    first = log().used("10:05:07", id="e-1", action="s3:GetObject")
    assert told(first, coarse()) == ["10:05:07"]


def test_what_only_the_coarser_log_knows_still_joins_the_use_to_its_decision():
    """Its decision came hours before: only the correlation id joins them."""
    first = log().decided("01:00", correlation_id="c").used(FINE, id="e-1")
    rows = uses(assess(AccessGraph.of(together(first, coarse(action=None, correlation_id="c")))))
    assert rows["decision"].tolist() == ["d1"]


def test_a_failed_attempt_takes_no_use_away():
    assert told(fine(outcome="denied"), coarse()) == ["10:05:07"]


def test_the_smaller_policy_counts_it_once_too():
    graph = AccessGraph.of(together(fine(), coarse()))
    assert uses_of(assess(graph), graph.number("bot"))["count"].sum() == 1
