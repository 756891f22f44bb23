"""Shared things: what a tree used and others go on using, or nobody uses any more.

Access that nobody could see used is not observable, which is never "unused".
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.posture import Posture
from analytics.remediation.retirement.bindings import ORDER
from analytics.remediation.retirement.links import Links, links
from analytics.remediation.retirement.own_things import OwnThings
from analytics.residue import usable_keys
from analytics.usage.activity import lately
from graph.access import flags
from graph.element import Relationship
from graph.instants import NEVER
from graph.schema import (
    AGENT,
    ASSUMES,
    AUTHENTICATES_AS,
    CALLS,
    CREDENTIAL,
    HUMAN,
    ROLE,
    RUNS_AS,
    SERVICE_ACCOUNT,
    TOOL,
    USES,
)

SEEN, NOT_SEEN, NOT_OBSERVABLE = "seen", "not seen lately", "not observable"
BOUND = (RUNS_AS, ASSUMES, USES, CALLS)  # by which something is used that others may use too
COLUMNS = ("thing", "user", "relationship", "last_used", "use")


@dataclass(frozen=True)
class SharedThings:
    """What a tree used, and stays.

    `things` (int64) are accounts, roles, credentials and tools. `users` has a row for each of their
    other users: `thing`, `user` (numbers of nodes), `relationship` (the name of a type),
    `last_used` (milliseconds, `NEVER` where unknown) and `use` (`SEEN`, `NOT_SEEN` or
    `NOT_OBSERVABLE`).
    """

    things: np.ndarray
    users: pd.DataFrame

    @property
    def used(self) -> np.ndarray:
        """Mask of the things that somebody else uses."""
        return np.isin(self.things, self.users["thing"])


def shared_things(posture: Posture, own: OwnThings, bound: pd.DataFrame) -> SharedThings:
    """Return what the tree shares, by its bindings, with who else in service uses each."""
    kept = posture.graph.has_label(SERVICE_ACCOUNT, ROLE, CREDENTIAL, TOOL)
    by_use = bound["relationship"].isin([ORDER.index(kind) for kind in BOUND]).to_numpy(bool)
    targets = bound["target"].to_numpy(np.int64)[by_use]
    mask = own.shared.copy()
    mask[targets[kept[targets] & ~own.identities[targets]]] = True
    others = posture.in_service & ~own.ending
    parts = [_direct(posture, kind, mask, others) for kind in (RUNS_AS, ASSUMES, USES, CALLS)] + [
        _by_key(posture, mask, others),
        _itself(posture, mask, others),
    ]
    users = pd.concat(parts, ignore_index=True).sort_values(
        ["thing", "user", "last_used"], ascending=[True, True, False], kind="stable"
    )
    users = users.drop_duplicates(["thing", "user"]).reset_index(drop=True)
    return SharedThings(np.flatnonzero(mask), users)


def _direct(
    posture: Posture, relationship: Relationship, things: np.ndarray, others: np.ndarray
) -> pd.DataFrame:
    every = links(posture, relationship)
    rows = every.where(things[every.target] & others[every.source])
    return _users(posture, rows.target, rows.source, relationship, rows)


def _by_key(posture: Posture, things: np.ndarray, others: np.ndarray) -> pd.DataFrame:
    """Return the users of accounts by a key that nobody ended."""
    uses, opens = links(posture, USES), links(posture, AUTHENTICATES_AS)
    opens = opens.where(things[opens.target] & usable_keys(posture)[opens.source])
    uses = uses.where(others[uses.source])
    holders = pd.DataFrame({"user": uses.source, "key": uses.target, "row": uses.row})
    opened = pd.DataFrame({"key": opens.source, "thing": opens.target})
    pairs = holders.merge(opened, on="key")
    thing, user, key, row = (
        pairs[name].to_numpy(np.int64) for name in ("thing", "user", "key", "row")
    )
    return _users(posture, thing, user, USES, Links(user, key, row))


def _itself(posture: Posture, things: np.ndarray, others: np.ndarray) -> pd.DataFrame:
    """Return the people and agents whose own login a shared credential is."""
    others = others & posture.graph.has_label(HUMAN, AGENT)
    opens = links(posture, AUTHENTICATES_AS)
    rows = opens.where(things[opens.source] & others[opens.target])
    return _users(posture, rows.source, rows.target, AUTHENTICATES_AS, rows)


def _users(
    posture: Posture, thing: np.ndarray, user: np.ndarray, relationship: Relationship, rows: Links
) -> pd.DataFrame:
    activity, frame = posture.activity, posture.graph.frames[relationship]
    last = activity.last_taken[activity.steps_of(relationship)][rows.row]
    observed = flags(frame["telemetry"])[rows.row] | (last != NEVER)
    use = np.where(observed, NOT_SEEN, NOT_OBSERVABLE).astype(object)
    use[lately(posture.graph, last)] = SEEN
    columns = (thing, user, relationship.name, last, use)
    return pd.DataFrame(dict(zip(COLUMNS, columns, strict=True)))
