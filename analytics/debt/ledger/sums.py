"""The sums of one period of the ledger, kept beside its later snapshot.

A ledger over many snapshots has a period from each to the next. What a period came to does not
change when another snapshot follows, so neither of its ends is read again.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np

from analytics.assumptions.model import NUMBER, Model
from analytics.debt.ledger.balance import Balance, balance
from analytics.debt.ledger.lines import Lines
from analytics.debt.ledger.moments import Moment, moments
from analytics.debt.ledger.period import Period, period, total
from analytics.debt.ledger.wording import KIND
from analytics.history import History, Unread
from analytics.kept.answers import kept
from analytics.kept.of_snapshots import merged_in
from analytics.posture import Posture
from graph.facts import Coverage
from graph.once import once
from graph.schema import CAN_ACCESS


@dataclass(frozen=True)
class Lost:
    """What a scope ceased to declare between two moments; `gone` if it is no longer read at all.

    `unseen` is what was owed for items that are not seen any more for want of it.
    """

    source: str
    scope: str
    kinds: tuple[str, ...]
    gone: bool
    unseen: float


@dataclass(frozen=True)
class Sums:
    """What a period came to.

    `figures` are those of `Period`, `counts` the number of its lines of each kind. `unverified` is
    the exposure at its end that cannot be judged, and `lost` the evidence that was lost.
    """

    figures: dict[str, float]
    counts: dict[str, int]
    unverified: float
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
    merged = [merged_in(moment.of(history)) for moment in others]
    return period(balance(start.posture, by), balance(end.posture, by), merged)


@kept
def period_sums(between: Between, by: Model) -> Sums:
    """Return the sums from one moment to another."""
    of = compared(between, by)
    return Sums(
        figures=dict(of.figures),
        counts=Lines.of(of).counts(),
        unverified=total(of.end.unverified),
        lost=tuple(_lost(of)),
    )


def _lost(of: Period) -> list[Lost]:
    """Return each scope that is gone or declares less, each unseen item put down to one of them.

    What a scope granted that is gone is its own; the rest is put down to the kinds that were lost.
    """
    start, places = of.start, of.retired[of.unseen]
    now = {c.key: c.declares for c in of.end.posture.graph.coverage}
    before = {c.key: c for c in start.posture.graph.coverage}
    kinds = {k: tuple(sorted(set(c.declares) - set(now.get(k, ())))) for k, c in before.items()}
    lost = [key for key in before if kinds[key] or key not in now]
    amounts = dict.fromkeys(lost, 0.0)
    parts = [(key, partial(_granted, scope=before[key])) for key in lost if key not in now]
    parts += [(key, partial(_concerned, kinds=kinds[key])) for key in lost]
    for key, chosen in parts:
        theirs = chosen(start, places)
        amounts[key] += total(start.amount[places[theirs]])
        places = places[~theirs]
    return [Lost(*key, kinds[key], key not in now, amounts[key]) for key in lost]


def _concerned(start: Balance, places: np.ndarray, kinds: tuple[str, ...]) -> np.ndarray:
    """Return a mask of the items whose assumption is known by facts of some kinds."""
    about = [NUMBER[name] for name, known_by in KIND.items() if set(known_by) & set(kinds)]
    return np.isin(start.debt.rows.assumption[start.row[places]], about)


def _granted(start: Balance, places: np.ndarray, scope: Coverage) -> np.ndarray:
    """Return a mask of the items of the grants that a scope states."""
    graph, debt = start.posture.graph, start.debt
    stated = graph.facts.frames[CAN_ACCESS]
    theirs = stated["id"][(stated["source"] == scope.source) & (stated["scope"] == scope.scope)]
    grant = debt.units.grant[debt.rows.entitlement[start.row[places]]]
    return graph.frames[CAN_ACCESS]["id"].take(grant).isin(theirs).to_numpy(bool)
