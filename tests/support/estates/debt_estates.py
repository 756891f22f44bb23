"""Random estates of agents, accounts, keys, grants, owners, reviews and rules, for trust debt."""

import json

from hypothesis import strategies as st

from graph.schema import LEVELS, SOD_RULE
from tests.support.estates.small_estates import TYPES, Estate, ago

IDENTITY = ("USES", "AUTHENTICATES_AS", "RUNS_AS", "MEMBER_OF", "ASSUMES")

AGENTS, ACCOUNTS = ("a0", "a1", "a2"), ("s0", "s1", "s2")
NODES = {
    **dict.fromkeys(AGENTS, "Agent"),
    **dict.fromkeys(ACCOUNTS, "ServiceAccount"),
    **dict.fromkeys(("k0", "k1", "k2"), "Credential"),
    **dict.fromkeys(("r0", "r1"), "Role"),
    "g0": "Group",
}
RESOURCES = ("x0", "x1", "y0", "y1")
PEOPLE = ("h0", "h1")
ENDS = [
    (kind, source, target)
    for kind in IDENTITY
    for source, mine in NODES.items()
    for target, theirs in NODES.items()
    if mine in {n.name for n in TYPES[kind].sources}
    and theirs in {n.name for n in TYPES[kind].targets}
]
NOISE = [("a0", "SPAWNS", "a1"), ("a0", "CALLS", "a2"), ("a1", "ACTS_FOR", "a0")]
NOISE += [("s0", "CONTROLS", "r1")]
PAST = st.sampled_from([0, 1, 20, 90, 91, 200, 500]).map(ago)
SOMETIME = st.sampled_from([-300, -40, -1, 0, 1, 30, 91, 200, 500]).map(ago)
ENV = st.sampled_from([None, "prod", "prod", "dev"])
FLAG = st.sampled_from([None, None, "true"])
TELEMETRY = st.sampled_from([None, "true", "true", "false"])


def maybe(what: st.SearchStrategy) -> st.SearchStrategy:
    return st.one_of(st.none(), what)


ENTRY = st.fixed_dictionaries(
    {
        "resource": st.sampled_from([*RESOURCES, "x*", "y*", "*", "z"]),
        "level": st.sampled_from(LEVELS),
    }
)
SCOPE = maybe(st.lists(ENTRY, max_size=3).map(json.dumps))
AGENT = st.fixed_dictionaries(
    {
        "kind": st.sampled_from([None, "ai_agent", "workload"]),
        "aars": st.sampled_from([None, 0.0, 5.0, 10.0]),
        "env": ENV,
        "created_at": maybe(PAST),
        "declared_scope": SCOPE,
        "third_party": FLAG,
    }
)
ACCOUNT = st.fixed_dictionaries(
    {"env": ENV, "created_at": maybe(PAST), "declared_scope": SCOPE, "third_party": FLAG}
)
KEY = st.fixed_dictionaries(
    {
        "type": st.sampled_from([None, "access_key", "federated"]),
        "status": st.sampled_from([None, "active", "expired", "leaked", "disabled", "revoked"]),
        "created_at": maybe(PAST),
        "rotated_at": maybe(PAST),
        "expires_at": maybe(SOMETIME),
        "storage": st.sampled_from([None, "vault", "code", "unknown"]),
        "strength": st.sampled_from([None, "strong", "weak"]),
        "human_used_at": maybe(PAST),
    }
)
FACTS = {
    "Agent": AGENT,
    "ServiceAccount": ACCOUNT,
    "Credential": KEY,
    "Role": st.fixed_dictionaries({"env": ENV}),
    "Group": st.just({}),
}
HOLDERS = ("s0", "s1", "a0", "s2", "a1", "r0", "g0", "k0")
KEYED = st.tuples(
    st.sampled_from(AGENTS),
    st.sampled_from(["k0", "k1", "k2"]),
    st.sampled_from(["s0", "s1", "r0"]),
)
RUNNING = st.tuples(st.sampled_from(AGENTS), st.sampled_from(["s0", "s1", "r0"]))
LINK = st.tuples(
    st.sampled_from(ENDS), FLAG, st.sampled_from([None, None, None, *LEVELS]), maybe(PAST)
)
GRANT = st.fixed_dictionaries(
    {
        "source_id": st.sampled_from(HOLDERS),
        "target_id": st.sampled_from(RESOURCES),
        "levels": st.sets(st.sampled_from(LEVELS), min_size=1, max_size=3).map(sorted),
        "granted_at": maybe(PAST),
        "expires_at": maybe(SOMETIME),
        "task_ended_at": maybe(SOMETIME),
        "reviewed_at": maybe(PAST),
        "telemetry": TELEMETRY,
        "eligible": FLAG,
        "last_used_at": st.dictionaries(st.sampled_from(LEVELS), PAST, max_size=2),
        "valid_to": st.sampled_from([None, None, None, None, ago(0)]),
    }
)
OWNED = st.fixed_dictionaries(
    {
        "source_id": st.sampled_from([*PEOPLE, "m0", "s0"]),
        "target_id": st.sampled_from([*AGENTS, "s2"]),
        "role": st.sampled_from([None, "business", "technical", "sponsor"]),
        "evidence": st.sampled_from([None, None, "inferred"]),
        "valid_to": st.sampled_from([None, None, None, ago(25)]),
    }
)
PERSON = st.fixed_dictionaries({}, optional={"left_at": SOMETIME, "status": st.just("left")})
REVIEW = st.tuples(
    st.sampled_from(["approve", "approve", "revoke", "modify", None]),
    st.one_of(SOMETIME, SOMETIME, st.none()),
    st.sampled_from(["a0", "a1", "s0", "s1", "s2"]),
    maybe(st.integers(0, 3)),
    maybe(SOMETIME),
)
RULE = st.fixed_dictionaries(
    {
        "left_resource": st.sampled_from(RESOURCES),
        "left_level": maybe(st.sampled_from(LEVELS)),
        "right_resource": st.sampled_from(RESOURCES),
        "right_level": maybe(st.sampled_from(LEVELS)),
    }
)
KINDS = ("owners", "scope", "usage", "reviews", "decisions")
DECLARES = st.one_of(
    st.just(KINDS), st.just(KINDS), st.sets(st.sampled_from(KINDS), min_size=2).map(sorted)
)


@st.composite
def estates(draw: st.DrawFn) -> Estate:
    """Draw an estate of agents, accounts, keys, roles, grants, owners, reviews and SoD rules.

    The accounts s0 and s1 always have an agent behind them, so they never answer for themselves.
    """
    e = Estate(declares=draw(DECLARES))
    for name, label in NODES.items():
        e.thing(label, name, **draw(FACTS[label]))
    e.agent("w0", "w1", kind="workload")
    for n in (0, 1):
        e.link(f"w{n}", "RUNS_AS", f"s{n}", id=f"w{n}s{n}")
    for name, kind in zip(RESOURCES, (None, "internal", "confidential", "restricted"), strict=True):
        e.resource(name, kind, env=draw(ENV))
    for name in PEOPLE:
        e.thing("Human", name, **draw(PERSON))
    e.thing("Team", "m0")
    if draw(st.booleans()):
        e.link("h0", "MEMBER_OF", "m0", id="m")
    for n, ((kind, source, target), eligible, ceiling, ended) in enumerate(
        draw(st.lists(LINK, max_size=5))
    ):
        e.link(source, kind, target, id=f"e{n}", eligible=eligible, ceiling=ceiling, valid_to=ended)
    for n, (agent, key, account) in enumerate(draw(st.lists(KEYED, min_size=1, max_size=3))):
        e.link(agent, "USES", key, id=f"u{n}").link(key, "AUTHENTICATES_AS", account, id=f"t{n}")
    for n, (agent, account) in enumerate(draw(st.lists(RUNNING, max_size=2))):
        e.link(agent, "RUNS_AS", account, id=f"r{n}")
    for n, ends in enumerate(draw(st.sets(st.sampled_from(NOISE)))):
        e.link(*ends, id=f"n{n}")
    for n, facts in enumerate(draw(st.lists(GRANT, min_size=1, max_size=6))):
        used = facts.pop("last_used_at")
        holder, resource = facts.pop("source_id"), facts.pop("target_id")
        e.link(holder, "CAN_ACCESS", resource, id=f"grant-{n}", grant_id=f"G{n}",
               **facts, last_used_at=used or None)  # fmt: skip
    for n, facts in enumerate(draw(st.lists(OWNED, max_size=6))):
        e.link(facts.pop("source_id"), "OWNS", facts.pop("target_id"), id=f"o{n}", **facts)
    for n, (decision, at, thing, grant, end) in enumerate(draw(st.lists(REVIEW, max_size=3))):
        e.thing("Review", f"v{n}", decision=decision, decided_at=at, expires_at=end)
        e.link(
            f"v{n}", "COVERS", thing, id=f"c{n}", grant_id=None if grant is None else f"G{grant}"
        )
    for n, facts in enumerate(draw(st.lists(RULE, max_size=2))):
        e.add(SOD_RULE, id=f"q{n}", rule=f"rule {n}", **facts)
    return e
