"""The items that opened or closed in a period, as arrays: the lines of a ledger before any text."""

from dataclasses import dataclass

import numpy as np

from analytics.debt.ledger.period import Period

ACCRUE, SEEN, REPAY, UNSEEN = "accrue", "seen", "repay", "unseen"
KINDS = (ACCRUE, SEEN, REPAY, UNSEEN)


@dataclass(frozen=True)
class Line:
    """An item that opened or closed: its position in its balance, and what it adds to debt."""

    kind: str
    place: int
    amount: float
    key: int


@dataclass(frozen=True)
class Lines:
    """The items that opened and closed in a period: largest first, equal ones by key."""

    kind: np.ndarray
    place: np.ndarray
    amount: np.ndarray
    key: np.ndarray

    @classmethod
    def of(cls, period: Period) -> "Lines":
        """Return the lines of a period."""
        parts = []
        for places, by_coverage, side, sign, first in (
            (period.new, period.seen, period.end, 1.0, 0),
            (period.retired, period.unseen, period.start, -1.0, 2),
        ):
            kind = first + by_coverage.astype(np.int8)
            parts.append((kind, places, sign * side.amount[places], side.owed[places]))
        columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
        order = np.lexsort((columns[3], columns[0], -np.abs(columns[2])))
        return cls(*(column[order] for column in columns))

    def counts(self) -> dict[str, int]:
        """Return the number of lines of each kind."""
        counts = np.bincount(self.kind, minlength=len(KINDS)).tolist()
        return dict(zip(KINDS, counts, strict=True))

    def first(self, many: int | None) -> list[Line]:
        """Return the `many` largest lines; None: all."""
        columns = (c[:many].tolist() for c in (self.kind, self.place, self.amount, self.key))
        rows = zip(*columns, strict=True)
        return [Line(KINDS[kind], place, amount, key) for kind, place, amount, key in rows]
