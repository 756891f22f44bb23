"""Standing of one identity: its place in the one order of the worst, and the figures behind it."""

from dataclasses import dataclass

import numpy as np

from analytics.answers.worst import place_of
from analytics.debt.owed import sums_of
from analytics.debt.totals import graded, total
from analytics.posture import Posture


@dataclass(frozen=True)
class Reached:
    """How many resources an identity reaches, and what they weigh together."""

    resources: int
    weighted: float


@dataclass(frozen=True)
class Standing:
    """The place of an identity among all, why it has it, its grade, its debt and its reach.

    `grade_because` is null unless the grade differs from that of the ratio. Debt, the most that
    could be owed and reach are null if no source could state the access.
    """

    rank: int
    of: int
    because: str
    grade: str
    grade_because: str | None
    debt: float | None
    max_debt: float | None
    blast_radius: Reached | None


def standing_of(posture: Posture, number: int) -> Standing | None:
    """Return the standing of an identity (a number); None of what nobody has to answer for.

    It rests on what is judged of all identities, which the list of them shows, too.
    """
    place = place_of(posture, number)
    if place is None:
        return None
    (at,) = np.flatnonzero(posture.accountable == number)
    owed, reach = sums_of(posture), posture.totals()
    sums = total(owed, np.array([at]))
    grade, because = graded(posture, owed, np.array([at]))
    return Standing(
        rank=place.rank,
        of=place.of,
        because=place.because,
        grade=grade,
        grade_because=because,
        debt=sums.debt if sums.known else None,
        max_debt=sums.most if sums.known else None,
        blast_radius=Reached(int(reach.resources[at]), float(reach.weighted[at]))
        if posture.reach_known[number]
        else None,
    )
