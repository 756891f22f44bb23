"""Which nodes need a decision for each use: agents, which choose their own actions.

A service account that no agent uses does what it was made for. A use by one of several possible
agents stays with the account or role that the log names, and needs one too.
"""

import numpy as np

from analytics.posture import Posture
from graph.schema import AGENT


def asked(posture: Posture) -> np.ndarray:
    """Return a mask of the nodes whose uses need a decision."""
    alone = np.zeros(len(posture.graph.ids), bool)
    alone[posture.accountable] = True
    return np.asarray(~alone | posture.graph.has_label(AGENT))
