"""Moved access: what stays accessible without any login, who answers for it, and its measures."""

from dataclasses import dataclass

import numpy as np

from analytics.assumptions.entitlements import held_grants
from analytics.debt.owed import debt_of
from analytics.posture import Filter, Posture
from analytics.reach.closure import totals


@dataclass(frozen=True)
class MovedAccess:
    """Access to an account that an agent had a login to, and the identity that answers for it now.

    `agent` (its number before) lost its last login to `account` (its number after). `answers` is
    the accountable identity: the number after of the agent, or of the account itself. `weighted`
    and `resources` are the reach of the account; `debt` is what `answers` owes for its grants.
    """

    agent: int
    account: int
    answers: int
    weighted: float
    resources: int
    debt: float


def moved_access(after: Posture) -> list[MovedAccess]:
    """List the access moved by the removal that led to a posture, the heaviest first."""
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
    """The debt of an identity for the grants of an account."""

    def __init__(self, posture: Posture) -> None:
        self.posture, debt = posture, debt_of(posture)
        self._identity = debt.units.identity[debt.rows.entitlement]
        self._grant = debt.units.grant[debt.rows.entitlement]
        self._debt = debt.rows.debt

    def by(self, identity: int, account: int) -> float:
        """Return what `identity` owes for the grants of `account`."""
        rows = np.flatnonzero(self._identity == identity)
        grants = held_grants(self.posture, account)
        return float(self._debt[rows[np.isin(self._grant[rows], grants)]].sum())
