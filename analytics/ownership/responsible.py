"""The one person who is accountable for each node, and the sentence that names them."""

import numpy as np

from analytics.ownership.owners import NOBODY, ROLES, Ownership
from analytics.posture import Posture
from graph.access import AccessGraph
from graph.once import once
from graph.schema import HUMAN

UNKNOWN = "Nobody is known to be accountable: no source states its owners."


@once
def accountable_people(posture: Posture) -> np.ndarray:
    """Return the number of the person who answers for each node, business before technical.

    -1 where no person does: a team that owns a node is not a person.
    """
    return people_of(posture.graph, posture.ownership)


def people_of(graph: AccessGraph, owned: Ownership) -> np.ndarray:
    """Return the number of the person who answers for each node, as `owned` states its owners."""
    person = graph.has_label(HUMAN)
    people = np.full(len(person), NOBODY, np.int64)
    for role in reversed(ROLES):
        stated = owned.covered[role]
        named = stated != NOBODY
        named[named] = person[stated[named]]
        people[named] = stated[named]
    return people


def accountability(posture: Posture, thing: int) -> str:
    """Return a sentence on who is accountable for a node: a person, only a team, or nobody."""
    covered = {role: int(posture.ownership.covered[role][thing]) for role in ROLES}
    person = int(accountable_people(posture)[thing])
    if person != NOBODY:
        roles = " and ".join(role for role in ROLES if covered[role] == person)
        return f"{posture.graph.thing(person)['name']} ({roles} owner) is accountable."
    if not posture.ownership.known[thing]:
        return UNKNOWN
    team = next((owner for owner in covered.values() if owner != NOBODY), NOBODY)
    if team != NOBODY:
        name = posture.graph.thing(team)["name"]
        return f"Nobody is accountable in person, only the team {name}."
    return "Nobody is accountable for it."
