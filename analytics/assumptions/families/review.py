"""Review: an approval covers the access, and it is recent."""

import numpy as np

from analytics.assumptions.entitlements import Entitlements
from analytics.assumptions.judgement import ALONE, Case, Verdict, unkept
from analytics.assumptions.model import Model
from analytics.assumptions.reviews import Approvals, covering, given, in_force
from analytics.coverage import stated_by
from analytics.posture import Posture
from graph.instants import DAY, NEVER

JUDGED = ("review",)


def judge(case: Case) -> tuple[Verdict, ...]:
    """Judge by the last approval of the grant, its holder or the identity, or by the grant's date.

    An approval from before the grant does not cover it, so the days count from the grant. One that
    has ended covers nothing any more.
    """
    overdue, since = due(case)
    unknown = overdue & (last_approval(case) == NEVER) & ~case.declared("reviews")
    return (Verdict("review", 1.0, (unkept(overdue & ~unknown, unknown, since),)),)


def alike(posture: Posture, model: Model) -> np.ndarray:
    """Judge those alone that were approved as a whole; of others, tell apart what is covered."""
    graph, identities = posture.graph, posture.accountable
    approved = np.zeros(len(identities), bool)
    for approvals in (given(graph), in_force(graph), covering(graph, int(model.review * DAY))):
        approved |= approvals.thing[identities] != NEVER
    return np.where(approved, ALONE, stated_by(graph, "reviews")[identities])


def due(case: Case) -> tuple[np.ndarray, np.ndarray]:
    """Return whether the review of each entitlement is overdue, and when it is due.

    That is a review cycle after its last approval or its grant, or when the approval ended before.
    In milliseconds; `NEVER` where nothing is dated.
    """
    graph, units, days = case.posture.graph, case.units, int(case.model.review * DAY)
    covered = np.maximum(_last(units, covering(graph, days)), units.granted)
    since = np.maximum(_last(units, in_force(graph)), units.granted)
    overdue = (since == NEVER) | (case.now - since > days)
    return overdue, np.where(covered == NEVER, NEVER, covered + days)


def last_approval(case: Case) -> np.ndarray:
    """Return when each entitlement was last approved (milliseconds), `NEVER` if it was not."""
    return _last(case.units, given(case.posture.graph))


def _last(units: Entitlements, approved: Approvals) -> np.ndarray:
    return approved.last(units.identity, units.holder, units.grant)
