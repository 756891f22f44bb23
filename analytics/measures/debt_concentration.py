"""How far debt is with the few."""

import numpy as np

from analytics.measure import NEITHER, SHARE, Measure, Measured, population, ratio
from analytics.measures.reach_concentration import TOP, gini
from analytics.posture import Posture


def measure(posture: Posture) -> Measured:
    """Return the share of all debt that the deepest tenth of identities owes."""
    owed = np.sort(population(posture).debt.debt.sum(axis=1))[::-1]
    whole = float(owed.sum())
    top = int(np.ceil(TOP * len(owed)))
    return ratio(
        float(owed[:top].sum()),
        whole,
        "nothing is owed",
        identities=top,
        gini=gini(owed) if whole else None,
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
