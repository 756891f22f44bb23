"""Plan by debt: the removals of unused grants that owe most.

The debt of a grant goes with it and affects no other debt, so the debt of several grants is their
sum (it is modular), and taking the costliest first is optimal. There are two exceptions: both sides
of a rule of separation share their debt, and removals may break uses only together. Then the sum of
the costliest bounds the optimum from above.
"""

from collections.abc import Iterator

import numpy as np

from analytics.assumptions.model import NUMBER
from analytics.debt.owed import debt_of
from analytics.posture import Posture
from analytics.remediation.plan.greedy import LEAST, Plan, Safety, Trail
from analytics.usage.idle_access import ACCESS, Idle, derived_from, idle, idle_rows, of_nodes
from graph.schema import CAN_ACCESS

NOT_ALONE = "the costliest removals would break something together, or share what they remove"


def make_plan_of_debt(posture: Posture, budget: int, within: np.ndarray | None = None) -> Plan:
    """Plan up to `budget` removals of grants against the debt of all accountable identities.

    `within` is a mask of the nodes whose access may be removed; None for all.
    """
    safety, first, trail = Safety(posture), Safety(posture), Trail(posture)
    alone: list[float] = []  # debt removed by the costliest that are safe alone
    candidates = _Candidates(posture, within)
    for candidate, owed in candidates:
        if len(trail.steps) == budget and len(alone) == budget:
            break
        if len(alone) < budget and first.allows([candidate]):
            alone.append(owed)
        if (
            len(trail.steps) < budget
            and safety.allows([candidate])
            and trail.take(candidate, "debt")
        ):
            safety.remove(candidate)
    removed, most = sum(step.debt_removed for step in trail.steps), sum(alone)
    reached = removed >= most - LEAST * max(1.0, most)
    optimum, because = (removed, None) if reached else (None, NOT_ALONE)
    return Plan(trail.steps, trail.after, len(candidates), False, optimum, because)


class _Candidates:
    """The grants that may be removed, with the most debt each can remove, costliest first."""

    def __init__(self, posture: Posture, within: np.ndarray | None) -> None:
        rows, self._fallen = idle_rows(posture), derived_from(posture)
        rows = rows if within is None else of_nodes(rows, within)
        rows = rows[rows["kind"] == ACCESS]
        group = rows.groupby(["source", "target"], sort=True).ngroup().to_numpy()
        self._owed = np.bincount(group, _by_grant(posture)[rows["row"]])
        self._rows = rows.iloc[np.argsort(group, kind="stable")]
        self._first = np.concatenate([[0], np.cumsum(np.bincount(group))])
        order = np.argsort(-self._owed, kind="stable")
        self._order = order[self._owed[order] > LEAST]

    def __len__(self) -> int:
        """Count them."""
        return len(self._order)

    def __iter__(self) -> Iterator[tuple[Idle, float]]:
        """Yield each candidate with its bound, created on demand."""
        for place in self._order:
            rows = self._rows.iloc[self._first[place] : self._first[place + 1]]
            yield idle(rows, self._fallen), float(self._owed[place])


def _by_grant(posture: Posture) -> np.ndarray:
    """Return an upper bound of the debt removed with each row of CAN_ACCESS alone."""
    owed = debt_of(posture)
    both_sides = np.where(owed.rows.assumption == NUMBER["sod"], 2, 1)  # equal halves
    grant = owed.units.grant[owed.rows.entitlement]
    count = len(posture.graph.frames[CAN_ACCESS])
    return np.bincount(grant, owed.rows.debt * both_sides, count)
