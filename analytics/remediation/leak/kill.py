"""The kill set of a leak: the keys, the sessions begun with them, and what was issued with them.

A session outlives the key that began it, and so do the tokens of roles that it was exchanged for:
they are ended for every identity that the keys act as by steps that stay with an identity
(`identity` in the schema). An agent that one of those identities spawned was issued with the keys,
unless it is older than all of them; with it end its own credentials, its exclusive accounts and its
children (`analytics.remediation.retirement.own_things`).
"""

import numpy as np
import pandas as pd

from analytics.posture import IDENTITY_KINDS, Filter, Posture
from analytics.reach.joint import joint_reach
from analytics.remediation.retirement.links import links
from analytics.remediation.retirement.own_things import own_things_of
from graph.instants import NEVER, milliseconds
from graph.schema import CREDENTIAL, HUMAN, IDENTITIES, SPAWNS

KEY, SESSIONS, CHILD, ACCOUNT = "credential", "sessions", "child", "account"
ACTIONS = {
    KEY: "deactivate_credential",
    SESSIONS: "revoke_sessions",
    CHILD: "disable_identity",
    ACCOUNT: "disable_identity",
}


def kill_set_of_leak(posture: Posture, keys: np.ndarray, mode: str = "standing") -> pd.DataFrame:
    """Return what ends the leak of live credentials (numbers), in the order to end it.

    Returns
    -------
    DataFrame
        `thing` (number), `kind` (`credential`, `sessions`, `child` or `account`), `action`, and
        `shared` (bool): others notice its end. A credential is used by several, anything else is
        acted as by something besides the keys.
    """
    acted_as = joint_reach(posture.network(Filter(mode, identity_only=True)), keys).entered
    signing_in = acted_as & posture.graph.has_label(*IDENTITIES, HUMAN)
    signing_in &= ~posture.deleted
    children = _issued(posture, signing_in, _first_made(posture, keys))
    own = own_things_of(posture, np.flatnonzero(children))
    parts = {
        KEY: np.union1d(keys, np.flatnonzero(own.credentials & posture.graph.live)),
        SESSIONS: np.flatnonzero(signing_in),
        CHILD: np.flatnonzero(children),
        ACCOUNT: np.flatnonzero(own.accounts & posture.in_service),
    }
    rows = pd.concat(
        [pd.DataFrame({"thing": things, "kind": kind}) for kind, things in parts.items()],
        ignore_index=True,
    )
    things = rows["thing"].to_numpy(np.int64)
    users = _users(posture, acted_as | children)[things]
    shared = users > (rows["kind"] == KEY).to_numpy(np.int64)  # a key has a rightful user
    return rows.assign(action=rows["kind"].map(ACTIONS), shared=shared)


def ended_by(rows: pd.DataFrame) -> np.ndarray:
    """Return the numbers of the nodes that a kill set ends; whose sessions end stay."""
    return np.unique(rows["thing"][rows["kind"] != SESSIONS].to_numpy(np.int64))


def _first_made(posture: Posture, keys: np.ndarray) -> int:
    """Return when the oldest of the keys was made (milliseconds); `NEVER` if that is unknown."""
    frame, made = posture.graph.frames[CREDENTIAL], np.full(len(posture.graph.ids), NEVER)
    made[posture.graph.numbers(frame["id"])] = milliseconds(frame["created_at"])
    return int(made[keys].min(initial=np.iinfo(np.int64).max))


def _issued(posture: Posture, parents: np.ndarray, since: int) -> np.ndarray:
    """Return a mask of the agents in service that `parents` spawned, and of all that those did.

    Agents that were made before `since` were not spawned with the keys.
    """
    parent, child, _ = links(posture, SPAWNS)
    made, stays = posture.created_at[child], posture.in_service[child] & ~parents[child]
    later = stays & ((made == NEVER) | (made >= since))
    mask = np.zeros(len(posture.graph.ids), bool)
    more = child[later & parents[parent]]
    while more.size:
        mask[more] = True
        more = child[stays & mask[parent] & ~mask[child]]
    return mask


def _users(posture: Posture, among: np.ndarray) -> np.ndarray:
    """Count for each node the nodes outside of `among` that act as it, by one step."""
    edges, nodes = posture.edges, len(among)
    outside = np.isin(edges.kind, IDENTITY_KINDS) & ~among[edges.source]
    pairs = np.unique(edges.target[outside].astype(np.int64) * nodes + edges.source[outside])
    return np.bincount(pairs // nodes, minlength=nodes)
