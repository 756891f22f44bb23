"""Greedy plan: the removals that reduce reach most, chosen one after the other.

A login that only moves access is no candidate. Each step is measured by what-if itself; one that
removes nothing then, or adds to debt, is skipped.

Each step takes the largest gain after the steps before, with every gain computed again. Reach is
not submodular: each of two paths to the same resource is worth nothing alone, so no share of the
optimum is guaranteed, and on small estates the optimum itself is computed as well. No candidate is
worth more than the number of identities that reach its source times the reach of its target; both
are known for all at once, and spare most evaluations.
"""

from itertools import combinations
from math import comb

import numpy as np
import pandas as pd

from analytics.actions import REMOVING
from analytics.posture import MODES, Filter, Posture
from analytics.reach.closure import totals
from analytics.reach.network import Network
from analytics.reach.removal import Masked
from analytics.remediation.closing.change import Change
from analytics.remediation.plan.optimum import ROWS, SECONDS, Programme
from analytics.remediation.plan.step import LEAST, Plan, Proposal, Trail
from analytics.remediation.removal.last_logins import LastLogins
from analytics.remediation.removal.reduced_reach import Moves, ReducedReach, arrays
from analytics.runtime.progress import tell
from analytics.usage.idle_access import (
    ADMIN,
    Idle,
    derived_from,
    grouped,
    idle,
    idle_rows,
    of_nodes,
)
from analytics.usage.observed import uses
from analytics.weights import mask_weights
from graph.schema import CREDENTIAL, LEVELS

RECOUNTS = 500_000  # identities recounted before the search is truncated
SETS = 20_000  # candidate sets tried for the optimum
MANY = 2_000  # candidates beyond which no optimum is computed
ROUNDS = 10  # best sets excluded before the optimum is given up


def make_plan(posture: Posture, budget: int, within: np.ndarray | None = None) -> Plan:
    """Plan up to `budget` removals against the standing reach of all identities.

    `within` is a mask of the nodes whose access may be removed; None for all.
    """
    search = _Search(posture, within)
    trail = search.steps(budget)
    best, because = search.optimum(budget)
    return Plan(trail.steps, trail.after, len(search.candidates), search.truncated, best, because)


class _Search:
    """The candidates of a plan, and the remaining network as they are removed."""

    def __init__(self, posture: Posture, within: np.ndarray | None) -> None:
        self.posture, self.moves = posture, Moves(posture)
        self.remaining = ReducedReach(posture, self.moves)
        self.safety = Safety(posture)
        self.candidates = _Candidates(posture, self.moves, within)
        self.recounted, self.truncated = 0, False
        self.reruns = any(p.rule != "X1" for p in posture.escalated.proofs)

    def steps(self, budget: int) -> Trail:
        """Take the best remaining removal until none takes anything away."""
        open_ones, trail = list(range(len(self.candidates))), Trail(self.posture, "reach")
        while len(trail.steps) < budget and (best := self._best(open_ones)) is not None:
            tell("steps chosen", len(trail.steps), budget)
            open_ones.remove(best)
            candidate = self.candidates[best]
            if trail.take(proposal_of(self.posture, candidate)) is not None:
                self.remaining.remove(candidate)
                self.safety.remove(candidate)
        return trail

    def _best(self, open_ones: list[int]) -> int | None:
        best, most = None, LEAST
        for k in list(open_ones):
            if self.candidates.bounds[k] <= most:
                break
            if self.recounted > RECOUNTS:
                self.truncated = True
                break
            change = self.remaining.change(self.candidates[k])
            self.recounted += change.recounted
            if change.weighted <= most + LEAST:
                continue
            if not self.safety.allows([self.candidates[k]]):
                open_ones.remove(k)  # and never will be: every step leaves fewer paths
                continue
            best, most = k, change.weighted
        return best

    def optimum(self, budget: int) -> tuple[float | None, str | None]:
        """Return the most that any allowed set of up to `budget` takes away, or why not."""
        if self.reruns:
            return None, "derived edges may come back by other facts"
        if len(self.candidates) > MANY:
            return None, f"there are {len(self.candidates)} candidates, more than {MANY}"
        count = len(self.candidates)
        everything = [self.candidates[k] for k in range(count)]
        sets = sum(comb(count, size) for size in range(1, min(budget, count) + 1))
        if sets > SETS:
            return self._by_programme(everything, budget)
        fresh, safety, most = ReducedReach(self.posture, self.moves), Safety(self.posture), 0.0
        for size in range(1, min(budget, count) + 1):
            for chosen in combinations(everything, size):
                gain = fresh.change(*chosen).weighted
                if gain > most + LEAST and safety.allows(chosen):
                    most = gain
        return most, None

    def _by_programme(self, everything: list[Idle], budget: int) -> tuple[float | None, str | None]:
        """Solve an integer program again and again, excluding best sets that are not allowed."""
        fresh, safety = ReducedReach(self.posture, self.moves), Safety(self.posture)
        allowed = [candidate for candidate in everything if safety.allows([candidate])]
        if not allowed:
            return 0.0, None
        programme = Programme(fresh.network, self.posture.accountable, allowed, self.moves)
        if not programme.built:
            return None, f"there are more than {ROWS} ways to weigh against each other"
        for resource, counts in safety.administering(allowed).items():
            most = int(safety.admins[resource]) - 1
            programme.forbid(list(counts), list(counts.values()), most)
        for _ in range(ROUNDS):
            chosen = programme.solve(budget)
            if chosen is None:
                return None, f"the solver did not finish in {SECONDS:g} seconds"
            best = [allowed[k] for k in chosen]
            if safety.allows(best):
                return fresh.change(*best).weighted, None
            programme.forbid(chosen, [1] * len(chosen), len(chosen) - 1)
        return None, f"{ROUNDS} best sets in a row would have broken something"


class Safety:
    """The conditions that must not break.

    They are observed uses, the last login of each active identity, and the last administrator in
    service of each resource.
    """

    def __init__(self, posture: Posture) -> None:
        self.posture, self.logins = posture, LastLogins(posture)
        seen = uses(posture)
        seen = seen[~seen["own"]]
        seen = seen.drop_duplicates(["identity", "thing", "level"])
        self.identity, self.thing = seen["identity"].to_numpy(), seen["thing"].to_numpy()
        self.level = seen["level"].to_numpy()
        self.reaches = [_everybody(posture.network(Filter(mode))) for mode in MODES]
        nothing = np.zeros(0, np.int64)
        self.holds = [
            w.holds(self.identity, self.thing, self.level, nothing, nothing) for w in self.reaches
        ]
        grants = posture.grants
        self._administers = (grants.levels & ADMIN > 0) & posture.in_service[grants.holder]
        administered = grants.resource[self._administers]
        self.admins = np.bincount(administered, minlength=len(posture.graph.ids))

    def remove(self, candidate: Idle) -> None:
        """Record a removal."""
        edges, grants = arrays(candidate)
        for reach in self.reaches:
            reach.take_out(edges, grants)
        self.logins.remove(edges)
        self.take_administration(grants)

    def take_administration(self, grants: np.ndarray) -> None:
        """Record that these grants (positions) give no administration any more."""
        np.subtract.at(self.admins, self._administered(grants), 1)
        self._administers[grants] = False

    def keeps_administrators(self, grants: np.ndarray) -> bool:
        """Return whether each resource keeps an administrator if these grants are none."""
        administered, count = np.unique(self._administered(grants), return_counts=True)
        return not np.any(self.admins[administered] <= count)

    def allows(self, chosen: "tuple[Idle, ...] | list[Idle]") -> bool:
        """Return whether nothing breaks if all of `chosen` are removed as well."""
        edges, grants = arrays(*chosen)
        if not self.keeps_administrators(grants) or not self.logins.allows(edges):
            return False
        sources = np.array([candidate.source for candidate in chosen], np.int64)
        for reach, holds_now in zip(self.reaches, self.holds, strict=True):
            relying = np.zeros(reach.network.nodes, bool)
            relying[reach.concerned(_origins(self.posture, sources, edges))] = True
            affected = holds_now & relying[self.identity]
            still = reach.holds(
                self.identity[affected], self.thing[affected], self.level[affected], edges, grants
            )
            if not still.all():
                return False
        return True

    def administering(self, candidates: list[Idle]) -> dict[int, dict[int, int]]:
        """Return for each resource the candidates with admin grants on it, and how many."""
        grants_by_resource: dict[int, dict[int, int]] = {}
        for k, candidate in enumerate(candidates):
            for resource in self._administered(arrays(candidate)[1]).tolist():
                grants_by_candidate = grants_by_resource.setdefault(resource, {})
                grants_by_candidate[k] = grants_by_candidate.get(k, 0) + 1
        return grants_by_resource

    def _administered(self, grants: np.ndarray) -> np.ndarray:
        """Return the resource of each of these grants that gives administration."""
        return np.asarray(self.posture.grants.resource[grants[self._administers[grants]]])


def _origins(posture: Posture, sources: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Return the sources of the removed edges, including derived edges that fall with them."""
    return np.concatenate([sources, posture.edges.source[edges]]).astype(np.int64)


def _everybody(network: Network) -> Masked:
    return Masked(network, np.arange(network.nodes))


def proposal_of(posture: Posture, candidate: Idle) -> Proposal:
    """Convert a candidate to the change that removes it."""
    relationship = candidate.relationship
    if relationship is None:
        ids = [posture.graph.thing(candidate.source)["id"]]
    else:
        rows = [row for _, row in candidate.rows]
        ids = [str(id_) for id_ in posture.graph.frames[relationship]["id"].iloc[rows]]
    change = Change(REMOVING[relationship or CREDENTIAL], relationship, tuple(sorted(ids)))
    return Proposal(
        change, candidate.source, candidate.verdict, candidate.observed, candidate.window_days
    )


class _Candidates:
    """The candidates with a positive bound, by descending bound, created on demand."""

    def __init__(self, posture: Posture, moves: Moves, within: np.ndarray | None) -> None:
        rows, self._fallen = idle_rows(posture), derived_from(posture)
        rows, group = grouped(rows if within is None else of_nodes(rows, within))
        bound = _bounds(posture, rows, self._fallen)
        derives = rows["fact"].isin(list(self._fallen)).to_numpy(bool)
        bounds = np.where(moves.only(rows, group, derives), 0.0, np.bincount(group, bound))
        order = np.argsort(-bounds, kind="stable")
        order = order[bounds[order] > LEAST]
        self.bounds = bounds[order]
        rank = np.full(len(bounds), len(order))
        rank[order] = np.arange(len(order))
        by_rank = np.argsort(rank[group], kind="stable")
        self._rows = rows.iloc[by_rank]
        self._first = np.searchsorted(rank[group][by_rank], np.arange(len(order) + 1))
        self._made: dict[int, Idle] = {}

    def __len__(self) -> int:
        """Count the candidates."""
        return len(self.bounds)

    def __getitem__(self, k: int) -> Idle:
        """Return the candidate with the k-th highest bound."""
        if k not in self._made:
            rows = self._rows.iloc[self._first[k] : self._first[k + 1]]
            self._made[k] = idle(rows, self._fallen)
        return self._made[k]


def _bounds(posture: Posture, rows: pd.DataFrame, fallen: dict[str, list[int]]) -> np.ndarray:
    """Return for each row an upper bound of its gain, whatever else is removed."""
    network, grants, edges = posture.network(), posture.grants, posture.edges
    reaching = _reaching(network, posture.accountable)
    weight = totals(network, np.arange(network.nodes)).weighted
    edge_bound, grant_bound = np.zeros(len(edges) + 1), np.zeros(len(grants) + 1)  # -1 is none
    on = network.edge
    edge_bound[on] = reaching[edges.source[on]] * weight[edges.target[on]]
    on = network.grant
    granted = mask_weights()[network.levels] * network.weight[network.resource]
    grant_bound[on] = reaching[network.holders] * granted
    bounds = edge_bound[rows["edge"]] + grant_bound[rows["grant"]]
    for place, fact in enumerate(rows["fact"].tolist() if fallen else ()):
        if fact in fallen:
            bounds[place] += edge_bound[fallen[fact]].sum()
    return np.asarray(bounds)


def _reaching(network: Network, starts: np.ndarray) -> np.ndarray:
    """Return how many of `starts` reach each node, ignoring ceilings."""
    by_target = network.turned
    is_start = np.zeros(network.nodes, np.int64)
    is_start[starts] = 1
    turned = Network(
        indptr=by_target.indptr,
        target=by_target.source,
        ceiling=np.full_like(by_target.ceiling, len(LEVELS) - 1),
        edge=network.edge,
        g_indptr=np.concatenate([[0], np.cumsum(is_start)]),
        resource=np.sort(starts).astype(np.int32),
        levels=np.full(len(starts), 1, np.uint8),
        grant=np.arange(len(starts), dtype=np.int32),
        weight=np.ones(network.nodes),
    )
    return totals(turned, np.arange(network.nodes)).resources
