"""What has to die together for an identity to be dead: what lives through it, and through that.

That is what would be left of it if it ended now (see `analytics.residue`), and what would be left
of the accounts that nobody else uses, of the keys and of the children among that, and so on.
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
FOLLOWED = (ACCOUNTS, CHILDREN)  # what has something of its own that lives through it


def kill_set(posture: Posture, identity: int) -> pd.DataFrame:
    """Return what must end with an identity (a node's number).

    Returns
    -------
    DataFrame
        The columns of `analytics.residue.left_of`, what opens things before what it opens.
    """
    who = np.zeros(len(posture.graph.ids), bool)
    who[identity] = True
    while True:
        found = left_of(posture, who)
        shared = used_by_others(posture, who)[found["thing"].to_numpy(np.int64)]
        found = found[~(shared & (found["kind"] == ACCOUNTS).to_numpy(bool))]
        more = found["thing"][found["kind"].isin(FOLLOWED)].to_numpy(np.int64)
        if who[more].all():
            return pd.DataFrame(found)
        who[more] = True
