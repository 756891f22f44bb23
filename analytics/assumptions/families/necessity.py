"""Necessity: the access is still used."""

import numpy as np

from analytics.assumptions.judgement import Case, Verdict, unkept
from analytics.assumptions.model import Model
from analytics.posture import Posture
from graph.instants import DAY, NEVER

JUDGED = ("necessity",)


def alike(posture: Posture, _: Model) -> np.ndarray:
    """Tell no identities apart: a level of a grant is used or not, whoever uses it."""
    return np.zeros(len(posture.accountable), np.int64)


def judge(case: Case) -> tuple[Verdict, ...]:
    """Judge each level by its own last use, whichever fact reports it.

    Access whose use is not observed is unknown, unless a recent use was seen.
    """
    units, days = case.units, case.model.unused * DAY
    graph, act = case.posture.graph, case.posture.activity
    used = act.grant_latest[units.grant, units.level]
    last = np.maximum(used, units.granted)
    seen = (used != NEVER) & (case.now - np.where(used == NEVER, 0, used) <= days)
    unknown = ~graph.grant_use[0][units.grant] & ~seen
    unused = ~unknown & ((last == NEVER) | (case.now - last > days))
    since = np.where(last == NEVER, NEVER, last + int(days))
    return (Verdict("necessity", 1.0, (unkept(unused, unknown, since),)),)
