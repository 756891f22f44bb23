"""Identities that a snapshot shows and the one before does not, with what they reached then.

A snapshot is read for that once, as it is kept beside it.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analytics.kept.answers import kept
from analytics.kept.of_snapshots import Following
from analytics.posture import Posture
from analytics.reach.spread import spread
from graph.schema import PRINCIPALS


@dataclass(frozen=True)
class Newcomers:
    """New nodes that may reach something, by `ids` (string); `reached` has a row a resource.

    `reached` has `place` (position in `ids`), `resource` (its id then) and `levels` (bits).
    """

    ids: pd.Series
    reached: pd.DataFrame


@kept
def newcomers(step: Following) -> Newcomers:
    """Return what is new in a snapshot."""
    then, ids = step.snapshot.posture, step.snapshot.posture.graph.ids
    known = pc.is_in(ids, step.before.posture.graph.ids).to_numpy(zero_copy_only=False)
    places = np.flatnonzero(~known & then.graph.has_label(*PRINCIPALS))
    parts = [used(then, place).assign(place=n) for n, place in enumerate(places.tolist())]
    reached = pd.concat(parts or [pd.DataFrame({"resource": [], "levels": [], "place": []})])
    resource = ids.take(pa.array(reached["resource"].to_numpy(np.int64))).to_pandas()
    return Newcomers(
        ids.take(pa.array(places)).to_pandas().astype("string"),
        pd.DataFrame(
            {
                "place": reached["place"].to_numpy(np.int64),
                "resource": resource.astype("string"),
                "levels": reached["levels"].to_numpy(np.uint8),
            }
        ),
    )


def used(then: Posture, place: int) -> pd.DataFrame:
    """Return each `resource` (number) that a node (number) reached, and its `levels` (bits)."""
    reached = spread(then.network(), place).used()
    return pd.DataFrame({name: reached[name] for name in ("resource", "levels")})
