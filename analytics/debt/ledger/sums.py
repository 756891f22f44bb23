"""The sums of one period of the ledger, kept beside its later snapshot.

A ledger over many snapshots has a period from each to the next. What a period came to does not
change when another snapshot follows, so neither of its ends is read again.
"""

from dataclasses import dataclass

from analytics.assumptions.model import Model
from analytics.debt.ledger.balance import balance
from analytics.debt.ledger.lines import Lines
from analytics.debt.ledger.moments import Moment, moments
from analytics.debt.ledger.period import Period, period, total
from analytics.history import History, Unread
from analytics.kept.answers import kept
from analytics.kept.of_snapshots import identities_of
from analytics.posture import Posture
from graph.once import once


@dataclass(frozen=True)
class Lost:
    """What a scope ceased to declare between two moments; `gone` if it is no longer read at all."""

    source: str
    scope: str
    kinds: tuple[str, ...]
    gone: bool


@dataclass(frozen=True)
class Sums:
    """What a period came to.

    `figures` are those of `Period`, `counts` the number of its lines of each kind. `unverified` is
    the exposure at its end that cannot be judged, `unseen` what was owed for items that are only
    not seen any more, and `lost` the evidence that was lost.
    """

    figures: dict[str, float]
    counts: dict[str, int]
    unverified: float
    unseen: float
    lost: tuple[Lost, ...]


@dataclass(frozen=True)
class Between:
    """Two moments of a history, of which the postures are read only if they have to be."""

    history: History
    start: Moment
    end: Moment

    @property
    def ends(self) -> tuple[Unread, Unread]:
        """What its sums depend on."""
        return self.start.of(self.history), self.end.of(self.history)

    @property
    def postures(self) -> tuple[Posture, ...]:
        """What is judged for its sums."""
        return tuple(end.posture for end in self.ends)


@once
def compared(between: Between, by: Model) -> Period:
    """Compare the debt at both moments, with the ids that were merged from one to the other."""
    history, (start, end) = between.history, between.ends
    _, *others, _ = moments(history, between.start, between.end)
    merged = [identities_of(moment.of(history)) for moment in others]
    return period(balance(start.posture, by), balance(end.posture, by), merged)


@kept
def period_sums(between: Between, by: Model) -> Sums:
    """Return the sums from one moment to another."""
    of = compared(between, by)
    return Sums(
        figures=dict(of.figures),
        counts=Lines.of(of).counts(),
        unverified=total(of.end.unverified),
        unseen=total(of.start.amount[of.retired[of.unseen]]),
        lost=tuple(_lost(of)),
    )


def _lost(of: Period) -> list[Lost]:
    """Return each scope that is gone or declares less."""
    now = {c.key: c.declares for c in of.end.posture.graph.coverage}
    lost = []
    for c in of.start.posture.graph.coverage:
        kinds = tuple(sorted(set(c.declares) - set(now.get(c.key, ()))))
        if c.key not in now or kinds:
            lost.append(Lost(c.source, c.scope, kinds, c.key not in now))
    return lost
