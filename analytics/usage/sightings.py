"""Sightings: every fact that reports a use, with its instant, in one table.

A node declares when it last acted or was used, a step when it was last taken, a grant when each of
its levels was used; logs list uses one by one or as sums. No use counts after `graph.now`. In a
graph of the present, a later instant comes from a clock that runs ahead and counts as `graph.now`.
In a graph of an earlier moment, a later instant shows that the node was used afterwards and hides
its uses before; such rows are marked `later`.
"""

import numpy as np
import pandas as pd

from analytics.gathered import stacked
from analytics.usage.action_levels import levels_of, stated_levels
from graph.access import AccessGraph
from graph.element import Element, Relationship
from graph.frames import Frames
from graph.instants import NEVER, milliseconds
from graph.schema import (
    CALLS,
    CAN_ACCESS,
    CONTROL,
    CREDENTIAL,
    ELEMENTS,
    HUMAN,
    IDENTITIES,
    USE_EVENT,
    USED,
)
from graph.usage.of_grants import level_instants
from graph.usage.outcomes import failed
from graph.values import sorted_by

UNUSED_DAYS = 90  # a use within so many days counts as recent
ACTING = (*IDENTITIES, HUMAN, CREDENTIAL)
LAST_USE = ("last_active_at", "last_used_at")  # fields that declare the last use of a node
NONE = -1
ACT = ["at", "later", "element", "principal", "target", "key", "level"]
SMALL = dict.fromkeys(("principal", "key", "target", "step", "grant"), np.int32) | {
    "level": np.int8  # a table of very many uses takes half the memory so
}


def sightings(graph: AccessGraph) -> pd.DataFrame:
    """List the facts that report a use, in the order of time.

    Returns
    -------
    DataFrame
        `at` (milliseconds), `principal` (the node that acted), `key` (the credential it used),
        `target` (the node that was used), `level` (a position in `LEVELS`), `step` (a place among
        all rows of control relationships, in the order of `CONTROL`), `grant` (a row of
        CAN_ACCESS): -1 where the fact does not declare it. `element` (a position in `ELEMENTS`)
        and `row` name the fact; `later` marks uses after the moment of the graph.
    """
    parts = _reported(graph, graph.frames)
    if graph.looks_back:  # the frames leave out most of what came later
        parts = [p[p["at"] <= graph.now] for p in parts]
        later = pd.concat(_reported(graph, graph.facts.frames), ignore_index=True)
        parts.append(later[later["at"] > graph.now].assign(later=True))
    rows = stacked(parts)
    rows = rows[(rows["at"] != NEVER) & (rows["principal"] >= 0)]
    rows = rows.assign(at=np.minimum(rows["at"], graph.now))
    return rows.take(_in_order(graph, rows)).reset_index(drop=True)


def _in_order(graph: AccessGraph, rows: pd.DataFrame) -> np.ndarray:
    """Return the positions of uses in the order of time; those of one instant are sorted by `ACT`.

    Of equal ones the ids of their facts decide, as the last of them is shown: never their rows.
    """
    order, tied = _ties(rows["at"].to_numpy())
    if len(tied):
        acts = rows[ACT].take(order[tied]).to_numpy(np.int64)
        order[tied] = order[tied][np.lexsort(acts.T[::-1])]
        acts = rows[ACT].take(order[tied]).to_numpy(np.int64)
        act = np.cumsum(np.append(True, (acts[1:] != acts[:-1]).any(axis=1)))
        alike = _ties(act)[1]
        equal = order[tied[alike]]
        order[tied[alike]] = equal[sorted_by(act[alike], _ids(graph, rows.take(equal)))]
    return order


def _ties(numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the positions that sort `numbers`, and the places in that order which share one."""
    order = np.argsort(numbers, kind="stable")
    again = numbers[order[1:]] == numbers[order[:-1]]
    return order, np.flatnonzero(np.append(again, False) | np.insert(again, 0, False))


def _ids(graph: AccessGraph, rows: pd.DataFrame) -> pd.Series:
    """Return the id of the fact that reports each of `rows`."""
    ids = np.empty(len(rows), object)
    elements, later = rows["element"].to_numpy(), rows["later"].to_numpy(bool)
    for element in np.unique(elements):
        for frames, those in ((graph.frames, ~later), (graph.facts.frames, later)):
            places = np.flatnonzero((elements == element) & those)
            facts = frames[ELEMENTS[int(element)]]["id"]
            ids[places] = facts.take(rows["row"].to_numpy()[places]).to_numpy(object)
    return pd.Series(ids, dtype="string")


def _reported(graph: AccessGraph, frames: Frames) -> list[pd.DataFrame]:
    """Return the uses that `frames` report; step and grant are -1 for rows that `graph` lacks."""
    nodes, steps = _of_nodes(graph, frames), _of_steps(graph, frames)
    logs = [_of_sums(graph, frames), _of_events(graph, frames)]
    return [*nodes, *steps, _of_grants(graph, frames), *logs]


def _frame(
    element: Element, row: np.ndarray, at: np.ndarray, **declared: np.ndarray
) -> pd.DataFrame:
    declared = {name: values.astype(SMALL[name]) for name, values in declared.items()}
    for name, dtype in SMALL.items():
        declared.setdefault(name, np.full(len(row), NONE, dtype))
    element_of = np.full(len(row), ELEMENTS.index(element), np.int16)
    columns = {"element": element_of, "row": row.astype(np.int32), "at": at.astype(np.int64)}
    return pd.DataFrame(columns | declared | {"later": np.zeros(len(row), bool)})


def _of_nodes(graph: AccessGraph, frames: Frames) -> list[pd.DataFrame]:
    parts = []
    for label in ACTING:
        frame = frames[label]
        instants = [milliseconds(frame[name]) for name in LAST_USE if name in frame]
        at = np.max(instants, axis=0, initial=NEVER)
        row = np.flatnonzero(at != NEVER)
        if len(row):
            parts.append(_frame(label, row, at[row], principal=graph.numbers(frame["id"])[row]))
    return parts


def _ends(graph: AccessGraph, frames: Frames, kind: Relationship) -> tuple[np.ndarray, np.ndarray]:
    """Return the node numbers of source and target of each row."""
    if frames is graph.frames:
        return graph.ends(kind)
    frame = frames[kind]
    return graph.numbers(frame["source_id"]), graph.numbers(frame["target_id"])


def _place(graph: AccessGraph, frames: Frames, kind: Relationship, row: np.ndarray) -> np.ndarray:
    """Return the row in `graph` of each row of `frames`, matched by id; -1 for none."""
    if frames is graph.frames:
        return row
    own = pd.Series(np.arange(len(graph.frames[kind])), graph.frames[kind]["id"])
    return frames[kind]["id"].iloc[row].map(own).fillna(NONE).to_numpy(np.int64)


def _of_steps(graph: AccessGraph, frames: Frames) -> list[pd.DataFrame]:
    """Return the uses of control relationships; `principal` is the source of the step."""
    parts, before = [], 0
    for relationship in CONTROL:
        at = milliseconds(frames[relationship]["last_used_at"])
        row = np.flatnonzero(at != NEVER)
        before, first = before + len(graph.frames[relationship]), before
        if not len(row):
            continue
        source, target = (end[row] for end in _ends(graph, frames, relationship))
        used = target if relationship.identity or relationship is CALLS else np.full(len(row), NONE)
        place = _place(graph, frames, relationship, row)
        step = np.where(place >= 0, first + place, NONE)
        parts.append(_frame(relationship, row, at[row], principal=source, target=used, step=step))
    return parts


def _of_grants(graph: AccessGraph, frames: Frames) -> pd.DataFrame:
    frame, (holder, target) = frames[CAN_ACCESS], _ends(graph, frames, CAN_ACCESS)
    used = np.stack([milliseconds(u) for u in level_instants(frame["last_used_at"])], axis=1)
    row, level = np.nonzero(used != NEVER)
    ends = {"principal": holder[row], "target": target[row]}
    grant = _place(graph, frames, CAN_ACCESS, row)
    return _frame(CAN_ACCESS, row, used[row, level], **ends, level=level, grant=grant)


def _of_sums(graph: AccessGraph, frames: Frames) -> pd.DataFrame:
    frame, (principal, target) = frames[USED], _ends(graph, frames, USED)
    last, first = milliseconds(frame["last_at"]), milliseconds(frame["first_at"])
    at = np.where(last == NEVER, first, last)
    row = np.arange(len(frame))
    level = stated_levels(frame["level"])
    return _frame(USED, row, at, principal=principal, target=target, level=level)


def _of_events(graph: AccessGraph, frames: Frames) -> pd.DataFrame:
    frame = frames[USE_EVENT]
    ends = {
        name: graph.numbers(frame[column])
        for name, column in (
            ("principal", "principal"),
            ("key", "credential"),
            ("target", "resource"),
        )
    }
    ends["principal"] = np.where(ends["principal"] >= 0, ends["principal"], ends["key"])
    at, level = milliseconds(frame["at"]), levels_of(frame["action"], frame["level"])
    row = np.flatnonzero(~failed(frame["outcome"]))
    row = row[sorted_by(at[row], frame["id"].take(row))]  # of equal ones not the last read
    rows = _frame(USE_EVENT, row, at[row], level=level[row], **{n: e[row] for n, e in ends.items()})
    return pd.DataFrame(rows.drop_duplicates(["principal", "key", "target", "level"], keep="last"))
