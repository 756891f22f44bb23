"""Simulated changes: what an action takes away from the estate, adds to it, or sets anew."""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from analytics.actions import Action
from analytics.ownership.owners import ROLES
from analytics.posture import Posture
from analytics.remediation.closing.change import Change
from analytics.remediation.removal.additions import SOURCE, Additions, additions
from analytics.remediation.removal.what_if import Removal
from analytics.residue import ACCOUNTS, CREDENTIALS, left_of
from analytics.usage.unused_levels import unused_levels
from graph.element import Element
from graph.rows.amended import amendment
from graph.schema import (
    AGENT,
    CAN_ACCESS,
    COVERS,
    CREDENTIAL,
    HUMAN,
    LEVEL_SETS,
    OWNS,
    REVIEW,
    USES,
)
from graph.values import canonical

OWNER = f"{SOURCE}:owner"  # whoever will be named
TERM = pd.Timedelta(days=90)  # from now until the end that is set
Simulated = tuple[list[Removal], Additions | None]


def simulated(posture: Posture, change: Change) -> Simulated:
    """Return what a change takes away, and what it adds or sets anew, if anything.

    What nobody can know before a person decides is left as it is: a review approves, an owner is
    somebody not known yet, and an end is in 90 days.
    """
    make = _MADE.get(change.action)
    return ([], make(posture, change)) if make is not None else ([_removal(posture, change)], None)


def _removal(posture: Posture, change: Change) -> Removal:
    if change.relationship is not None:
        relationship = change.relationship
        linked = tuple((relationship, id_) for id_ in change.ids)
        return Removal(change.id, change.action, relationships=linked)
    things = change.ids
    if change.action is Action.DISABLE_IDENTITY:
        things = tuple(sorted({*things, *_left(posture, things)}))
    return Removal(change.id, change.action, things=things)


def _left(posture: Posture, things: tuple[str, ...]) -> list[str]:
    """Return the credentials and accounts of identities that nobody else has: they end with them.

    Otherwise an account would answer for itself, and what it owes would only move.
    """
    graph = posture.graph
    ending = np.zeros(len(graph.ids), bool)
    ending[graph.numbers(pd.Series(things, dtype="string"))] = True
    while True:
        rows = left_of(posture, ending)
        rows = rows[rows["kind"].isin([CREDENTIALS, ACCOUNTS])]
        accounts = rows["thing"][rows["kind"] == ACCOUNTS].to_numpy(np.int64)
        if ending[accounts].all():
            break
        ending[accounts] = True
    user, key = graph.ends(USES)
    others = posture.in_service & graph.has_label(AGENT) & ~ending
    in_use = key[others[user] & graph.in_force(USES)]
    left = np.setdiff1d(rows["thing"].to_numpy(np.int64), in_use)
    return [str(graph.ids[number]) for number in left.tolist()]


# -- what is added -----------------------------------------------------------------------------


def _assigned(posture: Posture, change: Change) -> Additions:
    roles = [{"target_id": id_, "role": role} for id_ in change.ids for role in ROLES]
    owns = [{"source_id": OWNER, "since": posture.graph.as_of, **each} for each in roles]
    return additions(posture, {HUMAN: [{"id": OWNER}], OWNS: owns})


def _reviewed(posture: Posture, change: Change) -> Additions:
    id_, at = f"{SOURCE}:{change.id}", posture.graph.as_of
    review = {"id": id_, "kind": "access_review", "decision": "approve", "decided_at": at}
    covers = [{"source_id": id_, "target_id": thing} for thing in change.ids]
    return additions(posture, {REVIEW: [review], COVERS: covers})


# -- what is set anew --------------------------------------------------------------------------


def _set(element: Element, ids: tuple[str, ...], **values: object) -> Additions:
    return Additions({}, (), {element: amendment(element, list(ids), **values)})


def _narrowed(posture: Posture, change: Change) -> Additions:
    """Leave out the levels that are known to be unused, unless those are all."""
    frame, graph = posture.graph.frames[CAN_ACCESS], posture.graph
    rows = pd.Index(frame["id"]).get_indexer(pd.Index(change.ids))
    every = graph.levels[rows]
    kept = every & ~unused_levels(posture)[rows]
    levels = [canonical(LEVEL_SETS[bits]) for bits in np.where(kept, kept, every).tolist()]
    return _set(CAN_ACCESS, change.ids, levels=levels)


def _ending(posture: Posture, change: Change) -> Additions:
    assert change.relationship is not None
    ends = "expires_at" if change.relationship is CAN_ACCESS else "valid_to"
    return _set(change.relationship, change.ids, **{ends: posture.graph.as_of + TERM})


def _rotated(posture: Posture, change: Change) -> Additions:
    """Change the value of credentials now; a value that was kept elsewhere is kept in a vault."""
    frame = posture.graph.frames[CREDENTIAL].set_index("id")
    stored = frame["storage"].reindex(pd.Index(change.ids))
    outside = stored.notna() & ~stored.isin(["vault", "unknown"])
    storage = ["vault" if moves else None for moves in outside]
    return _set(CREDENTIAL, change.ids, rotated_at=posture.graph.as_of, storage=storage)


_MADE: Mapping[Action, Callable[[Posture, Change], Additions]] = {
    Action.ASSIGN_OWNER: _assigned,
    Action.REVIEW: _reviewed,
    Action.NARROW_GRANT: _narrowed,
    Action.SET_EXPIRY: _ending,
    Action.ROTATE_CREDENTIAL: _rotated,
}
