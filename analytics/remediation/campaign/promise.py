"""The promise of a campaign: the items of debt that its steps are to change, and by how much.

Each step is simulated after those before it, so that an item which two of them would close is
promised once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from analytics.debt.ledger.balance import Balance, balance, place_of
from analytics.posture import Posture
from analytics.remediation.closing.change import Change
from analytics.remediation.closing.simulated import simulated
from analytics.remediation.removal.before_and_after import changed
from analytics.remediation.removal.what_if import Removal

LEAST = 1e-9  # of the larger amount: less is a rounding error


@dataclass(frozen=True)
class Promise:
    """The items that a step changes: their keys (uint64), and what each loses (float64).

    An item that opens or grows by the step has a negative amount. `cycle` is the shortest cycle
    (days) of the assumptions that it mends; None without any.
    """

    keys: np.ndarray
    amounts: np.ndarray
    cycle: float | None

    @property
    def items(self) -> tuple[tuple[str, float], ...]:
        """The keys as sixteen hexadecimal digits, and the amounts."""
        keys = (f"{key:016x}" for key in self.keys.tolist())
        return tuple(zip(keys, self.amounts.tolist(), strict=True))


def promises(posture: Posture, changes: Sequence[Change]) -> Iterator[Promise]:
    """Yield the promise of each of some changes, one made after the other."""
    before = balance(posture)
    for made in after_each(posture, changes):
        after = balance(made)
        yield _promise(before, after)
        before = after


def after_each(posture: Posture, changes: Sequence[Change]) -> Iterator[Posture]:
    """Yield the posture after each of some changes and all those before it."""
    enlarged, gone = posture, list[Removal]()
    for change in changes:
        removed, added = simulated(posture, change)
        gone += removed
        if added is not None:
            enlarged = changed(enlarged, (), added)
        yield changed(enlarged, gone)


def _promise(before: Balance, after: Balance) -> Promise:
    keys = np.union1d(before.owed, after.owed)
    was, is_ = _amounts(before, keys), _amounts(after, keys)
    differs = np.abs(was - is_) > LEAST * np.maximum(np.abs(was), np.abs(is_))
    mended = place_of(keys[differs & (was > is_)], before.owed)
    assumptions = before.debt.rows.assumption[before.row[mended[mended >= 0]]]
    cycles = before.debt.model.cycles[assumptions]
    cycle = float(cycles.min()) if len(cycles) else None
    return Promise(keys[differs], (was - is_)[differs], cycle)


def _amounts(of: Balance, keys: np.ndarray) -> np.ndarray:
    """Return what is owed for each key; zero where nothing is."""
    return np.asarray(np.append(of.amount, 0.0)[place_of(keys, of.owed)])
