"""The posture of an identity at an instant: owners, debt and reach."""

from typing import Any

import numpy as np

from analytics.debt.owed import sums_of
from analytics.debt.totals import grouped
from analytics.posture import Posture
from analytics.proving.moments import Moments, numbers_in
from analytics.proving.readings import Reading
from graph.values import iso


def standing(known: Moments, identity: int) -> dict[str, Any]:
    """Return the posture of an identity (a number in `known.latest`) at the instant, twice.

    `known_then` is by what had been recorded by the instant, `known_now` by what is known now; None
    where nothing is.
    """
    now = next(iter(known), None)
    return {
        "known_then": _of(known, known.then, identity),
        "known_now": _of(known, now, identity),
    }


def _of(known: Moments, reading: Reading | None, identity: int) -> dict[str, Any] | None:
    if reading is None:
        return None
    places = numbers_in(reading, known, identity)
    return _described(reading.posture, places[0]) if places else None


def _described(posture: Posture, number: int) -> dict[str, Any]:
    graph = posture.graph
    owners = posture.ownership.covered
    described: dict[str, Any] = {
        "seen_at": iso(graph.facts.taken_at),
        "in_service": bool(posture.in_service[number]),
        "owners": {
            **{role: _thing(posture, int(of[number])) for role, of in owners.items()},
            "state": str(posture.owner_states[number]),
        },
    }
    return described | _figures(posture, number)


def _thing(posture: Posture, number: int) -> dict[str, str] | None:
    return posture.graph.thing(number) if number >= 0 else None


def _figures(posture: Posture, number: int) -> dict[str, Any]:
    """Return reach and debt of an accountable identity; None where they are unknown."""
    place = np.flatnonzero(posture.accountable == number)
    if not len(place):
        return {"blast_radius": None, "debt": None, "tdr": None, "grade": None}
    known = bool(posture.reach_known[number])
    reach = posture.totals()
    (owed,) = grouped(posture, sums_of(posture), posture.accountable, place)
    return {
        "blast_radius": {
            "resources": int(reach.resources[place[0]]) if known else None,
            "weighted": float(reach.weighted[place[0]]) if known else None,
        },
        "debt": owed.total.debt if owed.total.known else None,
        "tdr": owed.total.ratio if owed.total.known else None,
        "grade": owed.grade,
    }
