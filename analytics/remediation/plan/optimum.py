"""The optimal set of removals, by integer programming, for estates small enough.

For every start, each state that it enters (node and ceiling) is held or not, and so is each
(resource, level). A state is held if a state before it is and the edge between them stays; an edge
falls with any candidate that removes it. Only the candidates are integers: once they are chosen,
the least feasible values are what is reached. A login that moves comes back as an edge past its
credential: once all logins of its account are broken, the edge holds.
"""

from collections.abc import Sequence

import numpy as np
import scipy  # its modules are loaded on first use

from analytics.reach.network import Network
from analytics.reach.spread import spread
from analytics.remediation.removal.reduced_reach import Moves
from analytics.usage.idle_access import Idle
from analytics.weights import LEVEL_WEIGHTS

ROWS = 30_000  # constraints above which no program is built
SECONDS = 10.0
Limit = tuple[list[int], list[int], int]  # candidates, their counts, the limit of the sum


class Programme:
    """The integer program: the least reach after up to `budget` of `candidates` are removed.

    `built` is False if it would have more than `ROWS` constraints.
    """

    def __init__(
        self, network: Network, starts: np.ndarray, candidates: Sequence[Idle], moves: Moves
    ) -> None:
        self.count = len(candidates)
        self._edge_by, self._grant_by = _removed_by(candidates)
        self._rows: list[tuple[int, int, Sequence[int]]] = []  # held, by, unless
        self._cost, self._variable = [0.0] * self.count, self.count
        self._limits: list[Limit] = []
        self._least: list[tuple[list[tuple[int, float]], float]] = []  # sums with a lower bound
        self._wakes = self._moving(moves, candidates)
        self.built = all(self._add(network, int(start)) for start in starts)

    def forbid(self, chosen: list[int], counts: list[int], most: int) -> None:
        """Limit the sum of `counts` over the chosen candidates to `most`."""
        self._limits.append((chosen, counts, most))

    def solve(self, budget: int) -> list[int] | None:
        """Return the best candidates; None if the solver does not finish in `SECONDS`."""
        high = np.ones(self._variable)
        kind = np.zeros(self._variable)
        kind[: self.count] = 1
        solved = scipy.optimize.milp(
            np.array(self._cost),
            integrality=kind,
            bounds=scipy.optimize.Bounds(np.zeros(self._variable), high),
            constraints=[self._ways(), self._most(budget)],
            options={"time_limit": SECONDS, "mip_rel_gap": 0.0},
        )
        if solved.status != 0:
            return None
        return np.flatnonzero(solved.x[: self.count] > 0.5).tolist()

    def _add(self, network: Network, start: int) -> bool:
        """Add the states of one start; return False if there are too many."""
        reached = spread(network, start)
        states = np.flatnonzero(reached.hops >= 0)
        variables = {int(s): self._new() for s in states}
        self._rows.append((variables[4 * start + 3], -1, ()))
        columns: dict[tuple[int, int], int] = {}
        for state, variable in variables.items():
            node, limit = state >> 2, state & 3
            for e in range(network.indptr[node], network.indptr[node + 1]):
                entered = 4 * int(network.target[e]) + min(limit, int(network.ceiling[e]))
                if (edge := int(network.edge[e])) in self._wakes:
                    if (awake := self._wakes[edge]) >= 0:
                        terms = [(variables[entered], 1.0), (variable, -1.0), (awake, -1.0)]
                        self._least.append((terms, -1.0))
                    continue
                by = self._edge_by.get(edge, ())
                self._rows.append((variables[entered], variable, by))
            for g in range(network.g_indptr[node], network.g_indptr[node + 1]):
                for level in range(limit + 1):
                    if network.levels[g] >> level & 1:
                        pair = int(network.resource[g]), level
                        weight = network.weight[pair[0]] * LEVEL_WEIGHTS[level]
                        if pair not in columns:
                            columns[pair] = self._new(float(weight))
                        by = self._grant_by.get(int(network.grant[g]), ())
                        self._rows.append((columns[pair], variable, by))
            if len(self._rows) > ROWS:
                return False
        return True

    def _moving(self, moves: Moves, candidates: Sequence[Idle]) -> dict[int, int]:
        """Return for each edge that stands for a login the variable that activates it, -1 for none.

        It is at least 1 once every login of the account is broken by some candidate.
        """
        breaking: dict[int, list[int]] = {}
        for k, candidate in enumerate(candidates):
            for login in moves.broken(candidate).tolist():
                breaking.setdefault(login, []).append(k)
        accounts: dict[int, list[int]] = {}
        for login, account in enumerate(moves.logins.target.tolist()):
            accounts.setdefault(account, []).append(login)
        wakes = {at: -1 for at in moves.edge_at.tolist() if at >= 0}
        for logins in accounts.values():
            if not moves.binds[logins[0]] or any(login not in breaking for login in logins):
                continue
            awake = self._new()
            broken = [self._new() for _ in logins]
            for login, variable in zip(logins, broken, strict=True):
                for k in breaking[login]:
                    self._least.append(([(variable, 1.0), (k, -1.0)], 0.0))
                if (at := int(moves.edge_at[login])) >= 0:
                    wakes[at] = awake
            terms = [(awake, 1.0), *((variable, -1.0) for variable in broken)]
            self._least.append((terms, 1.0 - len(logins)))
        return wakes

    def _new(self, cost: float = 0.0) -> int:
        self._cost.append(cost)
        self._variable += 1
        return self._variable - 1

    def _ways(self) -> "scipy.optimize.LinearConstraint":
        """Return the constraints: a state is held if its source is, unless a removal is between."""
        entries = []
        for row, (target, by, removed) in enumerate(self._rows):
            entries.append((row, target, 1.0))
            if by >= 0:
                entries.append((row, by, -1.0))
            entries += [(row, c, 1.0) for c in removed]
        least = [1.0 if by < 0 else 0.0 for _, by, _ in self._rows]
        for row, (terms, at_least) in enumerate(self._least, len(self._rows)):
            entries += [(row, variable, factor) for variable, factor in terms]
            least.append(at_least)
        return scipy.optimize.LinearConstraint(
            self._matrix(entries, len(least)), np.array(least), np.inf
        )

    def _most(self, budget: int) -> "scipy.optimize.LinearConstraint":
        limits = [(list(range(self.count)), [1] * self.count, budget), *self._limits]
        entries = [
            (row, c, float(n))
            for row, (chosen, counts, _) in enumerate(limits)
            for c, n in zip(chosen, counts, strict=True)
        ]
        most = np.array([float(most) for *_, most in limits])
        return scipy.optimize.LinearConstraint(self._matrix(entries, len(limits)), -np.inf, most)

    def _matrix(self, entries: list[tuple[int, int, float]], rows: int) -> "scipy.sparse.coo_array":
        row, column, value = (np.array(part) for part in zip(*entries, strict=True))
        # a self edge holds its own state: both entries cancel out
        return scipy.sparse.coo_array((value, (row, column)), shape=(rows, self._variable)).tocsr()


def _removed_by(
    candidates: Sequence[Idle],
) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
    """Return for each edge, and for each grant, the candidates that remove it."""
    edges: dict[int, list[int]] = {}
    grants: dict[int, list[int]] = {}
    for k, candidate in enumerate(candidates):
        for edge in candidate.edges:
            edges.setdefault(edge, []).append(k)
        for grant in candidate.grants:
            grants.setdefault(grant, []).append(k)
    return edges, grants
