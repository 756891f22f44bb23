"""Bus factor of ownership: the fewest people whose departure leaves reach with no owner at all.

Given identities, weighted by what they reach, and the people who keep each owned, choose the fewest
people such that the identities kept by nobody else have a given share of the weight. This is
minimum union, which is hard in general: small cases are solved exactly, as a mixed-integer program;
for large ones a greedy choice is returned with a lower bound.
"""

import math
from dataclasses import dataclass

import numpy as np
import scipy  # its parts are loaded when they are first used

from analytics.ownership.owners import active_people, of_unknown_members
from analytics.posture import Posture
from analytics.residue import alive
from graph.once import once
from graph.schema import GROUP, MEMBER_OF, SPAWNS, TEAM

SMALL = 600  # most people, and pairs of person and group, for the exact solution
STOP = {"node_limit": 500, "time_limit": 5.0}  # then the bound proved so far counts
SLACK = 1e-9


@dataclass(frozen=True)
class BusFactor:
    """The people whose departure orphans `share` of the weight that is owned today.

    `people` are numbers of nodes. `bound` is a lower bound of their number: it equals their number
    where the answer is `exact`.
    """

    people: tuple[int, ...]
    share: float
    exact: bool
    bound: int


@dataclass(frozen=True)
class Kept:
    """Groups of identities that the same people keep owned.

    `holds` (bool, sparse [groups, people]) marks the people who keep each group, `weight` (float64)
    is the weight of each group, and `people` (int64) are numbers of nodes.
    """

    holds: "scipy.sparse.csr_array"
    weight: np.ndarray
    people: np.ndarray

    @classmethod
    def of(cls, keepers: list[frozenset[int]], weight: np.ndarray) -> "Kept":
        """Group identities by their keepers; those without keepers are left out."""
        sums: dict[frozenset[int], list[float]] = {}
        for keeper_set, weighs in zip(keepers, weight.tolist(), strict=True):
            if keeper_set and weighs > 0:
                sums.setdefault(keeper_set, []).append(weighs)
        groups = sorted(sums, key=sorted)
        people = np.array(sorted(frozenset().union(*groups)), np.int64)
        place = {person: n for n, person in enumerate(people.tolist())}
        column = [place[p] for group in groups for p in sorted(group)]
        row = np.repeat(np.arange(len(groups)), [len(g) for g in groups])
        holds = scipy.sparse.csr_array(
            (np.ones(len(column)), (row, column)), shape=(len(groups), len(people))
        )
        return cls(holds, np.array([math.fsum(sums[g]) for g in groups]), people)


def bus_factor(kept: Kept, share: float, small: int = SMALL) -> BusFactor | None:
    """Find the fewest people whose departure orphans `share` of the weight; None: no weight."""
    if not len(kept.weight):
        return None
    wanted = share * math.fsum(kept.weight) * (1 - SLACK)
    gone, bound = _greedy(kept, wanted), _bound(kept, wanted)
    if len(gone) > bound and max(len(kept.people), kept.holds.nnz) <= small:
        better, proved = _solve(kept, wanted)
        gone = better if better is not None and len(better) < len(gone) else gone
        bound = max(bound, proved)
    orphaned = kept.holds @ _flags(kept, gone) == kept.holds.sum(axis=1)
    return BusFactor(
        tuple(kept.people[sorted(gone)].tolist()),
        math.fsum(kept.weight[orphaned]) / math.fsum(kept.weight),
        len(gone) == bound,
        bound,
    )


def _flags(kept: Kept, people: list[int]) -> np.ndarray:
    flags = np.zeros(len(kept.people))
    flags[people] = 1
    return flags


def _bound(kept: Kept, wanted: float) -> int:
    """Return a lower bound of the number of people.

    Let the keepers of a group share its weight evenly: people who orphan a group bring all of it,
    so the shares of any choice add up to no less than what it orphans.
    """
    parts = kept.holds.T @ (kept.weight / kept.holds.sum(axis=1))
    most = np.cumsum(np.sort(parts)[::-1])
    return int(np.searchsorted(most, wanted * (1 - SLACK))) + 1


def _greedy(kept: Kept, wanted: float) -> list[int]:
    """Choose the group with the most weight per further person, until it is enough."""
    holds, by_person = kept.holds, scipy.sparse.csr_array(kept.holds.T)
    missing = holds.sum(axis=1).astype(np.int64)
    open_ = np.ones(len(missing), bool)
    gone: list[int] = []
    orphaned = 0.0
    while orphaned < wanted:
        worth = np.where(open_, kept.weight / np.maximum(missing, 1), -1.0)
        group = int(worth.argmax())
        members = holds.indices[holds.indptr[group] : holds.indptr[group + 1]]
        for person in sorted(set(members.tolist()) - set(gone)):
            gone.append(person)
            missing[by_person.indices[by_person.indptr[person] : by_person.indptr[person + 1]]] -= 1
        done = open_ & (missing == 0)
        orphaned += math.fsum(kept.weight[done])
        open_ &= ~done
    return _spared(kept, gone, wanted)


def _spared(kept: Kept, gone: list[int], wanted: float) -> list[int]:
    """Remove people who are not needed from the choice, the last chosen first."""
    keepers = kept.holds.sum(axis=1)
    for person in gone[::-1]:
        rest = [p for p in gone if p != person]
        orphaned = kept.holds @ _flags(kept, rest) == keepers
        if math.fsum(kept.weight[orphaned]) >= wanted:
            gone = rest
    return gone


def _solve(kept: Kept, wanted: float) -> tuple[list[int] | None, int]:
    """Solve the mixed-integer program; return the people, and the proved bound of their number.

    Minimise the people who go, where a group is orphaned at most as far as each keeper goes, and
    the orphaned weight is enough.
    """
    groups, people = kept.holds.shape
    row = np.repeat(np.arange(groups), np.diff(kept.holds.indptr))
    pairs = np.arange(len(row))
    goes = scipy.sparse.csr_array(
        (np.ones(len(row)), (pairs, kept.holds.indices)), shape=(len(row), people)
    )
    orphaned = scipy.sparse.csr_array((np.ones(len(row)), (pairs, row)), shape=(len(row), groups))
    weighs = scipy.sparse.csr_array(np.concatenate([np.zeros(people), kept.weight])[None])
    solution = scipy.optimize.milp(
        np.concatenate([np.ones(people), np.zeros(groups)]),
        integrality=np.concatenate([np.ones(people), np.zeros(groups)]),
        bounds=scipy.optimize.Bounds(0, 1),
        constraints=[
            scipy.optimize.LinearConstraint(scipy.sparse.hstack([goes, -orphaned]).tocsr(), lb=0),
            scipy.optimize.LinearConstraint(weighs, lb=wanted),
        ],
        options=STOP,
    )
    proved = 0 if solution.mip_dual_bound is None else math.ceil(solution.mip_dual_bound - 1e-6)
    if solution.x is None:
        return None, proved
    return np.flatnonzero(solution.x[:people] > 0.5).tolist(), proved


# -- who keeps what owned -----------------------------------------------------------------------


def kept_by(posture: Posture) -> Kept:
    """Return the people who keep the accountable identities in service owned, in whatever role.

    An identity weighs what it reaches: sensitivity times level, each (resource, level) once.
    """
    identities, weight = posture.accountable, posture.totals().weighted
    judged = alive(posture)[identities] & posture.ownership.known[identities]
    supports = keepers(posture)
    people = [supports.get(int(n), frozenset()) for n in identities[judged]]
    return Kept.of(people, weight[judged])


@once
def keepers(posture: Posture) -> dict[int, frozenset[int]]:
    """Return for each owned node the people of whom one is enough to keep it owned.

    Those are its own owners, in whatever role, the members of teams that own it, and the keepers of
    its parents in service, from which it would inherit, generation by generation.
    """
    return _handed_down(posture, _direct(posture))


def _direct(posture: Posture) -> dict[int, frozenset[int]]:
    members, owns = members_of_teams(posture), posture.ownership.owns
    counting = owns[owns["active"] & ~owns["inferred"]]
    people_by_thing: dict[int, set[int]] = {}
    for owner, thing in zip(counting["owner"].tolist(), counting["thing"].tolist(), strict=True):
        people_by_thing.setdefault(thing, set()).update(members.get(owner, {owner}))
    return {thing: frozenset(people) for thing, people in people_by_thing.items()}


def members_of_teams(posture: Posture) -> dict[int, set[int]]:
    """Return the active members of each team, or group of people; groups in it add theirs.

    One whose members no source could have stated stands for them: nobody's departure empties it.
    """
    graph = posture.graph
    member, team = graph.ends(MEMBER_OF)
    active, _ = active_people(graph)
    kept = graph.in_force(MEMBER_OF) & graph.has_label(TEAM, GROUP)[team]
    people, groups = (kept & mask[member] for mask in (active, graph.has_label(GROUP)))
    members = {n: {n} for n in np.flatnonzero(of_unknown_members(graph)).tolist()}
    for person, of in zip(member[people].tolist(), team[people].tolist(), strict=True):
        members.setdefault(of, set()).add(person)
    nested = list(zip(member[groups].tolist(), team[groups].tolist(), strict=True))
    grown = True
    while grown:  # one round per group in a group
        grown = False
        for inner, outer in nested:
            more = members.get(inner, set()) - members.get(outer, set())
            if more:
                members.setdefault(outer, set()).update(more)
                grown = True
    return members


def _handed_down(posture: Posture, direct: dict[int, frozenset[int]]) -> dict[int, frozenset[int]]:
    """Add to the keepers of each node those of its ancestors, through parents in service."""
    graph = posture.graph
    parent, child = graph.ends(SPAWNS)
    usable = graph.in_force(SPAWNS) & (parent != child) & posture.in_service[parent]
    up: dict[int, list[int]] = {}
    for p, c in zip(parent[usable].tolist(), child[usable].tolist(), strict=True):
        up.setdefault(c, []).append(p)
    return {c: _with_ancestors(c, up, direct) for c in {*direct, *up}}


def _with_ancestors(
    thing: int, up: dict[int, list[int]], direct: dict[int, frozenset[int]]
) -> frozenset[int]:
    seen, waiting = {thing}, [thing]
    while waiting:
        for parent in up.get(waiting.pop(), ()):
            if parent not in seen:
                seen.add(parent)
                waiting.append(parent)
    return frozenset().union(*(direct.get(node, frozenset()) for node in seen))
