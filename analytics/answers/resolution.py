"""What changed about a finding between the snapshot that saw it last and the one it was gone in."""

from typing import Any

import numpy as np
import pandas as pd

from analytics.changes import REMOVED, Changes, changes, fields
from analytics.lifecycle.states import Lives
from graph.element import Element, Node
from graph.former import Former

SHOWN = 20  # changes listed of one finding


def resolved_by(lives: Lives, row: Any) -> dict[str, Any]:
    """Answer which relationships and things around a resolved finding differ, and since when.

    Looked at are what the finding rests on, its subject and its object, and all relationships
    of these two. `time_alone` is true where nothing of this changed.
    """
    former, found = _compared(lives, int(row.step), int(row.gone_at))
    about = [int(n) for n in (row.subject, row.object) if n >= 0]
    named = [str(former.before.ids[n]) for n in about]
    ids = set(former.called(np.array(named, object)))
    ids |= set(former.linked(np.array(row.evidence, object)))
    rows = [c for e, frame in found.rows.items() for c in _touching(found, e, frame, ids)]
    info = found.after.snapshot
    return {
        "snapshot": info.id if info is not None else None,
        "changes": rows[:SHOWN],
        "more": max(len(rows) - SHOWN, 0),
        "time_alone": not rows,
    }


def _compared(lives: Lives, before: int, after: int) -> tuple[Former, Changes]:
    """Compare two steps, once for a posture however many findings went between them."""

    def compare() -> tuple[Former, Changes]:
        later = lives.posture(after).graph
        former = Former(lives.posture(before).graph, later)
        return former, changes(former.graph, later)

    return lives.now.once(f"{__name__}:{before}:{after}", compare)  # type: ignore[no-any-return]


def _touching(
    found: Changes, element: Element, frame: pd.DataFrame, ids: set[str]
) -> list[dict[str, Any]]:
    chosen = frame["id"].isin(ids)
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
