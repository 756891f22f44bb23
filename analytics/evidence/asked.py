"""Of whom a decision for each use is asked: agents, which choose their own actions.

A service account that no agent uses does what it was made for. What several agents can have done
stays with the account or role that the log names, and is asked for too.
"""

import numpy as np

from analytics.posture import Posture
from graph.schema import AGENT


def asked(posture: Posture) -> np.ndarray:
    """Return for each node whether a decision is asked for what it does (bool)."""
    alone = np.zeros(len(posture.graph.ids), bool)
    alone[posture.accountable] = True
    return np.asarray(~alone | posture.graph.has_label(AGENT))
