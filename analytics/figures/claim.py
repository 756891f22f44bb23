"""The type of a claim about each identity, and what was judged of it.

A claim is proven if everything that it is about was examined and holds, not proven if anything
fails, and unknown if nothing fails and something could not be examined.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from analytics.assumptions.items import items_of
from analytics.assumptions.model import NUMBER
from analytics.posture import Posture
from graph.schema import CAN_ACCESS

PROVEN, NOT_PROVEN, UNKNOWN = range(3)
VERDICTS = ("proven", "not_proven", "unknown")


@dataclass(frozen=True)
class Judged:
    """What was judged of a claim for each accountable identity, in the order of `accountable`.

    `kept`, `failing` and `unknown` (int64) count what was examined and holds, what fails, and what
    could not be examined. `because` has a sentence for each (dtype object). `facts` has a row for
    each fact that a verdict rests on: `place` (a position in `accountable`), `fact` (an id) and
    `failing` (bool). `settled_by` says by place what would settle an unknown claim, where that is
    not what the claim says of all.
    """

    kept: np.ndarray
    failing: np.ndarray
    unknown: np.ndarray
    because: np.ndarray
    facts: pd.DataFrame
    settled_by: dict[int, str] = field(default_factory=dict)

    @cached_property
    def verdict(self) -> np.ndarray:
        """The position in `VERDICTS` of each verdict (int8)."""
        without_failing = np.where(self.unknown > 0, UNKNOWN, PROVEN)
        return np.where(self.failing > 0, NOT_PROVEN, without_failing).astype(np.int8)


@dataclass(frozen=True)
class Claim:
    """A claim: what it says, how it is judged, and what would settle it.

    `needs` are the kinds of fact that a source must declare for it to be known, and `otherwise` is
    what would tell where sources do; `remedy` is what would prove a claim that fails.
    """

    name: str
    order: int
    says: str
    needs: tuple[str, ...]
    otherwise: str
    remedy: str
    judge: Callable[[Posture], Judged]


@dataclass(frozen=True)
class Counted:
    """The entitlements of each accountable identity for which an assumption was judged.

    `kept`, `failing` and `unknown` (int64) count entitlements; `of` counts all of an identity.
    `facts` are the grants, as in `Judged`.
    """

    kept: np.ndarray
    failing: np.ndarray
    unknown: np.ndarray
    of: np.ndarray
    facts: pd.DataFrame


def counted(posture: Posture, assumption: str) -> Counted:
    """Count the entitlements for which an assumption of trust debt holds, fails or is unknown.

    Entitlements that are not known are one unknown more, as nobody knows how many there are.
    """
    debt = items_of(posture)
    units, rows = debt.units, debt.rows
    size = len(units.identities)
    chosen = rows.assumption == NUMBER[assumption]
    unknown, failing = np.zeros(len(units), bool), np.zeros(len(units), bool)
    unknown[rows.entitlement[chosen & np.isnan(rows.degree)]] = True
    failing[rows.entitlement[chosen & ~np.isnan(rows.degree)]] = True
    unknown &= ~failing
    amount = [np.bincount(units.place, mask, size) for mask in (failing, unknown)]
    of = np.bincount(units.place, minlength=size)
    listed = ~posture.entitlements_known[units.identities]
    ids = posture.graph.frames[CAN_ACCESS]["id"].to_numpy(object)
    facts = pd.DataFrame(
        {"place": units.place.astype(np.int64), "fact": ids[units.grant], "failing": failing}
    )
    failed, open_ = (each.astype(np.int64) for each in amount)
    return Counted(of - failed - open_, failed, open_ + listed, of, facts)


def facts_of(place: np.ndarray, fact: np.ndarray, failing: np.ndarray | bool) -> pd.DataFrame:
    """Return facts of a claim; see `Judged`."""
    columns = {"place": np.asarray(place, np.int64), "fact": np.asarray(fact, object)}
    return pd.DataFrame(columns | {"failing": failing})
