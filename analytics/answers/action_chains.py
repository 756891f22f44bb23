"""Chains of actions: decision, justification and outcome of each, by identity and by system."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analytics.answers.shape import cut, plain
from analytics.answers.table import Kind, Table
from analytics.evidence.chains import summed
from analytics.evidence.crossing import platforms
from analytics.posture import Posture


@dataclass(frozen=True)
class ActionChains:
    """How many actions have a decision, a justification and an outcome; see `action_chains`.

    `every` has the sums of `analytics.evidence.chains.summed`. `by_identity` has them after
    `identity` (a node), `by_system` after `system`, the platform of what was used (null where none
    is stated).
    """

    every: dict[str, Any]
    by_identity: Table
    by_system: Table
    left_out: int


def action_chains(posture: Posture, rows: pd.DataFrame, limit: int = 0) -> ActionChains:
    """Sum rows of `chains` by who acted and by the system they acted on, the worst first.

    The worst are those with most actions that lack a part of their chain.
    """
    identity = rows["identity"].to_numpy(np.int64)
    codes, systems = pd.factorize(platforms(posture)[rows["resource"].to_numpy(np.int64)])
    identities, left = cut(_worst(summed(rows, identity)), limit)
    by_system, more = cut(_worst(summed(rows, codes)), limit)
    names = [systems[code] or None for code in by_system.index]
    things = posture.graph.things
    return ActionChains(
        every=_record(summed(rows)),
        by_identity=Table(
            identities.rename_axis("identity").reset_index(), things, {"identity": Kind.NODE}
        ),
        by_system=Table(
            by_system.assign(system=pd.array(names, dtype="string")).reset_index(drop=True), things
        ),
        left_out=left + more,
    )


def _worst(sums: pd.DataFrame) -> pd.DataFrame:
    lacking = (sums["known"] - sums["complete"]).to_numpy(np.int64)
    return sums.iloc[np.lexsort((sums.index.to_numpy(), -lacking))]


def _record(sums: pd.DataFrame) -> dict[str, Any]:
    """Return the one row of these sums as plain data; each column keeps its type."""
    return {str(name): plain(column.iloc[0]) for name, column in sums.items()}
