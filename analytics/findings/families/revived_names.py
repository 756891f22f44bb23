"""Revived names: identities in service whose name belonged to a deleted one before."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from analytics.posture import Posture
from analytics.residue import judged
from graph.element import Relationship
from graph.instants import NEVER, milliseconds
from graph.once import once
from graph.schema import (
    ASSUMES,
    AUTHENTICATES_AS,
    CAN_ACCESS,
    CREDENTIAL,
    IDENTITIES,
    RUNS_AS,
    TRUSTS,
    USES,
)

IDENTITY_END = ((CAN_ACCESS, 0), (TRUSTS, 1), (ASSUMES, 1), (RUNS_AS, 1))  # and the identity's end
KEYS = ((USES, 0), (AUTHENTICATES_AS, 1))


@once
def revived_names(posture: Posture) -> pd.DataFrame:
    """Return the identities in service whose name belonged to a deleted identity (cached).

    Returns
    -------
    DataFrame
        `identity` (a number), `deleted` and `again` (when the name was deleted, and used again;
        milliseconds), and `facts`: the ids of the access of the deleted one that works for the new
        one, as grants, trust and live credentials that are older than the deletion (tuple).
    """
    deleted, again = _lives(posture)
    subject = judged(posture, (again != NEVER) & (again <= posture.graph.now))
    facts = _older_facts(posture, subject, deleted)
    columns = {"identity": subject, "deleted": deleted[subject], "again": again[subject]}
    return pd.DataFrame(columns).assign(facts=pd.Series(facts, dtype=object))


def _lives(posture: Posture) -> tuple[np.ndarray, np.ndarray]:
    """Return when each node was deleted, and when its name was reused (milliseconds)."""
    graph = posture.graph
    deleted, again = (np.full(len(graph.ids), NEVER) for _ in range(2))
    for label in IDENTITIES:
        frame = graph.frames[label]
        number = graph.numbers(frame["id"])
        deleted[number] = milliseconds(frame["deleted_at"])
        again[number] = milliseconds(frame["revived_at"])
    return deleted, again


def _older_facts(
    posture: Posture, subject: np.ndarray, deleted: np.ndarray
) -> list[tuple[str, ...]]:
    """Return the ids of facts in force that are older than the deletion of each subject."""
    ids: list[set[str]] = [set() for _ in subject]
    place = np.full(len(posture.graph.ids), -1)
    place[subject] = np.arange(len(subject))
    for relationship, identity, begun in _access(posture):
        older = (place[identity] >= 0) & (begun != NEVER) & (begun <= deleted[identity])
        rows = np.flatnonzero(older)
        named = posture.graph.frames[relationship]["id"].iloc[rows].tolist()
        for of, id_ in zip(place[identity[rows]].tolist(), named, strict=True):
            ids[of].add(id_)
    return [tuple(sorted(each)) for each in ids]


def _access(posture: Posture) -> Iterator[tuple[Relationship, np.ndarray, np.ndarray]]:
    """Yield each type of access, the identity of each row, and when it began (milliseconds).

    That is when the key was made where it is a key's; `NEVER` where it is unknown, or nothing that
    works now.
    """
    graph = posture.graph
    for relationship, end in IDENTITY_END:
        begun = np.where(graph.in_force(relationship), _begun(posture, relationship), NEVER)
        yield relationship, graph.ends(relationship)[end], begun
    created, keys = np.full(len(graph.ids), NEVER), graph.frames[CREDENTIAL]
    created[graph.numbers(keys["id"])] = milliseconds(keys["created_at"])
    for relationship, end in KEYS:
        ends = graph.ends(relationship)
        works = graph.in_force(relationship) & graph.live[ends[1 - end]]
        yield relationship, ends[end], np.where(works, created[ends[1 - end]], NEVER)


def _begun(posture: Posture, relationship: Relationship) -> np.ndarray:
    frame = posture.graph.frames[relationship]
    begun = milliseconds(frame["valid_from"])
    if "granted_at" not in frame:
        return begun
    granted = milliseconds(frame["granted_at"])
    return np.where(granted != NEVER, granted, begun)
