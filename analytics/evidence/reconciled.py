"""Actions and decisions as two tables, whose rows can be compared with each other."""

import numpy as np
import pandas as pd

from analytics.evidence.decisions import records
from analytics.evidence.matching import uses
from analytics.posture import Posture
from analytics.usage.action_levels import levels_of
from analytics.usage.actors import actors
from graph.instants import milliseconds
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
        As in `actions`: `identity` is the actor (-1 for one that is not known, whatever is known of
        the resource), `use` is null,
        `count` is 1. Its rows are those of `records`.
    """
    frame, graph, behind = records(posture), posture.graph, actors(posture)
    subject, made_with = (behind.of(graph.numbers(frame[end])) for end in ("subject", "identity"))
    return pd.DataFrame(
        {
            "at": milliseconds(frame["at"]),
            "identity": np.where(subject >= 0, subject, made_with).astype(np.int64),
            "resource": graph.numbers(frame["resource"]).astype(np.int64),
            "level": levels_of(frame["action"]),
            "use": pd.array([pd.NA] * len(frame), dtype="string"),
            "decision": frame["id"].array,
            "record": np.arange(len(frame)),
            "count": 1,
        }
    )
