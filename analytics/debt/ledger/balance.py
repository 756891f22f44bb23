"""The debt items at one moment, under keys that are the same in every snapshot."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from analytics.assumptions.items import Debt
from analytics.assumptions.model import Model, model
from analytics.debt.owed import debt_of
from analytics.posture import Posture
from graph.access import AccessGraph
from graph.identity.renamed_ids import RenamedIds
from graph.once import once
from graph.schema import CAN_ACCESS

MIX = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Balance:
    """The debt items of one posture, by key.

    A key (uint64) is a hash of identity, assumption, grant, level and the object of the item.
    `owed` are the keys of broken items, ascending, with the `principal`, the `amount` owed
    (float64) and a `row` of `debt.rows` of each; `unknown` are those of items that cannot be
    judged, ascending, with `unverified` exposure. `unit_of` is the key of each entitlement, `units`
    the same keys ascending. `renamed` holds the later ids, for a comparison with a
    later balance.
    """

    posture: Posture
    debt: Debt
    owed: np.ndarray
    principal: np.ndarray
    amount: np.ndarray
    row: np.ndarray
    unknown: np.ndarray
    unverified: np.ndarray
    unit_of: np.ndarray
    units: np.ndarray
    renamed: RenamedIds | None = None


def about_called(objects: np.ndarray, renamed: RenamedIds | None) -> np.ndarray:
    """Return the objects of items under the ids of a later graph.

    An object is the id of a node, the other side of a duty with its grant, or a word, which stays.
    """

    def called(name: str) -> str:
        head, by, grant = name.rpartition(" by ")
        if name in renamed.names or not by:  # type: ignore[union-attr]
            return renamed.names.get(name, name)  # type: ignore[union-attr]
        return f"{head}{by}{renamed.links.get(grant, grant)}"  # type: ignore[union-attr]

    if renamed is None:
        return objects
    return np.array([called(str(n)) for n in objects.tolist()], object)


def balance(posture: Posture, by: Model | None = None) -> Balance:
    """List the debt items of a posture by key, computed with a model."""
    return _own_balance(posture, model() if by is None else by)


@once
def _own_balance(posture: Posture, by: Model) -> Balance:
    return _balance(posture, debt_of(posture, by))


def compared(of: Balance, renamed: RenamedIds) -> Balance:
    """Return the same balance under the keys of a later one.

    Items of nodes that are merged by then have one key, with the sum of their amounts.
    """
    return of if renamed.same else _balance(of.posture, of.debt, renamed)


def renamed_keys(of: Balance, keys: np.ndarray, renamed: RenamedIds) -> np.ndarray:
    """Return the keys under which a later balance has items of `of`; other keys stay."""
    if renamed.same:
        return keys
    at = place_of(keys, of.owed)
    _, row_keys = _keys(of.posture.graph, of.debt, renamed)
    return np.where(at >= 0, row_keys[of.row[at]] if len(of.row) else keys, keys)


def _keys(
    graph: AccessGraph, debt: Debt, renamed: RenamedIds | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the key of each entitlement, and of each item."""
    rows, units = debt.rows, _units(graph, debt, renamed)
    about = _hashed(about_called(rows.names, renamed))[rows.object]
    return units, _mixed(_mixed(units[rows.entitlement], rows.assumption.astype(np.uint64)), about)


def _balance(posture: Posture, debt: Debt, renamed: RenamedIds | None = None) -> Balance:
    rows, (units, key) = debt.rows, _keys(posture.graph, debt, renamed)
    known = ~np.isnan(rows.degree)
    broken, unclear = np.flatnonzero(known & (rows.principal > 0)), np.flatnonzero(~known)
    owed, first, principal, amount = _by_key(key, broken, rows.principal, rows.debt)
    unknown, _, unverified, _ = _by_key(key, unclear, rows.unverified, rows.unverified)
    return Balance(
        posture=posture,
        debt=debt,
        owed=owed,
        principal=principal,
        amount=amount,
        row=first,
        unknown=unknown,
        unverified=unverified,
        unit_of=units,
        units=np.sort(units),
        renamed=renamed,
    )


def _units(graph: AccessGraph, debt: Debt, renamed: RenamedIds | None) -> np.ndarray:
    """Return the key of each entitlement: its identity, its grant and its level."""
    units = debt.units
    ids = np.asarray(graph.ids.take(pa.array(units.identities)).to_numpy(zero_copy_only=False))
    used, place = np.unique(units.grant, return_inverse=True)
    grants = graph.frames[CAN_ACCESS]["id"].take(used).to_numpy(object)
    if renamed is not None:
        ids, grants = renamed.called(ids), renamed.linked(grants)
    key = _mixed(_hashed(ids)[units.place], _hashed(grants)[place])
    return _mixed(key, units.level.astype(np.uint64))


def _hashed(texts: np.ndarray) -> np.ndarray:
    """Hash each text to 64 bits, the same in every process."""
    return np.asarray(pd.util.hash_array(np.asarray(texts, object), categorize=False))


def _mixed(key: np.ndarray, more: np.ndarray) -> np.ndarray:
    """Mix another number into each key (the step of the hash function splitmix64)."""
    mixed = (key ^ more) * MIX + MIX
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)))


def _by_key(
    key: np.ndarray, chosen: np.ndarray, *amounts: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Add up the chosen items of each key, in an order that depends only on the items."""
    first, second = (a[chosen] for a in amounts)
    order = np.lexsort((second, first, key[chosen]))
    keys, begin = np.unique(key[chosen][order], return_index=True)
    if not len(keys):
        return keys, chosen, first, second
    return (
        keys,
        chosen[order][begin],
        np.add.reduceat(first[order], begin),
        np.add.reduceat(second[order], begin),
    )


def present(keys: np.ndarray, among: np.ndarray) -> np.ndarray:
    """Return a mask of the keys that are in `among`, which is sorted."""
    return np.asarray(place_of(keys, among) >= 0)


def place_of(keys: np.ndarray, among: np.ndarray) -> np.ndarray:
    """Return the position of each key in `among`, which is sorted; -1 if absent."""
    at = np.searchsorted(among, keys)
    matched = at < len(among)
    matched[matched] = among[at[matched]] == keys[matched]
    return np.where(matched, at, -1)
