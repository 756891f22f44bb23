"""When each identity was last active, as far as its use is observed."""

import numpy as np

from analytics.coverage import stated_by
from analytics.posture import Posture
from analytics.usage.activity import lately
from graph.instants import NEVER

DORMANT_DAYS = 45  # after which CIS asks to disable an account (Controls 5.3)


def last_active(posture: Posture) -> np.ndarray:
    """Return when each identity was last active (milliseconds, `NEVER` where unknown).

    Without any use, an observed identity counts from its creation. Unknown if it may have acted
    within `DORMANT_DAYS` days, as one of several.
    """
    graph, seen, latest = posture.graph, posture.activity.last_active, posture.activity.node_latest
    watched = stated_by(graph, "usage")
    since = np.where((latest == NEVER) & watched, posture.created_at, seen)
    may_have = lately(graph, latest, DORMANT_DAYS) & ~lately(graph, seen, DORMANT_DAYS)
    return np.where(may_have, NEVER, since)
