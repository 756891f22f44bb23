"""Share of logs of use that reach back six months."""

import pandas as pd

from analytics.figures.measure import MORE, SHARE, Measure, Measured, ratio
from analytics.posture import Posture

SIX_MONTHS = 183  # days


def measure(posture: Posture) -> Measured:
    """Return the share of the logs that were read which reach back `SIX_MONTHS` without a gap.

    A log may be kept for longer than what was read of it; then it counts once it is read as a
    whole. One that tells no start may or may not reach back.
    """
    logs = [c for c in posture.graph.coverage if "usage" in c.declares]
    starts = [(c.taken_at, c.usage_window_start) for c in logs if c.usage_window_start is not None]
    days = [(read - start) / pd.Timedelta(days=1) for read, start in starts]
    return ratio(
        sum(length >= SIX_MONTHS for length in days),
        len(days),
        "of no log of use is it known since when it was kept",
        unknown=len(logs) - len(days),
        shortest_days=min(days, default=None),
    )


MEASURE = Measure(
    name="log_retention",
    order=94,
    title="Logs that reach back six months",
    numerator="logs of use that, as they were read, reach back 183 days without a gap",
    denominator="logs of use of which it is known since when they were kept",
    unit=SHARE,
    better=MORE,
    source="Regulation (EU) 2024/1689, articles 19 and 26(6): at least six months",
    rows="trustdebt evidence",
    measure=measure,
    needs=("usage",),
    target=1.0,
    references=("EU AI Act 19", "EU AI Act 26.6", "ISO/IEC 42001 A.6.2.8"),
)
