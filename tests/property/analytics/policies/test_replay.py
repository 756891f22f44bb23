"""Requests that are evaluated together have the outcome that each has alone."""

import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.answers.replay import WOULD, replay
from analytics.answers.table import as_json
from analytics.engines.reading import policy_set
from analytics.evidence.deciding import AFTERWARDS
from analytics.evidence.matching import uses
from graph.schema import DECISION_RECORD, USE_EVENT
from tests.support.estates.small_estates import AS_OF, Estate, ago
from tests.support.references.replay import replayed

MIDDLE = int((AS_OF - pd.Timedelta(days=2)).timestamp())
ALL = "(principal, action, resource)"
POLICIES = [
    f"permit{ALL};",
    f"permit{ALL} when {{ resource in principal.declared_scope }};",
    'permit(principal, action == Action::"read", resource) when '
    "{ principal has declared_scope_at && resource in principal.declared_scope_at.read };",
    f"forbid{ALL} unless {{ principal.owner_active }};",
    f"forbid{ALL} when {{ resource.sensitivity >= 10 && !(context has justification) }};",
    f"forbid{ALL} when "
    "{ context has grant_expires_at && context.grant_expires_at <= context.now };",
    f'@decision("escalate") forbid{ALL} when '
    '{ context has risk && context.risk.greaterThan(decimal("0.5")) };',
    'permit(principal == Agent::"a0", action, resource);',
    'forbid(principal, action, resource in Resource::"top");',
    f"forbid{ALL} when {{ context.now < {MIDDLE} }};",
    f"@decision(\"escalate\") forbid{ALL} when {{ context.now + 1 > {MIDDLE} }};",
    f"permit{ALL} when {{ resource == principal }};",
    f'@decision("escalate") permit{ALL} when {{ context.purpose == "p1" }};',
    f'forbid{ALL} when {{ {{a: principal}}.a == Agent::"a1" }};',
    f"permit{ALL} when {{ principal.declared_scope.contains(resource) }};",
    f'forbid{ALL} when {{ resource is Resource in Resource::"top" && '
    'context.justification like "b*" };',
    f'permit{ALL} when {{ Resource::"top/r" in Resource::"top" && '
    'principal in [Agent::"a1", Agent::"a2"] };',
    f'forbid{ALL} when {{ [resource, Resource::"r2"].contains(Resource::"r1") }};',
    f"forbid{ALL} when {{ context == {{now: {MIDDLE}}} }};",
    f"permit{ALL} when {{ context.grant_expires_at > {MIDDLE} || context.now == {MIDDLE} }};",
    f'permit{ALL} when {{ principal.name == "a1" || resource.name like "top*" }};',
    f'forbid{ALL} when {{ Resource::"r1".sensitivity == resource.sensitivity }};',
    f"@decision(\"escalate\") permit{ALL} when {{ resource in principal.absent }};",
]  # fmt: skip
AGENTS, RESOURCES = ("a0", "a1", "a2"), ("top", "top/r", "r1", "r2")
LEVELS = ("read", "write")
DAYS = st.sampled_from([0.5, 1, 2, 2.001, 3])


@st.composite
def estates(draw: st.DrawFn) -> Estate:
    e = Estate().person("ann")
    for agent in AGENTS:
        entry = st.fixed_dictionaries(
            {
                "resource": st.sampled_from([*RESOURCES, "top*", "*"]),
                "level": st.sampled_from(LEVELS),
            }
        )
        e.agent(agent, declared_scope=draw(st.none() | st.lists(entry, max_size=2)))
        if draw(st.booleans()):
            e.owned(agent, "ann", "ann")
    for name in RESOURCES:
        sensitivity = draw(st.sampled_from(["public", "internal", "confidential", None]))
        outer = "top" if name == "top/r" else None
        e.resource(name, sensitivity, parent_id=outer)
    pairs = st.tuples(st.sampled_from(AGENTS), st.sampled_from(RESOURCES), st.sampled_from(LEVELS))
    for agent, name, level in draw(st.lists(pairs, max_size=4)):
        end = draw(st.sampled_from([None, ago(2.5), ago(2), ago(-1)]))
        e.can(agent, level, name, granted_at=ago(300), expires_at=end)
    for number, (agent, name, level) in enumerate(draw(st.lists(pairs, max_size=4))):
        facts: dict[str, Any] = {
            "justification": draw(st.sampled_from([None, "because", "so"])),
            "purpose": draw(st.sampled_from([None, "p1", "p2"])),
            "risk_score": draw(st.sampled_from([None, 0.25, 0.75])),
        }
        kind = draw(st.sampled_from(["allow", "deny"]))
        e.add(DECISION_RECORD, id=f"d{number}", at=ago(draw(DAYS)), subject=agent, action=level,
              resource=name, decision=kind, policy_id="p", **facts)  # fmt: skip
    for number, (agent, name, level) in enumerate(draw(st.lists(pairs, min_size=1, max_size=12))):
        e.add(USE_EVENT, id=f"u{number}", at=ago(draw(DAYS)), principal=agent, resource=name,
              level=level, outcome="success")  # fmt: skip
    return e


@settings(max_examples=60)
@given(estates(), st.lists(st.sampled_from(POLICIES), min_size=1, max_size=5, unique=True))
def test_together_as_alone(estate: Estate, policies: list[str]) -> None:
    posture = estate.posture()
    rows = uses(posture)
    about = rows["decision"].where(rows["reason"] != AFTERWARDS)
    decisions = {
        id_: None if pd.isna(decision) else decision
        for id_, decision in zip(rows["id"], about, strict=True)
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "set.cedar"
        path.write_text("\n".join(policies))
        answer = as_json(replay(posture, policy_set(path)))
    counts = Counter(
        {
            (row["identity"]["id"], name): row[name]
            for row in answer["identities"]
            for name in WOULD
            if row[name]
        }
    )
    assert counts == replayed(estate, policies, decisions)
