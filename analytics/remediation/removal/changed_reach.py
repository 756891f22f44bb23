"""Changed reach: the identities whose reach a removal changes, and the resources and levels.

Losses and gains of the identities add up to the difference between before and after: an identity
that is no longer judged loses all, and an account that is judged only afterwards gains all that it
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
NOTHING = np.zeros(0, np.int64)


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


def changed_reach(before: Posture, after: Posture, limit: int = 0) -> ChangedReach:
    """Compare the reach of every identity; list up to `limit` pairs lost and gained (0: all)."""
    identities = changed_identities(before, after)
    less = identities["pairs_before"] - identities["pairs_after"]
    pairs = _Pairs(before, after)
    lost, gained = (
        _listed(pairs, identities["id"][less > 0], limit),
        _listed(pairs, identities["id"][less < 0], limit, gained=True),
    )
    return ChangedReach(
        identities, lost, gained, int(less[less > 0].sum()), int(-less[less < 0].sum())
    )


def changed_identities(before: Posture, after: Posture) -> pd.DataFrame:
    """Return the identities that reach more or less than before; see `ChangedReach`.

    An identity judged on one side only has zero reach on the other. No identity judged on both
    sides can lose one pair and gain another: a removal only takes away.
    """
    both = (
        _totals(before).add_suffix("_before").join(_totals(after).add_suffix("_after"), how="outer")
    )
    both = both.fillna(0)
    for name in FIGURES[:2]:
        for side in ("before", "after"):
            both[f"{name}_{side}"] = both[f"{name}_{side}"].astype(int)
    changed = both[both["pairs_before"] != both["pairs_after"]].copy()
    changed["lost"] = changed["weighted_before"] - changed["weighted_after"]
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
    """The resources and levels that an identity reaches on only one side of a removal."""

    def __init__(self, before: Posture, after: Posture) -> None:
        self.before, self.after = before, after
        self._sides = Each(before.network()), Each(after.network())
        self._number = numbers_after(before.graph, after.graph)

    def between(self, identity: str, gained: bool) -> Iterator[tuple[str, str, str]]:
        """Yield the pairs that an identity loses, or those that it gains."""
        ids = self.before.graph.ids
        bits = np.zeros((2, len(ids)), np.uint8)
        number = self.before.graph.number(identity)
        if identity_judged(self.before, number):
            resource, levels = self._sides[0].reach(number)
            bits[0, resource] = levels
        number_after = int(self._number[number])
        if number_after >= 0 and identity_judged(self.after, number_after):
            resource, levels = self._sides[1].reach(number_after)
            back = np.flatnonzero(self._number >= 0)
            bits[1, back[resource]] = levels
        more, less = (bits[1], bits[0]) if gained else (bits[0], bits[1])
        left = more & ~less
        resources = np.flatnonzero(left)
        weight = self.before.sensitivities["weight"].to_numpy()[resources]
        pairs = [
            (-weight[k] * LEVEL_WEIGHTS[level], str(ids[int(resources[k])]), level)
            for k in range(len(resources))
            for level in range(len(LEVELS))
            if left[resources[k]] >> level & 1
        ]
        return ((identity, resource, LEVELS[level]) for _, resource, level in sorted(pairs))


def identity_judged(posture: Posture, number: int) -> bool:
    """Return whether a node is among the judged identities."""
    at = int(np.searchsorted(posture.accountable, number))
    return at < len(posture.accountable) and int(posture.accountable[at]) == number
