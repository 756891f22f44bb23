"""Of how many actions decision, justification and outcome are recorded, counted by hand."""

import pandas as pd

from analytics.evidence.window import Window
from analytics.posture import assess
from graph.access import AccessGraph
from tests.support.estates.decision_log import Log, at, log
from tests.support.estates.small_estates import together
from tests.support.printed import evidence


def world() -> Log:
    """State five actions: a whole chain, one without reason, one without outcome, two without."""
    e = log().resource("wiki", "internal", provider="aws")
    e.decided("10:00", justification="close", executed="true").used("10:05")  # whole
    e.decided("11:00", executed="true").used("11:05")  # no reason
    e.decided("12:00", justification="close").used("12:05")  # no outcome
    e.used("13:05", resource="wiki")  # no decision
    return e.decided("14:00", "deny", result="refused").used(
        "14:05", resource="r"
    )  # in spite of it


def test_each_part_is_counted_and_the_shares_have_their_denominator():
    every = evidence(world().posture())["actions"]["every"]
    assert every == {
        "actions": 5,
        "known": 5,
        "unknown": 0,
        "decided": 3,
        "justified": 2,
        "outcome": 3,
        "complete": 1,
        "reconstructable": 3,
        "before": 4,
        "same_instant": 0,
        "after": 0,
        "complete_share": 1 / 5,
        "reconstructable_share": 3 / 5,
    }


def test_by_identity_and_by_system_the_worst_first():
    e = world().agent("other").decided("15:00", subject="other", justification="x", executed="true")
    answer = evidence(e.used("15:05", "other").posture())["actions"]
    rows = [(r["identity"]["id"], r["actions"], r["complete"]) for r in answer["by_identity"]]
    assert rows == [("bot", 5, 1), ("other", 1, 1)]
    systems = [(r["system"], r["actions"], r["complete"]) for r in answer["by_system"]]
    assert systems == [(None, 5, 2), ("aws", 1, 0)]


def test_a_window_keeps_what_happened_in_it():
    window = Window(pd.Timestamp(at("11:00")), pd.Timestamp(at("12:05")))
    every = evidence(world().posture(), window=window)["actions"]["every"]
    assert (every["actions"], every["reconstructable_share"]) == (1, 1.0)
    nothing = Window(pd.Timestamp(at("20:00")))
    every = evidence(world().posture(), window=nothing)["actions"]["every"]
    assert (every["actions"], every["known"], every["complete_share"]) == (0, 0, None)


def test_when_the_record_was_made_relative_to_the_action():
    e = log().decided("10:00").used("10:00").decided("11:00").used("11:05").used("12:00")
    every = evidence(e.decided("12:01").posture())["actions"]["every"]
    assert (every["before"], every["same_instant"], every["after"]) == (1, 1, 1)


def test_what_nobody_would_have_recorded_is_unknown_and_in_no_other_count():
    e = log(declares=("grants", "usage")).agent("free").used("10:05", "free")
    points = Log(declares=("decisions",), source="decisions", scope="pdp")
    points.decided("09:00", subject="bot", resource="elsewhere")
    e.used("10:06")
    posture = assess(AccessGraph.of(together(e, points)))
    every = evidence(posture)["actions"]["every"]
    assert (every["actions"], every["known"], every["unknown"]) == (2, 1, 1)


def test_uses_of_a_sum_of_which_only_the_day_is_known_are_unknown():
    e = log().decided("10:00", justification="x", executed="true")
    e.link("bot", "USED", "r", level="read", first_at=at("10:05"), last_at=at("11:00"), count=9)
    every = evidence(e.posture())["actions"]["every"]
    assert (every["actions"], every["known"], every["unknown"]) == (9, 2, 7)
    assert every["complete"] == 1  # the first of them, at 10:05
