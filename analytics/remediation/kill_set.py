"""Kill sets: everything that must be ended together with an identity to end its access.

That is what would remain of it if it ended now (see `analytics.residue`), then what would remain of
its exclusive accounts and its children, and so on.
"""

import numpy as np
import pandas as pd

from analytics.posture import Posture
from analytics.residue import (
    ACCESS,
    ACCOUNTS,
    CHILDREN,
    CREDENTIALS,
    DELEGATIONS,
    left_of,
    used_by_others,
)

KINDS = {
    CREDENTIALS: "credential",
    ACCOUNTS: "account",
    ACCESS: "grant",
    DELEGATIONS: "delegation",
    CHILDREN: "child",
}
FOLLOWED = (ACCOUNTS, CHILDREN)  # kinds whose own remains are followed


def kill_set(posture: Posture, identity: int) -> pd.DataFrame:
    """Return what must end with an identity (a node's number).

    Returns
    -------
    DataFrame
        The columns of `analytics.residue.left_of`, each opener before what it opens.
    """
    ending = np.zeros(len(posture.graph.ids), bool)
    ending[identity] = True
    while True:
        left = left_of(posture, ending)
        shared = used_by_others(posture, ending)[left["thing"].to_numpy(np.int64)]
        left = left[~(shared & (left["kind"] == ACCOUNTS).to_numpy(bool))]
        more = left["thing"][left["kind"].isin(FOLLOWED)].to_numpy(np.int64)
        if ending[more].all():
            return pd.DataFrame(left)
        ending[more] = True
