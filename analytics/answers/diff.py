"""Differences between two snapshots: added, removed or changed, in truth or only by coverage."""

from typing import Any

import pandas as pd

from analytics.answers.shape import cut, plain
from analytics.changes.differences import ADDED, CHANGED, LABEL, REMOVED, Changes, changes, fields
from analytics.history import History
from graph.access import AccessGraph
from graph.element import Dtype, Element, Node, Property
from graph.facts import Coverage
from graph.identity.renamed_ids import Former
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
    one, other = history.posture(before.id).graph, history.posture(after.id).graph
    former = Former(one, other)
    found = changes(former.graph, other)
    renamed, left_out = cut(_renamed(former, other), limit)
    answer: dict[str, Any] = {
        "before": before.id,
        "after": after.id,
        "coverage": _connected(before.coverage, after.coverage),
        "counts": {what: _counts(found, what) for what in KINDS},
        "renamed": renamed,
    }
    for what in KINDS:
        nodes, fewer = _listed(found, FACT_NODES, what, limit)
        edges, more = _listed(found, RELATIONSHIPS, what, limit)
        answer[what] = {"nodes": nodes, "relationships": edges}
        left_out += fewer + more
    return answer | {"left_out": left_out}


def _renamed(former: Former, after: AccessGraph) -> list[dict[str, Any]]:
    """Return the nodes with another id than before, by the earlier id; only knowledge changed."""
    ids = sorted(former.names) if not former.same else []
    was = former.before.numbers(pd.Series(ids, dtype="string")).tolist()
    pairs = [(n, after.number(former.names[i])) for i, n in zip(ids, was, strict=True)]
    return [
        {"was": former.before.thing(old), "thing": after.thing(new), "why": "coverage"}
        for old, new in pairs
        if old >= 0 and new >= 0
    ]


def _connected(before: tuple[Coverage, ...], after: tuple[Coverage, ...]) -> list[dict[str, Any]]:
    """Return the scopes that are new, gone, or that declare other kinds of fact than before."""
    old, new = {c.key: c for c in before}, {c.key: c for c in after}
    rows = []
    for key in sorted(old.keys() | new.keys()):
        said = set(old[key].declares) if key in old else set()
        says = set(new[key].declares) if key in new else set()
        state = "connected" if key not in old else "lost" if key not in new else "kept"
        partly = key in new and not new[key].complete
        if state != "kept" or said != says or partly:
            rows.append(
                {
                    "source": key[0],
                    "scope": key[1],
                    "state": state,
                    "complete": key in new and new[key].complete,
                    "newly_declares": sorted(says - said),
                    "no_longer_declares": sorted(said - says),
                }
            )
    return rows


def _counts(found: Changes, what: str) -> dict[str, int]:
    """Count the differences of one type: nodes, relationships, and those by coverage alone."""
    chosen = {e: rows[rows["what"] == what] for e, rows in found.rows.items()}
    nodes = sum(len(rows) for e, rows in chosen.items() if isinstance(e, Node))
    whole = sum(len(rows) for rows in chosen.values())
    coverage = sum(int(rows["coverage"].sum()) for rows in chosen.values())
    return {"nodes": nodes, "relationships": whole - nodes, "coverage": coverage}


def _listed(
    found: Changes, elements: tuple[Element, ...], what: str, limit: int
) -> tuple[list[dict[str, Any]], int]:
    """Return rows of some elements by id, real changes before those by coverage, cut at `limit`."""
    shown: list[dict[str, Any]] = []
    total = 0
    for element in elements:
        rows = found.rows.get(element)
        if rows is None:
            continue
        rows = rows[rows["what"] == what].sort_values(["coverage", "id"], kind="stable")
        total += len(rows)
        kept = rows.head(max(limit - len(shown), 0)) if limit else rows
        shown += _described(found, element, kept, what)
    return shown, total - len(shown)


def _described(
    found: Changes, element: Element, rows: pd.DataFrame, what: str
) -> list[dict[str, Any]]:
    graph = found.before if what == REMOVED else found.after
    things = _things(graph, element, rows)
    described = [
        thing | {"why": "coverage" if seen else "changed", "fields": fields(element, int(bits))}
        for thing, seen, bits in zip(things, rows["coverage"], rows["fields"], strict=True)
    ]
    if what == CHANGED:
        old = _values(found.before, element, rows["id"], described)
        new = _values(found.after, element, rows["id"], described)
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
        said = {n: _value(*columns[n], at) for n in row["fields"] if n != LABEL}
        if LABEL in row["fields"]:
            said[LABEL] = graph.thing(number)["label"]
        values.append(said)
    return values


def _value(cells: Any, column: Property, at: int) -> Any:
    """Return a cell as plain data, lists and maps as such; None for a node of another label."""
    value = plain(cells[at]) if at >= 0 else None
    return strict_json(value) if value is not None and column.dtype in STRUCTURED else value
