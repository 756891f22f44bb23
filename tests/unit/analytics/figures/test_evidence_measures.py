"""Figures of evidence: counted by hand, with what is unknown beside them."""

import pandas as pd

from analytics.posture import Posture, assess
from graph.access import AccessGraph
from tests.support.estates.decision_log import log
from tests.support.estates.rule_findings import found as rows_of
from tests.support.estates.small_estates import AS_OF, Estate, ago, together
from tests.support.printed import kpis


def figure(posture: Posture, name: str) -> dict:
    return next(row for row in kpis(posture)["kpis"] if row["name"] == name)


def test_whole_chains_among_all_actions_and_those_that_can_be_told_again():
    e = log().resource("wiki", "public").decided("10:00", justification="close", executed="true")
    e.used("10:05").decided("11:00", executed="true").used("11:05").used("12:05", resource="wiki")
    e.decided("13:00", "deny", result="refused").used("13:05")
    complete = figure(e.posture(), "action_evidence")
    assert (complete["value"], complete["numerator"], complete["denominator"]) == (0.25, 1, 4)
    again = figure(e.posture(), "reconstructability")
    assert (again["value"], again["numerator"], again["denominator"]) == (0.75, 3, 4)


def test_only_the_last_ninety_days_can_be_an_incident_of_today():
    e = log().decided("10:00", executed="true").used("10:05").used("11:00", at=ago(91))
    assert figure(e.posture(), "reconstructability")["denominator"] == 1
    assert figure(e.posture(), "action_evidence")["denominator"] == 2


def test_coverage_is_of_the_uses_that_findings_are_about():
    """One explained use of today, and two without any decision, of which one is older."""
    e = log().decided("10:00").used("10:05").used("11:00", at=ago(91)).used("12:00", at=ago(89))
    row = figure(e.posture(), "evidence_coverage")
    assert (row["numerator"], row["denominator"]) == (1, 2)
    (found,) = rows_of(e, "EVD-01")
    assert "1 use" in found.sentence


def test_old_uses_alone_measure_nothing():
    row = figure(log().decided("10:00").used("11:00", at=ago(91)).posture(), "evidence_coverage")
    assert row["value"] is None
    assert "in the last 90 days" in row["not_measured_because"]


def test_without_decisions_nothing_is_measured():
    e = log(declares=("grants", "usage")).used("10:05")
    assert figure(e.posture(), "action_evidence")["value"] is None
    assert "decisions" in figure(e.posture(), "reconstructability")["not_measured_because"]


def test_the_median_age_and_the_longest():
    now = Estate().agent("a").agent("b")
    old = Estate(AS_OF - pd.Timedelta(days=30), ("grants",), "aws", "1").agent("c")
    row = figure(assess(AccessGraph.of(together(now, old))), "evaluation_age")
    assert (row["value"], row["numerator"], row["denominator"]) == (0.0, 3, 3)
    older = Estate(AS_OF - pd.Timedelta(days=40), ("owners",), "hr", "1").agent("d", "e", "f")
    row = figure(assess(AccessGraph.of(together(now, old, older))), "evaluation_age")
    assert (row["value"], row["denominator"]) == (35.0, 6)  # of 0, 0, 30, 40, 40, 40


def test_a_log_alone_evaluates_nothing():
    row = figure(Estate(declares=("usage",)).agent("a").posture(), "evaluation_age")
    assert (row["value"], row["not_measured_because"]) == (None, "no read covers any identity")
