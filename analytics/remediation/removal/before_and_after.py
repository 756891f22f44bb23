"""The estate before and after a change: one calculation shared by all that proposes changes.

What is added is judged as if it had been declared: the reach is that of an estate which has it.
From there, what is left after the removals is judged again from its facts, with two exceptions. The
judged identities stay those of before (see `analytics.usage.logins`). Observed uses stay observed,
by the same identities. The history and the journal of the estate stay the same throughout.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from analytics.debt.owed import sums_of
from analytics.debt.totals import total
from analytics.findings.evaluation import count_all
from analytics.posture import Posture, assess
from analytics.remediation.removal.additions import Additions, enlarged
from analytics.remediation.removal.what_if import Removal, without
from graph.once import once

KEPT = 8  # postures in the cache: steps of a plan, and repeated questions of a page


@dataclass(frozen=True)
class Figures:
    """The measures of a change: weighted reach and debt of all identities, and findings.

    A measure that depends on a failed rule, or on grants that no source could declare, is unknown:
    NaN, or None for the findings.
    """

    reach: float
    debt: float
    findings: int | None


def changed(
    posture: Posture, gone: Sequence[Removal] = (), added: Additions | None = None
) -> Posture:
    """Return the posture with what is `added`, without what is `gone`; the last `KEPT` are cached.

    The removals are resolved before the additions, so they never take away what is added.
    """
    if added is not None:
        posture = _kept(posture, added.key, lambda: assess(enlarged(posture.graph, added)))
    if not gone:
        return posture
    key = frozenset(x for r in gone for x in (*r.things, *r.relationships))
    return _kept(posture, key, lambda: assess(without(posture.graph, gone), posture))


def _kept(posture: Posture, key: Hashable, judge: Callable[[], Posture]) -> Posture:
    """Return the posture of `key` from the cache of `posture`, judged once."""
    kept = _judged_after(posture)
    after = kept.pop(key, None)
    if after is None:
        after = judge()
        after.history, after.journal = posture.history, posture.journal
    kept[key] = after
    for oldest in list(kept)[:-KEPT]:
        del kept[oldest]
    return after


@once
def _judged_after(posture: Posture) -> dict[Hashable, Posture]:
    """Return the cache of postures, by what was changed."""
    return {}


def figures(posture: Posture) -> Figures:
    """Return the figures of a posture, before or after a change."""
    return Figures(reach_of(posture), debt_owed(posture), count_all(posture))


def reach_of(posture: Posture) -> float:
    """Return the weighted standing reach of all identities together."""
    identities = posture.accountable
    if posture.escalated.failed or (len(identities) and not posture.reach_known[identities].any()):
        return np.nan
    return float(posture.totals().weighted.sum())


def debt_owed(posture: Posture) -> float:
    """Return the debt of all identities together."""
    amounts = total(sums_of(posture))
    return amounts.debt if amounts.known else np.nan


def interest_per_day(posture: Posture) -> float:
    """Return what the debt of all identities together grows by in a day."""
    amounts = total(sums_of(posture))
    return amounts.interest if amounts.known else np.nan
