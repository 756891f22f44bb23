"""What changed about a finding between the snapshot that saw it last and the one it was gone in."""

from typing import Any

import pandas as pd

from analytics.changes import REMOVED, Changes, changes, fields
from analytics.lifecycle.states import Lives
from analytics.posture import Posture
from graph.element import Element, Node

SHOWN = 20  # changes listed of one finding


def resolved_by(lives: Lives, row: Any) -> dict[str, Any]:
    """Answer which relationships and things around a resolved finding differ, and since when.

    Looked at are what the finding rests on, its subject and its object, and all relationships
    of these two. `time_alone` is true where nothing of this changed.
    """
    before, after = lives.posture(int(row.step)), lives.posture(int(row.gone_at))
    found = _changes(lives, int(row.step), int(row.gone_at))
    about = [int(n) for n in (row.subject, row.object) if n >= 0]
    ids = {str(before.graph.ids[n]) for n in about}
    rows = [c for e, frame in found.rows.items() for c in _touching(found, e, frame, ids, row)]
    info = after.graph.snapshot
    return {
        "snapshot": info.id if info is not None else None,
        "changes": rows[:SHOWN],
        "more": max(len(rows) - SHOWN, 0),
        "time_alone": not rows,
    }


def _changes(lives: Lives, before: int, after: int) -> Changes:
    """Compare two steps, once for a posture however many findings went between them."""
    now: Posture = lives.now
    compared: Changes = now.once(
        f"{__name__}:{before}:{after}",
        lambda: changes(lives.posture(before).graph, lives.posture(after).graph),
    )
    return compared


def _touching(
    found: Changes, element: Element, frame: pd.DataFrame, ids: set[str], row: Any
) -> list[dict[str, Any]]:
    evidence = set(row.evidence)
    chosen = frame["id"].isin(evidence | ids)
    if not isinstance(element, Node):
        chosen |= frame["source_id"].isin(ids) | frame["target_id"].isin(ids)
    return [_described(found, element, change) for change in frame[chosen].itertuples()]


def _described(found: Changes, element: Element, change: Any) -> dict[str, Any]:
    graph = found.before if change.what == REMOVED else found.after

    def thing(one: str) -> dict[str, str]:
        return graph.thing(graph.number(str(one)))

    if isinstance(element, Node):
        what: dict[str, Any] = {"thing": thing(change.id)}
    else:
        ends = {"from": thing(change.source_id), "to": thing(change.target_id)}
        what = {"id": str(change.id), "relationship": element.name} | ends
    seen = "coverage" if change.coverage else "changed"
    return {"what": change.what, "why": seen, "fields": fields(element, int(change.fields))} | what
