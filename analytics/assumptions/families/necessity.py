"""Necessity: the access is still used."""

import numpy as np

from analytics.assumptions.judgement import Case, Verdict, unkept
from graph.instants import DAY, NEVER

JUDGED = ("necessity",)


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
