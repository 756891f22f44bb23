"""Durability: the footholds that are hardest to revoke, and hardest to notice."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analytics.answers.shape import cut
from analytics.answers.table import Kind, Table, columns_of
from analytics.kept.answers import kept
from analytics.posture import Filter, Posture
from analytics.reach.paths.routes import Counted
from analytics.remediation.durability import agents
from analytics.remediation.durability import durability as count


@dataclass(frozen=True)
class Durability:
    """The durability of footholds in a mode of reach, the hardest to revoke first.

    `identities` has, after the node `identity` itself, the columns of `figures`; `lasting` counts
    the footholds that outlive their end, of those whose reach is known (`of`).
    """

    mode: str
    identities: Table
    lasting: int
    of: int
    not_known: int
    left_out: int


@kept
def durability(
    posture: Posture, mode: str = "standing", limit: int = 0, about: int | None = None
) -> Durability:
    """Return the durability of each agent's foothold, the hardest to revoke first.

    `routes` are paths to crown jewels that share no relationship; `routes_after_kill` those left
    when the agent is disabled, its sessions end and its own credentials are revoked (see
    `analytics.remediation.durability.kept_after_the_end`). They may be more than before: one
    account that runs an agent may have made several keys. `unlogged_share` is the share of `hops`,
    the relationships on all paths, whose use no source would see; null if there is no path. An
    agent whose reach is unknown has no figure, and `not_known` counts them. `about` (a node's
    number) selects one node of any kind.
    """
    identities = agents(posture) if about is None else np.array([about])
    counted = count(posture, identities, mode)
    known = posture.known(Filter(mode)).known[identities]
    share = counted.unlogged / np.maximum(counted.hops, 1)
    order = np.lexsort((identities, -counted.routes, -share, -counted.routes_after, ~known))
    rows, left_out = cut(order, limit)
    frame = figures(counted, known).iloc[rows].reset_index(drop=True)
    frame.insert(0, "identity", identities[rows])
    return Durability(
        mode=mode,
        identities=Table(frame, posture.graph.things, {"identity": Kind.ITSELF}),
        lasting=int(np.count_nonzero(counted.routes_after)),
        of=int(np.count_nonzero(known)),
        not_known=int(np.count_nonzero(~known)),
        left_out=left_out,
    )


def durability_of(posture: Posture, start: int, mode: str) -> dict[str, Any]:
    """Return the figures of one node (a number) as plain data."""
    known = posture.known(Filter(mode)).known[[start]]
    frame = figures(count(posture, np.array([start]), mode), known)
    return {name: cell for name, (cell,) in columns_of(Table(frame, posture.graph.things)).items()}


def figures(counted: Counted, known: np.ndarray) -> pd.DataFrame:
    """Return the figures of each foothold, null where its reach is not known.

    Columns: `routes` and `routes_after_kill` (lower bounds unless `exact`), `exact`,
    `unlogged_share`, `unlogged` and `hops`.
    """
    hops, unlogged = counted.hops.astype(np.int64), counted.unlogged.astype(np.int64)
    share = pd.Series(unlogged / np.maximum(hops, 1), dtype="Float64").where(pd.Series(hops > 0))
    frame = pd.DataFrame(
        {
            "routes": pd.array(counted.routes.astype(np.int64), dtype="Int64"),
            "routes_after_kill": pd.array(counted.routes_after.astype(np.int64), dtype="Int64"),
            "exact": pd.array(counted.exact.astype(bool), dtype="boolean"),
            "unlogged_share": share,
            "unlogged": pd.array(unlogged, dtype="Int64"),
            "hops": pd.array(hops, dtype="Int64"),
        }
    )
    return frame.mask(pd.Series(~known))
