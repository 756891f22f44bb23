"""Exposure: the identities that reach a resource or can act as a node; blast radius inverted."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.answers.shape import cut
from analytics.answers.table import Kind, Table
from analytics.posture import Filter, Posture
from analytics.reach.spread import entering, exposed
from graph.schema import FACT_NODES, LEVELS, RESOURCE

BANDS = ((95.0, "CRITICAL"), (80.0, "HIGH"), (40.0, "MODERATE"), (0.0, "LOW"))  # as BloodHound's
KINDS = {"identity": Kind.ITSELF, "level": Kind.LEVEL}
NO_LEVEL = -1


@dataclass(frozen=True)
class Exposure:
    """The identities that reach a resource; see `exposure`.

    `identities` has, after the node `identity` itself, the highest `level` (null unless it is of a
    resource), the fewest `hops`, and whether that level needs `derived`, `conditional` or `assumed`
    edges.
    """

    resource: dict[str, str]
    level: str | None
    identities: Table
    count: int
    accountable: dict[str, int]
    percent: float | None
    band: str | None
    left_out: int


def exposure(
    posture: Posture,
    resource: int,
    level: str | None = None,
    mode: str = "standing",
    limit: int = 0,
) -> Exposure:
    """List the identities that reach `resource` (a node's number) at `level` or a higher one.

    Any other node than a resource has no levels: its identities are those that can act as it.
    `percent` is the share of the accountable identities with known reach, `band` its name;
    `not_known` counts the others.
    """
    graph = posture.graph
    least = LEVELS.index(level) if level else 0
    best, hops = _highest(posture, Filter(mode), resource, least)
    acting = graph.has_label(*(n for n in FACT_NODES if n.acts))
    reaching = np.flatnonzero((best >= 0) & acting)
    without = {
        "derived": _highest(posture, Filter(mode, derived=False), resource, least)[0],
        "conditional": _highest(posture, Filter(mode, conditional=False), resource, least)[0],
        "assumed": _highest(posture, Filter(mode, assumed=False), resource, least)[0],
    }
    order = reaching[np.lexsort((reaching, hops[reaching], -best[reaching]))]
    shown, left_out = cut(order, limit)
    of_resource = graph.has_label(RESOURCE)[resource]
    levels = best[shown] if of_resource else np.full(len(shown), NO_LEVEL)
    columns = {"identity": shown, "level": levels, "hops": hops[shown]}
    columns |= {name: highest[shown] < best[shown] for name, highest in without.items()}
    able = best[posture.accountable] >= 0
    known = able | posture.known(Filter(mode)).known[posture.accountable]
    count, of = int(np.count_nonzero(able)), int(np.count_nonzero(known))
    percent = 100 * count / of if of else None
    return Exposure(
        resource=graph.thing(resource),
        level=level,
        identities=Table(pd.DataFrame(columns), graph.things, KINDS),
        count=len(reaching),
        accountable={"reaching": count, "of": of, "not_known": len(known) - of},
        percent=percent,
        band=band_of(percent),
        left_out=left_out,
    )


def band_of(percent: float | None) -> str | None:
    """Return the band of a share of the accountable identities; None if there are none."""
    return None if percent is None else next(band for least, band in BANDS if percent >= least)


def _highest(
    posture: Posture, chosen: Filter, resource: int, least: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the highest level at which each node reaches `resource`, and the fewest hops.

    Both are -1 where it does not reach it at `least` or above. The hops are the fewest over these
    levels. Of a node that is no resource, any way to act as it counts, as the lowest level.
    """
    network = posture.network(chosen)
    if not posture.graph.has_label(RESOURCE)[resource]:
        distance = entering(network, resource)
        return np.where(distance >= 0, 0, -1), distance
    best = np.full(network.nodes, -1, np.int64)
    hops = np.full(network.nodes, -1, np.int64)
    for level in range(least, len(LEVELS)):
        distance = exposed(network, resource, level)
        reached = distance >= 0
        best[reached] = level
        nearer = reached & ((hops < 0) | (distance < hops))
        hops[nearer] = distance[nearer]
    return best, hops
