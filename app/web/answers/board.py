"""The parts of the board answer, each cached, so that a page draws one after the other."""

import numpy as np
import pandas as pd

from analytics.answers import board
from analytics.answers.worst import Worst, worst
from analytics.posture import Posture
from app import clock
from app.web.page.snapshots import kept, kept_while

LISTED, MOST = 200, 12  # rows of the list of identities; snapshots in a trend


@kept
def scope(posture: Posture) -> board.Scope:
    """Return the scope of the whole estate."""
    return board.scope_of(posture)


@kept_while("Grading what is owed…")
def standing(posture: Posture) -> board.Standing:
    """Return the grade and the sentence that says why."""
    return board.standing(posture, scope(posture))


@kept_while("Counting paths to the crown jewels…")
def headlines(posture: Posture) -> board.Headlines:
    """Return the three headline numbers."""
    return board.headlines(posture, scope(posture))


@kept_while("Looking for the best first step…")
def move(posture: Posture) -> board.Move | None:
    """Return what to do first."""
    return board.move(posture, scope(posture), standing(posture))


@kept_while("Comparing with the last quarter…")
def quarter(posture: Posture) -> board.Quarter:
    """Return the direction against the last quarter."""
    return board.quarter(posture, scope(posture))


@kept_while("Following what should have ended through the snapshots…")
def revocation(posture: Posture) -> board.Revocation:
    """Return how long removing access takes."""
    return board.revocation(posture, scope(posture))


@kept_while("Looking 30 days ahead…")
def burn_down(posture: Posture, target: float) -> board.BurnDown:
    """Return when the target is reached at today's pace, and the cost of delay."""
    stands, since = standing(posture), quarter(posture)
    return board.burn_down(posture, scope(posture), stands, since, target)


@kept_while("Working out the plan: every change is measured as what-if does…")
def with_plan(posture: Posture, target: float) -> board.WithPlan | None:
    """Return when the target is reached with the plan."""
    return board.with_plan(posture, scope(posture), burn_down(posture, target))


@kept
def teams(posture: Posture) -> board.Teams:
    """Return what each team owes, for each assumption."""
    return board.teams(posture)


@kept
def risks(posture: Posture) -> board.Risks:
    """Return the accepted risks, those that run out first at the top."""
    return board.risks(posture, scope(posture))


@kept
def trend(posture: Posture) -> pd.DataFrame:
    """Return the trust debt at each of the latest snapshots, NaN where nothing is known.

    The columns are those of `analytics.answers.board.trend`.
    """
    frame = board.trend(posture, MOST).frame
    figures = ("debt", "most", "ratio", "high", "coverage")
    return frame.assign(**{name: frame[name].to_numpy(float, na_value=np.nan) for name in figures})


@kept
def worst_identities(posture: Posture) -> Worst:
    """Return the identities, the worst first."""
    return worst(posture, LISTED)


def gaps(posture: Posture) -> board.Gaps:
    """Return where the facts come from, how old they are today, and what is missing."""
    return _gaps(posture, clock.now().floor("h").isoformat())


@kept
def _gaps(posture: Posture, hour: str) -> board.Gaps:
    return board.gaps(posture, scope(posture), pd.Timestamp(hour))
