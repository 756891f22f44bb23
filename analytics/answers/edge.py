"""One step between two nodes as evidence: the facts that state or support it, and its use."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analytics.answers.shape import plain
from analytics.answers.show import edge_table
from analytics.answers.table import Table
from analytics.posture import Posture
from graph.schema import CAN_ACCESS, RELATIONSHIPS, USED
from graph.values import among


@dataclass(frozen=True)
class Edge:
    """The evidence of a step; see `edge`.

    `facts` has `from`, `relationship`, `to` and all that its source says of each fact, without what
    is absent, and the `file` that it was read from with the `place` in it, where these are known.
    `first_used_at` and `last_used_at` are instants, or None where no log shows any.
    """

    facts: Table
    first_used_at: str | None
    last_used_at: str | None


def edge(posture: Posture, start: int, end: int, ids: Sequence[str]) -> Edge:
    """Return the facts with these ids, and the uses of node `end` by node `start`."""
    parts = []
    for relationship in RELATIONSHIPS if ids else ():
        frame = posture.graph.frames[relationship]
        if (mask := among(frame["id"], ids)).any():
            parts.append((relationship, frame[mask]))
    first, last = _used(posture, start, end)
    facts = edge_table(posture, parts or [(CAN_ACCESS, posture.graph.frames[CAN_ACCESS].iloc[:0])])
    origins = [posture.graph.origins(relationship, ids) for relationship, _ in parts]
    return Edge(_beside(facts, origins), first, last)


def _beside(facts: Table, origins: list[pd.DataFrame]) -> Table:
    """Return facts with the file and the place of each, if that of any is known."""
    known = pd.concat(origins, ignore_index=True) if origins else pd.DataFrame()
    if not len(known):
        return facts
    return replace(facts, frame=facts.frame.merge(known, how="left", on=["id", "source", "scope"]))


def _used(posture: Posture, start: int, end: int) -> tuple[str | None, str | None]:
    """Return the first and the last use of a resource by one identity that a log shows."""
    starts, ends = posture.graph.ends(USED)
    rows = posture.graph.frames[USED][(np.asarray(starts) == start) & (np.asarray(ends) == end)]
    if rows.empty:
        return None, None
    values = (rows["first_at"].min(), rows["last_at"].max())
    return tuple(None if pd.isna(value) else str(plain(value)) for value in values)  # type: ignore[return-value]
