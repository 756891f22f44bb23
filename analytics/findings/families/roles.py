"""Idle roles: roles that an identity may take and did not."""

from functools import cache

import numpy as np
import pandas as pd

from analytics.gathered import gathered
from analytics.posture import IDENTITY_KINDS, UNUSED_DAYS, Posture, stale
from analytics.residue import judged
from graph.instants import DAY, NEVER
from graph.schema import ASSUMES, CONTROL, ROLE

BY = ["identity", "role"]
PAIR = ["identity", "holder"]


def idle_roles(posture: Posture) -> pd.DataFrame:
    """Return each role that an identity in service may take and did not for `UNUSED_DAYS` days.

    Only where its use would have been seen, on every path by which the identity may take it. A role
    behind an idle one is not listed: it goes with that one.

    Returns
    -------
    DataFrame
        `identity`, `role` and `holder` (numbers; the holder is the identity or a node it acts as,
        and may take the role), `last` (when it was last taken, or granted), `since` (when it became
        idle; both milliseconds, `NEVER` if unknown) and `facts` (ids of ASSUMES).
    """
    edges, kind = posture.escalated.edges, CONTROL.index(ASSUMES)  # each step has its own use
    latest, now = edges.last_used, posture.graph.now
    unused = stale(latest, edges.telemetry, edges.since, now, UNUSED_DAYS)
    stated = (edges.row >= 0) & ~edges.derived
    taking = stated & (edges.kind == kind) & posture.graph.has_label(ROLE)[edges.target]
    taking &= posture.graph.live[edges.target]
    taking &= np.isin(edges.target, edges.target[taking & unused])
    fact = posture.graph.frames[ASSUMES]["id"].to_numpy(object)
    if not taking.any():
        return _nothing()
    ways = pd.DataFrame(
        {
            "holder": edges.source[taking],
            "role": edges.target[taking],
            "unused": unused[taking],
            "last": np.maximum(latest, edges.since)[taking],
            "fact": fact[edges.row[taking]],
        }
    )
    fresh = np.isin(edges.kind, IDENTITY_KINDS) & stated & ~(taking & unused)
    acting = _acting(posture, edges.source[fresh], edges.target[fresh], ways["holder"].to_numpy())
    return _idle(acting.merge(ways, on="holder"))


@cache
def _nothing() -> pd.DataFrame:
    dtypes = {"unused": bool, "fact": object}
    names = ("identity", "holder", "role", "unused", "last", "fact")
    return _idle(pd.DataFrame({n: np.zeros(0, dtypes.get(n, np.int64)) for n in names}))


def _idle(rows: pd.DataFrame) -> pd.DataFrame:
    rows = rows[rows.groupby(BY)["unused"].transform("all")]
    rows = rows.assign(other=rows["holder"] != rows["identity"])
    each = (
        rows.sort_values([*BY, "other", "holder"])
        .groupby(BY, as_index=False)
        .agg(holder=("holder", "first"), last=("last", "max"))
    )
    last = each["last"].to_numpy(np.int64)
    since = np.where(last == NEVER, NEVER, last + UNUSED_DAYS * DAY)
    facts = gathered(rows, BY, "fact") if len(rows) else pd.Series([], dtype=object)
    return each.assign(since=since, facts=facts.to_numpy(object))


def _acting(
    posture: Posture, source: np.ndarray, target: np.ndarray, wanted: np.ndarray
) -> pd.DataFrame:
    """Return pairs of a judged identity and a `wanted` node that it can act as over these edges."""
    leads = np.zeros(len(posture.graph.ids), bool)
    leads[wanted] = True
    while True:
        more = leads[target] & ~leads[source]
        if not more.any():
            break
        leads[source[more]] = True
    kept = leads[source] & leads[target]
    steps = pd.DataFrame({"holder": source[kept], "next": target[kept]}).drop_duplicates()
    identities = judged(posture, leads & posture.in_service)
    front = pairs = pd.DataFrame({"identity": identities, "holder": identities}).astype(np.int64)
    while len(front):
        onward = front.merge(steps, on="holder")[["identity", "next"]]
        onward = onward.rename(columns={"next": "holder"}).drop_duplicates()
        both = pd.concat([pairs, onward.astype(np.int64)], ignore_index=True)
        front = both[~both.duplicated(PAIR)].iloc[len(pairs) :]
        pairs = pd.concat([pairs, front], ignore_index=True)
    is_wanted = np.zeros(len(leads), bool)
    is_wanted[wanted] = True
    return pairs[is_wanted[pairs["holder"]]]
