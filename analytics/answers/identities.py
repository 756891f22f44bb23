"""The accountable identities, widest reach first."""

import time
from typing import Any

import numpy as np

from analytics.answers.debt import figures
from analytics.answers.shape import cut, when
from analytics.debt.owed import debt_of
from analytics.debt.totals import Group, grouped
from analytics.ownership.owners import NOBODY
from analytics.posture import Posture
from graph.schema import AGENT


def identities(posture: Posture, limit: int = 0) -> dict[str, Any]:
    """List the accountable identities with owners, reach and debt.

    If no source could declare the access of one, its reach, debt and ratio are None.
    """
    begun = time.perf_counter()
    reach = posture.totals()
    took = time.perf_counter() - begun
    known = posture.reach_known[posture.accountable]
    order = np.lexsort((posture.accountable, -reach.weighted, ~known))
    shown, left_out = cut(order, limit)
    kinds, active, owed = _kinds(posture), posture.activity.last_active, _owed(posture)
    rows = []
    for place in shown:
        number = int(posture.accountable[place])
        thing: dict[str, Any] = {**posture.graph.thing(number)}
        rows.append(
            thing
            | {
                "kind": kinds.get(number),
                "owners": owners(posture, number),
                "blast_radius": {
                    "resources": int(reach.resources[place]) if known[place] else None,
                    "weighted": float(reach.weighted[place]) if known[place] else None,
                },
                **_debt(owed[number]),
                "last_active_at": when(active[number]),
            }
        )
    return {"identities": rows, "timing": {"reach_seconds": took}, "left_out": left_out}


def _owed(posture: Posture) -> dict[int, Group]:
    """Return the debt of each accountable identity, by its number."""
    whole = grouped(posture, debt_of(posture), posture.accountable)
    return dict(zip(posture.accountable.tolist(), whole, strict=True))


def _debt(group: Group) -> dict[str, Any]:
    told = figures(group.total)
    return {"debt": told["debt"], "tdr": told["tdr"], "grade": group.grade}


def _kinds(posture: Posture) -> dict[int, str]:
    agents = posture.graph.frames[AGENT]
    stated = agents["kind"].notna()
    numbers = posture.graph.numbers(agents["id"][stated])
    return dict(zip(numbers.tolist(), agents["kind"][stated], strict=True))


def owners(posture: Posture, number: int) -> dict[str, Any]:
    """Return the owners of a node, and how they are known."""
    owned, thing = posture.ownership, posture.graph.thing
    answer: dict[str, Any] = {
        role: thing(int(who[number])) if who[number] != NOBODY else None
        for role, who in owned.covered.items()
    }
    return answer | {"state": str(posture.owner_states[number])}
