"""Rotation: the order in which ending leaked credentials breaks least, and what each breaks.

What breaks when a credential is ended alone is what `analytics.remediation.removal.ended_uses`
finds for its removal. Here all credentials are asked at once, without judging the estate again for
each: a use breaks if its identity no longer reaches what it used without that one node
(`analytics.reach.paths.reliance`). Only where a derived edge elsewhere rests on a fact of the
credential may more fall with it; if so, the removal itself is made, for that credential alone.
"""

from collections.abc import Iterator
from itertools import chain

import numpy as np
import pandas as pd

from analytics.posture import MODES, Filter, Posture
from analytics.reach.closure import totals
from analytics.reach.paths.reliance import relied_on
from analytics.reach.removal import Masked, upstream
from analytics.remediation.credential_hubs import UNKNOWN, dependents
from analytics.remediation.removal.before_and_after import changed
from analytics.remediation.removal.ended_uses import ended
from analytics.remediation.removal.what_if import Removal
from analytics.usage.observed import uses
from graph.instants import NEVER
from graph.schema import RELATIONSHIPS

SEEN, UNUSED, UNOBSERVABLE = "seen_in_use", "unused", "not_observable"
LATEST = {"at": False, "implied": True, "identity": True, "thing": True}  # ascending or not
NOTHING = np.zeros(0, np.int64)


def rotation(
    posture: Posture, keys: np.ndarray, broken: pd.DataFrame, mode: str = "standing"
) -> pd.DataFrame:
    """Return the order in which to rotate live credentials (numbers); `broken` are `broken_uses`.

    First those that are watched and unused, then those whose use nobody could see, then those with
    uses that would fail, the fewest first. Among equals the widest reach comes first.

    Returns
    -------
    DataFrame
        `credential` (number), `use` (`seen_in_use`, `unused` or `not_observable`), `uses` (how many
        would fail), `unobserved` (how many dependents may use it unseen), `weighted` (of its own
        reach).
    """
    counts = broken["credential"].value_counts().reindex(keys, fill_value=0).to_numpy(np.int64)
    unobserved = _unobserved(posture, keys)
    weighted = totals(posture.network(Filter(mode)), keys).weighted
    use = np.where(counts > 0, SEEN, np.where(unobserved > 0, UNOBSERVABLE, UNUSED))
    order = np.lexsort((keys, -weighted, unobserved, unobserved > 0, counts))
    rows = pd.DataFrame(
        {
            "credential": keys,
            "use": use.astype(object),
            "uses": counts,
            "unobserved": unobserved,
            "weighted": weighted,
        }
    )
    return rows.iloc[order].reset_index(drop=True)


def _unobserved(posture: Posture, keys: np.ndarray) -> np.ndarray:
    """Count the dependents of each key whose use of it nobody could see.

    A key without dependents counts as one of its own, unless some use of it is known.
    """
    rows = dependents(posture)
    rows = rows[rows["credential"].isin(keys)]
    unknown = rows["credential"][(rows["use"] == UNKNOWN).to_numpy(bool)].value_counts()
    counts = unknown.reindex(keys, fill_value=0).to_numpy(np.int64)
    alone = ~np.isin(keys, rows["credential"].to_numpy(np.int64))
    return np.where(alone, posture.activity.node_latest[keys] == NEVER, counts).astype(np.int64)


def broken_uses(posture: Posture, keys: np.ndarray) -> pd.DataFrame:
    """Return the observed uses that would fail if each of `keys` alone were removed.

    Returns
    -------
    DataFrame
        The columns of `analytics.usage.observed.uses` and `credential` (the number of the key that
        is removed); of each key the latest use first.
    """
    rows = uses(posture)
    is_key = np.zeros(len(posture.graph.ids), bool)
    is_key[keys] = True
    user, used = (rows[end].to_numpy(np.int64) for end in ("identity", "thing"))
    near = upstream(posture.network(Filter("potential")), keys)
    asked = np.flatnonzero(is_key[user] | is_key[used] | (near[user] & ~rows["own"].to_numpy(bool)))
    place, key = _relying(posture, is_key, rows.iloc[asked])
    broken = rows.iloc[asked[place]].assign(credential=key)
    at_ends = (broken["identity"] == key) | (broken["thing"] == key)
    broken = broken[at_ends | ~broken["own"].astype(bool)]
    again = list(_judged_again(posture, rows.iloc[asked], is_key, broken))
    if again:
        anew = pd.concat(again, ignore_index=True)
        broken = broken[~broken["credential"].isin(anew["credential"])]
        broken = pd.concat([broken, anew], ignore_index=True)
    return _listed(broken)


def _listed(broken: pd.DataFrame) -> pd.DataFrame:
    """Sort broken uses and list each once, as `ended` does."""
    order = {"credential": True} | LATEST
    rows = broken.sort_values(list(order), ascending=list(order.values()))
    rows = rows.drop_duplicates(["credential", "report"])
    rows = rows.drop_duplicates(["credential", "identity", "thing", "level"])
    return rows.reset_index(drop=True)


def _relying(
    posture: Posture, is_key: np.ndarray, rows: pd.DataFrame
) -> tuple[np.ndarray, np.ndarray]:
    """Return pairs of a use (its position) and a key without which it fails in some mode."""
    asked = [rows[name].to_numpy(np.int64) for name in ("identity", "thing", "level")]
    pairs = [relied_on(posture.network(Filter(mode)), is_key, *asked) for mode in MODES]
    codes = [place * len(is_key) + key for place, key in pairs]
    place, key = np.divmod(np.unique(np.concatenate(codes)), len(is_key))
    return place, key


# -- where derived edges rest on a key ------------------------------------------------------------


def _judged_again(
    posture: Posture, rows: pd.DataFrame, is_key: np.ndarray, broken: pd.DataFrame
) -> Iterator[pd.DataFrame]:
    """Yield the broken uses of each key with which more may fall than its own edges."""
    for key, edges in _resting_on(posture, is_key).items():
        known = set(broken.index[broken["credential"] == key])
        rest = rows[~rows.index.isin(known) & ~rows["own"].to_numpy(bool)]
        if not _may_fall(posture, key, edges, rest):
            continue
        thing = str(posture.graph.ids[key])
        gone = [Removal(thing, "a leaked credential", (thing,))]
        again = ended(posture, changed(posture, gone), gone)
        yield again.assign(credential=key)


def _resting_on(posture: Posture, is_key: np.ndarray) -> dict[int, np.ndarray]:
    """Return for each key the derived edges that rest on a fact of it, between two other nodes.

    The facts of a key are the relationships that begin or end at it.
    """
    of_fact = _facts_of(posture, is_key)
    edges_of: dict[int, list[int]] = {}
    first = posture.escalated.stated
    for place, proof in enumerate(posture.escalated.proofs if of_fact else ()):
        keys = chain.from_iterable(of_fact.get(fact, ()) for fact in proof.support)
        for key in set(keys) - {proof.source, proof.target}:
            edges_of.setdefault(key, []).append(first + place)
    return {key: np.array(edges) for key, edges in sorted(edges_of.items())}


def _facts_of(posture: Posture, is_key: np.ndarray) -> dict[str, tuple[int, ...]]:
    """Return for each relationship of a key its id, and the key or keys at its ends."""
    of_fact: dict[str, tuple[int, ...]] = {}
    if not posture.escalated.proofs:
        return of_fact
    for relationship in RELATIONSHIPS:
        source, target = posture.graph.ends(relationship)
        ids = posture.graph.frames[relationship]["id"].to_numpy(object)
        for end in (source, target):
            index = np.flatnonzero((end >= 0) & is_key[end])
            for id_, key in zip(ids[index].tolist(), end[index].tolist(), strict=True):
                of_fact[id_] = (*of_fact.get(id_, ()), key)
    return of_fact


def _may_fall(posture: Posture, key: int, edges: np.ndarray, rows: pd.DataFrame) -> bool:
    """Return whether some use may fail if the edges that rest on a key all fall with it."""
    user, used, level = (rows[n].to_numpy(np.int64) for n in ("identity", "thing", "level"))
    for mode in MODES:
        network = posture.network(Filter(mode))
        masked = Masked(network, NOTHING)
        gone, grants = _at(posture, key, edges)
        could = masked.holds(user, used, level, NOTHING, NOTHING)
        own = masked.holds(user, used, level, *_at(posture, key, NOTHING))
        if (could & own & ~masked.holds(user, used, level, gone, grants)).any():
            return True
    return False


def _at(posture: Posture, key: int, edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the edges and grants that may fall: those of the key, and those that rest on it."""
    every, grants = posture.edges, posture.grants
    taken_over = (grants.row < 0) & np.isin(grants.holder, every.target[edges])
    return (
        np.union1d(np.flatnonzero((every.source == key) | (every.target == key)), edges),
        np.flatnonzero((grants.holder == key) | taken_over),
    )
