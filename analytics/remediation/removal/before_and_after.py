"""Before and after a removal: the one calculation that what-if, plan, cut and their pages share.

What is left is judged anew from its facts, but for three things. The identities that are judged
stay those of before (see `analytics.usage.logins`). What was seen stays seen, by whom it was seen.
And the past of the estate, its snapshots and its journal, stays what it was.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analytics.debt.owed import debt_of
from analytics.debt.totals import total
from analytics.findings.evaluation import count_all
from analytics.posture import Posture, assess
from analytics.remediation.removal.what_if import Removal, without
from graph.once import once

KEPT = 8  # judgements that are kept: the steps of a plan, and what a page asks again


@dataclass(frozen=True)
class Figures:
    """What a removal is measured by: weighted reach and debt of all identities, and findings.

    What rests on a rule that failed, or on grants that nobody could state, is not known: NaN,
    or None for the findings.
    """

    reach: float
    debt: float
    findings: int | None


def after_removal(posture: Posture, gone: Sequence[Removal]) -> Posture:
    """Judge what is left without what is `gone`; the last few judgements are kept."""
    kept = _judged_after(posture)
    key = frozenset(x for r in gone for x in (*r.things, *r.relationships))
    after = kept.pop(key, None)
    if after is None:
        after = assess(without(posture.graph, gone), posture)
        after.history, after.journal = posture.history, posture.journal
    kept[key] = after
    for oldest in list(kept)[:-KEPT]:
        del kept[oldest]
    return after


@once
def _judged_after(posture: Posture) -> dict[object, Posture]:
    """Return what was judged lately, by what was removed."""
    return {}


def figures(posture: Posture) -> Figures:
    """Return the figures of a posture, before or after a removal."""
    return Figures(reach_of(posture), debt_owed(posture), count_all(posture))


def reach_of(posture: Posture) -> float:
    """Return the weighted blast radius, standing access, of all identities together."""
    who = posture.accountable
    if posture.escalated.failed or (len(who) and not posture.reach_known[who].any()):
        return np.nan
    return float(posture.totals().weighted.sum())


def debt_owed(posture: Posture) -> float:
    """Return what all identities owe together."""
    whole = total(debt_of(posture))
    return whole.debt if whole.known else np.nan
