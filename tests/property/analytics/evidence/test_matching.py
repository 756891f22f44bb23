"""Uses held against decisions, against a plain reading of every pair of the two."""

from dataclasses import dataclass

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.evidence.matching import STATES, uses
from graph.schema import DECISION_RECORD, LEVELS, RESOURCE, USE_EVENT
from tests.support.estates.small_estates import AS_OF, Estate

PARENT = {"part": "whole", "leaf": "part"}
MINUTES = 15
ACTORS, RESOURCES = st.sampled_from(["a", "b"]), st.sampled_from(["whole", "part", "leaf"])
CLOCK = st.integers(0, 60)  # minutes
TX = st.sampled_from([None, None, "x", "y"])


@dataclass(frozen=True)
class Decision:
    """A decision; instants are minutes."""

    at: int
    actor: str
    resource: str
    level: str
    decision: str
    tx: str | None
    expires: int | None
    single: bool


@dataclass(frozen=True)
class Use:
    """A use that succeeded."""

    at: int
    actor: str
    resource: str
    level: str
    tx: str | None


DECISION = st.builds(
    Decision,
    CLOCK,
    ACTORS,
    RESOURCES,
    st.sampled_from(LEVELS),
    st.sampled_from(["allow", "allow", "deny", "escalate"]),
    TX,
    st.one_of(st.none(), CLOCK),
    st.booleans(),
)
USE = st.builds(Use, CLOCK, ACTORS, RESOURCES, st.sampled_from(LEVELS), TX)


def reference(decisions: list[Decision], events: list[Use]) -> list[str]:
    """Judge the uses one by one in the order of time, looking at every decision."""
    spent: set[int] = set()
    ranked = sorted(
        range(len(decisions)),
        key=lambda n: (decisions[n].at, decisions[n].decision == "deny", f"d{n:03}"),
    )
    states = []
    for use in events:
        about = [n for n in ranked if n not in spent and _about(decisions[n], use)]
        before = [n for n in about if decisions[n].at <= use.at]
        own = [n for n in before if use.tx is not None and decisions[n].tx == use.tx]
        near = [n for n in before if use.at - decisions[n].at <= MINUTES]
        chosen = own[-1] if own else near[-1] if near else None
        if own and decisions[own[-1]].decision != "allow" and near:
            last = near[-1]
            later = ranked.index(last) > ranked.index(own[-1])
            chosen = last if later and decisions[last].decision == "allow" else own[-1]
        states.append(_state(decisions, use, chosen, about))
        if states[-1] == "explained" and decisions[chosen].single:
            spent.add(chosen)
    return states


def _about(d: Decision, use: Use) -> bool:
    if d.actor != use.actor or d.resource not in (use.resource, PARENT.get(use.resource)):
        return False
    if d.level == use.level:
        return True
    return d.decision != "deny" and LEVELS.index(d.level) >= LEVELS.index(use.level)


def _state(decisions: list[Decision], use: Use, chosen: int | None, about: list[int]) -> str:
    if chosen is not None:
        d = decisions[chosen]
        if d.decision == "deny":
            return "denied_but_happened"
        if d.decision == "escalate":
            return "unexplained"
        late = d.expires is not None and use.at > d.expires
        return "after_the_fact" if late else "explained"
    for n in about:
        d = decisions[n]
        joined = use.tx is not None and d.tx == use.tx
        if d.decision == "allow" and d.at > use.at and (joined or d.at - use.at <= MINUTES):
            return "after_the_fact"
    return "unexplained"


def stamp(minute: int) -> str:
    return (AS_OF - pd.Timedelta(days=1) + pd.Timedelta(minutes=minute)).isoformat()


def estate(decisions: list[Decision], events: list[Use]) -> Estate:
    e = Estate().agent("a", "b")
    for name in ("whole", "part", "leaf"):
        e.add(RESOURCE, id=name, sensitivity="confidential", parent_id=PARENT.get(name))
    for n, d in enumerate(decisions):
        e.add(DECISION_RECORD, id=f"d{n:03}", at=stamp(d.at), subject=d.actor, action=d.level,
              resource=d.resource, decision=d.decision, policy_id="p", correlation_id=d.tx,
              justification_expires_at=None if d.expires is None else stamp(d.expires),
              single_use="true" if d.single else None)  # fmt: skip
    for n, u in enumerate(events):
        e.add(USE_EVENT, id=f"u{n:03}", at=stamp(u.at), principal=u.actor, resource=u.resource,
              level=u.level, outcome="success", correlation_id=u.tx)  # fmt: skip
    return e


@settings(max_examples=250)
@given(st.lists(DECISION, max_size=8), st.lists(USE, max_size=6))
def test_as_a_plain_reading_says(decisions, events):
    events = sorted(events, key=lambda u: u.at)
    found = uses(estate(decisions, events).quick(AS_OF))
    assert found["id"].tolist() == [f"u{n:03}" for n in range(len(events))]
    assert [STATES[s] for s in found["state"]] == reference(decisions, events)


@settings(max_examples=60)
@given(st.lists(DECISION, max_size=6), st.lists(USE, min_size=1, max_size=5), CLOCK)
def test_one_more_permission_never_unexplains_a_use(decisions, events, minute):
    """Unless it is used up: a permission for once may be taken by another use."""
    decisions = [d for d in decisions if not d.single]
    events = sorted(events, key=lambda u: u.at)
    use = events[0]
    more = Decision(minute, use.actor, use.resource, "admin", "allow", None, None, False)
    before = uses(estate(decisions, events).quick(AS_OF))["state"]
    after = uses(estate([*decisions, more], events).quick(AS_OF))["state"]
    assert ((before != 0) | (after == 0)).all()
