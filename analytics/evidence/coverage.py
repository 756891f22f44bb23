"""Evidence coverage: the share of sensitive uses that a decision explains."""

from typing import Any

import pandas as pd

from analytics.evidence.deciding import EXPLAINED
from analytics.evidence.matching import SENSITIVE, UNKNOWN


def coverage(rows: pd.DataFrame) -> dict[str, Any]:
    """Return the explained share of the sensitive uses among `rows`, with both its terms.

    `unknown` counts the sensitive uses that are left out of both terms.
    """
    sensitive = rows[rows["sensitivity"] >= SENSITIVE]
    known = sensitive[sensitive["state"] != UNKNOWN]
    explained = known["state"] == EXPLAINED
    weights = known["weight"] * known["count"]
    weight, of = float(weights[explained].sum()), float(weights.sum())
    right, count = int(known["count"][explained].sum()), int(known["count"].sum())
    return {
        "count": right / count if count else None,
        "weighted": weight / of if of else None,
        "explained": right,
        "sensitive": count,
        "unknown": int(sensitive["count"].sum()) - count,
        "explained_weight": weight,
        "sensitive_weight": of,
    }
