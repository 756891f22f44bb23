"""Revocation: what must end with an identity, what outlived its end, and how long it takes."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analytics.answers.shape import cut
from analytics.answers.table import THING, Kind, Table, instants
from analytics.figures.revocation_speed import overdue, time_to_revoke
from analytics.posture import Posture
from analytics.remediation.kill_set import KINDS as KINDS_ALIVE
from analytics.remediation.kill_set import kill_set
from analytics.residue import ACCESS, DELEGATIONS, ended_at, residue
from graph.access import NEVER
from graph.once import once
from graph.schema import ACTS_FOR, ASSUMES, CAN_ACCESS, MEMBER_OF, RUNS_AS


@dataclass(frozen=True)
class Revocation:
    """What must end, what outlived its end, and the speed of revocation; see `revocation`.

    `kill_set` has `id`, `label`, `name` and `kind` of what is live: a node, a grant or a
    delegation. `residue` has the same, with `of` (a node) and `alive_since`. `items` has `kind`,
    `key`, `identity.id`, `identity.label`, `identity.name`, `since`, `ended_at` and `days`.
    """

    kill_set: Table
    residue: Table
    time_to_revoke: dict[str, Any]
    items: Table
    left_out: int


def revocation(posture: Posture, about: int | None = None, limit: int = 0) -> Revocation:
    """Return the speed of revocation, for all identities or one (a node's number).

    `kill_set` is everything that must end together with the given identity; empty without one.
    `residue` is what is still live of ended identities, with the identity, and since when (null if
    its end is unknown). `items` are all overdue items so far, open ones first and of these the
    oldest first.
    """
    killed, kill_left = cut(_killed(posture, about), limit)
    alive, alive_left = cut(_residue(posture, about), limit)
    spells = overdue(posture, about)
    order = np.lexsort((-spells.rows["days"], spells.rows["ended"]))
    shown, left_out = cut(spells.rows.iloc[order], limit)
    things = posture.graph.things
    return Revocation(
        kill_set=Table(killed, things),
        residue=Table(alive, things, {"of": Kind.NODE}),
        time_to_revoke=time_to_revoke(posture, spells),
        items=Table(_items(posture, shown), things),
        left_out=left_out + kill_left + alive_left,
    )


def _killed(posture: Posture, about: int | None) -> pd.DataFrame:
    if about is None:
        return pd.DataFrame(columns=[*THING, "kind"], dtype=object)
    return _distinct(_alive(posture, kill_set(posture, about)), ["id"])


def _residue(posture: Posture, about: int | None) -> pd.DataFrame:
    rows = residue(posture)
    if about is not None:
        rows = rows[rows["identity"] == about]
    identities = rows["identity"].to_numpy(np.int64)
    since = instants(ended_at(posture)[identities]).array
    return _distinct(_alive(posture, rows).assign(of=identities, alive_since=since), ["id", "of"])


def _distinct(rows: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    """Keep the last of the rows that share a key, where the first of them stands."""
    last = pd.Series(range(len(rows))).groupby([rows[name] for name in key], sort=False).last()
    return rows.iloc[last.to_numpy(np.int64)].reset_index(drop=True)


def _alive(posture: Posture, rows: pd.DataFrame) -> pd.DataFrame:
    """Describe live remains: nodes, or grants and delegations by their own id."""
    things = posture.graph.things
    nodes = things[list(THING)].iloc[rows["thing"].to_numpy(np.int64)].reset_index(drop=True)
    kinds, facts = rows["kind"].to_numpy(object), rows["fact"].to_numpy(object)
    holders = things["name"].iloc[rows["identity"].to_numpy(np.int64)].tolist()
    is_fact = rows["kind"].isin((ACCESS, DELEGATIONS)).to_numpy(bool)
    described = nodes.astype(object)
    for row in np.flatnonzero(is_fact).tolist():
        label = _types(posture)[facts[row]]
        name = f"{holders[row]} {label} {nodes['name'].iloc[row]}"
        described.iloc[row] = [facts[row], label, name]
    return described.assign(kind=np.array([KINDS_ALIVE[kind] for kind in kinds], object))


@once
def _types(posture: Posture) -> dict[str, str]:
    """Return the type of the relationship with an id."""
    return {
        str(fact): relationship.name
        for relationship in (CAN_ACCESS, MEMBER_OF, ASSUMES, RUNS_AS, ACTS_FOR)
        for fact in posture.graph.frames[relationship]["id"]
    }


def _items(posture: Posture, rows: pd.DataFrame) -> pd.DataFrame:
    numbers = posture.graph.numbers(rows["identity"])
    nodes = {
        part: posture.graph.things[part].array.take(numbers, allow_fill=True) for part in THING
    }
    stated = pd.Series(rows["identity"].to_numpy(object), dtype="string")
    until = np.where(rows["ended"].to_numpy(bool), rows["until"].to_numpy(np.int64), NEVER)
    return pd.DataFrame(
        {
            "kind": rows["kind"].array,
            "key": rows["key"].array,
            "identity.id": pd.Series(nodes["id"], dtype="string").fillna(stated),
            "identity.label": pd.Series(nodes["label"], dtype="string"),
            "identity.name": pd.Series(nodes["name"], dtype="string"),
            "since": instants(rows["since"]),
            "ended_at": instants(until),
            "days": rows["days"].to_numpy(np.float64),
        }
    )
