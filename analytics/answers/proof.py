"""The support of a finding: each relationship, record or node, with source and time."""

from collections.abc import Iterable
from typing import Any

import pandas as pd

from analytics.answers.shape import plain
from analytics.posture import Posture
from graph.element import Element, Node, Relationship
from graph.frames import records
from graph.schema import ELEMENTS
from graph.values import among


def proof_of(posture: Posture, ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Describe supporting facts by id: `id`, and what is known of each.

    A relationship has `from`, `relationship`, `to`; a record its kind (`record`) and `at`; a node
    `thing`; and each has `source`, `scope` and `last_seen`. A fact in no frame, such as a derived
    step, has its id alone.
    """
    wanted = set(ids)
    by_id: dict[str, dict[str, Any]] = {}
    for element in reversed(ELEMENTS) if wanted else ():
        frame = posture.graph.frames[element]
        if not len(frame) or not (mask := among(frame["id"], wanted)).any():
            continue  # as most are: to take no row of a frame takes long
        for row in records(frame[mask]):
            by_id[str(row.id)] = _described(posture, element, row)
    return {fact: by_id.get(fact, {"id": fact}) for fact in wanted}


def _described(posture: Posture, element: Element, row: Any) -> dict[str, Any]:
    description: dict[str, Any] = {"id": str(row.id)}
    if isinstance(element, Relationship):
        description |= _ends(posture, element, row)
    elif isinstance(element, Node):
        description["thing"] = posture.graph.thing(posture.graph.number(str(row.id)))
    else:
        description |= {"record": element.name, "at": plain(getattr(row, "at", pd.NaT))}
    description |= {"source": plain(row.source), "scope": plain(row.scope)}
    return (
        description | {"last_seen": plain(row.last_seen)}
        if hasattr(row, "last_seen")
        else description
    )


def _ends(posture: Posture, element: Relationship, row: Any) -> dict[str, Any]:
    graph = posture.graph
    return {
        "from": graph.thing(graph.number(str(row.source_id))),
        "relationship": element.name,
        "to": graph.thing(graph.number(str(row.target_id))),
    }
