"""Approvals: which permissions of high impact name the person who approved them."""

import numpy as np
import pandas as pd

from analytics.evidence.deciding import ALLOW
from analytics.evidence.decisions import decisions
from analytics.evidence.matching import SENSITIVE
from analytics.posture import Posture
from graph.once import once
from graph.schema import HUMAN, LEVELS

HIGH_IMPACT = LEVELS.index("write")


@once
def approvals(posture: Posture) -> pd.DataFrame:
    """Return the permissions to write to, or administer, what is confidential or more.

    Returns
    -------
    DataFrame
        In the order of time: `at` (milliseconds), `actor` and `resource` (numbers), `level` (a
        position in `LEVELS`), `person` (bool): the record names a person that a source states, and
        `stranger` (bool): it names somebody whom no source states.
    """
    made, graph = decisions(posture), posture.graph
    weight = posture.sensitivities["weight"].to_numpy(float)
    mask = (made.kind == ALLOW) & (made.level >= HIGH_IMPACT) & (weight[made.resource] >= SENSITIVE)
    rows = np.flatnonzero(mask)
    _, first = np.unique(made.record[rows], return_index=True)  # one for each record
    rows = rows[first]
    approver = made.frame["approver"].iloc[made.record[rows]]
    numbers = graph.numbers(approver)
    person = (numbers >= 0) & graph.has_label(HUMAN)[numbers]
    return pd.DataFrame(
        {
            "at": np.take(made.at, rows),
            "actor": made.actor[rows],
            "resource": made.resource[rows],
            "level": made.level[rows],
            "person": person,
            "stranger": approver.notna().to_numpy(bool) & (numbers < 0),
        }
    )
