"""Credentials that open doors and are not used."""

import numpy as np

from analytics.debt.assumptions.credentials import held
from analytics.measure import LESS, SHARE, Measure, Measured, population, ratio
from analytics.ownership import DAY
from analytics.posture import Posture
from analytics.rules.dormant_identity import DORMANT_DAYS
from graph.access import NEVER, milliseconds
from graph.schema import CREDENTIAL


def measure(posture: Posture) -> Measured:
    """Return the share of live credentials that were not used for 45 days."""
    graph, pairs = posture.graph, held(posture)
    mine = np.isin(posture.accountable[pairs.place], population(posture).identities)
    frame = graph.frames[CREDENTIAL].iloc[np.unique(pairs.row[mine])]
    frame = frame[graph.live[graph.numbers(frame["id"])]]
    used = milliseconds(frame["last_used_at"])
    known = used != NEVER
    return ratio(
        int((known & (graph.now - used > DORMANT_DAYS * DAY)).sum()),
        int(known.sum()),
        "of no live credential it is known when it was last used",
        unknown=int((~known).sum()),
    )


MEASURE = Measure(
    name="idle_credentials",
    order=113,
    title="Idle credentials",
    numerator="credentials that were not used for 45 days",
    denominator="live credentials of identities in service, where the last use is known",
    unit=SHARE,
    better=LESS,
    source="CIS AWS Foundations 2.11: unused for 45 days or more are disabled",
    rows="trustdebt findings --rule CRD-06",
    measure=measure,
    needs=("credentials",),
    target=0.0,
    references=("CIS AWS Foundations 2.11",),
)
