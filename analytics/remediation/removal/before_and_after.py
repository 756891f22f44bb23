"""The estate before and after a removal: one calculation shared by what-if, plan and cut.

What is left is judged again from its facts, with three exceptions. The judged identities stay those
of before (see `analytics.usage.logins`). Observed uses stay observed, by the same identities. And
the history and the journal of the estate stay the same.
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

KEPT = 8  # postures in the cache: steps of a plan, and repeated questions of a page


@dataclass(frozen=True)
class Figures:
    """The measures of a removal: weighted reach and debt of all identities, and findings.

    A measure that depends on a failed rule, or on grants that no source could declare, is unknown:
    NaN, or None for the findings.
    """

    reach: float
    debt: float
    findings: int | None


def after_removal(posture: Posture, gone: Sequence[Removal]) -> Posture:
    """Return the posture without what is `gone`; the last `KEPT` are cached."""
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
    """Return the cache of postures, by what was removed."""
    return {}


def figures(posture: Posture) -> Figures:
    """Return the figures of a posture, before or after a removal."""
    return Figures(reach_of(posture), debt_owed(posture), count_all(posture))


def reach_of(posture: Posture) -> float:
    """Return the weighted standing reach of all identities together."""
    identities = posture.accountable
    if posture.escalated.failed or (len(identities) and not posture.reach_known[identities].any()):
        return np.nan
    return float(posture.totals().weighted.sum())


def debt_owed(posture: Posture) -> float:
    """Return the debt of all identities together."""
    amounts = total(debt_of(posture))
    return amounts.debt if amounts.known else np.nan
