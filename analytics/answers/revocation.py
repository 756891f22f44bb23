"""Revocation: what must end with an identity, what outlived its end, and how long it takes."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from analytics.answers.shape import cut, when
from analytics.figures.revocation_speed import overdue, time_to_revoke
from analytics.posture import Posture
from analytics.remediation.kill_set import KINDS as KINDS_ALIVE
from analytics.remediation.kill_set import kill_set
from analytics.residue import ACCESS, DELEGATIONS, ended_at, residue
from graph.frames import records
from graph.once import once
from graph.schema import ACTS_FOR, ASSUMES, CAN_ACCESS, MEMBER_OF, RUNS_AS


def revocation(posture: Posture, about: int | None = None, limit: int = 0) -> dict[str, Any]:
    """Return the speed of revocation, for all identities or one (a node's number).

    `kill_set` is everything that must end together with the given identity; empty without one.
    `residue` is what is still live of ended identities, with the identity, and since when (None if
    its end is unknown). `items` are all overdue items so far, open ones first and of these the
    oldest first.
    """
    killed, kill_left = cut(_killed(posture, about), limit)
    alive, alive_left = cut(_residue(posture, about), limit)
    spells = overdue(posture, about)
    order = np.lexsort((-spells.rows["days"], spells.rows["ended"]))
    shown, left_out = cut(spells.rows.iloc[order], limit)
    return {
        "kill_set": killed,
        "residue": alive,
        "time_to_revoke": time_to_revoke(posture, spells),
        "items": [_item(posture, row) for row in records(shown)],
        "left_out": left_out + kill_left + alive_left,
    }


def _killed(posture: Posture, about: int | None) -> list[dict[str, Any]]:
    if about is None:
        return []
    return _distinct(_alive(posture, row) for row in records(kill_set(posture, about)))


def _residue(posture: Posture, about: int | None) -> list[dict[str, Any]]:
    rows, end = residue(posture), ended_at(posture)
    if about is not None:
        rows = rows[rows["identity"] == about]
    return _distinct(
        _alive(posture, row)
        | {"of": posture.graph.thing(row.identity), "alive_since": when(int(end[row.identity]))}
        for row in records(rows)
    )


def _distinct(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Keep one row for each live node and ended identity."""
    by_key = {(row["id"], row.get("of", {}).get("id")): row for row in rows}
    return list(by_key.values())


def _alive(posture: Posture, row: Any) -> dict[str, Any]:
    """Describe a live remain: a node, or a grant or delegation by its own id."""
    thing = posture.graph.thing(row.thing)
    if row.kind in (ACCESS, DELEGATIONS):
        holder = posture.graph.thing(row.identity)["name"]
        label = _type_of(posture, row.fact)
        thing = {"id": row.fact, "label": label, "name": f"{holder} {label} {thing['name']}"}
    return thing | {"kind": KINDS_ALIVE[row.kind]}


def _type_of(posture: Posture, fact: str) -> str:
    """Return the type of the relationship with an id."""
    return _types(posture)[fact]


@once
def _types(posture: Posture) -> dict[str, str]:
    return {
        str(fact): relationship.name
        for relationship in (CAN_ACCESS, MEMBER_OF, ASSUMES, RUNS_AS, ACTS_FOR)
        for fact in posture.graph.frames[relationship]["id"]
    }


def _item(posture: Posture, row: Any) -> dict[str, Any]:
    number = posture.graph.number(row.identity)
    gone = {"id": row.identity, "label": None, "name": None}
    return {
        "kind": row.kind,
        "key": row.key,
        "identity": posture.graph.thing(number) if number >= 0 else gone,
        "since": when(row.since),
        "ended_at": when(row.until) if row.ended else None,
        "days": float(row.days),
    }
