"""Each check of records against a plain reading of the stated facts, one record after the other.

Which record decides each use is read from the matching, which has a plain reading of its own.
"""

import re
from dataclasses import dataclass

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.evidence import justifications
from analytics.evidence.matching import REASONS, STATES, uses
from graph.schema import DECISION_RECORD, RESOURCE, USE_EVENT
from tests.support.estates.small_estates import AS_OF, Estate, ago
from tests.support.printed import reconciliation

PARENT = {"part": "whole"}
MINUTES = 15
SCOPES = {"a": [("whole", "read"), ("other", "write")], "b": None}  # b declares none
PURPOSES = {"a": "monthly close", "b": None}
TASKS = {"T-1": 20, "T-2": 40}  # the minute in which each ended
PLATFORMS = {"a": "aws", "b": None, "whole": "aws", "part": "gcp", "other": None}
CLOCK = st.integers(0, 60)  # minutes


@dataclass(frozen=True)
class Record:
    """A decision record; absent facts are None."""

    at: int
    actor: str
    resource: str
    action: str
    decision: str
    executed: bool | None
    version: str | None
    reason: str | None
    purpose: str | None
    task: str | None
    env: str | None


RECORD = st.builds(
    Record,
    CLOCK,
    st.sampled_from("ab"),
    st.sampled_from(["whole", "part", "other"]),
    st.sampled_from(["read", "write", "frobnicate"]),
    st.sampled_from(["allow", "allow", "deny", "escalate"]),
    st.sampled_from([None, True, False]),
    st.sampled_from([None, "1", "2", "10"]),
    st.sampled_from([None, "Ticket 1", "ticket 2!", "close the books", "for T-1"]),
    st.sampled_from([None, "Monthly books", "novels", "T-1"]),
    st.sampled_from([None, "T-1", "T-2", "T-3"]),
    st.sampled_from([None, "prod"]),
)
USE = st.tuples(
    CLOCK, st.sampled_from("ab"), st.sampled_from(["whole", "part", "other"]),
    st.sampled_from(["read", "write"]),
)  # fmt: skip


def stamp(minute: int) -> str:
    return (AS_OF - pd.Timedelta(days=1) + pd.Timedelta(minutes=minute)).isoformat()


def flag(value: bool | None) -> str | None:
    return None if value is None else str(value).lower()


def estate(records: list[Record], events: list[tuple[int, str, str, str]]) -> Estate:
    e = Estate()
    for name in "ab":
        scope = SCOPES[name] and [{"resource": r, "level": v} for r, v in SCOPES[name]]
        e.agent(name, purpose=PURPOSES[name], declared_scope=scope, provider=PLATFORMS[name])
    for name in ("whole", "part", "other"):
        e.add(RESOURCE, id=name, sensitivity="internal", parent_id=PARENT.get(name),
              provider=PLATFORMS[name])  # fmt: skip
    for task, minute in TASKS.items():
        e.can("a", "list", "other", id=task, task_id=task, task_ended_at=stamp(minute),
              telemetry="false", granted_at=ago(9))  # fmt: skip
    for n, d in enumerate(records):
        e.add(DECISION_RECORD, id=f"d{n:03}", at=stamp(d.at), subject=d.actor, action=d.action,
              resource=d.resource, decision=d.decision, policy_id="p", policy_version=d.version,
              executed=flag(d.executed), justification=d.reason, purpose=d.purpose,
              task_id=d.task, env=d.env)  # fmt: skip
    for n, (at, actor, resource, level) in enumerate(events):
        e.add(USE_EVENT, id=f"u{n:03}", at=stamp(at), principal=actor, resource=resource,
              level=level, outcome="success")  # fmt: skip
    return e


def out_of_scope(d: Record) -> bool:
    """Return whether a record is about what the declared scope of its actor does not have."""
    scope = SCOPES[d.actor]
    if scope is None or d.action == "frobnicate":  # nobody knows the level of that
        return False
    return not any((name, d.action) in scope for name in (d.resource, PARENT.get(d.resource)))


def alike(records: list[Record]) -> set[int]:
    """Return the records whose reason has the words of others, on three occasions or more."""
    words: dict[str, list[int]] = {}
    for n, d in enumerate(records):
        if d.reason is not None and not (d.task and d.task in d.reason):
            words.setdefault(" ".join(re.findall("[a-z]+", d.reason.lower())), []).append(n)
    groups = [
        rows for rows in words.values()
        if len({records[n].task or f"of {n} alone" for n in rows}) >= 3
    ]  # fmt: skip
    return {n for rows in groups for n in rows}


def replaced(records: list[Record]) -> set[int]:
    """Return the records of a version older than one that had decided before."""
    ranked = sorted(range(len(records)), key=lambda n: _rank(records, n))
    known = [n for n in ranked if records[n].version is not None]
    return {
        n
        for place, n in enumerate(known)
        if any(int(records[m].version) > int(records[n].version) for m in known[:place])
    }


def _rank(records: list[Record], n: int) -> tuple[int, bool, int]:
    return records[n].at, records[n].decision == "deny", n


def reference(records: list[Record], frame: pd.DataFrame) -> dict[str, set[str]]:
    """Return the cases of each check of records, and of uses held against their own record."""
    allowed = {n for n, d in enumerate(records) if d.decision == "allow"}
    templates, old = alike(records), replaced(records)
    every = dict(enumerate(records))
    cases = {
        "denied_yet_executed": {n for n, d in every.items() if d.decision == "deny" and d.executed},
        "allowed_outside_scope": {n for n in allowed if out_of_scope(every[n])},
        "other_purpose": {
            n for n in allowed if every[n].actor == "a" and every[n].purpose == "novels"
        },
        "ended_task": {n for n in allowed if every[n].at >= TASKS.get(every[n].task or "", 99)},
        "template_justification": allowed & templates,
        "no_justification": {n for n in allowed if every[n].reason is None},
        "decided_by_old_policy": old,
        "no_intent": {n for n, d in every.items() if d.purpose is None and d.task is None},
        "no_context": {n for n, d in every.items() if d.env is None},
        "no_risk": set(every),
    }
    named = {check: {f"d{n:03}" for n in rows} for check, rows in cases.items()}
    return named | {"recorded_as_not_done": _not_done(records, frame)}


def _not_done(records: list[Record], frame: pd.DataFrame) -> set[str]:
    cases = set()
    for row in frame.to_dict("records"):
        if pd.isna(row["decision"]) or REASONS[row["reason"]] == "decided afterwards":
            continue
        if STATES[row["state"]] not in ("explained", "after_the_fact"):
            continue
        use_at = (row["at"] - int(pd.Timestamp(stamp(0)).timestamp() * 1000)) // 60_000
        own = records[int(row["decision"][1:])]
        others = [
            d for d in records
            if d.decision == "allow" and d.executed and d.actor == own.actor
            and d.resource in _names(row, frame) and 0 <= use_at - d.at <= MINUTES
        ]  # fmt: skip
        if own.executed is False and not others:
            cases.add(row["id"])
    return cases


def _names(row: dict, frame: pd.DataFrame) -> tuple[str, ...]:
    name = frame.attrs["names"][row["resource"]]
    return (name, PARENT.get(name, name))


@settings(max_examples=150, deadline=None)
@given(st.lists(RECORD, max_size=9), st.lists(USE, max_size=4))
def test_as_a_plain_reading_of_the_records_says(records, events):
    posture = estate(records, events).quick(AS_OF)
    frame = uses(posture)
    frame.attrs["names"] = posture.graph.things["id"].to_dict()
    answer = reconciliation(posture)
    found: dict[str, set[str]] = {}
    for row in answer["cases"]:
        found.setdefault(row["check"], set()).add(row["use"] or row["decision"])
    for check, expected in reference(records, frame).items():
        assert found.get(check, set()) == expected, check
    for row in answer["checks"]:
        assert row["count"] <= row["of"], row
        assert (row["share"] is None) == (row["of"] == 0)
    total = {row["check"]: row["of"] + row["unknown"] for row in answer["checks"]}
    allowed = sum(d.decision == "allow" for d in records)
    for check in ("allowed_outside_scope", "other_purpose", "ended_task", "no_justification"):
        assert total[check] == allowed, "each permission is counted once, as known or not"


@settings(max_examples=40, deadline=None)
@given(st.lists(RECORD, max_size=9), st.lists(USE, max_size=4))
def test_crossing_is_told_from_what_nobody_placed(records, events):
    answer = reconciliation(estate(records, events).quick(AS_OF))
    (row,) = [r for r in answer["checks"] if r["check"] == "crossed_without_decision"]
    placed = [(PLATFORMS[actor], PLATFORMS[resource]) for _, actor, resource, _ in events]
    assert row["unknown"] == sum(None in pair for pair in placed)
    assert row["of"] == sum(None not in pair and pair[0] != pair[1] for pair in placed)


def test_the_twin_a_template_of_two_would_show(monkeypatch):
    record = Record(1, "a", "whole", "read", "allow", None, None, "Ticket 1", None, None, None)
    posture = estate([record, record], []).quick(AS_OF)
    monkeypatch.setattr(justifications, "ALIKE", 2)
    rows = {row["check"]: row["count"] for row in reconciliation(posture)["checks"]}
    assert rows["template_justification"] == 2
    assert not reference([record, record], uses(posture))["template_justification"]
