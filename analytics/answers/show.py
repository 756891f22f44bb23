"""Everything known of one node, with the source of each part."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from graphlib import TopologicalSorter
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from analytics.answers.collisions import evidence
from analytics.answers.debt_items import concerning, costliest
from analytics.answers.evidence_of_owners import evidence_of
from analytics.answers.findings import findings
from analytics.answers.shape import ENDS, plain, when
from analytics.answers.standing import Standing, standing_of
from analytics.answers.table import Kind, Table, instants, objects
from analytics.debt.owed import parts_of
from analytics.posture import Posture
from analytics.usage.sightings import LAST_USE
from graph.element import Dtype, Element, Property, Relationship
from graph.instants import NEVER
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
STATEMENT = ("id", "source", "scope", "label", "first_seen", "last_seen")


@dataclass(frozen=True)
class Known:
    """Everything known of the node `id`.

    `properties` are its facts. `owners` has, after the node `owner` itself, `role`, `state`,
    `evidence`, `since`, `acknowledged_at`, `source` and `scope`; `credentials` has the properties
    of credentials. `grants` and `relationships` have `from`, `relationship`, `to`, and the facts of
    the type, without those that are absent. `merged_from` has `id`, `source`, `scope`, `label`,
    `first_seen`, `last_seen`, `rule` and `evidence` (a list) of each declaration of the node.
    `standing` is the place of an identity among all, if that was asked for.
    """

    id: str
    label: str
    name: str
    properties: dict[str, Any]
    last_use: dict[str, Any] | None
    owners: Table
    owner_evidence: dict[str, Any]
    credentials: Table
    grants: Table
    relationships: Table
    findings: Table
    debt_items: Table
    debt_items_left_out: int
    merged_from: Table
    standing: Standing | None


def show_in_order(posture: Posture, number: int) -> Known:
    """Return everything known of a node (a number), and its place in the order of the worst.

    That asks for what all identities owe and reach, which `show` does without.
    """
    return replace(show(posture, number), standing=standing_of(posture, number))


def show(posture: Posture, number: int) -> Known:
    """Return everything known of a node (a number)."""
    thing = posture.graph.thing(number)
    items, left_out = costliest(
        posture,
        parts_of(posture),
        MANY_ITEMS,
        lambda part: concerning(posture, part, number),
    )
    return Known(
        **thing,
        properties=_properties(posture, thing),
        last_use=_last_use(posture, number),
        owners=_owners(posture, number),
        owner_evidence=evidence_of(posture, number) if _may_be_owned(thing) else {},
        credentials=_credentials(posture, number),
        grants=edge_table(posture, [(CAN_ACCESS, _rows(posture, CAN_ACCESS, source=number))]),
        relationships=_relationships(posture, number),
        findings=findings(posture, about=number).findings,
        debt_items=items,
        debt_items_left_out=left_out,
        merged_from=_stated_by(posture, thing),
        standing=None,
    )


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


def _stated(rows: pd.DataFrame, properties: Iterable[Property]) -> dict[str, Any]:
    """Return columns of facts; lists and maps as such."""
    return {column.name: _cells(rows[column.name], column) for column in properties}


def _cells(values: pd.Series, column: Property) -> Any:
    if column.dtype not in STRUCTURED:
        return values.array
    return objects([None if pd.isna(value) else strict_json(value) for value in values])


def _rows(
    posture: Posture,
    relationship: Relationship,
    source: int | None = None,
    target: int | None = None,
) -> pd.DataFrame:
    starts, ends = posture.graph.ends(relationship)
    mask = starts == source if source is not None else ends == target
    frame, places = posture.graph.frames[relationship], np.flatnonzero(mask)
    return frame.take(places).sort_values("id") if len(places) else frame.iloc[:0]


def edge_table(posture: Posture, parts: Sequence[tuple[Relationship, pd.DataFrame]]) -> Table:
    """Return relationships with all their facts, given rows of each type."""
    graph = posture.graph
    stated = [(relationship, rows) for relationship, rows in parts if len(rows)] or parts[:1]
    frames = []
    for relationship, rows in stated:
        columns = {
            "from": graph.numbers(rows["source_id"]),
            "relationship": np.full(len(rows), relationship.name, object),
            "to": graph.numbers(rows["target_id"]),
        }
        filled = [p for p in _facts(relationship) if rows[p.name].notna().any()]
        frames.append(pd.DataFrame(columns | _stated(rows, filled)))
    every = pd.concat(frames, ignore_index=True)
    facts = _order(tuple(dict.fromkeys(relationship for relationship, _ in stated)))
    order = [name for name in ("from", "relationship", "to", *facts) if name in every]
    return Table(every[order], graph.things, ENDS, sparse=True)


def _facts(relationship: Relationship) -> list[Property]:
    """Return the properties of a type other than its ends."""
    return [p for p in relationship.columns if p.name not in ("source_id", "target_id")]


@cache
def _order(relationships: tuple[Relationship, ...]) -> tuple[str, ...]:
    """Return the facts of these types of relationship, in an order that each type keeps."""
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for relationship in relationships:
        for before, after in pairwise(_facts(relationship)):
            sorter.add(after.name, before.name)
    return tuple(sorter.static_order())


def _owners(posture: Posture, number: int) -> Table:
    rows = _rows(posture, OWNS, target=number)
    owns = posture.ownership.owns
    active = rows["id"].isin(owns["id"][owns["active"]])
    columns = {
        "owner": posture.graph.numbers(rows["source_id"]),
        "role": rows["role"].array,
        "state": np.where(active, "active", "gone"),
        "evidence": rows["evidence"].array,
        "since": rows["since"].array,
        "acknowledged_at": rows["acknowledged_at"].array,
        "source": rows["source"].array,
        "scope": rows["scope"].array,
    }
    return Table(pd.DataFrame(columns), posture.graph.things, {"owner": Kind.ITSELF})


def _credentials(posture: Posture, number: int) -> Table:
    """Return the credentials that a node uses, or that authenticate as it."""
    graph = posture.graph
    agent, used = graph.ends(USES)
    key, identity = graph.ends(AUTHENTICATES_AS)
    uses = used[(agent == number) & graph.in_force(USES)]
    opens = key[(identity == number) & graph.in_force(AUTHENTICATES_AS)]
    frame = graph.frames[CREDENTIAL]
    numbers = graph.numbers(frame["id"])
    mask = np.isin(numbers, np.union1d(uses, opens))
    properties = [p for p in CREDENTIAL.columns if p.name not in ("first_seen", "last_seen")]
    places = np.flatnonzero(mask)
    places = places[np.argsort(numbers[places])]
    columns = _stated(frame.iloc[places], properties)
    seen = instants(posture.activity.last_active[numbers[places]]).array  # from all facts
    columns |= {name: seen for name in LAST_USE if name in columns}
    return Table(pd.DataFrame(columns), graph.things)


def _relationships(posture: Posture, number: int) -> Table:
    """Return every other relationship of the node, in both directions."""
    others = [r for r in RELATIONSHIPS if r not in (OWNS, CAN_ACCESS)]
    sides = ({"source": number}, {"target": number})
    return edge_table(posture, [(r, _rows(posture, r, **side)) for r in others for side in sides])


def _stated_by(posture: Posture, thing: dict[str, str]) -> Table:
    """Return the sources and scopes that declare the node, with its id there and the merge rule."""
    identities, frames = posture.graph.identities, posture.graph.facts.frames
    merges = evidence(identities, thing["id"])
    if thing["id"] in identities.merged:
        rows = identities.members[identities.members["canonical"] == thing["id"]]
        rows = rows.sort_values(["id", "source", "scope"])
        rows = rows.assign(label=[FACT_NODES[label].name for label in rows["label"]])
        rules = [_first_rule(merges, id_) for id_ in rows["id"]]
    else:
        labels: tuple[Element, ...] = FACT_NODES
        masks = {label: (frames[label]["id"] == thing["id"]).to_numpy(bool) for label in labels}
        stated = [label for label, mask in masks.items() if mask.any()] or labels
        parts = [
            frames[label][masks[label]].assign(label=label.name)[[*STATEMENT]] for label in stated
        ]
        rows = pd.concat(part.sort_values(["source", "scope"]) for part in parts)
        rules = ["same id" if len(rows) > 1 else None] * len(rows)
    proofs = [[each for each in merges if id_ in each["ids"]] for id_ in rows["id"]]
    columns = {name: rows[name].array for name in STATEMENT}
    columns |= {"rule": pd.array(rules, dtype="string"), "evidence": objects(proofs)}
    return Table(pd.DataFrame(columns), posture.graph.things)


def _first_rule(merges: list[dict[str, Any]], id_: str) -> str | None:
    return next((e["rule"] for e in merges if id_ in e["ids"]), None)
