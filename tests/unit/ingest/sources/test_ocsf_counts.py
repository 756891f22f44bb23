"""Events of OCSF that stand for several activities, and dispositions of what was denied."""

import json

import pandas as pd
import pytest

from graph.schema import USED
from ingest.sources.ocsf import SOURCE
from tests.support.exports.loading import line_reader

DAY, HOUR = 86_400_000, 3_600_000
NOON = 1_782_907_200_000  # 2026-07-01T12:00:00Z
EVENT = {
    "class_uid": 6003,
    "activity_id": 2,
    "time": NOON,
    "actor": {"user": {"uid": "u-1", "type_id": 4}},
    "resources": [{"uid": "arn:aws:s3:::books"}],
}


@pytest.fixture
def read(tmp_path):
    return line_reader(SOURCE, tmp_path)


def test_an_event_that_stands_for_several_activities_counts_as_many(read):
    period = {"start_time": NOON - DAY, "end_time": NOON + HOUR}
    loaded = read(EVENT, EVENT | {"count": 5} | period)
    (used,) = loaded.rows(USED)
    assert used["count"] == 6
    assert (used["first_at"], used["last_at"]) == (
        pd.Timestamp("2026-06-30T12:00:00Z"),
        pd.Timestamp("2026-07-01T13:00:00Z"),
    )
    # the first on its day; the event of its own and the four others on theirs
    assert json.loads(used["by_day"]) == {"2026-06-30": [1, 5]}


@pytest.mark.parametrize("count", [0, -3, 1.5, "5", True, 2**40])
def test_a_count_that_is_none_counts_once(read, count):
    (used,) = read(EVENT | {"count": count}).rows(USED)
    assert used["count"] == 1


def test_a_period_that_is_none_leaves_the_time_of_the_event(read):
    period = {"start_time": NOON, "end_time": NOON - DAY}
    (used,) = read(EVENT | {"count": 3} | period).rows(USED)
    assert (used["count"], used["first_at"]) == (3, pd.Timestamp("2026-07-01T12:00:00Z"))


@pytest.mark.parametrize("disposition", [2, 3, 4, 6, 24, 25, 26])
def test_what_a_control_refused_is_no_use(read, disposition):
    loaded = read(EVENT, EVENT | {"disposition_id": disposition})
    (used,) = loaded.rows(USED)
    assert used["count"] == 1


@pytest.mark.parametrize("outcome", [{"disposition_id": 1}, {"disposition_id": 17},
                                     {"disposition_id": 3, "action_id": 1}])  # fmt: skip
def test_what_was_allowed_or_only_logged_is_a_use(read, outcome):
    (used,) = read(EVENT, EVENT | outcome).rows(USED)
    assert used["count"] == 2
