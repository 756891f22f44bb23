"""Differences between two snapshots: added, removed or changed, in truth or only by coverage."""

from typing import Any

import pandas as pd

from analytics.answers.shape import cut, plain
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


def diff(history: History, before: SnapshotInfo, after: SnapshotInfo, limit: int) -> dict[str, Any]:
    """List the differences from one snapshot to another; each list is cut at `limit` rows.

    A node that only has another id than before, or was merged with another, is `renamed`: neither
    added nor removed.
    """
    earlier, later = history.posture(before.id).graph, history.posture(after.id).graph
    earlier_ids = RenamedIds(earlier, later)
    differences = changes(earlier_ids.graph, later)
    renamed, left_out = cut(_renamed(earlier_ids, later), limit)
    answer: dict[str, Any] = {
        "before": before.id,
        "after": after.id,
        "coverage": _connected(before.coverage, after.coverage),
        "counts": {kind: _counts(differences, kind) for kind in KINDS},
        "renamed": renamed,
    }
    for kind in KINDS:
        nodes, fewer = _listed(differences, FACT_NODES, kind, limit)
        edges, more = _listed(differences, RELATIONSHIPS, kind, limit)
        answer[kind] = {"nodes": nodes, "relationships": edges}
        left_out += fewer + more
    return answer | {"left_out": left_out}


def _renamed(earlier_ids: RenamedIds, after: AccessGraph) -> list[dict[str, Any]]:
    """Return the nodes with another id than before, by the earlier id; only knowledge changed."""
    ids = sorted(earlier_ids.names) if not earlier_ids.same else []
    was = earlier_ids.before.numbers(pd.Series(ids, dtype="string")).tolist()
    pairs = [(n, after.number(earlier_ids.names[i])) for i, n in zip(ids, was, strict=True)]
    return [
        {"was": earlier_ids.before.thing(old), "thing": after.thing(new), "why": "coverage"}
        for old, new in pairs
        if old >= 0 and new >= 0
    ]


def _connected(before: tuple[Coverage, ...], after: tuple[Coverage, ...]) -> list[dict[str, Any]]:
    """Return the scopes that are new, gone, or that declare other kinds of fact than before."""
    old, new = {c.key: c for c in before}, {c.key: c for c in after}
    rows = []
    for key in sorted(old.keys() | new.keys()):
        declared = set(old[key].declares) if key in old else set()
        declares = set(new[key].declares) if key in new else set()
        state = "connected" if key not in old else "lost" if key not in new else "kept"
        partly = key in new and not new[key].complete
        if state != "kept" or declared != declares or partly:
            rows.append(
                {
                    "source": key[0],
                    "scope": key[1],
                    "state": state,
                    "complete": key in new and new[key].complete,
                    "newly_declares": sorted(declares - declared),
                    "no_longer_declares": sorted(declared - declares),
                }
            )
    return rows


def _counts(differences: Changes, kind: str) -> dict[str, int]:
    """Count the differences of one type: nodes, relationships, and those by coverage alone."""
    chosen = {e: rows[rows["what"] == kind] for e, rows in differences.rows.items()}
    nodes = sum(len(rows) for e, rows in chosen.items() if isinstance(e, Node))
    count = sum(len(rows) for rows in chosen.values())
    coverage = sum(int(rows["coverage"].sum()) for rows in chosen.values())
    return {"nodes": nodes, "relationships": count - nodes, "coverage": coverage}


def _listed(
    differences: Changes, elements: tuple[Element, ...], kind: str, limit: int
) -> tuple[list[dict[str, Any]], int]:
    """Return rows of some elements by id, real changes before those by coverage, cut at `limit`."""
    shown: list[dict[str, Any]] = []
    total = 0
    for element in elements:
        rows = differences.rows.get(element)
        if rows is None:
            continue
        rows = rows[rows["what"] == kind].sort_values(["coverage", "id"], kind="stable")
        total += len(rows)
        kept = rows.head(max(limit - len(shown), 0)) if limit else rows
        shown += _described(differences, element, kept, kind)
    return shown, total - len(shown)


def _described(
    differences: Changes, element: Element, rows: pd.DataFrame, kind: str
) -> list[dict[str, Any]]:
    graph = differences.before if kind == REMOVED else differences.after
    things = _things(graph, element, rows)
    described = [
        thing | {"why": "coverage" if seen else "changed", "fields": fields(element, int(bits))}
        for thing, seen, bits in zip(things, rows["coverage"], rows["fields"], strict=True)
    ]
    if kind == CHANGED:
        old = _values(differences.before, element, rows["id"], described)
        new = _values(differences.after, element, rows["id"], described)
        for row, before, after in zip(described, old, new, strict=True):
            row |= {"before": before, "after": after}
    return described


def _things(graph: AccessGraph, element: Element, rows: pd.DataFrame) -> list[dict[str, Any]]:
    if isinstance(element, Node):
        return [{"thing": graph.thing(n)} for n in graph.numbers(rows["id"]).tolist()]
    ends = zip(
        rows["id"],
        graph.numbers(rows["source_id"]).tolist(),
        graph.numbers(rows["target_id"]).tolist(),
        strict=True,
    )
    return [
        {
            "id": own,
            "from": graph.thing(source),
            "relationship": element.name,
            "to": graph.thing(target),
        }
        for own, source, target in ends
    ]


def _values(
    graph: AccessGraph, element: Element, ids: pd.Series, described: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return the values of the changed fields of each row in `graph`."""
    frame = graph.frames[element]
    place = pd.Index(frame["id"]).get_indexer(pd.Index(ids))
    named = {name for row in described for name in row["fields"]} - {LABEL}
    columns = {c.name: (frame[c.name].array, c) for c in element.columns if c.name in named}
    numbers = graph.numbers(ids)
    values = []
    for row, at, number in zip(described, place.tolist(), numbers.tolist(), strict=True):
        by_field = {n: _value(*columns[n], at) for n in row["fields"] if n != LABEL}
        if LABEL in row["fields"]:
            by_field[LABEL] = graph.thing(number)["label"]
        values.append(by_field)
    return values


def _value(cells: Any, column: Property, at: int) -> Any:
    """Return a cell as plain data, lists and maps as such; None for a node of another label."""
    value = plain(cells[at]) if at >= 0 else None
    return strict_json(value) if value is not None and column.dtype in STRUCTURED else value
