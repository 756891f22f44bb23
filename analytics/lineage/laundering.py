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

from dataclasses import dataclass, fields, replace

import numpy as np

from analytics.assumptions.families.environment import OTHER, PROD, kinds
from analytics.assumptions.families.third_party import foreign, unvetted
from analytics.evidence.matching import SENSITIVE
from analytics.lineage.acting import Acted, Asked, acted, asked
from analytics.lineage.approvals import YES, declared
from analytics.lineage.authority import STANDING, Entitled, complete, entitled, own_authority
from analytics.posture import Posture
from analytics.runtime.budget import OverBudget, room
from analytics.weights import LEVEL_WEIGHTS
from graph.schema import LEVELS, TOOL

NOTHING = Acted(*(np.zeros(0, np.int64),) * 4)
REASONS = ("clearance", "environment", "third party")
EACH = 128  # bytes of memory per row that is kept


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

    @classmethod
    def of(cls, posture: Posture, by: Asked, rows: Acted) -> "Laundering":
        """Return rows of what callers use, without reasons yet."""
        sensitivity = posture.sensitivities["weight"].to_numpy()
        return cls(
            low=by.low[rows.asked],
            through=by.through[rows.asked],
            high=rows.high,
            resource=rows.resource,
            level=rows.level.astype(np.int8),
            weight=sensitivity[rows.resource] * LEVEL_WEIGHTS[rows.level],
            reasons=np.zeros(len(rows.asked), np.uint8),
        )

    def take(self, chosen: np.ndarray) -> "Laundering":
        """Return those that a mask or positions select."""
        return Laundering(*(getattr(self, part.name)[chosen] for part in fields(self)))


@dataclass(frozen=True)
class Launderings:
    """The laundering of all agents.

    `rows` are the heaviest of `count`; of the `callers` some are `not_known`: what these may do as
    themselves is more than sources state.
    """

    rows: Laundering
    count: int
    callers: int
    not_known: int


def laundering(
    posture: Posture, about: np.ndarray, mode: str = STANDING, limit: int = 0
) -> Launderings:
    """Find the laundering in which a node of the mask `about` takes part.

    All of it is counted, and the heaviest `limit` rows (0: all) are kept.

    Raises
    ------
    OverBudget
    """
    own = own_authority(posture, mode)
    known, every = complete(posture, own), asked(posture, mode)
    callers = np.unique(every.low)
    judged = every.take(known[every.low])
    listing = entitled(own, np.unique(judged.low))
    kept, count = Laundering.of(posture, judged, NOTHING), 0
    for batch in acted(posture, judged, mode):
        rows = _laundered(posture, listing, Laundering.of(posture, judged, batch))
        ends = (rows.low, rows.through, rows.high)
        rows = rows.take(np.logical_or.reduce([about[end] for end in ends]))
        count += len(rows)
        if not limit and count > room(EACH):
            raise OverBudget.of(count, EACH, "rows of laundering")
        kept = _heaviest(kept, rows, limit)
    return Launderings(kept, count, len(callers), int(np.count_nonzero(~known[callers])))


def _laundered(posture: Posture, own: Entitled, rows: Laundering) -> Laundering:
    """Return which of the rows are laundering, with the reasons of each."""
    pair = len(LEVELS) * rows.resource + rows.level
    rows = rows.take(~own.holds(np.searchsorted(own.nodes, rows.low), pair))
    sensitive = posture.sensitivities["weight"].to_numpy()[rows.resource] >= SENSITIVE
    rows = rows.take(sensitive | ~posture.graph.has_label(TOOL)[rows.through])
    reasons = _reasons(posture, own, rows)
    rows = replace(rows, reasons=reasons).take(reasons > 0)
    return rows.take(declared(posture, rows.low, rows.resource, rows.level) != YES)


def _heaviest(kept: Laundering, rows: Laundering, limit: int) -> Laundering:
    """Return the rows of both, the heaviest first, and at most `limit` of them (0: all)."""
    names = [part.name for part in fields(kept)]
    both = Laundering(*(np.append(getattr(kept, n), getattr(rows, n)) for n in names))
    keys = (both.level, both.resource, both.high, both.through, both.low, -both.weight)
    order = np.lexsort(keys)
    return both.take(order[:limit] if limit else order)


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
