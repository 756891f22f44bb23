"""The one person who answers for each thing."""

import numpy as np

from analytics.ownership import NOBODY, ROLES
from analytics.posture import Posture
from graph.schema import HUMAN


def accountable_people(posture: Posture) -> np.ndarray:
    """Return the number of the person who answers for each node, business before technical.

    -1 where nobody does in person: a team that owns a thing is not a person.
    """
    return posture.once(__name__, lambda: _people(posture))  # type: ignore[no-any-return]


def _people(posture: Posture) -> np.ndarray:
    person = posture.graph.has_label(HUMAN)
    found = np.full(len(person), NOBODY, np.int64)
    for role in reversed(ROLES):
        stated = posture.ownership.covered[role]
        named = stated != NOBODY
        named[named] = person[stated[named]]
        found[named] = stated[named]
    return found
