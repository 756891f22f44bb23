"""What the ledger says of some items: how much each was repaid between two moments."""

from dataclasses import dataclass

import numpy as np

from analytics.debt.ledger.balance import place_of
from analytics.debt.ledger.period import Period


@dataclass(frozen=True)
class Repaid:
    """The change of items between two moments, a position in each array for each.

    `amount` (float64, trust points) is what went by real changes: all of a retired item, and of one
    that is still owed what it was rescored by; negative for an item that opened or grew. It has no
    interest. `unseen` (float64) is what went only because coverage changed: it is not repaid.
    """

    amount: np.ndarray
    unseen: np.ndarray


def repaid(of: Period, keys: np.ndarray) -> Repaid:
    """Return what became of the items with these keys (uint64, under the ids of the end)."""
    gone = np.zeros(len(of.start.owed))
    gone[of.retired] = of.start.amount[of.retired]
    gone[of.then] = -of.rescored
    hidden = np.zeros(len(gone), bool)
    hidden[of.retired], hidden[of.then] = of.unseen, of.regauged
    opened = np.zeros(len(of.end.owed))
    opened[of.new] = -np.where(of.seen, 0.0, of.end.amount[of.new])
    at = place_of(keys, of.start.owed)
    amount, concealed = _taken(gone, at), _taken(hidden, at).astype(bool)
    later = np.where(at < 0, place_of(keys, of.end.owed), -1)
    return Repaid(
        amount=np.where(concealed, 0.0, amount) + _taken(opened, later),
        unseen=np.where(concealed, amount, 0.0),
    )


def _taken(values: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Return the value at each position; zero for the position -1."""
    return np.asarray(np.append(values, np.zeros(1, values.dtype))[at])
