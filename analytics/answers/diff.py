"""Differences between two snapshots: added, removed or changed, in truth or only by coverage."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analytics.answers.shape import ENDS, cut, plain
from analytics.answers.table import Kind, Table, objects
from analytics.changes.differences import ADDED, CHANGED, LABEL, REMOVED, Changes, changes, fields
from analytics.history import History
from graph.access import AccessGraph
from graph.element import Dtype, Element, Node, Property
from graph.facts import Coverage
from graph.identity.renamed_ids import RenamedIds
from graph.schema import FACT_NODES, RELATIONSHIPS
from graph.stores import SnapshotInfo
from graph.values import strict_json

STRUCTURED = (Dtype.TEXTS, Dtype.INSTANTS, Dtype.JSON)
KINDS = (ADDED, REMOVED, CHANGED)
SCOPE = ("source", "scope", "state", "complete", "newly_declares", "no_longer_declares")


@dataclass(frozen=True)
class Differing:
    """The differences of one type, by id, real changes before those by coverage alone.

    `nodes` has `thing` (a node), `relationships` has `id`, `from`, `relationship` and `to`; both
    have `why` and `fields` (a list), and if the type is changed, the values of these fields
    `before` and `after` (dicts).
    """

    nodes: Table
    relationships: Table


@dataclass(frozen=True)
class Diff:
    """The differences from the snapshot `before` to the snapshot `after` (ids); see `diff`.

    `coverage` has `source`, `scope`, `state`, `complete` and the lists `newly_declares` and
    `no_longer_declares`. `renamed` has `was` (a node of the earlier snapshot, as a dict), `thing`
    (a node) and `why`.
    """

    before: str
    after: str
    coverage: Table
    counts: dict[str, dict[str, int]]
    renamed: Table
    added: Differing
    removed: Differing
    changed: Differing
    left_out: int


def diff(history: History, before: SnapshotInfo, after: SnapshotInfo, limit: int) -> Diff:
    """List the differences from one snapshot to another; each list is cut at `limit` rows.

    A node that only has another id than before, or was merged with another, is `renamed`: neither
    added nor removed.
    """
    earlier, later = history.posture(before.id).graph, history.posture(after.id).graph
    earlier_ids = RenamedIds(earlier, later)
    differences = changes(earlier_ids.graph, later)
    renamed, left_out = cut(_renamed(earlier_ids, later), limit)
    lists, hidden = {}, [left_out]
    for kind in KINDS:
        nodes, fewer = _listed(differences, FACT_NODES, kind, limit)
        edges, more = _listed(differences, RELATIONSHIPS, kind, limit)
        lists[kind] = Differing(nodes, edges)
        hidden += [fewer, more]
    return Diff(
        before=before.id,
        after=after.id,
        coverage=Table(connected(before.coverage, after.coverage), later.things),
        counts={kind: _counts(differences, kind) for kind in KINDS},
        renamed=Table(renamed, later.things, {"thing": Kind.NODE}),
        added=lists[ADDED],
        removed=lists[REMOVED],
        changed=lists[CHANGED],
        left_out=sum(hidden),
    )


def _renamed(earlier_ids: RenamedIds, after: AccessGraph) -> pd.DataFrame:
    """Return the nodes with another id than before, by the earlier id; only knowledge changed."""
    ids = sorted(earlier_ids.names) if not earlier_ids.same else []
    was = earlier_ids.before.numbers(pd.Series(ids, dtype="string"))
    now = np.array([after.number(earlier_ids.names[each]) for each in ids], np.int64)
    known = (was >= 0) & (now >= 0)
    columns = {
        "was": objects([earlier_ids.before.thing(number) for number in was[known].tolist()]),
        "thing": now[known],
        "why": pd.array(["coverage"] * int(known.sum()), dtype="string"),
    }
    return pd.DataFrame(columns)


def connected(before: tuple[Coverage, ...], after: tuple[Coverage, ...]) -> pd.DataFrame:
    """Return the scopes that are new, gone, or that declare other kinds of fact than before."""
    old, new = {c.key: c for c in before}, {c.key: c for c in after}
    rows = []
    for key in sorted(old.keys() | new.keys()):
        declared = set(old[key].declares) if key in old else set()
        declares = set(new[key].declares) if key in new else set()
        state = "connected" if key not in old else "lost" if key not in new else "kept"
        partly = key in new and not new[key].complete
        if state != "kept" or declared != declares or partly:
            complete = key in new and new[key].complete
            rows.append(
                (*key, state, complete, sorted(declares - declared), sorted(declared - declares))
            )
    return pd.DataFrame(rows, columns=SCOPE, dtype=object)


def _counts(differences: Changes, kind: str) -> dict[str, int]:
    """Count the differences of one type: nodes, relationships, and those by coverage alone."""
    chosen = {e: rows[rows["what"] == kind] for e, rows in differences.rows.items()}
    nodes = sum(len(rows) for e, rows in chosen.items() if isinstance(e, Node))
    count = sum(len(rows) for rows in chosen.values())
    coverage = sum(int(rows["coverage"].sum()) for rows in chosen.values())
    return {"nodes": nodes, "relationships": count - nodes, "coverage": coverage}


def _listed(
    differences: Changes, elements: tuple[Element, ...], kind: str, limit: int
) -> tuple[Table, int]:
    """Return rows of some elements by id, real changes before those by coverage, cut at `limit`."""
    parts: list[pd.DataFrame] = []
    shown = total = 0
    for element in elements:
        rows = differences.rows.get(element)
        if rows is None:
            continue
        rows = rows[rows["what"] == kind].sort_values(["coverage", "id"], kind="stable")
        total += len(rows)
        kept = rows.head(max(limit - shown, 0)) if limit else rows
        shown += len(kept)
        if len(kept):
            parts.append(_described(differences, element, kept, kind))
    frame = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
    kinds = {"thing": Kind.NODE} | ENDS
    return Table(frame, _graph(differences, kind).things, kinds), total - shown


def _graph(differences: Changes, kind: str) -> AccessGraph:
    """Return the graph that has the rows of this type."""
    return differences.before if kind == REMOVED else differences.after


def _described(
    differences: Changes, element: Element, rows: pd.DataFrame, kind: str
) -> pd.DataFrame:
    names = [fields(element, bits) for bits in rows["fields"].tolist()]
    columns = _subjects(_graph(differences, kind), element, rows) | {
        "why": np.where(rows["coverage"].to_numpy(bool), "coverage", "changed"),
        "fields": objects(names),
    }
    if kind == CHANGED:
        columns["before"] = objects(_values(differences.before, element, rows["id"], names))
        columns["after"] = objects(_values(differences.after, element, rows["id"], names))
    return pd.DataFrame(columns)


def _subjects(graph: AccessGraph, element: Element, rows: pd.DataFrame) -> dict[str, Any]:
    """Return the columns that name nodes, or relationships with their ends."""
    if isinstance(element, Node):
        return {"thing": graph.numbers(rows["id"])}
    return {
        "id": rows["id"].array,
        "from": graph.numbers(rows["source_id"]),
        "relationship": np.full(len(rows), element.name, object),
        "to": graph.numbers(rows["target_id"]),
    }


def _values(
    graph: AccessGraph, element: Element, ids: pd.Series, names: Sequence[Sequence[str]]
) -> list[dict[str, Any]]:
    """Return the values in `graph` of the changed fields of each row, given their `names`."""
    frame = graph.frames[element]
    place = pd.Index(frame["id"]).get_indexer(pd.Index(ids))
    named = {name for changed in names for name in changed} - {LABEL}
    columns = {c.name: (frame[c.name].array, c) for c in element.columns if c.name in named}
    numbers = graph.numbers(ids)
    values = []
    for changed, at, number in zip(names, place.tolist(), numbers.tolist(), strict=True):
        by_field = {name: _value(*columns[name], at) for name in changed if name != LABEL}
        if LABEL in changed:
            by_field[LABEL] = graph.thing(number)["label"]
        values.append(by_field)
    return values


def _value(cells: Any, column: Property, at: int) -> Any:
    """Return a cell as plain data, lists and maps as such; None for a node of another label."""
    value = plain(cells[at]) if at >= 0 else None
    return strict_json(value) if value is not None and column.dtype in STRUCTURED else value
