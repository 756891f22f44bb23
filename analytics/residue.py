"""Residue: which identities ended, when, and what is left of them.

An identity ended when its status is disabled, retired or deleted. Its credentials, accounts and
child agents do not end with it; somebody has to end them too. So an identity is judged for as long
as it is alive: in service, or ended with something left.

A few rules judge only identities in service: those that would advise the removal of a part where
RES-01 advises the removal of the whole.

Grants to a deleted identity are gone with it. What it used remains: a key that opens another
identity, an account that nobody else uses, the agents that it spawned.
"""

import numpy as np
import pandas as pd

from analytics.posture import Posture
from graph.access import flags
from graph.element import Relationship
from graph.instants import LATER, NEVER, milliseconds
from graph.once import once
from graph.schema import (
    ACTS_FOR,
    AGENT,
    ASSUMES,
    AUTHENTICATES_AS,
    CALLS,
    CAN_ACCESS,
    CREDENTIAL,
    CREDENTIAL_ENDED,
    GROUP,
    IDENTITIES,
    MEMBER_OF,
    ROLE,
    RUNS_AS,
    SERVICE_ACCOUNT,
    SPAWNS,
    USES,
)

# In the order to end them; what trusts an identity is part of kill sets only.
CREDENTIALS, ACCOUNTS, ACCESS, DELEGATIONS, CHILDREN, TRUSTED, REGISTRATIONS = range(7)
OF_TYPE = {SPAWNS: DELEGATIONS, ACTS_FOR: DELEGATIONS, CALLS: REGISTRATIONS}  # others: ACCESS
COLUMNS = ["identity", "kind", "thing", "fact"]


def judged(posture: Posture, which: np.ndarray) -> np.ndarray:
    """Return the numbers of the alive accountable identities in the mask `which`."""
    identities = posture.accountable
    return np.asarray(identities[(which & alive(posture))[identities]])


@once
def alive(posture: Posture) -> np.ndarray:
    """Return a mask of the nodes in service, or ended with something left."""
    mask = posture.in_service.copy()
    mask[residue(posture)["identity"].to_numpy(np.int64)] = True
    return mask


@once
def residue(posture: Posture) -> pd.DataFrame:
    """Return what is left of the ended identities (cached); see `left_of`."""
    return left_of(posture, ~posture.in_service)


def expired(posture: Posture) -> np.ndarray:
    """Return when each agent passed its own end (int64).

    In milliseconds; `LATER` for agents before their end and for all other nodes.
    """
    graph, end = posture.graph, np.full(len(posture.graph.ids), LATER)
    agents = graph.frames[AGENT]
    at = milliseconds(agents["expires_at"])
    end[graph.numbers(agents["id"])] = np.where((at != NEVER) & (at <= graph.now), at, LATER)
    return end


@once
def ended_at(posture: Posture) -> np.ndarray:
    """Return when each identity ended, or passed its own end (int64, milliseconds).

    `NEVER` where it ended without a date, `LATER` where it has not ended. An account or role that
    only deleted agents used ended with the last of them.
    """
    graph, end = posture.graph, expired(posture)
    dated = end.copy()
    for label in IDENTITIES:
        frame = graph.frames[label]
        number = graph.numbers(frame["id"])
        for column in ("status_at", "deleted_at"):
            at = milliseconds(frame[column])
            dated[number] = np.minimum(dated[number], np.where(at == NEVER, LATER, at))
    dated = np.where(dated == LATER, NEVER, np.minimum(dated, graph.now))
    end = np.where(posture.in_service, end, dated)
    left = residue(posture)
    left = left[(left["kind"] == ACCOUNTS) & posture.deleted[left["identity"]]]
    last = pd.Series(end[left["identity"]]).groupby(left["thing"].to_numpy()).max()
    at = last.index.to_numpy(np.int64)
    end[at] = np.minimum(end[at], last.to_numpy(np.int64))
    return end


def left_of(posture: Posture, nodes: np.ndarray) -> pd.DataFrame:
    """Return what is left of the nodes in the mask `nodes`.

    Returns
    -------
    DataFrame
        `identity`, `kind` (such as `CREDENTIALS`), `thing` (what is left: a credential, an
        account, a child; for access, delegations and registrations, their target) and `fact` (the
        id of the relationship that shows it), sorted in this order.
    """
    if not nodes.any():
        return pd.DataFrame({c: pd.Series([], dtype=object if c == "fact" else np.int64)
                             for c in COLUMNS})  # fmt: skip
    parts = [
        *_credentials(posture, nodes),
        *_accounts(posture, nodes),
        *_access(posture, nodes & ~posture.deleted),
        _children(posture, nodes),
    ]
    rows = pd.concat(parts, ignore_index=True).drop_duplicates(["identity", "thing", "fact"])
    return pd.DataFrame(rows.sort_values(COLUMNS, kind="stable", ignore_index=True))


@once
def _rows(
    posture: Posture, relationship: Relationship, turned: bool = False, derived: bool = False
) -> pd.DataFrame:
    """Return the ends of a relationship in force (cached): `identity`, `thing`, `fact`.

    Those that a source derived from other facts are left out, unless `derived`.
    """
    ends, kept = posture.graph.ends(relationship), posture.graph.in_force(relationship)
    frame = posture.graph.frames[relationship]
    if "derived" in frame and not derived:
        kept &= ~flags(frame["derived"])
    source, target = ends[::-1] if turned else ends
    fact = frame["id"].to_numpy(object)
    return pd.DataFrame({"identity": source[kept], "thing": target[kept], "fact": fact[kept]})


@once
def usable_keys(posture: Posture) -> np.ndarray:
    """Return a mask of the credentials that nobody ended, expired or not (cached)."""
    frame = posture.graph.frames[CREDENTIAL]
    mask = np.zeros(len(posture.graph.ids), bool)
    kept = ~frame["status"].isin(CREDENTIAL_ENDED).to_numpy(bool)
    mask[posture.graph.numbers(frame["id"][kept])] = True
    return mask


def _credentials(posture: Posture, nodes: np.ndarray) -> list[pd.DataFrame]:
    """Return the credentials that authenticate as the nodes, and those that they use.

    A deleted agent has a key only as long as that opens something and no agent in service has it.
    """
    live, deleted = usable_keys(posture), posture.deleted
    used, opens = _rows(posture, USES), _rows(posture, AUTHENTICATES_AS, turned=True)
    opens = opens[live[opens["thing"]] & ~deleted[opens["identity"]]]
    elsewhere = set(used["thing"][posture.in_service[used["identity"]]])
    idle = (used["thing"].isin(elsewhere) | ~used["thing"].isin(opens["thing"])).to_numpy(bool)
    kept = nodes[used["identity"]] & live[used["thing"]] & ~(deleted[used["identity"]] & idle)
    parts = used[kept], opens[nodes[opens["identity"]]]
    return [part.assign(kind=CREDENTIALS) for part in parts]


def _accounts(posture: Posture, nodes: np.ndarray) -> list[pd.DataFrame]:
    """Return the accounts and roles in service that the nodes use, and nothing else does.

    An identity that is not deleted and runs as another node has that as access.
    """
    runs, by_key = _rows(posture, RUNS_AS), _by_key(posture)
    account = posture.graph.has_label(SERVICE_ACCOUNT, ROLE) & posture.in_service
    lone = account & ~used_by_others(posture, nodes)
    parts = [rows[nodes[rows["identity"]] & lone[rows["thing"]]] for rows in (runs, by_key)]
    bound = (nodes & ~posture.deleted)[runs["identity"]]
    bound &= (~lone & ~posture.deleted)[runs["thing"]]
    return [*(part.assign(kind=ACCOUNTS) for part in parts), runs[bound].assign(kind=ACCESS)]


def used_by_others(posture: Posture, nodes: np.ndarray) -> np.ndarray:
    """Return a mask of the nodes that something in service, not in `nodes`, acts as."""
    others = posture.in_service & ~nodes
    busy = np.zeros(len(nodes), bool)
    taken = (_rows(posture, kind, derived=True) for kind in (RUNS_AS, ASSUMES))
    for users in (*taken, _by_key(posture, derived=True)):
        busy[users["thing"][others[users["identity"]]]] = True
    return busy


@once
def _by_key(posture: Posture, derived: bool = False) -> pd.DataFrame:
    """Return who acts as whom by a live key (cached): `identity`, `thing`, `fact`."""
    used, opens = (_rows(posture, kind, derived=derived) for kind in (USES, AUTHENTICATES_AS))
    opens = opens[usable_keys(posture)[opens["identity"]]].rename(columns={"identity": "key"})
    by_key = used.rename(columns={"thing": "key"}).merge(opens.drop(columns="fact"), on="key")
    return by_key[["identity", "thing", "fact"]]


def _access(posture: Posture, nodes: np.ndarray) -> list[pd.DataFrame]:
    """Return the access of the nodes: grants, memberships, roles, delegations, what they call."""
    parts = []
    for relationship in (CAN_ACCESS, MEMBER_OF, ASSUMES, ACTS_FOR, CALLS):
        rows = _rows(posture, relationship)
        kept = nodes[rows["identity"]] & ~posture.deleted[rows["thing"]]
        if relationship is MEMBER_OF:
            kept &= posture.graph.has_label(GROUP)[rows["thing"]]
        parts.append(rows[kept].assign(kind=OF_TYPE.get(relationship, ACCESS)))
    return parts


def _children(posture: Posture, nodes: np.ndarray) -> pd.DataFrame:
    rows = _rows(posture, SPAWNS)
    kept = nodes[rows["identity"]] & posture.in_service[rows["thing"]]
    return pd.DataFrame(rows[kept].assign(kind=CHILDREN))
