"""Reach after a removal of a few edges or grants, by recounting only the starts that can change.

Method. Only a start that reaches the source of a removed edge can lose anything: one search
backwards finds them all. What they lose is among what that source itself loses. If that is little,
a search backwards from its remaining holders finds the starts that keep it, and all others are
charged with the loss. If it is much, each start is searched forwards again, without the removal,
and counted. The cost is that of the visits, not of the whole network. Where too many starts are
concerned, one closure of the remaining network is cheaper, and is computed instead.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from analytics.reach.closure import Totals, totals
from analytics.reach.kernels import removal
from analytics.reach.kernels.removal import Buffers, Off, Wanted, Worth
from analytics.reach.network import Network, Turned, grouped
from analytics.weights import LEVEL_WEIGHTS, mask_weights
from graph.schema import LEVELS

SHARE_ANEW = 4  # with more than a quarter of all starts concerned, all are recounted
FEW_ORIGINS = 4  # most sources of removed edges and grants for charging
STARTS_A_PAIR = 4  # least concerned starts per (resource, level) lost for charging to be cheaper
ALMOST = 1 - 1e-9  # of the heaviest pair: a pair of that weight may be the heaviest
LAST_STAMP = 1 << 30
NO_EDGES = np.zeros(0, np.int64)

Pair = tuple[int, int]  # a resource and a position in LEVELS


def level_masks() -> np.ndarray:
    """Return of each set of levels the count, the weight and the heaviest: float64[3, 16].

    >>> level_masks()[:, 0b1010].tolist()  # read and admin
    [2.0, 11.0, 10.0]
    """
    bits = (np.arange(16)[:, None] >> np.arange(4)) & 1
    return np.stack([bits.sum(axis=1), mask_weights(), (bits * LEVEL_WEIGHTS).max(axis=1)])


@dataclass(frozen=True)
class Change:
    """The effect of a removal: places among the starts, and their totals before and after.

    `recounted` is the number of starts that were counted again.
    """

    place: np.ndarray
    before: Totals
    after: Totals
    recounted: int

    @property
    def weighted(self) -> float:
        """The weight that all starts together lose; negative where they gain."""
        return float((self.before.weighted - self.after.weighted).sum())


class Marks:
    """Buffers of searches, allocated once; see `analytics.reach.kernels.removal`."""

    def __init__(self, nodes: int) -> None:
        self.stamp = 0
        self.buffers = Buffers(
            seen=np.zeros(4 * nodes, np.int32),
            queue=np.empty(4 * nodes, int),
            node=np.zeros(nodes, np.int32),
            got=np.zeros(nodes, np.uint8),
            got_seen=np.zeros(nodes, np.int32),
            touched=np.empty(nodes, np.int32),
            places=np.empty(nodes + 1, np.int64),
        )

    def take(self, count: int) -> int:
        """Return the first of `count` stamps that no search had before."""
        if self.stamp + count > LAST_STAMP:
            for marks in (self.buffers.seen, self.buffers.node, self.buffers.got_seen):
                marks[:] = 0
            self.stamp = 0
        first, self.stamp = self.stamp + 1, self.stamp + count
        return first


class Masked:
    """A network with masks of removed edges and grants.

    `starts` are the nodes of interest. Positions of edges and grants are those in the `Edges` and
    `Grants` that the network was made from; those that it leaves out are ignored.
    """

    def __init__(self, network: Network, starts: np.ndarray) -> None:
        self.network, self.starts = network, starts
        self.off = np.zeros(len(network.edge), bool)
        self.g_off = np.zeros(len(network.grant), bool)
        self._marks = Marks(network.nodes)
        self._place = np.full(network.nodes, -1, np.int64)
        self._place[starts] = np.arange(len(starts))

    def take_out(self, edges: np.ndarray, grants: np.ndarray) -> None:
        """Remove edges and grants permanently."""
        self.off[self._edge_places(edges)] = True
        self.g_off[self._grant_places(grants)] = True

    def holds(
        self,
        starts: np.ndarray,
        wanted: np.ndarray,
        level: np.ndarray,
        edges: np.ndarray,
        grants: np.ndarray,
    ) -> np.ndarray:
        """Return a mask of `starts` that reach their wanted node without `edges` and `grants`.

        `wanted` and `level` are as in `analytics.reach.kernels.removal.holds`, one per start.
        """
        off, g_off = self.off.copy(), self.g_off.copy()
        off[self._edge_places(edges)] = True
        g_off[self._grant_places(grants)] = True
        return _holds(self.network, self._marks, Off(off, g_off), starts, wanted, level)

    def concerned(self, nodes: np.ndarray, most: int | None = None) -> np.ndarray:
        """Return a superset of the places of the starts that reach one of `nodes`.

        Ceilings and removals are ignored. The search stops after `most` + 1 places.
        """
        marks, most = self._marks, len(self.starts) if most is None else most
        count = removal.upstream(
            self._turned, nodes, self._place, most, marks.take(1), marks.buffers
        )
        return marks.buffers.places[:count].copy()

    @property
    def left(self) -> Network:
        """The network of the remaining edges and grants."""
        net, keep, g_keep = self.network, ~self.off, ~self.g_off
        kept = np.concatenate([[0], np.cumsum(keep)])
        g_kept = np.concatenate([[0], np.cumsum(g_keep)])
        return Network(
            indptr=kept[net.indptr],
            target=net.target[keep],
            ceiling=net.ceiling[keep],
            edge=net.edge[keep],
            g_indptr=g_kept[net.g_indptr],
            resource=net.resource[g_keep],
            levels=net.levels[g_keep],
            grant=net.grant[g_keep],
            weight=net.weight,
        )

    def _edge_places(self, edges: np.ndarray) -> np.ndarray:
        return _places(self._edge_at, edges)

    def _grant_places(self, grants: np.ndarray) -> np.ndarray:
        return _places(self._grant_at, grants)

    @cached_property
    def _turned(self) -> Turned:
        return self.network.turned

    @cached_property
    def _by_resource(self) -> tuple[np.ndarray, np.ndarray]:
        net = self.network
        return grouped(net.resource, np.ones(len(net.resource), bool), net.nodes)

    @cached_property
    def _edge_at(self) -> np.ndarray:
        return _inverse(self.network.edge)

    @cached_property
    def _grant_at(self) -> np.ndarray:
        return _inverse(self.network.grant)


class Remaining(Masked):
    """The reach of each of `starts` in a network as edges and grants are removed.

    `before` are the totals of `starts` in `network`; `totals` are those of what remains. Edges that
    are `asleep` (positions) are removed at first, and not counted in `before`; they may be added as
    others are removed.
    """

    def __init__(
        self, network: Network, starts: np.ndarray, before: Totals, asleep: np.ndarray = NO_EDGES
    ) -> None:
        super().__init__(network, starts)
        self.totals = _at(before, np.arange(len(starts)))
        self._masks = level_masks()
        self.take_out(asleep, NO_EDGES)

    def change(self, edges: np.ndarray, grants: np.ndarray, woken: np.ndarray = NO_EDGES) -> Change:
        """Return the effect of also removing `edges` and `grants`, and adding `woken`."""
        at, g_at, new = (
            self._edge_places(edges),
            self._grant_places(grants),
            self._edge_places(woken),
        )
        at, g_at, new = at[~self.off[at]], g_at[~self.g_off[g_at]], new[self.off[new]]
        self.off[at] = self.g_off[g_at] = True
        self.off[new] = False
        try:
            return self._changed(at, g_at, new)
        finally:
            self.off[at] = self.g_off[g_at] = False
            self.off[new] = True

    def remove(self, edges: np.ndarray, grants: np.ndarray, woken: np.ndarray = NO_EDGES) -> Change:
        """Remove `edges` and `grants`, and add `woken`, permanently; return the effect."""
        change = self.change(edges, grants, woken)
        self.take_out(edges, grants)
        self.off[self._edge_places(woken)] = False
        for name, values in vars(self.totals).items():
            values[change.place] = getattr(change.after, name)
        return change

    def _changed(self, at: np.ndarray, g_at: np.ndarray, new: np.ndarray) -> Change:
        moved = np.concatenate([at, new])
        origins = np.unique(
            np.concatenate([self.network.sources[moved], self.network.holders[g_at]])
        )
        place = self.concerned(origins)
        few = len(origins) <= FEW_ORIGINS and len(place) >= STARTS_A_PAIR and not len(new)
        lost = self._lost(origins, at, g_at) if few else None
        if lost is not None and STARTS_A_PAIR * len(lost) <= len(place):
            after = self._charged(place, lost, at)
        elif len(place) > len(self.starts) // SHARE_ANEW + 8:
            place = np.arange(len(self.starts))
            after = totals(self.left, self.starts)
        else:
            after = self._recount(self.starts[place])
        before = _at(self.totals, place)
        other = np.flatnonzero(before.pairs != after.pairs)
        return Change(place[other], _at(before, other), _at(after, other), len(place))

    def _lost(self, origins: np.ndarray, at: np.ndarray, g_at: np.ndarray) -> dict[Pair, list[int]]:
        """Return the pairs that the origins themselves lose, with the origins that lose each."""
        lost: dict[Pair, list[int]] = {}
        for origin in origins.tolist():
            resource, left = self._reach(origin)
            kept = dict(zip(resource.tolist(), left.tolist(), strict=True))
            self.off[at] = self.g_off[g_at] = False
            resource, bits = self._reach(origin)
            self.off[at] = self.g_off[g_at] = True
            for number, had in zip(resource.tolist(), bits.tolist(), strict=True):
                for level in range(len(LEVELS)):
                    if (had & ~kept.get(number, 0)) >> level & 1:
                        lost.setdefault((number, level), []).append(origin)
        return lost

    def _charged(self, place: np.ndarray, lost: dict[Pair, list[int]], at: np.ndarray) -> Totals:
        """Return the totals of the concerned starts, after subtraction of what each loses."""
        nodes, left = self.starts[place], _at(self.totals, place)
        had = self._had(nodes, lost, at)
        unsure = np.zeros(len(nodes), bool)
        for resource in dict.fromkeys(resource for resource, _ in lost):
            gone, kept = np.zeros(len(nodes), bool), np.zeros(len(nodes), bool)
            for level, weighs in enumerate(LEVEL_WEIGHTS * self.network.weight[resource]):
                still = self._leading(nodes, self._holding(resource, level), level)
                kept |= still
                if (resource, level) in lost:
                    fell = had[resource, level] & ~still
                    gone |= fell
                    left.pairs[fell] -= 1
                    left.weighted[fell] -= weighs
                    unsure |= fell & (weighs >= left.most * ALMOST)
            left.resources[gone & ~kept] -= 1
        again = np.flatnonzero(unsure | (left.pairs == 0))
        for name, values in vars(self._recount(nodes[again])).items():
            getattr(left, name)[again] = values
        return left

    def _had(
        self, nodes: np.ndarray, lost: dict[Pair, list[int]], at: np.ndarray
    ) -> dict[Pair, np.ndarray]:
        """Return for each lost pair a mask of `nodes` that had it over an origin that loses it."""
        self.off[at] = False
        leading = {
            (origin, level): self._leading(nodes, np.array([origin]), level)
            for origin, level in {(o, level) for (_, level), by in lost.items() for o in by}
        }
        self.off[at] = True
        return {
            (resource, level): np.any([leading[origin, level] for origin in by], axis=0)
            for (resource, level), by in lost.items()
        }

    def _leading(self, nodes: np.ndarray, ends: np.ndarray, level: int) -> np.ndarray:
        """Return a mask of `nodes` that enter one of `ends` with a ceiling of `level`."""
        if not len(ends):
            return np.zeros(len(nodes), bool)
        marks, stamp = self._marks, self._marks.take(1)
        removal.upstream_at(self._turned, self.off, ends, level, stamp, marks.buffers)
        return np.asarray(marks.buffers.node[nodes] == stamp)

    def _holding(self, resource: int, level: int) -> np.ndarray:
        """Return the nodes with a remaining grant on `resource` at `level`."""
        order, indptr = self._by_resource
        grant = order[indptr[resource] : indptr[resource + 1]]
        grant = grant[(self.network.levels[grant] >> level & 1 == 1) & ~self.g_off[grant]]
        return np.asarray(self.network.holders[grant])

    def _reach(self, start: int) -> tuple[np.ndarray, np.ndarray]:
        marks, off = self._marks, Off(self.off, self.g_off)
        resource, bits = removal.reach(
            self.network.arrays, off, start, marks.take(1), marks.buffers
        )
        return resource, bits

    def _recount(self, starts: np.ndarray) -> Totals:
        marks, off = self._marks, Off(self.off, self.g_off)
        worth, stamp = Worth(self.network.weight, self._masks), marks.take(len(starts))
        counted = removal.recount(self.network.arrays, off, worth, starts, stamp, marks.buffers)
        counts = counted[:2].astype(np.int64)
        return Totals(counts[0], counts[1], counted[2], counted[3])


def reached(
    network: Network, starts: np.ndarray, wanted: np.ndarray, level: np.ndarray
) -> np.ndarray:
    """Return a mask of `starts` that reach their wanted node; see `Masked.holds`."""
    off = Off(np.zeros(len(network.edge), bool), np.zeros(len(network.grant), bool))
    return _holds(network, Marks(network.nodes), off, starts, wanted, level)


def upstream(network: Network, origins: np.ndarray) -> np.ndarray:
    """Return a mask of the nodes that reach one of `origins`, whatever the ceilings."""
    marks, place = Marks(network.nodes), np.arange(network.nodes)
    count = removal.upstream(
        network.turned, origins, place, network.nodes, marks.take(1), marks.buffers
    )
    mask = np.zeros(network.nodes, bool)
    mask[marks.buffers.places[:count]] = True
    return mask


def _holds(
    network: Network,
    marks: Marks,
    off: Off,
    starts: np.ndarray,
    wanted: np.ndarray,
    level: np.ndarray,
) -> np.ndarray:
    order = np.argsort(starts, kind="stable")
    # Numbers of nodes come in both widths: each pair of them would be compiled by itself.
    distinct, counts = np.unique(starts.astype(np.int64), return_counts=True)
    ptr = np.concatenate([[0], np.cumsum(counts)])
    nodes, levels = wanted[order].astype(np.int64), level[order].astype(np.int64)
    mask = removal.holds(
        network.arrays,
        off,
        distinct,
        Wanted(ptr, nodes, levels),
        marks.take(len(distinct)),
        marks.buffers,
    )
    back = np.empty(len(starts), bool)
    back[order] = mask
    return back


def _inverse(positions: np.ndarray) -> np.ndarray:
    at = np.full(positions.max(initial=-1) + 1, -1, np.int64)
    at[positions] = np.arange(len(positions))
    return at


def _places(at: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    places = at[wanted[wanted < len(at)]]
    return np.asarray(places[places >= 0])


def _at(sums: Totals, place: np.ndarray) -> Totals:
    return Totals(sums.resources[place], sums.pairs[place], sums.weighted[place], sums.most[place])
