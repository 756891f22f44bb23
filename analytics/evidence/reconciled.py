"""Actions and decisions as two tables, whose rows can be compared with each other."""

import numpy as np
import pandas as pd

from analytics.evidence.decisions import decisions, records
from analytics.evidence.matching import uses
from analytics.posture import Posture
from graph.access import milliseconds
from graph.once import once

COLUMNS = ["at", "identity", "resource", "level", "use", "decision", "record", "count"]


@once
def actions(posture: Posture) -> pd.DataFrame:
    """Return the observed uses (cached), in the order of time.

    Returns
    -------
    DataFrame
        `at` (milliseconds), `identity` and `resource` (numbers), `level` (a position in `LEVELS`,
        -1 for unknown), `use` and `decision` (ids), `record` (the row of the deciding record in
        `records`, -1 for none), `count`, and `principal`, `state`, `reason`, `sensitivity` and
        `weight` as in `analytics.evidence.matching`.
    """
    return uses(posture).rename(columns={"id": "use"})


@once
def decided(posture: Posture) -> pd.DataFrame:
    """Return the decision records so far (cached), in the order of time, one row for each.

    Returns
    -------
    DataFrame
        As in `actions`: `identity` is the actor (-1 for one that is not known), `use` is null,
        `count` is 1. Its rows are those of `records`.
    """
    indexed, frame = decisions(posture), records(posture)
    actor, level = (np.full(len(frame), -1, np.int64) for _ in range(2))
    # A record that counts for the identity it was made with too names the agent first.
    actor[indexed.record[::-1]] = indexed.actor[::-1]
    level[indexed.record] = indexed.level
    return pd.DataFrame(
        {
            "at": milliseconds(frame["at"]),
            "identity": actor,
            "resource": posture.graph.numbers(frame["resource"]).astype(np.int64),
            "level": level,
            "use": pd.array([pd.NA] * len(frame), dtype="string"),
            "decision": frame["id"].array,
            "record": np.arange(len(frame)),
            "count": 1,
        }
    )
