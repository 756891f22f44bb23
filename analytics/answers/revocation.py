"""Revocation: what must end with an identity, what outlived its end, and how long it takes."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analytics.answers.kill_sets import (
    kill_sets,
    loose_elements,
    of_identity,
    revived,
    time_to_kill,
)
from analytics.answers.shape import cut
from analytics.answers.table import THING, Table, instants
from analytics.figures.revocation.endings import SECOND, Endings, endings
from analytics.figures.revocation.speed import Spells, overdue, time_to_revoke
from analytics.kept.answers import kept
from analytics.posture import Posture
from analytics.remediation.kill_set import KINDS as KINDS_ALIVE
from analytics.remediation.kill_set import NODES, kill_set
from analytics.residue import ACCESS, DELEGATIONS, REGISTRATIONS, ended_at, residue
from graph.identity.lookup import AmbiguousThing, UnknownThing
from graph.instants import LATER, NEVER
from graph.once import once
from graph.schema import ACTS_FOR, ASSUMES, CALLS, CAN_ACCESS, MEMBER_OF, RUNS_AS

NOWHERE = -1  # the number of what no source lists any more
OF = ("of.id", "of.label", "of.name")
ENDS, WHOSE = ("source", "target"), ("identity", "thing")  # access leads from identity to thing


@dataclass(frozen=True)
class Revocation:
    """What must end, what outlived its end, and the speed of revocation; see `revocation`.

    `kill_set` has `id`, `label`, `name` and `kind` of what is live: a node or a relationship.
    `residue` has the same, with `of` (the identity), `alive_since` and `alive_seconds`. `items` has
    `kind`, `key`, `identity.id`, `identity.label`, `identity.name`, `since`, `ended_at` and `days`.
    `kill_sets` and `revived` are those of `analytics.answers.kill_sets`.
    """

    kill_set: Table
    residue: Table
    time_to_revoke: dict[str, Any]
    items: Table
    kill_sets: Table
    time_to_kill: dict[str, Any]
    revived: Table
    left_out: int


def subject_of(posture: Posture, name: str) -> int | str:
    """Return what `revocation` is to be about: the number of a node, or the id of what is gone.

    An identity that ended, and that no source lists any more, is known by its last id or name.

    Raises
    ------
    UnknownThing, AmbiguousThing
    """
    try:
        return posture.graph.find(name)
    except UnknownThing:
        known = endings(posture).identities
        called = known["id"][(known["id"] == name) | (known["name"].str.lower() == name.lower())]
        ids = [name] if name in set(called) else called.tolist()
        if not ids:
            raise
    if len(ids) > 1:
        raise AmbiguousThing(name, ids)
    return str(ids[0])


@kept
def revocation(posture: Posture, about: int | str | None = None, limit: int = 0) -> Revocation:
    """Return the speed of revocation, for all identities or one (see `subject_of`).

    `kill_set` is everything that must end together with the given identity; empty without one, and
    for one that is gone.
    `residue` is what is still live of ended identities, with the identity, and since when (null if
    its end is unknown): what their facts still show, and what is alive of their kill sets although
    nothing ties it to them any more. `items` are all overdue items so far, open ones first and of
    these the oldest first.
    """
    gone = about if isinstance(about, str) else None
    node = NOWHERE if isinstance(about, str) else about
    thing = gone if node is None or node == NOWHERE else posture.graph.thing(node)["id"]
    ended = of_identity(endings(posture), thing)
    killed, kill_left = cut(_killed(posture, node), limit)
    alive, alive_left = cut(_residue(posture, node, ended), limit)
    spells = overdue(posture, whose=frozenset((gone,))) if gone else overdue(posture, node)
    items, left_out = overdue_items(posture, spells, limit)
    sets, sets_left = kill_sets(posture, ended, limit)
    again, again_left = revived(posture, ended, node, limit)
    things = posture.graph.things
    return Revocation(
        kill_set=Table(killed, things),
        residue=Table(alive, things),
        time_to_revoke=time_to_revoke(posture, spells),
        items=items,
        kill_sets=sets,
        time_to_kill=time_to_kill(ended),
        revived=again,
        left_out=left_out + kill_left + alive_left + sets_left + again_left,
    )


def overdue_items(posture: Posture, spells: Spells, limit: int = 0) -> tuple[Table, int]:
    """Return overdue items, open ones first, the oldest first, and how many are left out."""
    order = np.lexsort((-spells.rows["days"], spells.rows["ended"]))
    shown, left_out = cut(spells.rows.iloc[order], limit)
    return Table(_items(posture, shown), posture.graph.things), left_out


def _killed(posture: Posture, about: int | None) -> pd.DataFrame:
    if about is None or about == NOWHERE:
        return pd.DataFrame(columns=[*THING, "kind"], dtype=object)
    rows = kill_set(posture, about)
    ids, labels, names = (posture.graph.things[part].to_numpy(object) for part in THING)
    thing, source, target = (rows[n].to_numpy(np.int64) for n in ("thing", "source", "target"))
    is_node, kind = rows["kind"].isin(NODES).to_numpy(bool), rows["relationship"].to_numpy(object)
    parts = zip(names[source], kind, names[target], strict=True)
    described = {
        "id": np.where(is_node, ids[thing], rows["fact"].to_numpy(object)),
        "label": np.where(is_node, labels[thing], kind),
        "name": np.where(is_node, names[thing], [" ".join(map(str, each)) for each in parts]),
        "kind": rows["kind"].map(KINDS_ALIVE).to_numpy(object),
    }
    return _distinct(pd.DataFrame(described, dtype=object), ["id"])


def _residue(posture: Posture, about: int | None, ended: Endings) -> pd.DataFrame:
    """Return what the facts show of ended identities, then what else of their kill sets lives.

    It lives since their end: as stated, else by the first snapshot without them in service.
    """
    rows = residue(posture)
    if about is not None:
        rows = rows[rows["identity"] == about]
    identities = rows["identity"].to_numpy(np.int64)
    whose = posture.graph.things[list(THING)].iloc[identities].reset_index(drop=True)
    since, known = ended_at(posture)[identities], ended.identities
    place = pd.Index(known["id"].to_numpy(object)).get_indexer(whose["id"].to_numpy(object))
    by_snapshots = np.append(known["ended"].to_numpy(np.int64), NEVER)[place]  # -1: the last
    shown = _alive(posture, rows).assign(
        **{name: whose[part].array for name, part in zip(OF, THING, strict=True)},
        alive_since=np.where(since == NEVER, by_snapshots, since),
    )
    shown, more = _distinct(shown, ["id", "of.id"]), loose_elements(ended)
    more = more[~_keys(more).isin(_keys(shown))]
    every = pd.concat([shown.astype(object), more.astype(object)], ignore_index=True)
    every = every.drop(columns=list(ENDS))
    since = every.pop("alive_since").to_numpy(np.int64)
    known = (since != NEVER) & (since != LATER)
    seconds = np.where(known, (posture.graph.now - np.where(known, since, 0)) / SECOND, np.nan)
    at = instants(np.where(known, since, NEVER)).array
    return every.assign(alive_since=at, alive_seconds=seconds)


def _keys(rows: pd.DataFrame) -> pd.MultiIndex:
    """Return what tells the elements of an identity apart: nodes by id, others by their ends."""
    node = rows["id"].where(rows["source"] == "", "")
    return pd.MultiIndex.from_frame(rows[["of.id", "label", *ENDS]].assign(node=node))


def _distinct(rows: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    """Keep the last of the rows that share a key, where the first of them stands."""
    last = pd.Series(range(len(rows))).groupby([rows[name] for name in key], sort=False).last()
    return rows.iloc[last.to_numpy(np.int64)].reset_index(drop=True)


def _alive(posture: Posture, rows: pd.DataFrame) -> pd.DataFrame:
    """Describe live remains: nodes, or relationships by their own id, with their ends."""
    things = posture.graph.things
    nodes = things[list(THING)].iloc[rows["thing"].to_numpy(np.int64)].reset_index(drop=True)
    kinds, facts = rows["kind"].to_numpy(object), rows["fact"].to_numpy(object)
    holders = things["name"].iloc[rows["identity"].to_numpy(np.int64)].tolist()
    is_fact = rows["kind"].isin((ACCESS, DELEGATIONS, REGISTRATIONS)).to_numpy(bool)
    described = nodes.astype(object)
    for row in np.flatnonzero(is_fact).tolist():
        label = _types(posture)[facts[row]]
        name = f"{holders[row]} {label} {nodes['name'].iloc[row]}"
        described.iloc[row] = [facts[row], label, name]
    ids = things["id"].to_numpy(object)
    ends = {name: rows[end].to_numpy(np.int64) for name, end in zip(ENDS, WHOSE, strict=True)}
    return described.assign(
        kind=np.array([KINDS_ALIVE[kind] for kind in kinds], object),
        **{name: np.where(is_fact, ids[nodes_at], "") for name, nodes_at in ends.items()},
    )


@once
def _types(posture: Posture) -> dict[str, str]:
    """Return the type of the relationship with an id."""
    return {
        str(fact): relationship.name
        for relationship in (CAN_ACCESS, MEMBER_OF, ASSUMES, RUNS_AS, ACTS_FOR, CALLS)
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
