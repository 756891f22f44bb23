"""Worst: the one order in which identities are called worse, and why each has its place.

An identity whose grade is capped by an alarm comes first: one that holds a credential that leaked
and is alive, then one that did what was denied. Then the larger debt comes first; of equal debts
the one of which more could turn out to be owed, then the wider reach. Identities of which no source
could state the access come last: nothing is known of them, which is not the same as nothing being
wrong.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.answers.shape import cut
from analytics.answers.table import Kind, Table
from analytics.assumptions.model import ASSUMPTIONS
from analytics.debt.owed import sums_of
from analytics.debt.totals import caps_of, grouped, holds_leaked
from analytics.debt.wording import KINDS
from analytics.kept.answers import kept
from analytics.posture import Posture
from graph.once import once

ORDER = (
    "The worst first: whoever holds a leaked credential that still works; then who did what was "
    "denied; then by trust debt; then by what nobody could verify; then by reach."
)
LEAKED = "holds a leaked credential that still works"
DENIED = "did what it had been denied"
UNKNOWN = "no source states what it may use"


@dataclass(frozen=True)
class Worst:
    """The accountable identities, the worst first; see `worst`.

    `identities` has, after the node `identity` itself, `rank` (from 1), `because` (a clause),
    `debt`, `grade`, `weighted` and `resources` (of the reach). `order` is the order in words.
    """

    order: str
    identities: Table
    not_known: int
    left_out: int


@dataclass(frozen=True)
class Place:
    """The place of an identity among all, the worst being 1, and why it has it, as a clause."""

    rank: int
    of: int
    because: str


def place_of(posture: Posture, number: int) -> Place | None:
    """Return the place of an identity (a number); None of what nobody has to answer for."""
    places = np.flatnonzero(posture.accountable == number)
    if not len(places):
        return None
    rank = int(np.flatnonzero(worst_first(posture) == places[0])[0]) + 1
    return Place(rank, len(posture.accountable), next(reasons(posture, places)))


@once
def worst_first(posture: Posture) -> np.ndarray:
    """Return the places of the accountable identities (in `accountable`), the worst first."""
    owed, alarm = sums_of(posture), caps_of(posture).alarm
    debt, doubt = owed.debt.sum(axis=1), owed.unverified.sum(axis=1)
    reach = posture.totals().weighted
    leaking = holds_leaked(posture)
    return np.lexsort((owed.identities, -reach, -doubt, -debt, ~owed.known, ~alarm, ~leaking))


@kept
def worst(posture: Posture, limit: int = 0, among: np.ndarray | None = None) -> Worst:
    """List the accountable identities, the worst first, with the reason of each.

    `among` are the places (in `accountable`) of those to list; None for all. Debt and reach of an
    identity are null if no source could state its access.
    """
    order = worst_first(posture)
    if among is not None:
        order = order[np.isin(order, among)]
    rows, left_out = cut(order, limit)
    owed, reach, known = sums_of(posture), posture.totals(), posture.reach_known
    numbers = posture.accountable[rows]
    by_number = [group.grade for group in grouped(posture, owed, posture.accountable, rows)]
    grades = np.array(by_number, object)[np.argsort(np.argsort(numbers))]
    reached = pd.Series(known[numbers])
    columns = {
        "identity": numbers,
        "rank": np.arange(1, len(rows) + 1),
        "because": list(reasons(posture, rows)),
        "debt": pd.Series(owed.debt[rows].sum(axis=1), dtype="Float64").where(
            pd.Series(owed.known[rows])
        ),
        "grade": pd.array(grades, dtype="string"),
        "weighted": pd.Series(reach.weighted[rows], dtype="Float64").where(reached),
        "resources": pd.Series(reach.resources[rows], dtype="Int64").where(reached),
    }
    table = Table(pd.DataFrame(columns), posture.graph.things, {"identity": Kind.ITSELF})
    unknown = int(np.count_nonzero(~owed.known[order]))
    return Worst(ORDER, table, unknown, left_out)


def reasons(posture: Posture, places: np.ndarray) -> Iterator[str]:
    """Yield for the identities at these places (in `accountable`) why each is bad, as a clause."""
    owed, alarm, leaking = sums_of(posture), caps_of(posture).alarm, holds_leaked(posture)
    for place in places.tolist():
        debts = owed.debt[place]
        if alarm[place]:
            yield LEAKED if leaking[place] else DENIED
        elif not owed.known[place]:
            yield UNKNOWN
        elif debts.sum() > 0:
            most = int(np.argmax(debts))
            yield f"owes {_points(debts.sum())} tp, most for {KINDS[ASSUMPTIONS[most]]}"
        else:
            yield "owes nothing that anybody could verify"


def _points(debt: float) -> str:
    """Format debt in whole points; what is less than half of one is not called 0."""
    if debt >= 0.5:
        return f"{debt:,.0f}"
    return f"{debt:.1f}" if debt >= 0.05 else "under 0.1"
