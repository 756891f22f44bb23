"""Changed reach: the identities whose reach a change alters, and the resources and levels.

Losses and gains of the identities add up to the difference between before and after: an identity
that is no longer judged loses all, and one that is judged only afterwards gains all that it
reaches.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.posture import Posture
from analytics.reach.each import Each
from analytics.usage.logins import numbers_after
from analytics.weights import LEVEL_WEIGHTS
from graph.schema import LEVELS

FIGURES = ("resources", "pairs", "weighted")


@dataclass(frozen=True)
class ChangedReach:
    """The identities whose reach changed, most affected first, and the pairs lost and gained.

    `identities` has a row for each: `id`, and `resources`, `pairs` (of a resource and a level) and
    `weighted`, each with `_before` and `_after`, and `lost` (weight). `lost` and `gained` have a
    row for each pair of the first identities, heaviest first: `identity`, `resource` (ids) and
    `level`. `lost_count` and `gained_count` are the total counts.
    """

    identities: pd.DataFrame
    lost: pd.DataFrame
    gained: pd.DataFrame
    lost_count: int
    gained_count: int


def changed_reach(
    before: Posture, after: Posture, limit: int = 0, larger: Posture | None = None
) -> ChangedReach:
    """Compare the reach of every identity; list up to `limit` pairs lost and gained (0: all).

    `larger` is the posture with what the change adds and without what it removes; None if it adds
    nothing.
    """
    pairs = _Pairs(before, after, larger or before)
    if larger is None:
        identities = changed_identities(before, after)
        less = identities["pairs_before"] - identities["pairs_after"]
        lost_pairs, gained_pairs = less.clip(lower=0), (-less).clip(lower=0)
    else:
        identities, lost_pairs, gained_pairs = _both_ways(before, after, larger, pairs)
    lost = _listed(pairs, identities["id"][lost_pairs > 0], limit)
    gained = _listed(pairs, identities["id"][gained_pairs > 0], limit, gained=True)
    return ChangedReach(identities, lost, gained, int(lost_pairs.sum()), int(gained_pairs.sum()))


def changed_identities(before: Posture, after: Posture) -> pd.DataFrame:
    """Return the identities that reach more or less than before; see `ChangedReach`.

    An identity judged on one side only has zero reach on the other. No identity judged on both
    sides can lose one pair and gain another, if a change only removes, or only adds.
    """
    both = _sides(before, after)
    return _by_effect(both[both["pairs_before"] != both["pairs_after"]])


def _both_ways(
    before: Posture, after: Posture, larger: Posture, pairs: "_Pairs"
) -> tuple[pd.DataFrame, pd.Series, pd.Series]:
    """Return the changed identities, and how many pairs each loses and gains, on balance."""
    steps = ((before, larger), (larger, after))
    touched = pd.concat([changed_identities(*step)["id"] for step in steps]).drop_duplicates()
    counts = {str(identity): pairs.counts(str(identity)) for identity in touched}
    changed = [identity for identity, count in counts.items() if any(count)]
    both = _sides(before, after)
    identities = _by_effect(both[both.index.isin(changed)])
    lost, gained = (
        pd.Series([counts[str(identity)][side] for identity in identities["id"]], dtype="int64")
        for side in (0, 1)
    )
    return identities, lost, gained


def _sides(before: Posture, after: Posture) -> pd.DataFrame:
    """Return the figures of each identity on both sides, by id."""
    both = (
        _totals(before).add_suffix("_before").join(_totals(after).add_suffix("_after"), how="outer")
    )
    both = both.fillna(0)
    for name in FIGURES[:2]:
        for side in ("before", "after"):
            both[f"{name}_{side}"] = both[f"{name}_{side}"].astype(int)
    return both


def _by_effect(changed: pd.DataFrame) -> pd.DataFrame:
    """Order changed identities by the weight that they lose."""
    changed = changed.assign(lost=changed["weighted_before"] - changed["weighted_after"])
    changed = changed.rename_axis("id").reset_index()
    return changed.sort_values(
        ["lost", "id"], ascending=[False, True], kind="stable", ignore_index=True
    )


def _totals(posture: Posture) -> pd.DataFrame:
    totals = posture.totals()
    ids = posture.graph.ids.take(posture.accountable).to_numpy(zero_copy_only=False)
    figures = {name: getattr(totals, name) for name in FIGURES}
    return pd.DataFrame(figures, index=pd.Index(ids, dtype=object))


def _listed(
    pairs: "_Pairs", identities: "pd.Series[str]", limit: int, gained: bool = False
) -> pd.DataFrame:
    """List the pairs of one identity after the other, up to the limit."""
    rows: list[tuple[str, str, str]] = []
    for identity in identities:
        rows += pairs.between(str(identity), gained)
        if limit and len(rows) >= limit:
            break
    return pd.DataFrame(rows[: limit or None], columns=["identity", "resource", "level"])


class _Pairs:
    """The resources and levels that an identity reaches on only one side of a change.

    Nodes have the numbers of `larger`, which has those of both sides.
    """

    def __init__(self, before: Posture, after: Posture, larger: Posture) -> None:
        self.larger = larger
        self._sides = [_Side(before, larger), _Side(after, larger)]

    def counts(self, identity: str) -> tuple[int, int]:
        """Return how many pairs an identity loses, and how many it gains."""
        before, after = (side.bits(identity) for side in self._sides)
        lost, gained = np.bitwise_count(before & ~after), np.bitwise_count(after & ~before)
        return int(lost.sum()), int(gained.sum())

    def between(self, identity: str, gained: bool) -> Iterator[tuple[str, str, str]]:
        """Yield the pairs that an identity loses, or those that it gains."""
        before, after = (side.bits(identity) for side in self._sides)
        left = after & ~before if gained else before & ~after
        resources = np.flatnonzero(left)
        weight = self.larger.sensitivities["weight"].to_numpy()[resources]
        ids = self.larger.graph.ids
        pairs = [
            (-weight[k] * LEVEL_WEIGHTS[level], str(ids[int(resources[k])]), level)
            for k in range(len(resources))
            for level in range(len(LEVELS))
            if left[resources[k]] >> level & 1
        ]
        return ((identity, resource, LEVELS[level]) for _, resource, level in sorted(pairs))


class _Side:
    """The reach of identities before or after a change, by the node numbers of `larger`."""

    def __init__(self, posture: Posture, larger: Posture) -> None:
        self.posture, self._each = posture, Each(posture.network())
        self._number = numbers_after(posture.graph, larger.graph)
        self._count = len(larger.graph.ids)

    def bits(self, identity: str) -> np.ndarray:
        """Return the levels that a judged identity reaches on each node (bits, uint8)."""
        bits = np.zeros(self._count, np.uint8)
        number = self.posture.graph.number(identity)
        if number >= 0 and identity_judged(self.posture, number):
            resources, levels = self._each.reach(number)
            bits[self._number[resources]] = levels
        return bits


def identity_judged(posture: Posture, number: int) -> bool:
    """Return whether a node is among the judged identities."""
    at = int(np.searchsorted(posture.accountable, number))
    return at < len(posture.accountable) and int(posture.accountable[at]) == number
