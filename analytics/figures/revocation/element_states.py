"""Elements of kill sets in one snapshot: which are alive, and when the others died."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from analytics.posture import Posture
from analytics.remediation.kill_set import NODES, kill_set
from graph.coverage import JOURNAL, kind_of_element
from graph.element import Element, Relationship
from graph.facts import Coverage
from graph.instants import NEVER, milliseconds
from graph.once import once
from graph.schema import (
    CREDENTIAL,
    CREDENTIAL_ENDED,
    FACT_NODES,
    IDENTITIES,
    RELATIONSHIPS,
)
from graph.values import UNIT_SEPARATOR

ELEMENT = ("kind", "label", "id", "name", "source", "target", "scope", "shared")
TYPES: dict[str, Relationship] = {kind.name: kind for kind in RELATIONSHIPS}
ENDS = ("source", "target")
STATED: tuple[Element, ...] = (*FACT_NODES, *RELATIONSHIPS)
KINDS_OF_FACT = {element.name: kind_of_element(element) or "" for element in STATED}


class Look(NamedTuple):
    """The state of elements: `alive`, `read` (in sight if alive) and `died` (milliseconds).

    `died` is the instant that a source states, `NEVER` where none does. `ids` (objects) are those
    that live relationships have now; other elements keep theirs.
    """

    alive: np.ndarray
    read: np.ndarray
    died: np.ndarray
    ids: np.ndarray


def elements_of(posture: Posture, identity: int) -> pd.DataFrame:
    """Return the elements of the kill set of an identity (a node's number), each once.

    Returns
    -------
    DataFrame
        `kind` (of `KINDS`), `label` (of the node, or the type), `id` (of the node, or of the
        relationship), `name`, `source` and `target` (ids of the ends of a relationship, else ""),
        `scope` (its source and scope) and `shared` (whether others go on using it).
    """
    rows = kill_set(posture, identity)
    is_node = rows["kind"].isin(NODES).to_numpy(bool)
    ids, labels, names = _things(posture)
    thing, source, target = (rows[n].to_numpy(np.int64) for n in ("thing", "source", "target"))
    kind = rows["relationship"].to_numpy(object)
    described = {
        "kind": rows["kind"].to_numpy(np.int64),
        "label": np.where(is_node, labels[thing], kind),
        "id": np.where(is_node, ids[thing], rows["fact"].to_numpy(object)),
        "name": np.where(is_node, names[thing], _sentences(names[source], kind, names[target])),
        "source": np.where(is_node, "", ids[source]),
        "target": np.where(is_node, "", ids[target]),
        "scope": np.where(is_node, scopes(posture)[thing], _scopes_of(posture, rows)),
        "shared": rows["shared"].to_numpy(bool),
    }
    elements = pd.DataFrame(described)
    key = elements[["label", *ENDS]].assign(node=elements["id"].where(is_node, ""))
    return elements[~key.duplicated()].reset_index(drop=True)


def in_sight(coverage: Iterable[Coverage]) -> frozenset[str]:
    """Return what sources can state: each source and scope, and the same with each kind of fact."""
    return frozenset(
        UNIT_SEPARATOR.join((*c.key, *kind))
        for c in coverage
        for kind in ((), *((k,) for k in c.declares))
    )


def still_in_sight(scope: str, label: str, then: frozenset[str], now: frozenset[str]) -> bool:
    """Return whether a source and scope that stated something `then` would still state it `now`.

    One that no longer declares that kind of fact does not show that the thing is gone. What people
    decided stays; but it needs what sources state of the people, so no source may be lost.
    """
    if scope.startswith(f"{JOURNAL}{UNIT_SEPARATOR}"):
        return then <= now
    kind = UNIT_SEPARATOR.join((scope, KINDS_OF_FACT.get(label, "")))
    return scope in now and (kind not in then or kind in now)


def scopes_in(frame: pd.DataFrame) -> np.ndarray:
    """Return the source and scope of each row as one text, as `still_in_sight` takes it."""
    return np.asarray((frame["source"] + UNIT_SEPARATOR + frame["scope"]).to_numpy(object))


def next_in_sight(seen: Sequence[frozenset[str]], scope: str, label: str, last: int) -> int:
    """Return the first moment after the `last` at which a source would still state something.

    `seen` is what was in sight at each moment; without such a moment their count is returned.
    """
    later = range(last + 1, len(seen))
    return next((n for n in later if still_in_sight(scope, label, seen[last], seen[n])), len(seen))


def look_at(
    posture: Posture, elements: pd.DataFrame, earliest: np.ndarray, then: frozenset[str]
) -> Look:
    """Look which `elements` are alive in a posture; their ids are those that it uses.

    `earliest` (milliseconds) is from when on the identity of each may have ended. A shared
    credential is dead once its value was changed after that: who was retired does not know the new
    one. `then` is what was ever in sight before.
    """
    graph = posture.graph
    number = graph.numbers(elements["id"].astype("string"))
    is_node = elements["kind"].isin(NODES).to_numpy(bool)
    alive, died = np.zeros(len(elements), bool), np.full(len(elements), NEVER)
    here = is_node & (number >= 0)
    at = number[here]
    alive[here], died[here] = _alive(posture)[at], _deaths(posture)[at]
    rotated = np.full(len(elements), NEVER)
    rotated[here] = _rotated(posture)[at]
    replaced = here & elements["shared"].to_numpy(bool) & (rotated != NEVER) & (rotated > earliest)
    alive[replaced], died[replaced] = False, rotated[replaced]
    ids = elements["id"].to_numpy(object).copy()
    for name, rows in elements[~is_node].groupby("label"):
        at = rows.index.to_numpy()
        now = _in_force(posture, TYPES[str(name)], rows)
        alive[at] = now != ""
        ids[at] = np.where(now != "", now, ids[at])
    known = in_sight(graph.coverage)
    pairs = zip(elements["scope"], elements["label"], strict=True)
    read = np.array([still_in_sight(*pair, then, known) for pair in pairs], bool)
    return Look(alive, read, died, ids)


@once
def _things(posture: Posture) -> tuple[np.ndarray, ...]:
    """Return id, label and name of each node (objects; cached)."""
    return tuple(posture.graph.things[part].to_numpy(object) for part in ("id", "label", "name"))


def _sentences(source: np.ndarray, kind: np.ndarray, target: np.ndarray) -> np.ndarray:
    parts = zip(source, kind, target, strict=True)
    return np.array([" ".join(map(str, each)) for each in parts], object)


def _scopes_of(posture: Posture, rows: pd.DataFrame) -> np.ndarray:
    """Return the source and scope of the relationship of each row of a kill set (objects)."""
    scope = np.full(len(rows), "", object)
    for name, part in rows.groupby("relationship"):
        frame = posture.graph.frames[TYPES[str(name)]].iloc[part["row"].to_numpy(np.int64)]
        scope[part.index] = scopes_in(frame)
    return scope


@once
def scopes(posture: Posture) -> np.ndarray:
    """Return the source and scope that state each node (objects; cached)."""
    scope = np.full(len(posture.graph.ids), "", object)
    for label in FACT_NODES:
        frame = posture.graph.frames[label]
        if len(frame):
            stated = scopes_in(frame)
            scope[posture.graph.numbers(frame["id"])] = stated
    return scope


@once
def _alive(posture: Posture) -> np.ndarray:
    """Return a mask of the nodes that are alive (cached): in service, or credentials that work."""
    keys = posture.graph.has_label(CREDENTIAL)
    return np.where(keys, posture.graph.live, posture.in_service)


@once
def _deaths(posture: Posture) -> np.ndarray:
    """Return when a source says that each node died (milliseconds; cached), else `NEVER`."""
    graph, died = posture.graph, np.full(len(posture.graph.ids), NEVER)
    for label in (*IDENTITIES, CREDENTIAL):
        frame = graph.frames[label]
        number = graph.numbers(frame["id"])
        ended = CREDENTIAL_ENDED if label is CREDENTIAL else ("disabled", "retired", "deleted")
        over = frame["status"].isin(ended).to_numpy(bool)
        at = np.where(over, milliseconds(frame["status_at"]), NEVER)
        at = np.where(at == NEVER, milliseconds(frame["deleted_at"]), at)
        if label is CREDENTIAL:
            expires = milliseconds(frame["expires_at"])
            expired = (expires != NEVER) & (expires <= graph.now)
            at = np.where((at == NEVER) & expired, expires, at)
        died[number] = at
    return died


@once
def _rotated(posture: Posture) -> np.ndarray:
    frame = posture.graph.frames[CREDENTIAL]
    rotated = np.full(len(posture.graph.ids), NEVER)
    rotated[posture.graph.numbers(frame["id"])] = milliseconds(frame["rotated_at"])
    return rotated


def _in_force(posture: Posture, kind: Relationship, rows: pd.DataFrame) -> np.ndarray:
    """Return the id of a relationship in force between the ends of each row, "" for none.

    What a deleted node had is gone with it.
    """
    graph, nodes = posture.graph, len(posture.graph.ids)
    source, target = (end.astype(np.int64) for end in graph.ends(kind))
    kept = np.flatnonzero(graph.in_force(kind) & (source >= 0) & (target >= 0))
    kept = kept[~graph.deleted[source[kept]]]
    stated = pd.Series(
        graph.frames[kind]["id"].to_numpy(object)[kept], source[kept] * nodes + target[kept]
    )
    start, end = (graph.numbers(rows[n].astype("string")).astype(np.int64) for n in ENDS)
    wanted = np.where((start >= 0) & (end >= 0), start * nodes + end, -1)
    now = stated[~stated.index.duplicated()].reindex(wanted)
    return now.fillna("").to_numpy(object)
