"""Age of the evaluation of identities: the time since a read last covered each."""

import numpy as np

from analytics.figures.evaluation_age import evaluated_at
from analytics.figures.measure import DAYS, LESS, Measure, Measured, population
from analytics.posture import Posture
from graph.instants import DAY, NEVER


def measure(posture: Posture) -> Measured:
    """Return the median days since a read last covered an identity; nobody's age is a guess."""
    identities = population(posture).identities
    at = evaluated_at(posture)[identities]
    known = at != NEVER
    ages = (posture.graph.now - at[known]) / DAY
    if not len(ages):
        because = "no accountable identity is in service"
        return Measured(None, 0, 0, "no read covers any identity" if len(at) else because)
    return Measured(
        float(np.median(ages)),
        int(known.sum()),
        len(at),
        None,
        {"p95_days": float(np.quantile(ages, 0.95)), "longest_days": float(ages.max())},
    )


MEASURE = Measure(
    name="evaluation_age",
    order=7,
    title="Time since an identity was last evaluated",
    numerator="identities that some read covers",
    denominator="accountable identities in service",
    unit=DAYS,
    better=LESS,
    source="NIST SP 800-137: continuous monitoring; a quarterly look is 45 days old on average",
    rows="trustdebt identities",
    measure=measure,
    target=1.0,
    references=(
        "NIST SP 800-53 CA-7",
        "NIST CSF 2.0 DE.CM-03",
        "EU AI Act 26.5",
        "ISO/IEC 42001 A.6.2.6",
    ),
)
