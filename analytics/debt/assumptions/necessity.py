"""Necessity: it is still used."""

import numpy as np

from analytics.debt.case import Case, Verdict, unkept
from analytics.ownership import DAY
from graph.access import NEVER


def judge(case: Case) -> tuple[Verdict, ...]:
    """Judge each level by its own last use; what nobody would see used is unknown."""
    units, days = case.units, case.model.unused * DAY
    telemetry, used, _ = case.posture.graph.grant_use
    last = np.maximum(used[units.grant, units.level], units.granted)
    unknown = ~telemetry[units.grant]
    unused = ~unknown & ((last == NEVER) | (case.now - last > days))
    since = np.where(last == NEVER, NEVER, last + int(days))
    return (Verdict("necessity", 1.0, (unkept(unused, unknown, since),)),)
