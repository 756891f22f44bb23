"""Answers for the card of one thing, cached for each."""

from dataclasses import dataclass

import pandas as pd

from analytics.answers.debt import TrustDebt, debt
from analytics.answers.plan import RemovalPlan, plan
from analytics.answers.worst import Place, Worst, place_of, worst
from analytics.posture import Posture
from app.web.answers.changes import asked_for
from app.web.answers.figures import findings
from app.web.page.snapshots import kept, kept_while

STEPS = 3  # changes that the fix of one identity may have


@kept
def ranked(posture: Posture) -> Worst:
    """Return all identities, the worst first."""
    return worst(posture)


@dataclass(frozen=True)
class Standing:
    """The place of an identity among all, and what it owes."""

    place: Place
    owed: TrustDebt


@kept
def standing(posture: Posture, thing: str) -> Standing | None:
    """Return the place and the debt of an identity; None of what nobody has to answer for."""
    number = posture.graph.number(thing)
    place = place_of(posture, number)
    return None if place is None else Standing(place, debt(posture, about=number))


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
