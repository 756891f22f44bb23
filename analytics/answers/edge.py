"""One step between two nodes as evidence: the facts that state or support it, and its use."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from analytics.answers.shape import edge_step, grant_step, plain
from analytics.answers.show import edge_table
from analytics.answers.table import Table
from analytics.posture import Filter, Posture
from analytics.reach.paths.alternatives import doubts
from graph.schema import CAN_ACCESS, CONTROL, RELATIONSHIPS, USED
from graph.values import among

Ends = tuple[str, str, str]  # the ids of both nodes of a step, and its type between them
TYPES = {relationship.name: relationship for relationship in RELATIONSHIPS}


@dataclass(frozen=True)
class Edge:
    """The evidence of a step; see `edge`.

    `facts` has `from`, `relationship`, `to` and all that its source says of each fact, without what
    is absent, and the `file` that it was read from with the `place` in it, where these are known.
    `first_used_at` and `last_used_at` are instants, or None where no log shows any.
    """

    facts: Table
    first_used_at: str | None
    last_used_at: str | None


def edge(posture: Posture, start: int, end: int, ids: Sequence[str]) -> Edge:
    """Return the facts with these ids, and the uses of node `end` by node `start`."""
    parts = []
    for relationship in RELATIONSHIPS if ids else ():
        frame = posture.graph.frames[relationship]
        if (mask := among(frame["id"], ids)).any():
            parts.append((relationship, frame[mask]))
    first, last = _used(posture, start, end)
    facts = edge_table(posture, parts or [(CAN_ACCESS, posture.graph.frames[CAN_ACCESS].iloc[:0])])
    origins = [posture.graph.origins(relationship, ids) for relationship, _ in parts]
    return Edge(_beside(facts, origins), first, last)


def _beside(facts: Table, origins: list[pd.DataFrame]) -> Table:
    """Return facts with the file and the place of each, if that of any is known."""
    known = pd.concat(origins, ignore_index=True) if origins else pd.DataFrame()
    if not len(known):
        return facts
    return replace(facts, frame=facts.frame.merge(known, how="left", on=["id", "source", "scope"]))


def _used(posture: Posture, start: int, end: int) -> tuple[str | None, str | None]:
    """Return the first and the last use of a resource by one identity that a log shows."""
    starts, ends = posture.graph.ends(USED)
    rows = posture.graph.frames[USED][(np.asarray(starts) == start) & (np.asarray(ends) == end)]
    if rows.empty:
        return None, None
    values = (rows["first_at"].min(), rows["last_at"].max())
    return tuple(None if pd.isna(value) else str(plain(value)) for value in values)  # type: ignore[return-value]


def step(posture: Posture, ends: Ends) -> dict[str, Any] | None:
    """Return the step of one type between two nodes, as answers hold it; None if there is none.

    Of several it is the one of least doubt. A relationship that gives no access, such as one of
    ownership, has its ends, its type and the `id` of a fact only.
    """
    source, name, target = ends
    start, end = posture.graph.number(source), posture.graph.number(target)
    if start < 0 or end < 0:
        return None
    grants, edges = posture.grants, posture.edges
    if name == CAN_ACCESS.name:
        rows = np.flatnonzero((grants.holder == start) & (grants.resource == end))
        if len(rows):
            best = int(rows[np.argmin(doubts(grants, rows))])
            return grant_step(posture, best, int(np.bitwise_or.reduce(grants.levels[rows])))
    kinds = [at for at, relationship in enumerate(CONTROL) if relationship.name == name]
    rows = np.flatnonzero((edges.source == start) & (edges.target == end))
    rows = rows[np.isin(edges.kind[rows], kinds)]
    if len(rows):
        return edge_step(posture, int(rows[np.argmin(doubts(edges, rows))]))
    ids = facts_between(posture, ends)
    if not ids:
        return None
    both = {"from": posture.graph.thing(start), "to": posture.graph.thing(end)}
    return both | {"relationship": name, "id": ids[0], "support": [], "derived": False}


def facts_between(posture: Posture, ends: Ends) -> list[str]:
    """List the ids of all relationships of one type from one node to another."""
    relationship = TYPES.get(ends[1])
    if relationship is None:
        return []
    start, end = posture.graph.number(ends[0]), posture.graph.number(ends[2])
    sources, targets = map(np.asarray, posture.graph.ends(relationship))
    rows = np.flatnonzero((sources == start) & (targets == end))
    return [str(id_) for id_ in posture.graph.frames[relationship]["id"].iloc[rows]]


def standing(posture: Posture, steps: Iterable[Ends], mode: str = "standing") -> frozenset[Ends]:
    """Return those of some steps that are there: that give access in this mode."""
    asked = list(dict.fromkeys(steps))
    network = posture.network(Filter(mode))
    places = {r.name: k for k, r in enumerate((*CONTROL, CAN_ACCESS))}
    edges, grants = posture.edges, posture.grants
    kept, granted = np.asarray(network.edge), np.asarray(network.grant)
    size, kinds = len(posture.graph.ids), len(CONTROL) + 1
    key = np.concatenate(
        [
            (edges.source[kept].astype(np.int64) * size + edges.target[kept]) * kinds
            + edges.kind[kept],
            (grants.holder[granted].astype(np.int64) * size + grants.resource[granted]) * kinds
            + len(CONTROL),
        ]
    )
    texts = (pd.Series([s[side] for s in asked], dtype="string") for side in (0, 2))
    ends = [posture.graph.numbers(text) for text in texts]
    kind = np.array([places.get(s[1], -1) for s in asked], np.int64)
    wanted = (ends[0].astype(np.int64) * size + ends[1]) * kinds + kind
    present = np.isin(wanted, key) & (ends[0] >= 0) & (ends[1] >= 0) & (kind >= 0)
    return frozenset(s for s, holds in zip(asked, present.tolist(), strict=True) if holds)
