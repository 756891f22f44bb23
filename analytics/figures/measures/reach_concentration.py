"""Concentration of reach in a few identities."""

import numpy as np

from analytics.figures.concentration import TOP, gini
from analytics.figures.measure import LESS, SHARE, Measure, Measured, population, ratio
from analytics.posture import Posture


def measure(posture: Posture) -> Measured:
    """Return the share of all weighted reach of the tenth of identities that reach most."""
    judged = population(posture)
    weighted = np.sort(posture.totals().weighted[judged.place[judged.reach_known]])[::-1]
    reach_of_all = float(weighted.sum())
    top = int(np.ceil(TOP * len(weighted)))
    spread = (
        {f"p{q}": float(np.quantile(weighted, q / 100)) for q in (50, 90, 99)}
        if reach_of_all
        else {}
    )
    return ratio(
        float(weighted[:top].sum()),
        reach_of_all,
        judged.unreached or "no identity in service reaches anything",
        identities=top,
        gini=gini(weighted) if reach_of_all else None,
        widest=float(weighted[0]) if reach_of_all else None,
        **spread,
    )


MEASURE = Measure(
    name="reach_concentration",
    order=121,
    title="Concentration of blast radius",
    numerator="weighted reach of the tenth of identities that reach most",
    denominator="weighted reach of all accountable identities in service",
    unit=SHARE,
    better=LESS,
    source="Top share and Gini coefficient of weighted reach",
    rows="trustdebt identities",
    measure=measure,
    references=("NIST CSF 2.0 DE.AE-04", "NIST CSF 2.0 ID.RA-05", "NIST SP 800-53 RA-3"),
)
