"""Merged ids with the reason, and nodes kept separate although they share an id."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analytics.answers.shape import cut
from analytics.answers.table import Kind, Table, objects
from analytics.kept.answers import kept
from analytics.posture import Posture
from graph.frames import records
from graph.identity.match import Collision, Identities
from graph.schema import FACT_NODES, WAITING
from graph.values import UNIT_SEPARATOR


@dataclass(frozen=True)
class Collisions:
    """Nodes kept apart although they share something, merged nodes, and waiting relationships.

    `collisions` has `label`, the lists `things` (ids) and `shared`, and `reason`. `merges` has
    `thing` (a node), and the lists `ids` and `evidence`, which `evidence` (the function) explains.
    `waiting` counts the relationships that wait for an end by `source`, `scope`, `relationship`
    and `why`.
    """

    collisions: Table
    merges: Table
    waiting: Table
    left_out: int


@kept
def collisions(posture: Posture, limit: int = 0) -> Collisions:
    """List the nodes that share an id or a fact and are kept apart, and those that were merged."""
    identities, things = posture.graph.identities, posture.graph.things
    apart, hidden = cut([*identities.collisions, *_two_labels(posture)], limit)
    merged, more = cut(sorted(identities.merged), limit)
    columns = {
        "label": pd.array([group.label for group in apart], dtype="string"),
        "things": objects([list(group.things) for group in apart]),
        "shared": objects([list(group.shared) for group in apart]),
        "reason": pd.array([group.reason for group in apart], dtype="string"),
    }
    return Collisions(
        collisions=Table(pd.DataFrame(columns), things),
        merges=_merges(posture, merged),
        waiting=_waiting(posture),
        left_out=hidden + more,
    )


def _merges(posture: Posture, merged: list[str]) -> Table:
    identities = posture.graph.identities
    links = identities.links[identities.links["canonical"].isin(merged)]
    by_node = dict(iter(links.groupby("canonical")))
    columns = {
        "thing": np.array([posture.graph.number(canonical) for canonical in merged], np.int64),
        "ids": objects([list(identities.merged[canonical]) for canonical in merged]),
        "evidence": objects([_evidence(by_node.get(node, links[:0])) for node in merged]),
    }
    return Table(pd.DataFrame(columns), posture.graph.things, {"thing": Kind.NODE})


def evidence(identities: Identities, canonical: str) -> list[dict[str, Any]]:
    """Return the rules that merged a node, with the ids and sources that share each value."""
    return _evidence(identities.links[identities.links["canonical"] == canonical])


def _evidence(links: pd.DataFrame) -> list[dict[str, Any]]:
    rows = []
    for (rule, value), shared in links.groupby(["rule", "value"]):
        rows.append(
            {
                "rule": str(rule),
                "value": str(value).replace(UNIT_SEPARATOR, ", "),
                "ids": sorted(set(shared["id"])),
                "sources": sorted({f"{r.source}/{r.scope}" for r in records(shared)}),
            }
        )
    return rows


def _two_labels(posture: Posture) -> list[Collision]:
    """Return the ids that sources declare under different labels; the first in the schema wins."""
    facts, labels_of = posture.graph.facts, dict[str, list[str]]()
    frames = {label.name: facts.frames[label]["id"].drop_duplicates() for label in FACT_NODES}
    every = pd.concat(list(frames.values()), ignore_index=True)
    twice = every[every.duplicated()]
    for name, ids in frames.items():
        for id_ in ids[ids.isin(twice)].tolist() if len(twice) else ():
            labels_of.setdefault(id_, []).append(name)
    return [
        Collision(
            labels[0],
            (id_,),
            (f"id: {id_}",),
            f"sources state it as {' and as '.join(labels)}; {labels[0]} holds",
        )
        for id_, labels in sorted(labels_of.items())
    ]


def _waiting(posture: Posture) -> Table:
    """Count the relationships that wait for an end, for each source, scope and type."""
    rows = posture.graph.facts.frames[WAITING]
    by = ["source", "scope", "relationship", "reason"]
    counts = rows.groupby(by, dropna=False).size().reset_index(name="count")
    return Table(counts.rename(columns={"reason": "why"}), posture.graph.things)
