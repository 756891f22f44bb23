"""What `--as-of` does to each instant of the schema: crossing it changes what its page says."""

import numpy as np
import pandas as pd
import pytest

from graph.access import AccessGraph
from graph.element import Dtype, Node, Relationship, Table, When
from graph.facts import Facts
from graph.frames import conform
from graph.instants import NEVER
from graph.schema import (
    CREDENTIAL,
    DECISION,
    ELEMENTS,
    HUMAN,
    NODES,
    RELATIONSHIPS,
    REVIEW,
    SNAPSHOT,
    TABLES,
    USE_EVENT,
)
from graph.values import canonical
from tests.support.estates.small_estates import Estate, ago, together

CROSSED = pd.Timestamp(ago(50))
BEFORE, AFTER = (CROSSED + pd.Timedelta(days=d) for d in (-1, 1))
EVERY = [
    pytest.param(e, c, id=f"{e}.{c.name}")
    for e in (*NODES, *RELATIONSHIPS, *TABLES)
    for c in e.columns
    if c.dtype in (Dtype.INSTANT, Dtype.INSTANTS)
]
FILLED = {
    Dtype.INSTANT: ago(90),
    Dtype.TEXT: "x",
    Dtype.TEXTS: '["x"]',
    Dtype.JSON: "{}",
    Dtype.COUNT: "1",
}


def one_row(element, column):
    """Return facts with one row of `element`, and two things at its ends, dated by `column`."""
    row = {"id": "x"}
    at = ago(50)
    row[column.name] = canonical({"read": at}) if column.dtype is Dtype.INSTANTS else at
    for name in column.dates:
        came = {"status": "disabled", "status_by": "admin"}.get(name, "ann")
        row[name] = column.states[0] if column.states else came
    e = Estate()
    rows = {}
    if isinstance(element, Relationship):
        ends = element.sources[0], element.targets[0]
        for name, label in zip(("from", "to"), ends, strict=True):
            e.thing(label.name, name)
        row |= {"source_id": "from", "target_id": "to"}
    for needed in element.columns:
        if needed.required and needed.name not in row and needed.dtype in FILLED:
            row[needed.name] = needed.choices[0] if needed.choices else FILLED[needed.dtype]
    stamp = {"source": "estate", "scope": "acme"}
    frame = conform(pd.DataFrame([row | stamp]).astype("string"), element)
    assert frame.rejected.empty, frame.rejected
    facts = e.facts()
    rows = {other: facts.frames[other] for other in ELEMENTS} | {element: frame.frame}
    return Facts.of(rows, facts.coverage)


@pytest.mark.parametrize(("element", "column"), EVERY)
def test_every_instant_says_what_it_does(element, column):
    assert column.when is not None


@pytest.mark.parametrize(("element", "column"), EVERY)
def test_crossing_an_instant_does_what_the_schema_says(element, column):
    if element in (SNAPSHOT, DECISION):
        return  # written by the product, and among no facts
    facts = one_row(element, column)
    graphs = [AccessGraph.of(facts, at) for at in (BEFORE, AFTER)]
    held = [g.frames[element] for g in graphs]
    if isinstance(element, Table):
        there = [len(frame) for frame in held]
    elif isinstance(element, Relationship):
        there = [bool(g.in_force(element)[0]) for g in graphs]
    else:
        there = [bool(g.existing[g.number("x")]) for g in graphs]
    told = [bool(frame[column.name].notna().any()) for frame in held]
    alive = [bool(g.live[g.number("x")]) if isinstance(element, Node) else True for g in graphs]
    expected = {
        When.MADE: ([False, True], None, None),
        When.BEGINS: ([False, True], [True, True], None),
        When.ENDS: ([True, False], [True, True], [True, False]),
        When.HAPPENED: ([True, True], [False, True], None),
        When.DUE: ([True, True], [True, True], None),
        When.READ: ([True, True], [True, True], [True, True]),
    }[column.when]
    if element is CREDENTIAL and column.when is When.ENDS:
        expected = ([True, True], *expected[1:])
    assert [bool(t) for t in there] == expected[0]
    assert expected[1] is None or told == expected[1]
    assert expected[2] is None or isinstance(element, Relationship) or alive == expected[2]
    for name in column.dates:
        came = [frame[name].tolist() for frame in held]
        assert pd.isna(came[0][0])
        assert came[1][0] in (*column.states, "disabled", "admin", "ann")


def test_an_instant_after_it_was_read_is_a_clock_that_runs_ahead():
    """What an export shows was there when it was taken: a date an hour later hides nothing."""
    e = Estate().agent("a", created_at=ago(-0.04)).resource("x")
    graph = e.can(
        "a", "read", "x", granted_at=ago(-0.04), last_used_at={"read": ago(-0.04)}
    ).graph()
    assert graph.existing.all()
    assert len(graph.grants) == 1
    assert graph.grants.last_used[0, 1] == graph.now


def test_a_later_moment_than_the_snapshot_takes_nothing_back():
    e = Estate().agent("a", created_at=ago(9), last_active_at=ago(2)).resource("x")
    e.can("a", "read", "x", granted_at=ago(3), expires_at=ago(-5), reviewed_at=ago(1))
    late = e.graph(pd.Timestamp(ago(-30)))
    assert not late.looks_back
    assert late.frames[NODES[0]]["last_active_at"].notna().all()
    assert len(late.grants) == 1


# -- things ----------------------------------------------------------------------------------------


def reached(posture):
    grants = posture.grants
    return {posture.graph.thing(int(n))["id"] for n in grants.resource}


@pytest.mark.parametrize(
    ("day", "identities", "resources"),
    [(95, set(), set()), (80, {"svc"}, {"r1"}), (60, {"a"}, {"r1"}), (10, {"a"}, {"r1", "r2"})],
)
def test_an_agent_that_is_not_there_yet_answers_for_nothing(day, identities, resources):
    """Svc was made 90 days ago, a, which runs as it, 70 days ago, and r2 50 days ago."""
    e = Estate().account("svc", created_at=ago(90)).agent("a", created_at=ago(70))
    e.resource("r1").resource("r2", created_at=ago(50)).link("a", "RUNS_AS", "svc")
    posture = e.can("svc", "read", "r1").can("svc", "read", "r2").posture(pd.Timestamp(ago(day)))
    judged = {posture.graph.thing(int(n))["id"] for n in posture.accountable}
    assert judged == identities
    assert reached(posture) == resources


def test_of_two_sources_that_date_a_thing_the_earlier_counts():
    one = Estate().agent("a", created_at=ago(90))
    two = Estate(source="other").agent("a", created_at=ago(10))
    graph = AccessGraph.of(together(one, two), pd.Timestamp(ago(50)))
    assert graph.existing.all()
    assert AccessGraph.of(together(two), pd.Timestamp(ago(50))).existing.tolist() == [False]


@pytest.mark.parametrize(
    ("day", "status", "there"),
    [(70, "active", True), (50, "deleted", True), (30, "active", True)],
)
def test_what_was_made_again_was_there_before_and_gone_between(day, status, there):
    """It was deleted 60 days ago, and another made under its id 40 days ago."""
    e = Estate().account("svc", created_at=ago(40), deleted_at=ago(60), status="active")
    graph = e.graph(pd.Timestamp(ago(day)))
    (said,) = graph.frames[NODES[1]]["status"]
    assert said == status
    assert graph.existing.tolist() == [there]


def test_who_left_later_was_here():
    e = Estate().agent("a").person("ann", left=ago(20)).owned("a", "ann", "ann")
    missing = [e.posture(pd.Timestamp(ago(d))).ownership.missing("business")[0] for d in (30, 10)]
    assert missing == [False, True]


def test_a_key_that_expired_later_was_alive():
    e = Estate().thing("Credential", "k", status="expired", expires_at=ago(20)).account("s")
    e.link("k", "AUTHENTICATES_AS", "s")
    assert [len(e.graph(pd.Timestamp(ago(d))).edges) for d in (30, 10)] == [1, 0]


def test_what_was_decided_later_is_not_known():
    e = Estate().agent("a").add(REVIEW, id="v", decision="approve", decided_at=ago(20))
    e.link("v", "COVERS", "a")
    there = [e.graph(pd.Timestamp(ago(d))) for d in (30, 10)]
    assert [bool(g.in_force(r)[0]) for g in there for r in RELATIONSHIPS if r.name == "COVERS"] == [
        False,
        True,
    ]


# -- uses ------------------------------------------------------------------------------------------


def seen(e, day):
    frame = e.graph(pd.Timestamp(ago(day))).frames[
        next(r for r in RELATIONSHIPS if r.name == "USED")
    ]
    row = frame.iloc[0]
    return row["last_at"], row["count"]


def test_days_of_use_are_counted_as_far_as_they_had_come():
    """Used twice 40 days ago, once 39 days ago, and five times 10 days ago."""
    first, second = ago(40)[:10], ago(10)[:10]
    days = {first: [2, 1], second: [5]}
    e = Estate().agent("a").resource("x")
    facts = {"level": "read", "first_at": ago(40), "last_at": ago(9.5), "count": "8"}
    e.link("a", "USED", "x", **facts, by_day=canonical(days))
    assert seen(e, 0) == (pd.Timestamp(ago(9.5)), 8)
    assert seen(e, 20) == (pd.Timestamp(ago(39)), 3)
    assert seen(e, 39.5) == (pd.Timestamp(ago(40)), 2)
    assert seen(e, 50)[0] is pd.NaT


@pytest.mark.parametrize(("at", "used"), [("00:00", False), ("09:59", False), ("10:00", True)])
def test_on_the_day_of_the_first_use_there_was_none_before_it(at, used):
    """A sum counted as a use at midnight, which the same uses stated one by one do not."""
    first, last = "2026-06-20T10:00:00Z", "2026-07-02T09:00:00Z"
    summed = {"first_at": first, "last_at": last, "count": "2"}
    days = canonical({"2026-06-20": [1], "2026-07-02": [1]})
    logs = [Estate().agent("a").resource("x").can("a", "read", "x", telemetry=True) for _ in "12"]
    logs[0].link("a", "USED", "x", level="read", **summed, by_day=days)
    event = {"principal": "a", "resource": "x", "level": "read", "outcome": "success"}
    for number, instant in enumerate((first, last)):
        logs[1].add(USE_EVENT, id=f"u{number}", at=instant, **event)
    for log in logs:
        act = log.posture(pd.Timestamp(f"2026-06-20T{at}Z")).activity
        assert (act.last_active > NEVER).any() == used
        assert (act.last_granted > NEVER).any() == used
    assert seen(logs[0], 42)[0] is pd.NaT  # 2026-06-20, at midnight


def test_at_midnight_nothing_of_the_day_has_happened():
    """Used at noon 40, 30 and 20 days ago: `--as-of` a day has what came before it."""
    days = canonical({ago(day)[:10]: [1] for day in (40, 30, 20)})
    e = Estate().agent("a").resource("x")
    facts = {"level": "read", "first_at": ago(39.5), "last_at": ago(19.5), "count": "3"}
    e.link("a", "USED", "x", **facts, by_day=days)
    assert seen(e, 30) == (pd.Timestamp(ago(39.5)), 1)
    assert seen(e, 29.5) == (pd.Timestamp(ago(30)), 2)
    assert seen(e, 29) == (pd.Timestamp(ago(30)), 2)


def test_without_days_only_the_first_use_is_known_of_the_time_before_the_last():
    e = Estate().agent("a").resource("x")
    e.link("a", "USED", "x", level="read", first_at=ago(40), last_at=ago(9), count="8")
    at, count = seen(e, 20)
    assert at == pd.Timestamp(ago(40))
    assert count is pd.NA


def test_levels_keep_the_uses_that_had_happened():
    e = Estate().agent("a").resource("x")
    e.can("a", "read write", "x", last_used_at={"read": ago(40), "write": ago(10)})
    used = e.graph(pd.Timestamp(ago(20))).grants.last_used[0]
    assert (used > np.iinfo(np.int64).min).tolist() == [False, True, False, False]


def test_people_sign_in_later_too():
    e = Estate().person("ann", last_active_at=ago(5))
    held = [e.graph(pd.Timestamp(ago(d))).frames[HUMAN]["last_active_at"] for d in (9, 1)]
    assert [at.notna().tolist() for at in held] == [[False], [True]]
