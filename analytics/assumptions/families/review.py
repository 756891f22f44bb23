"""Review: an approval covers the access, and it is recent."""

import numpy as np

from analytics.assumptions.judgement import Case, Verdict, unkept
from analytics.assumptions.reviews import approved_grants
from analytics.ownership.owners import DAY
from graph.access import NEVER

JUDGED = ("review",)


def judge(case: Case) -> tuple[Verdict, ...]:
    """Judge by the last approval of the grant, its holder or the identity, or by the grant's date.

    An approval from before the grant does not cover it, so the days count from the grant.
    """
    units, days = case.units, case.model.review * DAY
    approved = last_approval(case)
    counted = np.maximum(approved, units.granted)
    overdue = (counted == NEVER) | (case.now - counted > days)
    unknown = overdue & (approved == NEVER) & ~case.declared("reviews")
    since = np.where(counted == NEVER, NEVER, counted + int(days))
    return (Verdict("review", 1.0, (unkept(overdue & ~unknown, unknown, since),)),)


def last_approval(case: Case) -> np.ndarray:
    """Return when each entitlement was last approved (milliseconds), `NEVER` if it was not."""
    units, reviews = case.units, case.reviews
    grant = approved_grants(case.posture.graph)[units.grant]
    thing = np.maximum(reviews.approved_thing[units.identity], reviews.approved_thing[units.holder])
    return np.asarray(np.maximum(grant, thing))
