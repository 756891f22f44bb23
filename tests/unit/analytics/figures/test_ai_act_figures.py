"""Figures that the EU AI Act and others ask for, by hand on small estates."""

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from analytics.answers.standards.control_verdicts import verdicts
from analytics.figures.approvals import approvals
from analytics.figures.measures import all_measures
from analytics.posture import Posture, assess
from graph.access import AccessGraph
from graph.facts import Coverage, Facts
from tests.support.estates.decision_log import Log
from tests.support.estates.small_estates import AS_OF, Estate, ago


def _terms(posture: Posture, name: str) -> tuple[Any, Any, Any]:
    value = all_measures()[name].of(posture)
    return value.numerator, value.denominator, value.detail.get("unknown", 0)


def _logs(*days: float | None, declares: tuple[str, ...] = ("usage",)) -> Posture:
    """State an agent, and a log for each number of days that it reaches back; None tells none."""
    coverage = tuple(
        Coverage("cloudtrail", f"t{n}", True, AS_OF, declares, _start(back))
        for n, back in enumerate(days)
    )
    facts = Estate(declares=("grants",)).agent("bot").facts()
    every = Facts.of(facts.frames, facts.coverage + coverage)
    return assess(AccessGraph.of(replace(every)))


def _start(days: float | None) -> pd.Timestamp | None:
    return None if days is None else AS_OF - pd.Timedelta(days=days)


def test_a_log_that_reaches_back_183_days_is_kept_for_six_months() -> None:
    """To the day: 183 reach, 182 do not; what tells no start may or may not."""
    posture = _logs(183, 182.9, 400, None)
    assert _terms(posture, "log_retention") == (2, 3, 1)
    assert all_measures()["log_retention"].of(posture).detail["shortest_days"] == pytest.approx(
        182.9
    )


def test_a_log_is_as_long_as_it_was_read_whenever_it_is_looked_at() -> None:
    """Its age is not its length: a year later 100 days are 100 days."""
    posture = _logs(100)
    later = assess(AccessGraph.of(posture.graph.facts, AS_OF + pd.Timedelta(days=365)))
    assert _terms(later, "log_retention") == (0, 1, 0)


@pytest.mark.parametrize(
    ("posture", "fulfilled", "reason"),
    [
        (_logs(200), True, None),
        (_logs(200, 90), False, None),
        (_logs(200, None), None, "part of it is not known"),
        (_logs(None), None, "since when it was kept"),
        (_logs(declares=()), None, "no source declares usage"),
    ],
)
def test_logs_of_deployers_are_kept_for_six_months(
    posture: Posture, fulfilled: bool | None, reason: str | None
) -> None:
    (verdict,) = verdicts(posture, "EU AI Act 26.6")
    assert verdict.fulfilled is fulfilled
    assert (reason is None) == (verdict.because == ())
    assert reason is None or any(reason in because for because in verdict.because)


def test_a_team_or_a_leaver_oversees_nothing() -> None:
    """Of five agents one has a person; of one nobody states any owner."""
    e = Estate(declares=("grants",)).person("ann").person("bob", left=ago(30)).thing("Team", "ops")
    e.agent("by-ann", "by-bob", "by-ops", "by-software", "dark").account("svc")
    e.link("ann", "MEMBER_OF", "ops")
    for thing, owner in (("by-ann", "ann"), ("by-bob", "bob"), ("by-ops", "ops")):
        e.owned(thing, owner, owner, since=ago(300))
    e.owned("by-software", "svc", "svc", since=ago(300)).owned("svc", "ann", "ann")
    assert _terms(e.posture(), "named_oversight") == (1, 4, 1)


def test_who_answers_for_an_agent_oversees_those_that_it_spawned() -> None:
    """Three generations of ann's; a team's child has no person. Ownership counts the same four."""
    e = Estate().person("ann", "bob").thing("Team", "ops").link("bob", "MEMBER_OF", "ops")
    e.agent("own", "child", "grandchild", "by-ops", "child-of-ops")
    e.owned("own", "ann", "ann", since=ago(9)).owned("by-ops", "ops", "ops", since=ago(9))
    for parent, child in (("own", "child"), ("child", "grandchild"), ("by-ops", "child-of-ops")):
        e.link(parent, "SPAWNS", child)
    assert _terms(e.posture(), "named_oversight") == (3, 5, 0)
    assert _terms(e.posture(), "ownership_coverage") == (5, 5, 0)


def _decided() -> Posture:
    e = Log().person("ann").agent("bot", "ops-bot").resource("r", "confidential")
    e.resource("site", "public")
    e.decided("09:00", action="write", approver="ann")
    e.decided("09:10", action="write")
    e.decided("09:20", action="write", approver="ops-bot")  # software is no person
    e.decided("09:30", action="write", approver="nobody-knows")
    e.decided("09:40", action="write", decision="deny", approver="ann")
    e.decided("09:50", action="read", approver="ann")
    e.decided("10:00", action="write", resource="site", approver="ann")
    return e.posture()


def test_only_permissions_of_high_impact_need_a_person() -> None:
    """Four may write to what is confidential; one names a person, one a stranger."""
    posture = _decided()
    assert _terms(posture, "approved_by_person") == (1, 3, 1)
    rows = approvals(posture)
    assert rows["person"].tolist() == [True, False, False, False]
    assert rows["stranger"].tolist() == [False, False, False, True]
    (verdict,) = verdicts(posture, "EU AI Act 12.3.d")
    assert verdict.fulfilled is False


def test_a_class_that_nobody_states_is_not_classified() -> None:
    e = Estate().resource("a", "public").resource("b", "restricted").resource("c")
    assert _terms(e.posture(), "classified_resources") == (2, 3, 0)
