"""Kill sets: everything that must be ended together with an identity to end its access.

That is what it and all that it spawned use alone (`analytics.remediation.retirement.own_things`),
and their own bindings to everything else. A credential that others use too is part of it, as what
is retired knows its value.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from analytics.posture import Posture
from analytics.remediation.retirement.bindings import ORDER, bindings
from analytics.remediation.retirement.links import Links, links
from analytics.remediation.retirement.own_things import OwnThings, own_things
from analytics.residue import (
    ACCESS,
    ACCOUNTS,
    CHILDREN,
    CREDENTIALS,
    DELEGATIONS,
    OF_TYPE,
    REGISTRATIONS,
    TRUSTED,
    usable_keys,
)
from graph.element import Relationship
from graph.schema import (
    ASSUMES,
    AUTHENTICATES_AS,
    RUNS_AS,
    SPAWNS,
    TRUSTS,
    USES,
)

KINDS = {
    CREDENTIALS: "credential",
    ACCOUNTS: "account",
    ACCESS: "grant",
    DELEGATIONS: "delegation",
    CHILDREN: "child",
    TRUSTED: "trust",
    REGISTRATIONS: "tool registration",
}
NODES = (CREDENTIALS, ACCOUNTS, CHILDREN)  # kinds whose elements are nodes
TRUSTING = (TRUSTS, ASSUMES, RUNS_AS)  # types by which others name what they let in, or take


class _Part(NamedTuple):
    """Elements of one type; `identity` and `thing` are numbers of nodes, `kind` of `KINDS`."""

    kind: np.ndarray | int
    relationship: Relationship
    links: Links
    identity: np.ndarray
    thing: np.ndarray


def kill_set(posture: Posture, identity: int) -> pd.DataFrame:
    """Return what must end with an identity (a node's number).

    Returns
    -------
    DataFrame
        `identity` (the node of the tree, or its key, that is concerned), `kind` (of `KINDS`),
        `thing` (the node itself, or the other end of the relationship), and of the relationship
        that shows it `fact` (id), `relationship` (name), `source`, `target` (numbers of nodes) and
        `row` (in its frame). `shared` marks a credential that others go on using. A node may have
        several rows.
    """
    own = own_things(posture, identity)
    parts = [*_nodes(posture, own), *_bindings(posture, own)]
    rows = pd.concat([_frame(posture, own, part) for part in parts], ignore_index=True)
    rows = rows[rows["thing"] != identity]
    order = ["identity", "kind", "thing", "fact"]
    return pd.DataFrame(rows.sort_values(order, kind="stable", ignore_index=True))


def _nodes(posture: Posture, own: OwnThings) -> Iterator[_Part]:
    """Yield the living credentials, accounts and children, by what ties them to the tree."""
    members, alive = own.members, own.identities & posture.in_service
    keys = (own.credentials | own.shared) & usable_keys(posture)
    uses, opens = links(posture, USES), links(posture, AUTHENTICATES_AS)
    used = uses.where(members[uses.source] & keys[uses.target])
    yield _Part(CREDENTIALS, USES, used, used.source, used.target)
    opened = opens.where(own.identities[opens.target] & (keys & own.credentials)[opens.source])
    yield _Part(CREDENTIALS, AUTHENTICATES_AS, opened, opened.target, opened.source)
    accounts = alive & own.accounts
    by_key = opened.where(accounts[opened.target])
    yield _Part(ACCOUNTS, AUTHENTICATES_AS, by_key, by_key.source, by_key.target)
    runs = links(posture, RUNS_AS)
    runs = runs.where(members[runs.source] & accounts[runs.target])
    yield _Part(ACCOUNTS, RUNS_AS, runs, runs.source, runs.target)
    spawned = links(posture, SPAWNS)
    spawned = spawned.where(members[spawned.source] & (alive & members)[spawned.target])
    yield _Part(CHILDREN, SPAWNS, spawned, spawned.source, spawned.target)


def _bindings(posture: Posture, own: OwnThings) -> Iterator[_Part]:
    """Yield the bindings of the tree, except to credentials, which are nodes of the set."""
    for at, rows in bindings(posture, own).groupby("relationship"):
        relationship = ORDER[int(str(at))]
        if relationship is USES:
            continue
        ends = Links(*(rows[name].to_numpy(np.int64) for name in ("source", "target", "row")))
        inward = own.identities[ends.target]
        kind = np.full(len(rows), OF_TYPE.get(relationship, ACCESS))
        if relationship in TRUSTING:
            kind[inward] = TRUSTED
        identity = np.where(inward, ends.target, ends.source)
        thing = np.where(inward, ends.source, ends.target)
        yield _Part(kind, relationship, ends, identity, thing)


def _frame(posture: Posture, own: OwnThings, part: _Part) -> pd.DataFrame:
    fact = posture.graph.frames[part.relationship]["id"].iloc[part.links.row].to_numpy(object)
    kind = np.broadcast_to(np.asarray(part.kind, np.int64), fact.shape)
    return pd.DataFrame(
        {
            "identity": part.identity,
            "kind": kind,
            "thing": part.thing,
            "fact": fact,
            "relationship": np.full(len(fact), part.relationship.name, object),
            "source": part.links.source,
            "target": part.links.target,
            "row": part.links.row,
            "shared": (kind == CREDENTIALS) & own.shared[part.thing],
        }
    )
