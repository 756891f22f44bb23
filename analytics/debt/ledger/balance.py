"""What is owed at one moment, item by item, under keys that mean the same in every snapshot."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from analytics.assumptions.items import Debt
from analytics.assumptions.model import Model, model
from analytics.debt.owed import debt_of
from analytics.posture import Posture
from graph.access import AccessGraph
from graph.identity.renamed_ids import Former
from graph.once import once
from graph.schema import CAN_ACCESS

MIX = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Balance:
    """The items of debt of one posture, by key.

    A key (uint64) is a hash of identity, assumption, grant, level and what the item is about.
    `owed` are the keys of broken items, ascending, with the `principal`, the `amount` owed
    (float64) and a `row` of `debt.rows` of each; `unknown` those of items that nobody can
    judge, ascending. `units` are keys of all entitlements, ascending. Of a balance that is
    compared with a later one, `former` says what the later one calls things.
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
    former: Former | None = None


def about_called(said: np.ndarray, former: Former | None) -> np.ndarray:
    """Return what items are about (objects) with the ids that a later graph uses.

    That is a thing, the other side of a duty by its grant, or a word, which stays.
    """

    def called(one: str) -> str:
        head, by, grant = one.rpartition(" by ")
        if one in former.names or not by:  # type: ignore[union-attr]
            return former.names.get(one, one)  # type: ignore[union-attr]
        return f"{head}{by}{former.links.get(grant, grant)}"  # type: ignore[union-attr]

    return said if former is None else np.array([called(str(n)) for n in said.tolist()], object)


def balance(posture: Posture, by: Model | None = None) -> Balance:
    """List what is owed in a posture by key, counted by a model."""
    return _own_balance(posture, model() if by is None else by)


@once
def _own_balance(posture: Posture, by: Model) -> Balance:
    return _balance(posture, debt_of(posture, by))


def compared(of: Balance, former: Former) -> Balance:
    """Return the same balance under the keys that a later one has.

    What is one by then has one key, and under it the sum of what the several owed.
    """
    return of if former.same else _balance(of.posture, of.debt, former)


def _balance(posture: Posture, debt: Debt, former: Former | None = None) -> Balance:
    rows = debt.rows
    units = _units(posture.graph, debt, former)
    about = _hashed(about_called(rows.names, former))[rows.object]
    key = _mixed(_mixed(units[rows.entitlement], rows.assumption.astype(np.uint64)), about)
    known = ~np.isnan(rows.degree)
    broken, unclear = np.flatnonzero(known & (rows.principal > 0)), np.flatnonzero(~known)
    owed, first, principal, amount = _by_key(key, broken, rows.principal, rows.debt)
    unknown, _, unverified, _ = _by_key(key, unclear, rows.unverified, rows.unverified)
    return Balance(
        *(posture, debt, owed, principal, amount, first, unknown, unverified),
        *(units, np.sort(units), former),
    )


def _units(graph: AccessGraph, debt: Debt, former: Former | None) -> np.ndarray:
    """Return the key of each entitlement: its identity, its grant and its level."""
    units = debt.units
    ids = np.asarray(graph.ids.take(pa.array(units.identities)).to_numpy(zero_copy_only=False))
    used, place = np.unique(units.grant, return_inverse=True)
    grants = graph.frames[CAN_ACCESS]["id"].take(used).to_numpy(object)
    if former is not None:
        ids, grants = former.called(ids), former.linked(grants)
    key = _mixed(_hashed(ids)[units.place], _hashed(grants)[place])
    return _mixed(key, units.level.astype(np.uint64))


def _hashed(texts: np.ndarray) -> np.ndarray:
    """Hash each text to 64 bits, the same in every process."""
    return np.asarray(pd.util.hash_array(np.asarray(texts, object), categorize=False))


def _mixed(key: np.ndarray, more: np.ndarray) -> np.ndarray:
    """Fold another number into each key (the step of the hash function splitmix64)."""
    mixed = (key ^ more) * MIX + MIX
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)))


def _by_key(
    key: np.ndarray, chosen: np.ndarray, *amounts: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Add up the chosen items of each key, in an order that depends on nothing but them."""
    one, other = (a[chosen] for a in amounts)
    order = np.lexsort((other, one, key[chosen]))
    keys, begin = np.unique(key[chosen][order], return_index=True)
    if not len(keys):
        return keys, chosen, one, other
    return (
        keys,
        chosen[order][begin],
        np.add.reduceat(one[order], begin),
        np.add.reduceat(other[order], begin),
    )


def there(keys: np.ndarray, among: np.ndarray) -> np.ndarray:
    """Return for each key whether it is among some that are sorted (bool)."""
    return np.asarray(place_of(keys, among) >= 0)


def place_of(keys: np.ndarray, among: np.ndarray) -> np.ndarray:
    """Return where each key is among some that are sorted, -1 where it is not."""
    at = np.searchsorted(among, keys)
    found = at < len(among)
    found[found] = among[at[found]] == keys[found]
    return np.where(found, at, -1)
