"""Identity laundering: a low identity that acts as a higher one through a third.

An agent (`low`) calls another agent or a tool, or acts for another agent (`through`), which uses a
(resource, level) as an identity (`high`). It is laundering where all of these hold:

* nothing that `low` may do as itself gives it that pair, and its declared scope does not cover it;
* `low` is lower, for at least one of the `REASONS`: nothing that it may do as itself is on a
  resource as sensitive and at a level as high (clearance); it is outside of production, and `high`
  or the resource is inside (environment); it is a third party that nobody vetted, and `high` is
  none (third party);
* if `through` is a tool, the resource is confidential or restricted: that a tool acts under an
  account of its own is what tools are for;
* `high` is the last agent, account, role or person on a shortest path from `through` to the holder
  of the grant, up to the ceilings of its steps, else `through` itself. It is not `low`. It may be
  `through` only if that is called: what an agent does for another as that very agent is plain
  delegation.

What a parent gets by its children is a widening, and what an agent does for a person, in the open,
is what that person delegated: neither is laundering.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import NamedTuple

import numpy as np

from analytics.assumptions.families.environment import OTHER, PROD, kinds
from analytics.assumptions.families.third_party import foreign, unvetted
from analytics.evidence.matching import SENSITIVE
from analytics.lineage.approvals import YES, declared
from analytics.lineage.authority import (
    STANDING,
    Entitled,
    calling,
    complete,
    entitled,
    own_authority,
)
from analytics.posture import Posture
from analytics.reach.network import Network
from analytics.reach.spread import spread
from analytics.runtime.budget import OverBudget, room
from analytics.weights import LEVEL_WEIGHTS
from graph.schema import (
    ACTS_FOR,
    AGENT,
    CALLS,
    CONTROL,
    HUMAN,
    LEVELS,
    ROLE,
    SERVICE_ACCOUNT,
    TOOL,
)

REASONS = ("clearance", "environment", "third party")
EACH = 160  # bytes of memory per pair of a caller
IDENTITY_LABELS = (AGENT, SERVICE_ACCOUNT, ROLE, HUMAN)


@dataclass(frozen=True)
class Laundering:
    """Pairs used as a higher identity, one position in each array for each, the heaviest first.

    `low`, `through`, `high` and `resource` (int64) are numbers of nodes, `level` (int8) a position
    in `LEVELS`, `weight` (float64) sensitivity times level, and `reasons` (uint8) has a bit for
    each of `REASONS`.
    """

    low: np.ndarray
    through: np.ndarray
    high: np.ndarray
    resource: np.ndarray
    level: np.ndarray
    weight: np.ndarray
    reasons: np.ndarray

    def __len__(self) -> int:
        """Count the pairs."""
        return len(self.low)

    def take(self, chosen: np.ndarray) -> "Laundering":
        """Return those that a mask or positions select."""
        return Laundering(*(getattr(self, part.name)[chosen] for part in fields(self)))


@dataclass(frozen=True)
class Launderings:
    """The laundering of all agents; `not_known` of `callers` may do more than sources state."""

    pairs: Laundering
    callers: int
    not_known: int


def laundering(posture: Posture, mode: str = STANDING) -> Launderings:
    """Find the laundering of all agents that are not deleted.

    Raises
    ------
    OverBudget
    """
    own = own_authority(posture, mode)
    known = complete(posture, own)
    asked = _asked(posture, mode)
    callers = np.unique(asked.low)
    rows = _used(posture, mode, asked.take(known[asked.low]))
    listing = entitled(own, np.unique(rows.low))
    pair = len(LEVELS) * rows.resource + rows.level
    rows = rows.take(~listing.holds(np.searchsorted(listing.nodes, rows.low), pair))
    sensitive = posture.sensitivities["weight"].to_numpy()[rows.resource] >= SENSITIVE
    rows = rows.take(sensitive | ~posture.graph.has_label(TOOL)[rows.through])
    reasons = _reasons(posture, listing, rows)
    rows = replace(rows, reasons=reasons).take(reasons > 0)
    in_scope = declared(posture, rows.low, rows.resource, rows.level) == YES
    rows = rows.take(~in_scope)
    keys = (rows.level, rows.resource, rows.high, rows.through, rows.low, -rows.weight)
    return Launderings(
        rows.take(np.lexsort(keys)), len(callers), int(np.count_nonzero(~known[callers]))
    )


class _Asked(NamedTuple):
    """Which agent (`low`) calls or acts for which node (`through`), and the widest ceiling of that.

    The nodes are int64, the ceiling is int64; `called` (bool) tells calls from acting for.
    """

    low: np.ndarray
    through: np.ndarray
    ceiling: np.ndarray
    called: np.ndarray

    def take(self, chosen: np.ndarray) -> "_Asked":
        return _Asked(*(column[chosen] for column in self))


def _asked(posture: Posture, mode: str) -> _Asked:
    edges, graph = posture.edges, posture.graph
    kept = np.isin(edges.kind, [CONTROL.index(CALLS), CONTROL.index(ACTS_FOR)])
    kept &= graph.has_label(AGENT)[edges.source] & graph.has_label(AGENT, TOOL)[edges.target]
    kept &= edges.source != edges.target
    if mode == STANDING:
        kept &= ~edges.eligible
    called = edges.kind[kept] == CONTROL.index(CALLS)
    nodes = np.int64(max(1, len(graph.ids)))
    key = edges.source[kept] * nodes + edges.target[kept]
    keys, place = np.unique(2 * key + called, return_inverse=True)
    ceiling = np.zeros(len(keys), np.int64)
    np.maximum.at(ceiling, place, edges.ceiling[kept].astype(np.int64))
    low, through = np.divmod(keys >> 1, nodes)
    return _Asked(low, through, ceiling, keys & 1 == 1)


def _used(posture: Posture, mode: str, asked: _Asked) -> Laundering:
    """Return every pair that a node asked may use for those who ask, and as which identity."""
    network, left = calling(posture, mode), room(EACH)
    order = np.argsort(asked.through, kind="stable")
    begin = np.flatnonzero(np.diff(asked.through[order], prepend=-1))
    parts = []
    for rows in np.split(order, begin[1:]) if len(order) else ():
        high, resource, bits = _identities(posture, network, int(asked.through[rows[0]]))
        count = len(rows) * len(high)
        left -= len(LEVELS) * count
        if left < 0:
            raise OverBudget.of(len(LEVELS) * count, EACH, "pairs of callers and what they use")
        row = np.repeat(rows, len(high))
        passed = np.tile(bits, len(rows)) & ((2 << asked.ceiling[row]) - 1)
        each = np.tile(high, len(rows))
        other = (each != asked.low[row]) & (asked.called[row] | (each != asked.through[row]))
        for rank in range(len(LEVELS)):
            kept = other & (passed >> rank & 1 == 1)
            parts.append((row[kept], each[kept], np.tile(resource, len(rows))[kept],
                          np.full(np.count_nonzero(kept), rank)))  # fmt: skip
    row, high, resource, level = _joined(parts, 4)
    weight = posture.sensitivities["weight"].to_numpy()[resource] * LEVEL_WEIGHTS[level]
    ends = asked.low[row], asked.through[row], high, resource
    return Laundering(*ends, level.astype(np.int8), weight, np.zeros(len(row), np.uint8))


def _joined(parts: Sequence[tuple[np.ndarray, ...]], columns: int) -> list[np.ndarray]:
    nothing = (np.zeros(0, np.int64),) * columns
    return [np.concatenate(column).astype(np.int64) for column in zip(nothing, *parts, strict=True)]


def _identities(
    posture: Posture, network: Network, start: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the identities as which `start` uses resources, with the levels of each (bits).

    They are int64[pairs] each: the identity, the resource and the levels.
    """
    reach = spread(network, start)
    hops, parent, _ = reach.met
    node = reach.states >> 2
    is_identity = posture.graph.has_label(*IDENTITY_LABELS)
    high = np.where(is_identity[node], node, start)
    before = np.searchsorted(reach.states, parent)
    for step in range(
        1, int(hops.max(initial=0)) + 1
    ):  # what is no identity acts as the one before
        rows = np.flatnonzero((hops == step) & ~is_identity[node])
        high[rows] = high[before[rows]]
    used = reach.used()
    acting = high[np.searchsorted(reach.states, used["state"])]
    nodes = np.int64(network.nodes)
    keys, place = np.unique(acting * nodes + used["resource"], return_inverse=True)
    bits = np.zeros(len(keys), np.int64)
    np.bitwise_or.at(bits, place, used["levels"].astype(np.int64))
    return *np.divmod(keys, nodes), bits


def _reasons(posture: Posture, own: Entitled, rows: Laundering) -> np.ndarray:
    """Return why each `low` is lower than what it acts as (uint8, a bit for each of `REASONS`)."""
    graph = posture.graph
    place, outside = kinds(graph), foreign(graph)
    inside = (place[rows.high] == PROD) | (place[rows.resource] == PROD)
    by_reason = (
        ~_cleared(posture, own, rows),
        (place[rows.low] == OTHER) & inside,
        unvetted(graph)[rows.low] & ~outside[rows.high],
    )
    reasons = np.zeros(len(rows), np.uint8)
    for bit, mask in enumerate(by_reason):
        reasons |= mask.astype(np.uint8) << bit
    return reasons


def _cleared(posture: Posture, own: Entitled, rows: Laundering) -> np.ndarray:
    """Return a mask of the pairs to which `low` has as itself an equal: as sensitive, as high."""
    weight = posture.sensitivities["weight"].to_numpy()
    classes = np.unique(weight)
    resource, level = np.divmod(own.pair, len(LEVELS))
    highest = np.full((len(own.nodes), len(classes)), -1, np.int64)
    np.maximum.at(highest, (own.owner, np.searchsorted(classes, weight[resource])), level)
    reached = np.maximum.accumulate(highest[:, ::-1], axis=1)[:, ::-1]  # of that class or above
    place = np.searchsorted(own.nodes, rows.low)
    of_class = np.searchsorted(classes, weight[rows.resource])
    return np.asarray(reached[place, of_class] >= rows.level)
