"""Entitlements: what an accountable identity may use as itself, grant by grant, level by level.

They are found over the edges that stay with the identity: not by spawning, calling, acting for
somebody, or edges that a rule derives. Two grants of the same level on the same resource are two
entitlements: each rests on assumptions of its own.

Expired access is owed for as long as it exists: otherwise debt would shrink by waiting. So a
credential past its end is still followed here, though it opens nothing; one whose declared status
is disabled, revoked, expired or deleted is not.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from analytics.assumptions.model import Model
from analytics.assumptions.model import model as usual_model
from analytics.posture import Posture
from analytics.reach.kernels.holders import Holders, added
from analytics.reach.kernels.pairs import HolderGrants, Steps, leading, walk
from analytics.runtime.budget import OverBudget, room
from analytics.usage.logins import FACTS
from analytics.weights import SENSITIVITY
from graph.access import flags
from graph.element import Relationship
from graph.once import once
from graph.schema import CAN_ACCESS, CONTROL, LEVELS, RESOURCE

EACH = 128  # bytes of memory per entitlement during the listing
JUDGED = 2048  # bytes of memory per entitlement while all its items are there
TOGETHER = 1 << 19  # entitlements that are judged together, if there is room for it
BLOCK = 1 << 16  # of more than these: after so many, a block ends with the identity that it is at
IDENTITY = tuple(r for r in CONTROL if r.identity)


@dataclass(frozen=True)
class Entitlements:
    """The entitlements of accountable identities, one position in each array for each.

    They are sorted by identity, in the order of `identities` (sorted numbers of nodes: of all that
    are accountable, or of some); `place` (int32) is the position there, and `first` (int64) is
    where each identity's begin. Listed are those of the identities from `begin` to before `end`: of
    all, or of a block of them. `identity`, `holder` and `resource` (int32) are numbers of nodes,
    `grant` (int32) is a row of the frame of CAN_ACCESS, `level` (int8) a position in `LEVELS`.
    `exposure` (float64) is autonomy times sensitivity times level; `weight` (float64) is the
    sensitivity alone. `standing` (bool) is False where something must be activated first. `granted`
    is in milliseconds since 1970, `NEVER` where unknown.
    """

    identities: np.ndarray
    begin: int
    end: int
    place: np.ndarray
    holder: np.ndarray
    resource: np.ndarray
    grant: np.ndarray
    level: np.ndarray
    standing: np.ndarray
    weight: np.ndarray
    exposure: np.ndarray
    granted: np.ndarray

    def __len__(self) -> int:
        """Count the entitlements."""
        return len(self.place)

    @property
    def identity(self) -> np.ndarray:
        """The number of the node of each entitlement's identity."""
        return np.asarray(self.identities[self.place])

    @cached_property
    def first(self) -> np.ndarray:
        """Where the entitlements of each identity begin, plus the end of the last."""
        return np.searchsorted(self.place, np.arange(len(self.identities) + 1))

    @cached_property
    def by_grant(self) -> tuple[np.ndarray, np.ndarray]:
        """The positions in the order of identity and grant, and where each such pair begins."""
        code = self.place.astype(np.int64) * (int(self.grant.max(initial=0)) + 1) + self.grant
        order = np.argsort(code, kind="stable")
        return order, np.flatnonzero(np.diff(code[order], prepend=-1))

    @cached_property
    def all_levels(self) -> np.ndarray:
        """The bits of all levels that the identity of each entitlement has by its grant (uint8)."""
        order, begin = self.by_grant
        levels = np.zeros(len(self), np.uint8)
        if len(self):
            bits = np.left_shift(1, self.level[order]).astype(np.uint8)
            counts = np.diff(np.append(begin, len(self)))
            levels[order] = np.repeat(np.bitwise_or.reduceat(bits, begin), counts)
        return levels


def entitlements(posture: Posture, model: Model) -> Entitlements:
    """List the entitlements of all accountable identities, weighed by `model`."""
    together = _together(posture, model)
    if together is not None:
        return together
    count = len(posture.accountable)
    listing = _listed_from(posture, model, 0, count)
    return _weighed(posture, model, (_accountable(posture), 0, count), listing)


@once
def usual_entitlements(posture: Posture) -> Entitlements:
    """List the entitlements of all accountable identities, weighed as usual, once."""
    return entitlements(posture, usual_model())


def entitlements_of(posture: Posture, model: Model, place: int) -> Entitlements:
    """List the entitlements of the accountable identity at a place (in `accountable`)."""
    end = place + 1
    listing = _listed_from(posture, model, place, end)
    return _weighed(posture, model, (_accountable(posture), place, end), listing)


def blocks(posture: Posture, model: Model) -> Iterator[Entitlements]:
    """Yield the entitlements of the accountable identities, some identities at a time.

    Up to `TOGETHER` entitlements are one block. Of more, a block ends with the identity that brings
    it to more than `BLOCK`, so no more memory is needed than for one block, or for the identity
    that has most. There is at least one.

    Raises
    ------
    OverBudget
        If the entitlements of one identity do not fit into memory.
    """
    together = _together(posture, model)
    if together is not None:
        yield together
        return
    end = 0
    while end < len(posture.accountable):
        units = _block(posture, model, end, BLOCK)
        end = units.end
        yield units


def blocks_of(posture: Posture, model: Model, identities: np.ndarray) -> Iterator[Entitlements]:
    """Yield the entitlements of some accountable identities (sorted numbers), some at a time."""
    grants, steps, begin = _by_holder(posture, model), steps_of(posture), 0
    starts = identities.astype(np.int32)
    while begin < len(starts):
        place, *rest = listed(steps, grants, starts[begin:], BLOCK)
        place = place + np.int32(begin)
        end = int(place[-1]) + 1 if len(place) > BLOCK else len(starts)
        yield _weighed(posture, model, (starts, begin, end), (place, *rest))
        begin = end


def entering(posture: Posture, nodes: np.ndarray) -> np.ndarray:
    """Return a mask of the nodes that can act as one of some nodes (numbers), with these."""
    wanted = np.zeros(len(posture.graph.ids), bool)
    wanted[nodes] = True
    return np.asarray(leading(steps_of(posture), wanted))


def in_rows(posture: Posture, model: Model) -> tuple[Holders, Entitlements]:
    """Return the grants of each holder, level by level, and the sums of each row.

    Returns
    -------
    holders : Holders
    units : Entitlements
        Of one identity, of autonomy 1, as if it had them all: sorted by row of `holders`, and with
        as many for each row as its `grants`.
    """
    graph, grants = posture.graph, _by_holder(posture, model)
    size, each = len(graph.ids), len(LEVELS)
    holder = np.repeat(np.arange(size), np.diff(grants.first))
    calm = (False, True) if steps_of(posture).eligible.any() else (True,)
    parts = [
        (np.flatnonzero(grants.levels >> level & 1), level, given)
        for level in range(each)
        for given in calm
    ]
    at = np.concatenate([rows for rows, _, _ in parts])
    level = np.repeat(np.array([x for _, x, _ in parts], np.int8), [len(r) for r, _, _ in parts])
    given = np.repeat(np.array([c for _, _, c in parts]), [len(rows) for rows, _, _ in parts])
    key = (holder[at] * each + level) * 2 + given
    order = np.argsort(key, kind="stable")
    distinct, begin, count = np.unique(key[order], return_index=True, return_counts=True)
    at, level, given = at[order], level[order], given[order]
    columns = np.zeros(len(at), np.int32), grants.grant[at], level, grants.given[at] & given
    anybody = np.zeros(min(size, 1), np.int32)
    units = _weighed(posture, model, (anybody, 0, 1), columns)
    weighs = units.weight * np.array(model.level)[level]
    row = np.full((size, each, 2), -1, np.int32)
    row.reshape(-1)[distinct] = np.arange(len(distinct))
    if len(calm) == 1:  # nothing is entered by activating something
        row[:, :, 0] = row[:, :, 1]
    exposure = np.add.reduceat(weighs, begin) if len(begin) else np.zeros(0)
    most = np.maximum.reduceat(weighs, begin) if len(begin) else np.zeros(0)
    return Holders(row, count, exposure, most), replace(units, exposure=weighs)


@once
def heaviest(posture: Posture) -> np.ndarray:
    """Return the exposure of the heaviest entitlement of each accountable node (cached), else 0.

    Access that must be activated first, or that only an expired key leads to, is owed for as well.
    """
    holders, _ = in_rows(posture, usual_model())
    starts, nothing = _accountable(posture), np.zeros((len(holders.grants), 0))
    *_, weight = added(steps_of(posture), holders, starts, nothing)
    most = np.zeros(len(posture.graph.ids))
    most[starts] = posture.autonomy[starts] * weight
    return most


def heaviest_held(posture: Posture, nodes: np.ndarray) -> np.ndarray:
    """Return the same for any nodes (numbers), by what each of them may use as itself."""
    return np.asarray(heaviest_given(posture, nodes) * posture.autonomy[nodes])


def heaviest_given(
    posture: Posture, nodes: np.ndarray, ceiling: np.ndarray | None = None
) -> np.ndarray:
    """Return the weight of the heaviest entitlement of any nodes, whoever acts as them; else 0.

    `ceiling` is the highest level that each of them hands on (a position in `LEVELS`).
    """
    limit = np.full(len(nodes), len(LEVELS) - 1) if ceiling is None else ceiling
    each, place = np.unique(np.stack([nodes, limit]).astype(np.int64), axis=1, return_inverse=True)
    distinct, limit = each
    weight = sensitivity(posture, usual_model())[posture.graph.ends(CAN_ACCESS)[1]]
    levels, most, begin = np.array(usual_model().level), np.zeros(len(distinct)), 0
    while begin < len(distinct):
        starts = distinct[begin:].astype(np.int32)
        at, grant, level, _ = listed(steps_of(posture), _by_holder(posture, None), starts, BLOCK)
        handed_on = level <= limit[begin + at]
        np.maximum.at(most, begin + at, weight[grant] * levels[level] * handed_on)
        begin = begin + int(at[-1]) + 1 if len(at) > BLOCK else len(distinct)
    return np.asarray(most[place.reshape(-1)])


def in_one_block(posture: Posture, model: Model) -> bool:
    """Return whether the entitlements of a posture are so few that all are judged together."""
    return _together(posture, model) is not None


@once
def _together(posture: Posture, model: Model) -> Entitlements | None:
    """Return all entitlements, or None if there are too many to be judged together."""
    units = _block(posture, model, 0, min(TOGETHER, room(JUDGED)))
    return units if units.end == len(posture.accountable) else None


def _block(posture: Posture, model: Model, begin: int, most: int) -> Entitlements:
    end = len(posture.accountable)
    columns = _listed_from(posture, model, begin, end, most)
    place = columns[0]
    if len(place) > most:
        end = int(place[-1]) + 1
    return _weighed(posture, model, (_accountable(posture), begin, end), columns)


def _accountable(posture: Posture) -> np.ndarray:
    return posture.accountable.astype(np.int32)


def _listed_from(
    posture: Posture, model: Model, begin: int, end: int, most: int | None = None
) -> tuple[np.ndarray, ...]:
    """Return the result of `walk` for the accountable identities from `begin` to before `end`.

    With `most`, it may end early, behind the identity that exceeds it.
    """
    starts = _accountable(posture)[begin:end]
    grants = _by_holder(posture, model)
    place, *rest = listed(steps_of(posture), grants, starts, most)
    return place + np.int32(begin), *rest


def _weighed(
    posture: Posture,
    model: Model,
    identities: tuple[np.ndarray, int, int],
    columns: tuple[np.ndarray, ...],
) -> Entitlements:
    """Weigh the result of `walk` for the identities (numbers) from a place to before another."""
    graph, (starts, begin, end) = posture.graph, identities
    holder, resource = graph.ends(CAN_ACCESS)
    weight = sensitivity(posture, model)
    place, grant, level, standing = columns
    weighs = weight[resource[grant]]
    return Entitlements(
        identities=starts,
        begin=begin,
        end=end,
        place=place,
        holder=holder[grant],
        resource=resource[grant],
        grant=grant,
        level=level,
        standing=standing,
        weight=weighs,
        exposure=posture.autonomy[starts][place] * (weighs * np.array(model.level)[level]),
        granted=graph.grant_use[2][grant],
    )


def held_grants(posture: Posture, start: int) -> np.ndarray:
    """Return the grants (rows of CAN_ACCESS) that a node may use as itself."""
    return np.unique(grants_held(posture, np.array([start], np.int32))[1])


def grants_held(posture: Posture, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the grants that some nodes may use as themselves, level by level.

    Returns
    -------
    place, grant, level : int32, int32, int8
        A position in `starts` (int32, numbers of nodes), a row of the frame of CAN_ACCESS, and a
        position in `LEVELS`.
    """
    place, grant, level, _ = listed(steps_of(posture), _by_holder(posture, None), starts)
    return place, grant, level


def listed(
    steps: Steps, grants: HolderGrants, starts: np.ndarray, most: int | None = None
) -> tuple[np.ndarray, ...]:
    """Return the result of `walk`, if it fits into memory.

    With `most`, the list may end early, behind the start that exceeds it.

    Raises
    ------
    OverBudget
    """
    fits = room(EACH)
    most = fits if most is None else min(most, fits)
    columns: tuple[np.ndarray, ...] = walk(steps, grants, starts, most)
    if len(columns[0]) > fits:  # the list is not complete
        raise OverBudget.of(len(columns[0]), EACH, "entitlements, which are not all,")
    return columns


@once
def _by_holder(posture: Posture, model: Model | None) -> HolderGrants:
    """Return the grants on what has a weight by `model`, or by the usual one; see `walk`."""
    graph, frame = posture.graph, posture.graph.frames[CAN_ACCESS]
    holder, _ = graph.ends(CAN_ACCESS)
    usual = posture.sensitivities["weight"].to_numpy()
    given = _grants(posture, usual if model is None else sensitivity(posture, model))
    order = graph.sorted_rows(CAN_ACCESS, given)
    first = np.searchsorted(holder[order], np.arange(len(graph.ids) + 1))
    standing = ~flags(frame["eligible"])
    return HolderGrants(first, order.astype(np.int32), graph.levels[order], standing[order])


def sensitivity(posture: Posture, model: Model) -> np.ndarray:
    """Return the weight of each node by `model` (float64): 0 for nodes that need no protection."""
    usual = posture.sensitivities["weight"].to_numpy()
    of = np.concatenate([[0.0], model.sensitivity])
    return np.asarray(of[np.searchsorted([0.0, *SENSITIVITY.values()], usual)])


def identity_edges(posture: Posture, relationship: Relationship) -> np.ndarray:
    """Return the rows of a relationship in force that give control, between nodes not ended."""
    graph, gone = posture.graph, posture.graph.ended
    source, target = graph.ends(relationship)
    kept = graph.in_force(relationship) & ~gone[source] & ~gone[target]
    if relationship.uncontrolled:
        kept &= ~graph.has_label(*relationship.uncontrolled)[target]
    return graph.sorted_rows(relationship, kept)


@once
def steps_of(posture: Posture) -> Steps:
    """Return the edges that stay with an identity, by source; see `walk`."""
    graph = posture.graph
    parts: list[tuple[np.ndarray, ...]] = []
    for relationship in IDENTITY:
        rows = identity_edges(posture, relationship)
        if not len(rows) and parts:  # the first part is there without rows, too, for the types
            continue
        frame = graph.frames[relationship].iloc[rows]
        source, target = graph.ends(relationship)
        ceiling = pd.Index(LEVELS).get_indexer(pd.Index(frame["ceiling"].fillna(LEVELS[-1])))
        parts.append(
            (source[rows], target[rows], ceiling.astype(np.int8), flags(frame["eligible"]))
        )
    if posture.before is not None:
        parts.append(_moved(posture, posture.before))
    source, target, ceiling, eligible = (np.concatenate(c) for c in zip(*parts, strict=True))
    order = np.argsort(source, kind="stable")
    indptr = np.searchsorted(source[order], np.arange(len(graph.ids) + 1))
    return Steps(indptr, target[order].astype(np.int32), ceiling[order], eligible[order])


def _moved(posture: Posture, before: Posture) -> tuple[np.ndarray, ...]:
    """Return the edges for access that moved under a removal, as far as it was owed for before."""
    moved, of = posture.moved, posture.moved.of
    owed = np.ones(len(of), bool)
    for relationship in FACTS:
        places, rows = of.rows(relationship)
        owed[places] &= np.isin(rows, identity_edges(before, relationship))
    kept = moved.kept & owed[moved.lost]
    lost = moved.lost[kept]
    return moved.source[kept], moved.target[kept], of.ceiling[lost], of.eligible[lost]


def _grants(posture: Posture, weight: np.ndarray) -> np.ndarray:
    """Return the mask of the declared grants in force that give a level on a weighted resource."""
    graph, frame = posture.graph, posture.graph.frames[CAN_ACCESS]
    holder, resource = graph.ends(CAN_ACCESS)
    kept = graph.in_force(CAN_ACCESS) & ~graph.ended[holder] & ~flags(frame["derived"])
    kept &= graph.has_label(RESOURCE)[resource] & (weight[resource] > 0)
    kept &= graph.levels > 0
    return np.asarray(kept)
