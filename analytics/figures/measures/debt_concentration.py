"""Concentration of debt in a few identities."""

import numpy as np

from analytics.figures.concentration import TOP, gini
from analytics.figures.measure import (
    NEITHER,
    SHARE,
    Measure,
    Measured,
    not_owed,
    owed,
    population,
    ratio,
)
from analytics.posture import Posture


def measure(posture: Posture) -> Measured:
    """Return the share of all debt that the tenth of identities with most debt owes."""
    if owed(posture) is None:
        return not_owed()
    sums = population(posture).owed
    each = np.sort(sums.debt.sum(axis=1)[sums.known])[::-1]
    debt_of_all = float(each.sum())
    top = int(np.ceil(TOP * len(each)))
    return ratio(
        float(each[:top].sum()),
        debt_of_all,
        "nothing is owed",
        identities=top,
        gini=gini(each) if debt_of_all else None,
    )


MEASURE = Measure(
    name="debt_concentration",
    order=55,
    title="Concentration of debt",
    numerator="debt of the tenth of identities that owe most",
    denominator="debt of all accountable identities",
    unit=SHARE,
    better=NEITHER,
    source="Top share and Gini coefficient of trust debt",
    rows="trustdebt debt --by identity",
    measure=measure,
    references=("NIST AI RMF MANAGE 1.2", "NIST CSF 2.0 ID.RA-06"),
)
