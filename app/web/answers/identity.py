"""Answers for the card of one thing, cached for each."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.answers.debt import TrustDebt, debt
from analytics.answers.plan import RemovalPlan, plan
from analytics.answers.worst import Worst, worst, worst_first
from analytics.posture import Posture
from app.web.answers.changes import asked_for
from app.web.answers.figures import findings
from app.web.snapshots import kept, kept_while

STEPS = 3  # changes that the fix of one identity may have


@kept
def ranked(posture: Posture) -> Worst:
    """Return all identities, the worst first."""
    return worst(posture)


@dataclass(frozen=True)
class Standing:
    """The place of an identity among all, the worst being 1, and why it has it."""

    rank: int
    of: int
    because: str
    owed: TrustDebt


@kept
def standing(posture: Posture, thing: str) -> Standing | None:
    """Return the place and the debt of an identity; None of what nobody has to answer for."""
    number = posture.graph.number(thing)
    (places,) = np.nonzero(posture.accountable == number)
    if not len(places):
        return None
    rank = int(np.flatnonzero(worst_first(posture) == places[0])[0]) + 1
    because = worst(posture, among=places).identities.frame["because"].iloc[0]
    return Standing(rank, len(posture.accountable), str(because), debt(posture, about=number))


def findings_about(posture: Posture, thing: str) -> pd.DataFrame:
    """Return the rows of `figures.findings` about a thing, worst first."""
    rows = findings(posture)
    return rows[rows["subject"] == thing]


@kept
def closing(posture: Posture, thing: str) -> pd.DataFrame:
    """Return the rows of `changes` that close what is found about a thing."""
    return asked_for(posture, findings_about(posture, thing))


@kept_while("Trying each change on a copy…")
def fix(posture: Posture, thing: str) -> RemovalPlan:
    """Return the changes to the access of an identity that repay most and break no observed use."""
    return plan(posture, STEPS, "debt", whose=[thing])
