"""Own things of a delegation tree: what ends with it, and what others use and so stays.

Its own are its agents, the accounts and roles that it acts as, and the credentials that it uses or
that authenticate as one of these. An account or role is shared where something in service outside
acts as it. A credential is shared where it opens more than what ends, and an agent in service
outside uses it, a person or an agent outside is who it authenticates as, or nobody in the tree uses
it at all. What ends together shares nothing: of two accounts that may take each other, and that
nothing outside acts as, both are its own.
"""

from dataclasses import dataclass

import numpy as np

from analytics.posture import Posture
from analytics.remediation.retirement.links import links
from analytics.remediation.retirement.tree import delegation_tree
from analytics.residue import used_by_others
from graph.once import once
from graph.schema import (
    AGENT,
    AUTHENTICATES_AS,
    CREDENTIAL,
    HUMAN,
    ROLE,
    RUNS_AS,
    SERVICE_ACCOUNT,
    USES,
)

FORGOTTEN = ("revoked", "deleted")  # states of credentials that nobody can take back


@dataclass(frozen=True)
class OwnThings:
    """The own things of a tree.

    `tree` (int64) has the numbers of its nodes, parents first. `members`, `accounts` and
    `credentials` are masks of what ends with it, and `shared` of the accounts, roles and
    credentials that it uses and that stay.
    """

    tree: np.ndarray
    members: np.ndarray
    accounts: np.ndarray
    credentials: np.ndarray
    shared: np.ndarray

    @property
    def identities(self) -> np.ndarray:
        """Mask of the agents, accounts and roles that end."""
        return np.asarray(self.members | self.accounts)

    @property
    def ending(self) -> np.ndarray:
        """Mask of all nodes that end."""
        return np.asarray(self.identities | self.credentials)


def own_things(posture: Posture, root: int) -> OwnThings:
    """Return what ends with a node (its number), and what it shares with others."""
    return own_things_of(posture, delegation_tree(posture, root))


def own_things_of(posture: Posture, tree: np.ndarray) -> OwnThings:
    """Return what ends with the nodes of a tree, or of several (numbers), and what they share."""
    members = np.zeros(len(posture.graph.ids), bool)
    members[tree] = True
    keys = _keys(posture)
    acted_as = _acted_as(posture, members, keys)
    accounts = acted_as & ~members
    while True:  # what is shared with somebody outside is outside itself
        own = members | accounts
        credentials, lent = _credentials(posture, members, own, keys)
        inside = own | credentials | _hosts(posture, members)
        shared = accounts & used_by_others(posture, inside)
        if not shared.any():
            break
        accounts = accounts & ~shared
    return OwnThings(tree, members, accounts, credentials, (acted_as & ~own) | lent)


@once
def _keys(posture: Posture) -> np.ndarray:
    """Return a mask of the credentials that may be used again, if disabled or expired (cached)."""
    frame = posture.graph.frames[CREDENTIAL]
    mask = np.zeros(len(posture.graph.ids), bool)
    mask[posture.graph.numbers(frame["id"][~frame["status"].isin(FORGOTTEN).to_numpy(bool)])] = True
    return mask


def _acted_as(posture: Posture, members: np.ndarray, keys: np.ndarray) -> np.ndarray:
    """Return a mask of the accounts and roles that members run as or hold a key of."""
    mask = np.zeros(len(members), bool)
    runs, opens = links(posture, RUNS_AS), links(posture, AUTHENTICATES_AS)
    mask[runs.target[members[runs.source]]] = True
    mask[opens.target[_used(posture, members, keys)[opens.source]]] = True
    mask &= posture.graph.has_label(SERVICE_ACCOUNT, ROLE) & ~posture.deleted
    return mask


def _used(posture: Posture, users: np.ndarray, keys: np.ndarray) -> np.ndarray:
    """Return a mask of the credentials among `keys` that one of `users` holds."""
    uses = links(posture, USES)
    mask = np.zeros(len(keys), bool)
    mask[uses.target[users[uses.source]]] = True
    return np.asarray(mask & keys)


def _credentials(
    posture: Posture, members: np.ndarray, own: np.ndarray, keys: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return masks of the credentials that end with `own`, and of those members share."""
    opens = links(posture, AUTHENTICATES_AS)
    opens = opens.where(keys[opens.source])
    used, others = _used(posture, members, keys), posture.in_service & ~members
    opens_own, opens_more, opens_else, opens_any = (np.zeros(len(keys), bool) for _ in range(4))
    opens_any[opens.source] = True
    opens_own[opens.source[own[opens.target]]] = True
    outside = ~own[opens.target] & ~posture.deleted[opens.target]
    opens_more[opens.source[outside]] = True
    alone = posture.graph.has_label(AGENT, HUMAN) & others  # whose login it is by itself
    opens_else[opens.source[alone[opens.target]]] = True
    lent = _used(posture, others, keys) | opens_else | ~used
    lent &= opens_more | ~opens_any
    concerned = used | opens_own
    return concerned & ~lent, used & lent


def _hosts(posture: Posture, members: np.ndarray) -> np.ndarray:
    """Return a mask of the compute on which only members run."""
    number, host = _hosted(posture)
    ours, theirs = (np.zeros(len(members), bool) for _ in range(2))
    ours[host[members[number]]] = True
    theirs[host[(posture.in_service & ~members)[number]]] = True
    return np.asarray(ours & ~theirs)


@once
def _hosted(posture: Posture) -> tuple[np.ndarray, np.ndarray]:
    """Return the agents of which the compute is known, and that (numbers; cached)."""
    frame = posture.graph.frames[AGENT]
    frame = frame[frame["host_id"].notna()]
    number, host = (posture.graph.numbers(frame[name]) for name in ("id", "host_id"))
    return number[host >= 0], host[host >= 0]
