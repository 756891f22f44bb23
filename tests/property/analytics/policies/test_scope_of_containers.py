"""A declared scope covers what its resources contain, whichever answer is asked.

Each is compared with a plain walk from a resource over what contains it.
"""

import random

import pytest

from analytics.changes.drift import drift
from analytics.findings.evaluation import find_all
from analytics.policies.policy_input import policy_input
from graph.schema import LEVELS, RESOURCE, USE_EVENT
from tests.support.estates.small_estates import Estate, ago
from tests.support.printed import debt
from tests.support.references.replay import containers, named
from tests.support.search import worlds

AGENTS = ("a", "b", "c")
NAMES = tuple(f"{kind}{n}" for kind in "xy" for n in range(5))


def world(seed: int) -> Estate:
    """Draw resources within others, scopes that name some of them, grants and uses."""
    draw, e = random.Random(seed), Estate()
    for at, name in enumerate(NAMES):
        outer = draw.choice([None, *NAMES[:at]]) if draw.random() < 0.9 else name
        e.resource(name, "restricted", parent_id=outer)
    for agent in AGENTS:
        names = draw.sample([*NAMES, "x*", "y1*", "gone"], draw.randint(0, 2))
        scope = [{"resource": name, "level": draw.choice(LEVELS[1:])} for name in names]
        e.agent(agent, declared_scope=scope, purpose="p", kind="workload", created_at=ago(300))
        for name in draw.sample(NAMES, 6):
            level = draw.choice(LEVELS[1:])
            e.can(agent, level, name, granted_at=ago(200))
            if draw.random() < 0.5:
                about = {"principal": agent, "resource": name, "level": level, "action": level}
                count = len(e.rows.get(USE_EVENT, []))
                e.add(USE_EVENT, id=f"u{count}", at=ago(5), outcome="success", **about)
    return e


def covered(e: Estate, agent: str, resource: str, level: str) -> bool:
    outer = {row["id"]: row.get("parent_id") for row in e.rows[RESOURCE]}
    (scope,) = [
        row["declared_scope"]
        for element, rows in e.rows.items()
        if element.name == "Agent"
        for row in rows
        if row["id"] == agent
    ]
    return any(
        entry["level"] == level and named(each, entry["resource"])
        for entry in scope
        for each in (resource, *containers(outer, resource))
    )


@pytest.mark.parametrize("seed", range(worlds(4, 40)))
def test_every_answer_takes_the_parts_of_a_declared_resource_for_declared(seed: int) -> None:
    e = world(seed)
    posture = e.posture()
    pairs = [(agent, name, level) for agent in AGENTS for name in NAMES for level in LEVELS]
    within = {pair for pair in pairs if covered(e, *pair)}
    granted, used = [], set()
    for element, rows in e.rows.items():
        if element.name == "CAN_ACCESS":
            granted = [(r["source_id"], r["target_id"], r["levels"][0]) for r in rows]
        if element.name == "UseEvent":
            used = {(r["principal"], r["resource"], r["level"]) for r in rows}
    beyond = {pair for pair in granted if pair not in within}

    owed = debt(posture, items=True)["items"]
    keys = [(i["identity"]["id"], i["resource"]["id"], i["level"]) for i in owed if
            i["assumption"] == "scope"]  # fmt: skip
    assert set(keys) == beyond
    found = find_all(posture)
    for rule, expected in (("SCP-02", beyond), ("SCP-03", used - within)):
        rows = found[found["rule"] == rule]
        ids = posture.graph.things["id"]
        subjects = {str(ids.iloc[n]) for n in rows["subject"]}
        assert subjects == {agent for agent, _, _ in expected}, rule
    given = policy_input(posture)
    at = {
        (agent, name, level)
        for agent in AGENTS
        for level, names in given.principals[agent]["declared_scope_at"].items()
        for name in names
    }
    assert at == within
    number = posture.graph.number
    drifted = {
        (str(posture.graph.ids[x.identity]), str(posture.graph.ids[x.resource]), LEVELS[x.level])
        for each in drift(posture, [number(agent) for agent in AGENTS])
        for x in each.excess
    }
    assert drifted == beyond
