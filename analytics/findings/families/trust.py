"""Trust in everyone: the roles and accounts that anybody may take."""

import numpy as np
import pandas as pd

from analytics.posture import Posture
from graph.instants import milliseconds
from graph.schema import ANYONE, RESOURCE, ROLE, SERVICE_ACCOUNT, TRUSTS


def public_trusts(posture: Posture) -> pd.DataFrame:
    """Return the rows of trust in everyone that are in force.

    Returns
    -------
    DataFrame
        `subject` (the role or account in service, a number), `since` (milliseconds), `conditional`
        (bool) and `fact` (the id of the relationship).
    """
    graph, frame = posture.graph, posture.graph.frames[TRUSTS]
    things = graph.frames[RESOURCE]
    anyone = np.zeros(len(graph.ids), bool)
    anyone[graph.numbers(things["id"][(things["type"] == ANYONE).fillna(False)])] = True
    subject, trusted = graph.ends(TRUSTS)
    kept = graph.in_force(TRUSTS) & anyone[trusted] & posture.in_service[subject]
    kept &= graph.has_label(ROLE, SERVICE_ACCOUNT)[subject]
    return pd.DataFrame(
        {
            "subject": subject[kept],
            "since": milliseconds(frame["valid_from"])[kept],
            "conditional": frame["condition"].notna().to_numpy(bool)[kept],
            "fact": frame["id"][kept].to_numpy(object),
        }
    )
