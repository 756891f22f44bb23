"""The type of a check that compares actions, decisions and entitlements, and what it compared."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.posture import Posture

APART, HOLDS, CASE, UNKNOWN = range(4)


@dataclass(frozen=True)
class Compared:
    """What a check compared.

    `rows` are `actions` or `decided` of `analytics.evidence.reconciled`, or part of them. `state`
    (int8) is for each row one of `APART` (the check does not apply to it), `HOLDS`, `CASE` (it
    does not) and `UNKNOWN`. `because` returns a sentence for each of the rows at some positions.
    """

    rows: pd.DataFrame
    state: np.ndarray
    because: Callable[[np.ndarray], list[str]]

    @property
    def cases(self) -> pd.DataFrame:
        """The rows that do not hold."""
        return pd.DataFrame(self.rows[self.state == CASE])


@dataclass(frozen=True)
class Check:
    """A check: what its cases are, what they are counted among, and how it compares."""

    name: str
    order: int
    says: str
    among: str
    compare: Callable[[Posture], Compared]


def states(applies: np.ndarray, known: np.ndarray, case: np.ndarray) -> np.ndarray:
    """Return the state of each row (int8): what is known of those that a check applies to."""
    state = np.where(known, np.where(case, CASE, HOLDS), UNKNOWN)
    return np.where(applies, state, APART).astype(np.int8)


def same(sentence: str) -> Callable[[np.ndarray], list[str]]:
    """Return the function that gives each case the same sentence."""
    return lambda rows: [sentence] * len(rows)
