"""The accountable identities, the worst first."""

import time
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.answers.shape import cut
from analytics.answers.table import Kind, Table, instants
from analytics.answers.worst import worst_first
from analytics.debt.owed import sums_of
from analytics.debt.totals import grouped
from analytics.posture import Posture
from graph.schema import AGENT


@dataclass(frozen=True)
class Identities:
    """The accountable identities, and the seconds that their reach took (`timing`).

    `identities` has, after the node `identity` itself, `kind`, `owners.business` and
    `owners.technical` (nodes), `owners.state`, `blast_radius.resources` and
    `blast_radius.weighted`, `debt`, `tdr`, `grade` and `last_active_at`.
    """

    identities: Table
    timing: dict[str, float]
    left_out: int


def identities(posture: Posture, limit: int = 0) -> Identities:
    """List the accountable identities with owners, reach and debt, the worst first.

    The order is that of `analytics.answers.worst`. If no source could declare the access of one,
    its reach, debt and ratio are null.
    """
    begun = time.perf_counter()
    reach = posture.totals()
    took = time.perf_counter() - begun
    known = posture.reach_known[posture.accountable]
    rows, left_out = cut(worst_first(posture), limit)
    numbers, is_known = posture.accountable[rows], pd.Series(known[rows])
    owed = list(grouped(posture, sums_of(posture), posture.accountable))
    groups = [owed[row] for row in rows.tolist()]
    owners = posture.ownership.covered
    columns = {
        "identity": numbers,
        "kind": _kinds(posture)[numbers],
        **{f"owners.{role}": owner[numbers] for role, owner in owners.items()},
        "owners.state": posture.owner_states[numbers],
        "blast_radius.resources": pd.Series(reach.resources[rows], dtype="Int64").where(is_known),
        "blast_radius.weighted": pd.Series(reach.weighted[rows], dtype="Float64").where(is_known),
        "debt": _figures([g.total.debt if g.total.known else None for g in groups]),
        "tdr": _figures([g.total.ratio if g.total.known else None for g in groups]),
        "grade": pd.array([g.grade for g in groups], dtype="string"),
        "last_active_at": instants(posture.activity.last_active[numbers]),
    }
    kinds = {"identity": Kind.ITSELF} | {f"owners.{role}": Kind.NODE for role in owners}
    table = Table(pd.DataFrame(columns), posture.graph.things, kinds)
    return Identities(table, {"reach_seconds": took}, left_out)


def _figures(values: list[float | None]) -> pd.Series:
    return pd.Series(values, dtype="Float64")


def _kinds(posture: Posture) -> np.ndarray:
    """Return the kind of each node that is an agent, by its number; None where none is stated."""
    agents = posture.graph.frames[AGENT]
    kinds = np.full(len(posture.graph.ids), None, object)
    stated = agents["kind"].notna()
    kinds[posture.graph.numbers(agents["id"][stated])] = agents["kind"][stated].to_numpy(object)
    return kinds
