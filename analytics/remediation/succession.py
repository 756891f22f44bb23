"""Succession: what is left behind when people leave, and who could take over.

A departure orphans the nodes whose last owner it was, leaves secrets known to an outsider, and
leaves work to successors who may have left themselves.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.assumptions.model import NUMBER
from analytics.debt.owed import sums_of
from analytics.ownership.owners import AS_BUSINESS, NOBODY, ROLES, active_people, ownership
from analytics.posture import Filter, Posture
from analytics.reach.spread import spread
from analytics.residue import judged
from graph.element import Relationship
from graph.schema import (
    AUTHENTICATES_AS,
    CREDENTIAL,
    HUMAN,
    LEVELS,
    OWNS,
    RUNS_AS,
    STORED_IN,
    USES,
)

SECRETLESS = ("federated", "workload")  # no secret that can be copied
READ = LEVELS.index("read")


def orphaned_by(posture: Posture, leaving: tuple[int, ...]) -> pd.DataFrame:
    """Return the roles that lose their last owner if `leaving` (numbers of people) go.

    Returns
    -------
    DataFrame
        `identity` (number), `role`, `nobody` (no owner is left in any role), `principal` (what
        would be owed at once) and `interest` (what that adds each day, until the model's cap).
    """
    then = ownership(posture.graph, leaving)
    parts = []
    for role in ROLES:
        lost = then.missing(role) & ~posture.ownership.missing(role)
        parts.append(pd.DataFrame({"identity": judged(posture, lost), "role": role}))
    rows = pd.concat(parts, ignore_index=True)
    rows["nobody"] = then.nobody()[rows["identity"]]
    debt = sums_of(posture)
    k = NUMBER["owner"]
    place = np.searchsorted(debt.identities, rows["identity"])
    rows["principal"] = debt.applicable[place, k] / len(ROLES)
    rows["interest"] = rows["principal"] / debt.model.cycle[k]
    order = {"principal": False, "identity": True, "role": True}
    return rows.sort_values(list(order), ascending=list(order.values()), ignore_index=True)


# -- secrets ----------------------------------------------------------------------------------


def secrets_known_to(posture: Posture, leaving: tuple[int, ...]) -> pd.DataFrame:
    """Return the live credentials that people could have copied, one row for each reason.

    These are the credentials of what a person owns technically (or in an undeclared role), those in
    a store that the person can read, and the person's own, which are to be revoked instead of
    rotated. Credentials without a secret are left out.

    Returns
    -------
    DataFrame
        `credential`, `person` (numbers), `because` (`owns`, `reads` or `holds`) and `through`
        (number of what is owned, of the store, or of the person).
    """
    parts = [part for person in leaving for part in _known_to(posture, person)]
    columns = {"credential": np.int64, "person": np.int64, "because": object, "through": np.int64}
    rows = pd.concat([pd.DataFrame(columns=list(columns)).astype(columns), *parts])
    kept = _copyable(posture)[rows["credential"].to_numpy(np.int64)]
    order = ["credential", "because", "through", "person"]
    return pd.DataFrame(rows[kept]).drop_duplicates().sort_values(order, ignore_index=True)


def _known_to(posture: Posture, person: int) -> list[pd.DataFrame]:
    graph = posture.graph
    key, taken_for = graph.ends(AUTHENTICATES_AS)
    credentials, theirs = key[(taken_for == person) & graph.in_force(AUTHENTICATES_AS)], person
    owned = _keys_of(posture, _operated(posture, person))
    read = _readable(posture, person)
    return [
        pd.DataFrame({"credential": c, "person": person, "because": why, "through": t})
        for why, c, t in (("holds", credentials, theirs), ("owns", *owned), ("reads", *read))
    ]


def _operated(posture: Posture, person: int) -> np.ndarray:
    """Return the nodes that a person owns technically, or in an undeclared role."""
    graph = posture.graph
    owns = posture.ownership.owns
    roles = graph.frames[OWNS].set_index("id")["role"]
    as_business = roles.reindex(owns["id"]).isin(AS_BUSINESS).to_numpy(bool)
    return np.unique(owns["thing"][(owns["owner"] == person) & ~as_business & ~owns["inferred"]])


def _keys_of(posture: Posture, things: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the credentials of nodes and of the accounts they run as, with the node of each."""
    graph = posture.graph
    runner, account = _pairs(posture, RUNS_AS)
    run = np.isin(runner, things)
    owner = np.concatenate([things, runner[run]])
    identity = np.concatenate([things, account[run]])
    agent, used = _pairs(posture, USES)
    key, taken_for = _pairs(posture, AUTHENTICATES_AS)
    is_key = graph.has_label(CREDENTIAL)[things]
    parts = [(things[is_key], things[is_key])]
    for holder, credential in ((agent, used), (taken_for, key)):
        pairs = pd.DataFrame({"identity": holder, "credential": credential}).merge(
            pd.DataFrame({"identity": identity, "owner": owner}), on="identity"
        )
        parts.append((pairs["credential"].to_numpy(), pairs["owner"].to_numpy()))
    keys, owners = zip(*parts, strict=True)
    return np.concatenate(keys), np.concatenate(owners)


def _pairs(posture: Posture, relationship: Relationship) -> tuple[np.ndarray, np.ndarray]:
    graph = posture.graph
    source, target = graph.ends(relationship)
    kept = graph.in_force(relationship)
    return source[kept], target[kept]


def _readable(posture: Posture, person: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the credentials in stores that a person can read, now or after activation."""
    reached = spread(posture.network(Filter("potential")), person).reached()
    stores = reached["resource"][(reached["read"] >= 0) | (reached["admin"] >= 0)]
    credential, store = _pairs(posture, STORED_IN)
    kept = np.isin(store, stores)
    return credential[kept], store[kept]


def _copyable(posture: Posture) -> np.ndarray:
    """Return a mask of the nodes that are live credentials with a secret in them."""
    graph = posture.graph
    frame = graph.frames[CREDENTIAL]
    secret = np.zeros(len(graph.ids), bool)
    with_secret = ~frame["type"].isin(SECRETLESS).to_numpy(bool)
    secret[graph.numbers(frame["id"][with_secret])] = True
    return np.asarray(secret & graph.live)


# -- successors -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Heirs:
    """The last owners of a role, possible successors, and named ones who are gone (numbers)."""

    last: tuple[int, ...]
    stay: tuple[int, ...]
    gone: tuple[int, ...]


class Succession:
    """The possible successors of people who leave."""

    def __init__(self, posture: Posture, leaving: tuple[int, ...], things: np.ndarray) -> None:
        self.posture, self.leaving = posture, leaving
        self._active, _ = active_people(posture.graph, leaving)
        owns = posture.ownership.owns
        people = owns[(owns["kind"] == "human") & owns["thing"].isin(things)]
        self._owners = dict(iter(people.groupby("thing")))
        self._above = _managers(posture)

    def heirs(self, thing: int, role: str) -> Heirs:
        """Return the possible successors in a role of a node, the nearest first.

        Owners of the node in another role come first, then the first manager who stays, upwards
        from those who leave.
        """
        last = self._last(thing, role)
        named = self._owners[thing]["owner"].tolist() if thing in self._owners else []
        stay = sorted({owner for owner in named if self._active[owner]})
        gone = sorted(set(named) - set(stay) - set(self.leaving))
        for person in last:
            here, passed = self.line(person)
            gone += [owner for owner in passed if owner not in gone]
            stay += [here] if here != NOBODY and here not in stay else []
        return Heirs(tuple(last), tuple(stay), tuple(gone))

    def line(self, person: int) -> tuple[int, tuple[int, ...]]:
        """Return the first manager upwards who stays (-1: none), and those below who do not."""
        gone: list[int] = []
        at = self._above.get(person, NOBODY)
        while at != NOBODY and not self._active[at] and at not in gone:
            gone.append(at)
            at = self._above.get(at, NOBODY)
        return (at if at != NOBODY and self._active[at] else NOBODY), tuple(gone)

    def _last(self, thing: int, role: str) -> list[int]:
        """Return the leaving owners in a role, else whoever answers for it."""
        if thing in self._owners:
            owners = self._owners[thing]
            owners = owners[(owners["role"] == role) & owners["active"].astype(bool)]
            if direct := sorted(set(owners["owner"]) & set(self.leaving)):
                return direct
        answering = int(self.posture.ownership.covered[role][thing])
        return [answering] if answering != NOBODY else []


def _managers(posture: Posture) -> dict[int, int]:
    people = posture.graph.frames[HUMAN]
    stated = people["manager_id"].notna().to_numpy(bool)
    person = posture.graph.numbers(people["id"][stated])
    manager = posture.graph.numbers(people["manager_id"][stated])
    return dict(zip(person.tolist(), manager.tolist(), strict=True))
