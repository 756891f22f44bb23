"""Merged ids with the reason, and nodes kept separate although they share an id."""

from typing import Any

import pandas as pd

from analytics.posture import Posture
from graph.frames import records
from graph.identity.match import Identities
from graph.schema import FACT_NODES, WAITING


def collisions(posture: Posture, limit: int = 0) -> dict[str, Any]:
    """List the nodes that share an id or a fact and are kept apart, and those that were merged."""
    identities = posture.graph.identities
    apart = [c.record() for c in identities.collisions] + _two_labels(posture)
    merged = sorted(identities.merged)
    shown, shown_merged = (apart[:limit], merged[:limit]) if limit else (apart, merged)
    return {
        "collisions": shown,
        "merges": [_merge(posture, identities, canonical) for canonical in shown_merged],
        "waiting": _waiting(posture),
        "left_out": len(apart) - len(shown) + len(merged) - len(shown_merged),
    }


def _merge(posture: Posture, identities: Identities, canonical: str) -> dict[str, Any]:
    thing = posture.graph.thing(posture.graph.number(canonical))
    ids = list(identities.merged[canonical])
    return {"thing": thing, "ids": ids, "evidence": evidence(identities, canonical)}


def evidence(identities: Identities, canonical: str) -> list[dict[str, Any]]:
    """Return the rules that merged a node, with the ids and sources that share each value."""
    links = identities.links[identities.links["canonical"] == canonical]
    rows = []
    for (rule, value), some in links.groupby(["rule", "value"]):
        rows.append(
            {
                "rule": str(rule),
                "value": str(value).replace("\x1f", ", "),
                "ids": sorted(set(some["id"])),
                "sources": sorted({f"{r.source}/{r.scope}" for r in records(some)}),
            }
        )
    return rows


def _two_labels(posture: Posture) -> list[dict[str, Any]]:
    """Return the ids that sources declare under different labels; the first in the schema wins."""
    facts, labels_of = posture.graph.facts, dict[str, list[str]]()
    frames = {label.name: facts.frames[label]["id"].drop_duplicates() for label in FACT_NODES}
    every = pd.concat(list(frames.values()), ignore_index=True)
    twice = every[every.duplicated()]
    for name, ids in frames.items():
        for id_ in ids[ids.isin(twice)].tolist() if len(twice) else ():
            labels_of.setdefault(id_, []).append(name)
    return [
        {
            "label": labels[0],
            "things": [id_],
            "shared": [f"id: {id_}"],
            "reason": f"sources state it as {' and as '.join(labels)}; {labels[0]} holds",
        }
        for id_, labels in sorted(labels_of.items())
    ]


def _waiting(posture: Posture) -> list[dict[str, Any]]:
    """Count the relationships that wait for an end, for each source, scope and type."""
    rows = posture.graph.facts.frames[WAITING]
    by = ["source", "scope", "relationship", "reason"]
    counts = rows.groupby(by, dropna=False).size().reset_index(name="count")
    return [
        {"source": r.source, "scope": r.scope, "relationship": r.relationship, "why": r.reason}
        | {"count": int(r.count_)}
        for r in records(counts.rename(columns={"count": "count_"}))
    ]
