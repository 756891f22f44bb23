"""Predictions of the gate on random estates against the estate that really has the agent."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.debt.owed import debt_of
from analytics.remediation.gate.judging import judge
from analytics.remediation.gate.policy import policy
from graph.rows.planned import PARTS, Planned, PlannedAccess, PlannedCredential, PlannedTool
from graph.schema import LEVELS
from tests.support.estates.small_estates import Estate, ago
from tests.support.references.reach import RESOURCES, Reference, estates

AGENTS = ["a0", "a1"]
LEVEL_SETS = st.lists(st.sampled_from(LEVELS), min_size=1, max_size=3, unique=True)
ROW = st.one_of(
    st.builds(
        lambda resource, levels: PlannedAccess(
            resource, tuple(level for level in LEVELS if level in levels)
        ),
        st.sampled_from(RESOURCES),
        LEVEL_SETS,
    ),
    st.sampled_from([PlannedAccess(role="r0"), PlannedAccess(group="g0")]),
    st.just(PlannedAccess(role="s1")),
)
KEYS = [PlannedCredential("client_secret", storage) for storage in ("vault", "code", "unknown")]


@st.composite
def planned_agents(draw: st.DrawFn) -> Planned:
    def some(values: list[str]) -> tuple[str, ...]:
        return tuple(draw(st.lists(st.sampled_from(values), max_size=2, unique=True)))

    return Planned(
        form="manifest",
        stated=frozenset(PARTS),
        exhaustive=True,
        name="new",
        environment=draw(st.sampled_from([None, "prod"])),
        owners={"business": some(["h0"]), "technical": some(["h0"])},
        access=tuple(draw(st.lists(ROW, max_size=4, unique=True))),
        credentials=tuple(draw(st.lists(st.sampled_from(KEYS), max_size=2))),
        tools=tuple(map(PlannedTool, some(["t0"]))),
        delegates_to=some(AGENTS),
        acts_for=some([*AGENTS, "h0"]),
    )


def born(estate: Estate, planned: Planned) -> Estate:
    """State the agent as a source would."""
    other, now = Estate(), ago(0)
    for element, rows in estate.rows.items():
        for row in rows:
            other.add(element, **row)
    scope = [
        {"resource": row.resource, "level": level}
        for row in planned.access
        if row.resource
        for level in row.levels
    ]
    facts: dict[str, Any] = {"env": planned.environment, "created_at": now, "status": "active"}
    other.agent("new", kind="ai_agent", declared_scope=json.dumps(scope), **facts)
    other.account("its", **facts).link("new", "RUNS_AS", "its", id="n")
    for number, row in enumerate(planned.access):
        name = f"n{number}"
        if row.resource is not None:
            other.can("its", " ".join(row.levels), row.resource, id=name, granted_at=now)
        elif row.role is not None:
            other.link("its", "ASSUMES", row.role, id=name)
        else:
            other.link("its", "MEMBER_OF", row.group, id=name)
    for number, key in enumerate(planned.credentials):
        other.thing("Credential", f"key{number}", type=key.type, storage=key.storage,
                    status="active", created_at=now, rotated_at=now)  # fmt: skip
        other.link("new", "USES", f"key{number}", id=f"u{number}")
        other.link(f"key{number}", "AUTHENTICATES_AS", "its", id=f"v{number}")
    ends = [("new", "CALLS", tool.name) for tool in planned.tools]
    ends += [("new", "CALLS", agent) for agent in planned.delegates_to]
    ends += [(agent, "ACTS_FOR", "new") for agent in planned.delegates_to]
    ends += [("new", "ACTS_FOR", served) for served in planned.acts_for]
    for number, (source, kind, target) in enumerate(ends):
        other.link(source, kind, target, id=f"w{number}")
    for role, owners in planned.owners.items():
        for owner in owners:
            other.link(owner, "OWNS", "new", id=f"o-{role}", role=role, since=now)
    return other


@settings(max_examples=25)
@given(estates(), planned_agents())
def test_what_is_predicted_is_what_comes_true(estate: Estate, planned: Planned) -> None:
    predicted = judge(estate.quick(), planned, policy()).predicted
    after = born(estate, planned)
    pairs = Reference(after).reach("new")
    assert predicted.resources == len({resource for resource, _ in pairs})
    assert predicted.weighted == pytest.approx(Reference(after).weigh(pairs))
    debt = debt_of(after.quick())
    place = int(np.searchsorted(debt.identities, after.quick().graph.number("new")))
    assert predicted.owed.per_day == pytest.approx(float(debt.interest[place].sum()))
