"""Grants by debt: the unused grants that owe most, with what their removal can pay off at most.

The debt of a grant goes with it and affects no other debt. There are two exceptions: both sides of
a rule of separation share their debt, and removals may break uses only together.
"""

import numpy as np

from analytics.assumptions.model import NUMBER
from analytics.debt.owed import debt_of
from analytics.posture import Posture
from analytics.remediation.plan.step import LEAST
from analytics.usage.idle_access import ACCESS, Idle, derived_from, idle, idle_rows, of_nodes
from graph.schema import CAN_ACCESS


class GrantsByDebt:
    """The grants that may be removed, costliest first, each created when it is asked for.

    `owed` (float) is the most debt that each can remove.
    """

    def __init__(self, posture: Posture, within: np.ndarray | None) -> None:
        rows, self._fallen = idle_rows(posture), derived_from(posture)
        rows = rows if within is None else of_nodes(rows, within)
        rows = rows[rows["kind"] == ACCESS]
        group = rows.groupby(["source", "target"], sort=True).ngroup().to_numpy()
        owed = np.bincount(group, _by_grant(posture)[rows["row"]])
        self._rows = rows.iloc[np.argsort(group, kind="stable")]
        self._first = np.concatenate([[0], np.cumsum(np.bincount(group))])
        order = np.argsort(-owed, kind="stable")
        self._order = order[owed[order] > LEAST]
        self.owed = owed[self._order]

    def __len__(self) -> int:
        """Count them."""
        return len(self._order)

    def __getitem__(self, number: int) -> Idle:
        """Return the candidate that owes most but for `number` others."""
        place = self._order[number]
        return idle(self._rows.iloc[self._first[place] : self._first[place + 1]], self._fallen)


def _by_grant(posture: Posture) -> np.ndarray:
    """Return an upper bound of the debt removed with each row of CAN_ACCESS alone."""
    owed = debt_of(posture)
    both_sides = np.where(owed.rows.assumption == NUMBER["sod"], 2, 1)  # equal halves
    grant = owed.units.grant[owed.rows.entitlement]
    count = len(posture.graph.frames[CAN_ACCESS])
    return np.bincount(grant, owed.rows.debt * both_sides, count)
