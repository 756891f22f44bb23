"""Which outcomes are failures: the words of one list, however they are written."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from graph.usage.outcomes import FAILED, failed, is_failure
from ingest.usage.fold import EVENTS, fold_table

FORMAT = Path(__file__).parents[4] / "docs/estate-format.md"
FAILURES = (
    *("AccessDenied", "access_denied", "ACCESS-DENIED", "Access Denied", "AccessDeniedException"),
    *("Denied", "deny", "denied by policy", "PERMISSION_DENIED", "Authorization_RequestDenied"),
    *("unauthorized", "Unauthorised", "UnauthorizedOperation", "Client.UnauthorizedOperation"),
    *("Forbidden", "failure", "Failed", "fail", "error", "Error", "blocked", "rejected"),
)
SUCCESSES = (
    *("success", "Success", "ok", "succeeded", "allowed", "200", "", " "),
    *("no error", "error-free", "not denied", "success after denied", "undenied", "failover"),
    *("never seen before", "errors: 0", "access", "denied?"),
)


@pytest.mark.parametrize("outcome", FAILURES)
def test_a_failure_is_known_in_any_spelling(outcome: str) -> None:
    assert is_failure(outcome)


@pytest.mark.parametrize("outcome", SUCCESSES)
def test_a_word_that_is_not_listed_is_no_failure(outcome: str) -> None:
    assert not is_failure(outcome)


def test_a_column_is_told_value_by_value() -> None:
    every = pd.Series([*FAILURES, None, *SUCCESSES, "DENIED"], dtype="string")
    expected = [*(True for _ in FAILURES), False, *(False for _ in SUCCESSES), True]
    np.testing.assert_array_equal(failed(every), expected)
    assert failed(every[:0]).tolist() == []
    assert failed(pd.Series([None, None], dtype="string")).tolist() == [False, False]


@pytest.mark.parametrize("outcome", [*FAILURES, *SUCCESSES, None])
def test_the_fold_of_a_log_counts_the_same_as_failed(outcome: str | None) -> None:
    event = {"principal": "bot", "resource": "db", "level": "read", "at_ms": 0, "outcome": outcome}
    types = {"string": pa.string(), "int64": pa.int64()}
    table = pa.table({n: pa.array([event.get(n)], types[t]) for n, t in EVENTS.items()})
    (row,) = fold_table(table).to_pylist()
    failures = int(outcome is not None and is_failure(outcome))
    assert (row["count"], row["failures"]) == (1 - failures, failures)
    assert row["last_ms"] == (None if failures else 0)


def test_the_page_of_the_format_lists_the_words() -> None:
    (listed,) = re.findall(r"An `outcome` is a failure.*?: (.*?)\. ", FORMAT.read_text(), re.DOTALL)
    assert re.findall(r"`(.*?)`", listed) == list(FAILED)
