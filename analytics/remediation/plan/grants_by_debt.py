"""Grants by debt: the unused grants that owe most, with what their removal can pay off at most.

The debt of a grant goes with it and affects no other debt. There are two exceptions: both sides of
a rule of separation share their debt, and removals may break uses only together.
"""

from collections.abc import Iterator

import numpy as np

from analytics.assumptions.model import NUMBER
from analytics.debt.owed import debt_of
from analytics.posture import Posture
from analytics.remediation.plan.step import LEAST
from analytics.usage.idle_access import ACCESS, Idle, derived_from, idle, idle_rows, of_nodes
from graph.schema import CAN_ACCESS


class GrantsByDebt:
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
