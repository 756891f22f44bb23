"""Independence of reviewers: nobody certifies access that they gave, or could give themselves."""

import numpy as np
import pandas as pd

from analytics.ownership.owners import NOBODY, ROLES
from analytics.posture import Filter, Posture
from analytics.reach.kernels.removal import NODE
from analytics.reach.removal import reached
from graph.schema import CAN_ACCESS, HUMAN, LEVELS

ADMIN = LEVELS.index("admin")
NO, YES, UNKNOWN = 0, 1, -1


def reviewers(posture: Posture, rows: pd.DataFrame) -> pd.DataFrame:
    """Return who is to decide on each packet, and whether that person is independent.

    The accountable person is asked; if that one is known not to be independent and an owner in
    another role is, the other.

    Parameters
    ----------
    rows : DataFrame
        Rows of `analytics.remediation.reviewing.packets.packets`.

    Returns
    -------
    DataFrame
        `reviewer` (the number of a person, `NOBODY` where nobody is known), `independent` (`YES`,
        `NO` or `UNKNOWN`) and `because` (text; null if independent), in the order of `rows`.
    """
    chosen = pd.DataFrame({"reviewer": np.full(len(rows), NOBODY), "independent": UNKNOWN})
    chosen["because"] = pd.Series("no person answers for it", index=chosen.index, dtype="string")
    for role in ROLES:
        people = _people(posture, role)[rows["identity"].to_numpy(np.int64)]
        asked = _judged(posture, rows, people)
        better = (people != NOBODY) & (
            (chosen["reviewer"] == NOBODY)
            | ((chosen["independent"] == NO) & (asked["independent"] == YES))
        ).to_numpy(bool)
        chosen = asked.where(pd.Series(better), chosen)
    return chosen.astype({"reviewer": np.int64, "independent": np.int64})


def _people(posture: Posture, role: str) -> np.ndarray:
    """Return the person who answers for each node in a role; a team is no person."""
    covered = posture.ownership.covered[role]
    person = posture.graph.has_label(HUMAN)
    return np.where((covered != NOBODY) & person[covered], covered, NOBODY)


def _judged(posture: Posture, rows: pd.DataFrame, people: np.ndarray) -> pd.DataFrame:
    """Judge a person for each packet, with the reason why the person is not independent."""
    graph, network = posture.graph, posture.network(Filter("potential"))
    grant, holder, resource = (
        rows[name].to_numpy(np.int64) for name in ("grant", "holder", "resource")
    )
    asked = np.flatnonzero(people != NOBODY)
    start = people[asked]
    gave = np.zeros(len(rows), bool)
    gave[asked] = graph.numbers(_givers(posture, grant[asked])) == start
    administers, acts = np.zeros(len(rows), bool), holder == people
    admin, node = np.full(len(asked), ADMIN), np.full(len(asked), NODE)
    administers[asked] = reached(network, start, resource[asked], admin)
    acts[asked] |= reached(network, start, holder[asked], node)
    known = np.zeros(len(rows), bool)
    known[asked] = posture.known(Filter("potential")).known[start]
    names = graph.things["name"].to_numpy(object)
    name, target, account = names[people], names[resource], names[holder]
    reasons = [
        (gave, name + " approved this very grant"),
        (acts, name + " can act as " + account),
        (administers, name + " administers " + target + ", and can grant the same access"),
        (~known, "what " + name + " can grant is not known"),
    ]
    because = np.full(len(rows), None, object)
    for mask, text in reversed(reasons):
        because[mask] = text[mask]
    free = np.where(known, YES, UNKNOWN)
    return pd.DataFrame(
        {
            "reviewer": people,
            "independent": np.where(gave | acts | administers, NO, free),
            "because": pd.array(because, dtype="string"),
        }
    )


def _givers(posture: Posture, grants: np.ndarray) -> pd.Series:
    """Return the id of who approved each grant last, as its source states it."""
    given = posture.graph.frames[CAN_ACCESS]["approved_by"].iloc[grants]
    return given.astype("string").fillna("")
