"""Moved access in figures: what stays, with whom, though no login leads to it any longer."""

from dataclasses import dataclass

import numpy as np

from analytics.assumptions.entitlements import held_grants
from analytics.debt.owed import debt_of
from analytics.posture import Filter, Posture
from analytics.reach.closure import totals


@dataclass(frozen=True)
class MovedAccess:
    """Access to an account that an agent logged in to, and who answers for it now.

    `agent` (its number before) lost its last login to `account` (its number after). `answers`
    is who is held to account for it: the number after of the agent, or of the account itself.
    `weighted` and `resources` are what the account reaches; `debt` is what whoever answers owes
    for what the account may do.
    """

    agent: int
    account: int
    answers: int
    weighted: float
    resources: int
    debt: float


def moved_access(after: Posture) -> list[MovedAccess]:
    """List what moved under the removal that a posture is judged after, the heaviest first."""
    moved = after.moved
    pairs = np.unique(
        np.stack([moved.of.source[moved.lost], moved.target, moved.source], axis=1), axis=0
    )
    accounts, place = np.unique(pairs[:, 1], return_inverse=True)
    reach = totals(after.network(Filter()), accounts)
    alone = np.isin(pairs[:, 1], moved.answering)
    owed = _Owed(after)
    rows = [
        MovedAccess(
            int(agent),
            int(account),
            int(account if by_itself else source),
            float(reach.weighted[k]),
            int(reach.resources[k]),
            owed.by(int(account if by_itself else source), int(account)),
        )
        for (agent, account, source), k, by_itself in zip(pairs, place, alone, strict=True)
    ]
    return sorted(rows, key=lambda row: (-row.weighted, row.agent, row.account))


class _Owed:
    """What an identity owes for the grants of an account."""

    def __init__(self, posture: Posture) -> None:
        self.posture, debt = posture, debt_of(posture)
        self._identity = debt.units.identity[debt.rows.entitlement]
        self._grant = debt.units.grant[debt.rows.entitlement]
        self._debt = debt.rows.debt

    def by(self, identity: int, account: int) -> float:
        """Return what `identity` owes for what `account` may do."""
        mine = np.flatnonzero(self._identity == identity)
        grants = held_grants(self.posture, account)
        return float(self._debt[mine[np.isin(self._grant[mine], grants)]].sum())
