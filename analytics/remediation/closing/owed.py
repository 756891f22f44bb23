"""Debt by change: what the items owe that the findings of each change are about."""

import numpy as np
import pandas as pd

from analytics.debt.items_of_findings import items_of_findings
from analytics.debt.owed import debt_of
from analytics.findings.evaluation import find_all
from analytics.posture import Posture
from analytics.remediation.closing.asking import Asked


def owed_by_change(posture: Posture, every: Asked) -> np.ndarray:
    """Return what is owed by the findings of each change (float64), each item once."""
    change = every.rows["change"].to_numpy()
    return owed_by(posture, every.rows, change, len(every.changes))[0]


def owed_by(
    posture: Posture, rows: pd.DataFrame, group: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return debt and interest per day (float64) of what the findings of each group are about.

    Each item counts once in a group, of which there are `count`. `rows` has `finding` (a position
    in `find_all`), and `group` is the group of each row.
    """
    rows_of = find_all(posture).iloc[rows["finding"].to_numpy()]
    other = rows_of["object"].to_numpy(np.int64)
    named = posture.graph.things["id"].array.take(other, allow_fill=True)
    about = pd.DataFrame(
        {
            "rule": rows_of["rule"].array,
            "subject": rows_of["subject"].to_numpy(np.int64),
            "object": pd.Series(named, dtype="string").fillna(""),
            "key": rows_of["key"].array,
        }
    )
    owed = debt_of(posture)
    pairs = items_of_findings(posture, owed, about)
    pairs = pairs.assign(group=group[pairs["finding"]])[["group", "item"]].drop_duplicates()
    amounts = owed.rows.debt, owed.rows.interest
    debt, interest = (np.bincount(pairs["group"], a[pairs["item"]], count) for a in amounts)
    return debt, interest
