"""Everything known of one node, with the source of each part."""

from typing import Any

import numpy as np
import pandas as pd

from analytics.answers.collisions import evidence
from analytics.answers.debt import concerning, item_table
from analytics.answers.evidence_of_owners import evidence_of
from analytics.answers.findings import findings
from analytics.answers.shape import cut, plain, when
from analytics.answers.table import as_json
from analytics.debt.owed import debt_of
from analytics.posture import Posture
from analytics.usage.sightings import LAST_USE
from graph.access import NEVER
from graph.element import Dtype, Element, Property, Relationship
from graph.frames import records
from graph.schema import (
    AUTHENTICATES_AS,
    CAN_ACCESS,
    CREDENTIAL,
    FACT_NODES,
    OWNS,
    RELATIONSHIPS,
    USES,
)
from graph.values import strict_json

MANY_ITEMS = 100  # debt items shown of one node
STRUCTURED = (Dtype.TEXTS, Dtype.INSTANTS, Dtype.JSON)


def show(posture: Posture, number: int) -> dict[str, Any]:
    """Return everything known of a node (a number)."""
    graph = posture.graph
    thing = graph.thing(number)
    return thing | {
        "properties": _properties(posture, thing),
        "last_use": _last_use(posture, number),
        "owners": [_owner(posture, r) for r in _rows(posture, OWNS, target=number)],
        "owner_evidence": evidence_of(posture, number) if _may_be_owned(thing) else {},
        "credentials": _credentials(posture, number),
        "grants": [
            _edge(posture, CAN_ACCESS, r) for r in _rows(posture, CAN_ACCESS, source=number)
        ],
        "relationships": _relationships(posture, number),
        "findings": as_json(findings(posture, about=number).findings),
        **_debt_items(posture, number),
        "merged_from": _stated_by(posture, thing),
    }


def _last_use(posture: Posture, number: int) -> dict[str, Any] | None:
    """Return when a node last acted or was used, and the fact that shows it, if any.

    `by` is the identity in the fact, if it is another; `perhaps_at` is when the node may have been
    used later than that, as one of several.
    """
    act, graph = posture.activity, posture.graph
    at, latest = int(act.last_active[number]), int(act.node_latest[number])
    place = int(act.node[number])
    by = int(act.uses["principal"].iloc[place]) if place >= 0 else number
    if latest == NEVER:
        return None
    return {
        "at": when(at),
        "fact": act.fact(place, graph),
        "by": graph.thing(by) if by != number else None,
        "perhaps_at": when(latest) if latest > at else None,
    }


def _may_be_owned(thing: dict[str, str]) -> bool:
    return thing["label"] in [label.name for label in OWNS.targets]


def _debt_items(posture: Posture, number: int) -> dict[str, Any]:
    """Return the costliest debt items that concern a node, and the count of the rest."""
    owed = debt_of(posture)
    shown, left_out = cut(concerning(posture, owed, number), MANY_ITEMS)
    items = as_json(item_table(posture, owed, shown))
    return {"debt_items": items, "debt_items_left_out": left_out}


def _properties(posture: Posture, thing: dict[str, str]) -> dict[str, Any]:
    label = next(n for n in FACT_NODES if n.name == thing["label"])
    frame = posture.graph.frames[label]
    row = frame[frame["id"] == thing["id"]].iloc[0]
    values = {
        p.name: value_of(row, p) for p in label.columns[2:] if p.name not in ("source", "scope")
    }
    return values | _seen(posture, posture.graph.number(thing["id"]), values)


def _seen(posture: Posture, number: int, values: dict[str, Any]) -> dict[str, Any]:
    """Return the properties of last use, computed from all facts."""
    at = when(int(posture.activity.last_active[number]))
    return {name: at for name in LAST_USE if name in values}


def value_of(row: pd.Series, column: Property) -> Any:
    """Return a cell of `row` as plain data: lists and maps as such."""
    value = plain(row[column.name])
    return strict_json(value) if value is not None and column.dtype in STRUCTURED else value


def _rows(
    posture: Posture,
    relationship: Relationship,
    source: int | None = None,
    target: int | None = None,
) -> list[pd.Series]:
    starts, ends = posture.graph.ends(relationship)
    chosen = starts == source if source is not None else ends == target
    rows = posture.graph.frames[relationship][chosen].sort_values("id")
    return [rows.iloc[place] for place in range(len(rows))]


def _edge(posture: Posture, relationship: Relationship, row: pd.Series) -> dict[str, Any]:
    graph = posture.graph
    ends = {
        "from": graph.thing(graph.number(row["source_id"])),
        "relationship": relationship.name,
        "to": graph.thing(graph.number(row["target_id"])),
    }
    facts = {p.name: value_of(row, p) for p in relationship.columns if not _is_end(p)}
    return ends | {name: value for name, value in facts.items() if value is not None}


def _is_end(column: Property) -> bool:
    return column.name in ("source_id", "target_id")


def _owner(posture: Posture, row: pd.Series) -> dict[str, Any]:
    owner = posture.graph.number(row["source_id"])
    owns = posture.ownership.owns
    own = owns[owns["id"] == row["id"]]
    active = bool(own["active"].any())
    return posture.graph.thing(owner) | {
        "role": plain(row["role"]),
        "state": "active" if active else "gone",
        "evidence": plain(row["evidence"]),
        "since": plain(row["since"]),
        "acknowledged_at": plain(row["acknowledged_at"]),
        "source": row["source"],
        "scope": row["scope"],
    }


def _credentials(posture: Posture, number: int) -> list[dict[str, Any]]:
    """Return the credentials that a node uses, or that authenticate as it."""
    graph = posture.graph
    agent, used = graph.ends(USES)
    key, identity = graph.ends(AUTHENTICATES_AS)
    numbers = np.union1d(used[agent == number], key[identity == number])
    frame = graph.frames[CREDENTIAL]
    rows = frame[np.isin(graph.numbers(frame["id"]), numbers)]
    columns = [p for p in CREDENTIAL.columns if p.name not in ("first_seen", "last_seen")]
    rows_of_values = [{p.name: value_of(row, p) for p in columns} for _, row in rows.iterrows()]
    return [
        values | _seen(posture, graph.number(values["id"]), values) for values in rows_of_values
    ]


def _relationships(posture: Posture, number: int) -> list[dict[str, Any]]:
    """Return every other relationship of the node, in both directions."""
    others = [r for r in RELATIONSHIPS if r not in (OWNS, CAN_ACCESS)]
    edges = []
    for relationship in others:
        for side in ({"source": number}, {"target": number}):
            edges += [_edge(posture, relationship, r) for r in _rows(posture, relationship, **side)]
    return edges


def _stated_by(posture: Posture, thing: dict[str, str]) -> list[dict[str, Any]]:
    """Return the sources and scopes that declare the node, with its id there and the merge rule."""
    identities = posture.graph.identities
    if thing["id"] in identities.merged:
        merges = evidence(identities, thing["id"])
        rows = identities.members[identities.members["canonical"] == thing["id"]]
        rows = rows.sort_values(["id", "source", "scope"])
        return [
            _statement(row, row.id, FACT_NODES[row.label].name)
            | {
                "rule": _first_rule(merges, row.id),
                "evidence": [e for e in merges if row.id in e["ids"]],
            }
            for row in records(rows)
        ]
    stated = []
    labels: tuple[Element, ...] = FACT_NODES
    for label in labels:
        frame = posture.graph.facts.frames[label]
        rows_of_label = frame[frame["id"] == thing["id"]].sort_values(["source", "scope"])
        for row in records(rows_of_label):
            stated.append(_statement(row, thing["id"], label.name))
    rule = "same id" if len(stated) > 1 else None
    return [row | {"rule": rule, "evidence": []} for row in stated]


def _statement(row: Any, id_: str, label: str) -> dict[str, Any]:
    seen = {"first_seen": plain(row.first_seen), "last_seen": plain(row.last_seen)}
    return {"id": id_, "source": row.source, "scope": row.scope, "label": label} | seen


def _first_rule(merges: list[dict[str, Any]], id_: str) -> str | None:
    return next((e["rule"] for e in merges if id_ in e["ids"]), None)
