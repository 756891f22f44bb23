"""The synthetic identity graph W as an estate: its links are relationships that a source states.

It has far more pairs of identity and grant than either: 23 million at 100,000 nodes, as a few
groups have many members and a few roles grant much. Left out is which keys a user holds, for which
no relationship stands.
"""

from typing import Any

import numpy as np

from graph.element import Element
from graph.facts import Facts
from graph.schema import (
    AGENT,
    ASSUMES,
    AUTHENTICATES_AS,
    CAN_ACCESS,
    CREDENTIAL,
    GROUP,
    HUMAN,
    MEMBER_OF,
    OWNS,
    RESOURCE,
    ROLE,
    SENSITIVITIES,
    SERVICE_ACCOUNT,
    SPAWNS,
    USES,
)
from tests.benchmarks.estate_of_grants import DECLARED, dated, frame, linked
from tests.benchmarks.workload import SHARES, Workload

LABELS = dict(zip(SHARES, (HUMAN, AGENT, SERVICE_ACCOUNT, CREDENTIAL, GROUP, ROLE, RESOURCE),
                  strict=True))  # fmt: skip
RELATIONSHIPS = {
    USES: [("agent", "credential")],
    AUTHENTICATES_AS: [("credential", "account")],
    MEMBER_OF: [(kind, "group") for kind in ("user", "account", "agent", "group")],
    ASSUMES: [(kind, "role") for kind in ("group", "account", "user", "agent", "role")],
    SPAWNS: [("agent", "agent")],
    CAN_ACCESS: [("role", "resource"), ("agent", "resource")],
}
OWNED = 0.7  # of agents and accounts have an owner


def estate_of_links(work: Workload, seed: int = 1) -> Facts:
    """State the nodes and links of a workload, with dates, use and owners for most."""
    rng = np.random.default_rng(seed)
    kinds = list(SHARES)
    numbers = np.char.zfill(np.arange(work.nodes).astype(str), 7)
    heads = np.array([f"{kind}-" for kind in kinds])
    ids = np.char.add(heads[work.kind], numbers).astype(object)
    frames = {
        label: frame(label, id=ids[work.kind == place], **_facts(label, work, place, rng))
        for place, label in enumerate(LABELS.values())
    }
    pair = work.kind[work.source] * np.int64(len(kinds)) + work.kind[work.target]
    for relationship, ends in RELATIONSHIPS.items():
        wanted = [kinds.index(a) * len(kinds) + kinds.index(b) for a, b in ends]
        rows = np.flatnonzero(np.isin(pair, wanted))
        facts = _grants(len(rows), rng) if relationship is CAN_ACCESS else {}
        frames[relationship] = linked(
            relationship, ids[work.source[rows]], ids[work.target[rows]], **facts
        )
    frames[OWNS] = _owners(work, ids, rng)
    return Facts.of(frames, DECLARED)


def _facts(label: Element, work: Workload, place: int, rng: np.random.Generator) -> dict[str, Any]:
    count = int(np.count_nonzero(work.kind == place))
    if label is RESOURCE:
        classes = np.clip(np.ceil(work.weight[work.kind == place] / 3).astype(int), 1, 4) - 1
        return {"sensitivity": np.array(SENSITIVITIES, object)[classes], "env": "prod"}
    if label is CREDENTIAL:
        return {"status": "active", "created_at": dated(rng, 700, count),
                "storage": rng.choice(["vault", "code", "unknown"], count)}  # fmt: skip
    if label in (AGENT, SERVICE_ACCOUNT):
        return {"status": "active", "env": "prod", "created_at": dated(rng, 900, count)}
    return {}


def _grants(count: int, rng: np.random.Generator) -> dict[str, Any]:
    used = dated(rng, 200, count).dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "levels": '["read"]',
        "granted_at": dated(rng, 500, count),
        "expires_at": dated(rng, 200, count, 0.6),
        "reviewed_at": dated(rng, 400, count, 0.5),
        "telemetry": rng.random(count) < 0.9,
        "last_used_at": '{"read":"' + used + '"}',
    }


def _owners(work: Workload, ids: np.ndarray, rng: np.random.Generator) -> Any:
    kinds = list(SHARES)
    owned = np.flatnonzero(np.isin(work.kind, [kinds.index("agent"), kinds.index("account")]))
    owned = owned[rng.random(len(owned)) < OWNED]
    people = np.flatnonzero(work.kind == kinds.index("user"))
    role = rng.choice(["business", "technical"], len(owned))
    return linked(OWNS, ids[rng.choice(people, len(owned))], ids[owned], role=role)
