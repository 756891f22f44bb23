"""Owners: which person or team answers for each identity, in which role, and where that is unknown.

An owner counts for a role, business or technical (a sponsor counts as business). People count while
they are active, teams while they have an active member, and a child agent inherits from a parent
that is itself active and owned. Software never counts, and neither does an inferred owner. A group
of people counts as a team.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from graph.access import AccessGraph
from graph.element import Element, When
from graph.facts import Coverage
from graph.instants import DAY, NEVER, milliseconds
from graph.once import once
from graph.schema import GROUP, HUMAN, IDENTITIES, MEMBER_OF, OWNS, SPAWNS, TEAM

ROLES = ("business", "technical")
AS_BUSINESS = ("business", "sponsor")  # roles of statements that count as business
INFERRED, DECLARED_LATER = "inferred", "declared_later"
NOBODY = -1


@dataclass(frozen=True)
class Ownership:
    """The owners of each identity, as of one moment.

    `owns` has a row for each statement of ownership: `owner`, `thing` (numbers), `role`, `kind`
    (human, team or software), `active`, `ended` and `since` (milliseconds), `inferred`,
    `acknowledged` and `id`. `covered` maps each role to an array over all nodes: the number of the
    owner that answers, or -1. `inherited` maps each role to a bool array. `known_in` maps each role
    to a bool array: whether a source could have stated, or did state, the owner of the node in it;
    a list of one kind of owner only leaves the other unknown. `parent` is the number of the agent
    that spawned it, the first by number of several, or -1.
    """

    owns: pd.DataFrame
    covered: dict[str, np.ndarray]
    inherited: dict[str, np.ndarray]
    known_in: dict[str, np.ndarray]
    parent: np.ndarray

    @cached_property
    def known(self) -> np.ndarray:
        """Return a mask of the nodes whose owners are known in at least one role."""
        return np.asarray(np.logical_or.reduce(list(self.known_in.values())))

    @cached_property
    def known_whole(self) -> np.ndarray:
        """Return a mask of the nodes whose owners are known in every role."""
        return np.asarray(np.logical_and.reduce(list(self.known_in.values())))

    def states(self, created_at: np.ndarray) -> np.ndarray:
        """Return for each node how its owners are known.

        `declared`, `declared_later` (than it was created, by more than a day), `inferred` (also if
        only inherited), `none` or `unknown`.
        """
        owns = self.owns
        state = np.where(self.known, "none", "unknown").astype(object)
        guessed = np.logical_or.reduce(list(self.inherited.values()))
        guessed[owns["thing"][owns["active"] & owns["inferred"]]] = True
        state[guessed] = "inferred"
        counting = owns[owns["active"] & ~owns["inferred"]]
        by_thing = counting.groupby("thing")
        since = by_thing["since"].min()
        declared_later = (counting["evidence"] == DECLARED_LATER).fillna(False)
        later = declared_later.astype(bool).groupby(counting["thing"]).all().to_numpy(bool)
        created = created_at[since.index]
        later = later | (created != NEVER) & (since.to_numpy() > created + DAY)
        state[since.index] = np.where(later, "declared_later", "declared")
        return state

    def missing(self, role: str) -> np.ndarray:
        """Return a mask of the nodes that are known to have no owner in `role`."""
        return np.asarray(self.known_in[role] & (self.covered[role] == NOBODY))

    def nobody(self) -> np.ndarray:
        """Return a mask of the nodes that are known to have no owner in any known role."""
        covered = np.logical_or.reduce([self.covered[role] != NOBODY for role in ROLES])
        return np.asarray(self.known & ~covered)


def ownership(graph: AccessGraph, leaving: tuple[int, ...] = ()) -> Ownership:
    """Compute the owners of each node of `graph` as of its moment.

    `leaving` are numbers of people that count as gone.
    """
    owns = _statements(graph, leaving)
    spawned = _spawned(graph)
    active = in_service(graph)
    covered, inherited = {}, {}
    for role in ROLES:
        direct = _direct(owns[owns["role"] == role], len(graph.ids))
        covered[role], inherited[role] = _inherit(direct, spawned, active)
    known = {
        role: _known(graph, role) & ~_in_doubt(graph, role, covered[role], spawned, active)
        for role in ROLES
    }
    return Ownership(owns, covered, inherited, known, _first_parent(spawned, active.size))


def active_people(
    graph: AccessGraph, leaving: tuple[int, ...] = ()
) -> tuple[np.ndarray, np.ndarray]:
    """Return for each node whether it is an active person, and when the person left.

    A person who leaves after the moment of the graph is still active; one without a status counts
    as active. One who is gone left at the earliest instant that a source states of it: that of
    leaving, or, as a log shows, of being disabled or deleted.
    """
    people = graph.frames[HUMAN]
    numbers = graph.numbers(people["id"])
    left = milliseconds(people["left_at"])
    status = people["status"].fillna("active").to_numpy(object)
    here = np.where(left != NEVER, left > graph.now, status == "active")
    here &= ~np.isin(status, ["disabled", "deleted"]) & graph.existing[numbers]
    active, left_at = np.zeros(len(graph.ids), bool), np.full(len(graph.ids), NEVER)
    active[numbers] = here
    left_at[numbers] = np.where(here, NEVER, _earliest(people, left, graph.now))
    active[list(leaving)], left_at[list(leaving)] = False, graph.now
    return active, left_at


def active_owners(graph: AccessGraph) -> np.ndarray:
    """Return a mask of the people, teams and groups that count as owners of what they own."""
    person, left_at = active_people(graph)
    return np.asarray(person | _teams(graph, person, left_at)[0])


def _earliest(people: pd.DataFrame, left: np.ndarray, now: int) -> np.ndarray:
    """Return the earliest instant by now at which each of some people left, `NEVER` if unknown."""
    later = np.iinfo(np.int64).max
    first = np.where((left != NEVER) & (left <= now), left, later)
    enabled = (people["status"] == "active").fillna(False).to_numpy(bool)
    for column in ("status_at", "deleted_at"):
        at = milliseconds(people[column])
        at = np.where(enabled, NEVER, at) if column == "status_at" else at  # since it was active
        first = np.where(at != NEVER, np.minimum(first, at), first)
    return np.where(first == later, NEVER, first)


def _statements(graph: AccessGraph, leaving: tuple[int, ...]) -> pd.DataFrame:
    frame = graph.frames[OWNS]
    owner, thing = graph.ends(OWNS)
    since = milliseconds(frame["since"])
    in_force = graph.in_force(OWNS)
    person, left_at = active_people(graph, leaving)
    manned, emptied_at = _teams(graph, person, left_at)
    is_team, is_human = graph.has_label(TEAM, GROUP)[owner], graph.has_label(HUMAN)[owner]
    owns = pd.DataFrame(
        {
            "owner": owner,
            "thing": thing,
            "role": role_of(frame),
            "kind": np.select([is_human, is_team], ["human", "team"], "software"),
            "active": np.select([is_human, is_team], [person[owner], manned[owner]], False),
            "ended": np.select([is_human, is_team], [left_at[owner], emptied_at[owner]], NEVER),
            "since": since,
            "evidence": evidence_of(graph),
            "inferred": (evidence_of(graph) == INFERRED).fillna(False).to_numpy(bool),
            "acknowledged": milliseconds(frame["acknowledged_at"]),
            "source": frame["source"],
            "scope": frame["scope"],
            "id": frame["id"],
        }
    )
    return owns[in_force].reset_index(drop=True)


@once
def evidence_of(graph: AccessGraph) -> pd.Series:
    """Return how each owner is known, by row of OWNS; null where nobody says.

    Of several sources that name the same owner, those that declare count before those that infer:
    a guess takes nothing away from a declaration.
    """
    frame, rows = graph.frames[OWNS], graph.then.frames[OWNS]
    evidence = frame["evidence"]
    if len(rows) == len(frame):
        return evidence
    declaring = (rows["evidence"] != INFERRED).fillna(True).to_numpy(bool)
    for column in OWNS.instants(When.BEGINS):
        declaring &= milliseconds(rows[column.name]) <= graph.now
    later = (
        (rows["evidence"] == DECLARED_LATER).fillna(False)[declaring].groupby(rows["id"][declaring])
    )
    declared = frame["id"].map(later.all())
    guessed = (evidence == INFERRED).fillna(False) & declared.notna()
    stated = declared.fillna(False).astype(bool).map({True: DECLARED_LATER, False: pd.NA})
    return evidence.mask(guessed, stated.astype("string"))


def _teams(
    graph: AccessGraph, person: np.ndarray, left_at: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return for each node whether it is a team with an active member, and when the last left.

    The members of a group in a group are members of both. A team whose members no source could have
    stated, such as one that only a tag names, counts as active, like a person without a status.
    """
    member, team = graph.ends(MEMBER_OF)
    of_team = graph.has_label(TEAM, GROUP)[team]
    kept = graph.in_force(MEMBER_OF) & of_team
    manned, emptied = np.zeros(len(graph.ids), bool), np.full(len(graph.ids), NEVER)
    manned[team[kept & person[member]]] = True
    ended = milliseconds(graph.frames[MEMBER_OF]["valid_to"])
    over = of_team & (ended != NEVER) & (ended <= graph.now)
    left = left_at[member]
    at = np.where(over & (left != NEVER), np.minimum(ended, left), np.where(over, ended, left))
    np.maximum.at(emptied, team[kept | over], at[kept | over])
    manned |= of_unknown_members(graph)
    nested = kept & graph.has_label(GROUP)[member]
    inner, outer = member[nested], team[nested]
    while True:  # one round per group in a group
        before = manned.copy(), emptied.copy()
        manned[outer[manned[inner]]] = True
        np.maximum.at(emptied, outer, emptied[inner])
        if all(map(np.array_equal, before, (manned, emptied))):
            break
    return manned, np.where(manned, NEVER, emptied)


@once
def of_unknown_members(graph: AccessGraph) -> np.ndarray:
    """Return a mask of the teams whose members no scope that states them could state.

    A scope can if it states members of any team, or if it lists the whole inventory and its owners:
    there a team without members is empty.
    """
    listing = [c.key for c in graph.coverage if _lists_owners(c)]
    unknown = np.zeros(len(graph.ids), bool)
    target = graph.numbers(graph.facts.frames[MEMBER_OF]["target_id"])
    codes, known = _scopes(graph, MEMBER_OF)
    for label in (TEAM, GROUP):
        joined = graph.has_label(label)[target]
        with_members = set(np.unique(codes[joined]).tolist())
        stating = [*listing, *(key for key, code in known.items() if code in with_members)]
        ids = graph.facts.frames[label]["id"]
        unknown[graph.numbers(ids)] = True
        unknown[graph.numbers(ids[_of_scopes(graph, label, stating)])] = False
        unknown[target[joined]] = False
    return unknown


def _lists_owners(scope: Coverage) -> bool:
    every = all(scope.states_owners(label.name, role) for label in IDENTITIES for role in ROLES)
    return every and "inventory" in scope.declares


def _direct(owns: pd.DataFrame, nodes: int) -> np.ndarray:
    """Return the stated owner of each node, or -1: a person before a team, longest first."""
    counting = owns[owns["active"] & ~owns["inferred"]]
    ranked = counting.sort_values(["kind", "since", "owner"], kind="stable")
    first = ranked.drop_duplicates("thing")
    answers = np.full(nodes, NOBODY, np.int64)
    answers[first["thing"]] = first["owner"]
    return answers


def _inherit(
    direct: np.ndarray, spawned: list[tuple[int, int]], active: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Hand ownership down from parents that are active and owned, generation by generation.

    Of several such parents, the nearest generation counts, then the lowest number.
    """
    covered, inherited = direct.copy(), np.zeros(len(direct), bool)
    heirs: dict[int, list[int]] = {}
    for parent, child in spawned:
        if active[parent] and direct[child] == NOBODY:
            heirs.setdefault(parent, []).append(child)
    front = deque(parent for parent in heirs if covered[parent] != NOBODY)
    while front:
        parent = front.popleft()
        for child in heirs.get(parent, ()):
            if covered[child] == NOBODY:
                covered[child], inherited[child] = covered[parent], True
                front.append(child)
    return covered, inherited


def _in_doubt(
    graph: AccessGraph,
    role: str,
    covered: np.ndarray,
    spawned: list[tuple[int, int]],
    active: np.ndarray,
) -> np.ndarray:
    """Return a mask of the nodes without an owner that may inherit one whom nobody could state.

    A parent in service hands down whoever owns it. Where no source could have stated who does, it
    is unknown who answers for its children, generation by generation.
    """
    doubt = ~_known(graph, role) & (covered == NOBODY)
    if not spawned or not doubt.any():
        return np.zeros(len(covered), bool)
    parent, child = np.array(spawned, np.int64).T
    heirs = active[parent] & (covered[child] == NOBODY)
    parent, child = parent[heirs], child[heirs]
    inherits = np.zeros(len(covered), bool)
    while (more := child[doubt[parent] & ~inherits[child]]).size:
        inherits[more] = doubt[more] = True
    return inherits


def _spawned(graph: AccessGraph) -> list[tuple[int, int]]:
    """Return the pairs of parent and child, by number."""
    parent, child = graph.ends(SPAWNS)
    kept = graph.in_force(SPAWNS) & (parent != child)
    return sorted(zip(parent[kept].tolist(), child[kept].tolist(), strict=True))


def _first_parent(spawned: list[tuple[int, int]], nodes: int) -> np.ndarray:
    parents = np.full(nodes, NOBODY, np.int64)
    for parent, child in reversed(spawned):
        parents[child] = parent
    return parents


def in_service(graph: AccessGraph) -> np.ndarray:
    """Return a mask of the nodes in service: not disabled, retired or deleted."""
    active = graph.existing.copy()
    for label in IDENTITIES:
        frame = graph.frames[label]
        ended = ~frame["status"].fillna("active").isin(["active"]).to_numpy(bool)
        active[graph.numbers(frame["id"][ended])] = False
    return active


def role_of(owns: pd.DataFrame) -> pd.Series:
    """Return the role of each statement: a sponsor, and an owner of no named role, is business."""
    return owns["role"].fillna("business").mask(owns["role"].isin(AS_BUSINESS), "business")


@once
def _known(graph: AccessGraph, role: str) -> np.ndarray:
    """Return a mask of the nodes whose owner in `role` a scope could have stated.

    That is a scope that declares such owners, and states the node or an owner of it. An owner in
    the role is also known where a scope states one without declaring the kind; an inferred one does
    not count.
    """
    known = np.zeros(len(graph.ids), bool)
    able = {n: [c.key for c in graph.coverage if c.states_owners(n.name, role)] for n in IDENTITIES}
    if graph.coverage and all(len(keys) == len(graph.coverage) for keys in able.values()):
        known[:] = True
        return known
    owns = graph.facts.frames[OWNS]
    target = graph.numbers(owns["target_id"])
    for label, keys in able.items():
        stated = graph.facts.frames[label]["id"]
        known[graph.numbers(stated[_of_scopes(graph, label, keys)])] = True
        of_scope = _of_scopes(graph, OWNS, keys) & graph.has_label(label)[target]
        known[target[of_scope]] = True
    known[target[stated_in(owns, role)]] = True
    return known


def _of_scopes(graph: AccessGraph, element: Element, keys: Iterable[tuple[str, str]]) -> np.ndarray:
    """Return a mask of the rows of an element that come from one of the scopes `keys`."""
    codes, known = _scopes(graph, element)
    return np.isin(codes, [known[key] for key in keys if key in known])


@once
def _scopes(graph: AccessGraph, element: Element) -> tuple[np.ndarray, dict[tuple[str, str], int]]:
    """Return the scope of each row as a number, and the number of each source and scope."""
    frame = graph.facts.frames[element]
    source, sources = pd.factorize(frame["source"])
    scope, scopes = pd.factorize(frame["scope"])
    codes = source * len(scopes) + scope
    known = {
        (str(sources[code // len(scopes)]), str(scopes[code % len(scopes)])): int(code)
        for code in np.unique(codes)
    }
    return codes, known


def stated_in(owns: pd.DataFrame, role: str) -> np.ndarray:
    """Return a mask of the statements of ownership that are about `role` and not inferred."""
    named = role_of(owns) == role
    return np.asarray((named & (owns["evidence"] != INFERRED).fillna(True)).to_numpy(bool))
