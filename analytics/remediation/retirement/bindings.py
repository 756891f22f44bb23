"""Bindings: the relationships by which a tree has access to what stays, or others have it by name.

They end one by one, as nothing that ends takes them along, and a name that is used again would
bring them back. Of a grant, membership, delegation, call or login to what stays, the tree is the
source; of a trust in it, a delegation or call of it by others, or a parent outside, it is the
target.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from analytics.posture import Posture
from analytics.remediation.retirement.links import Links, links
from analytics.remediation.retirement.own_things import OwnThings
from graph.element import Relationship
from graph.schema import (
    ACTS_FOR,
    ASSUMES,
    CALLS,
    CAN_ACCESS,
    CONTROLS,
    GROUP,
    MEMBER_OF,
    RUNS_AS,
    SPAWNS,
    TRUSTS,
    USES,
)

FROM_IT = (SPAWNS, ACTS_FOR, CALLS, MEMBER_OF, ASSUMES, RUNS_AS, USES, CAN_ACCESS, CONTROLS)
INTO_IT = (SPAWNS, ACTS_FOR, CALLS, TRUSTS, ASSUMES, RUNS_AS)
ORDER = (SPAWNS, ACTS_FOR, CALLS, MEMBER_OF, TRUSTS, ASSUMES, RUNS_AS, USES, CAN_ACCESS, CONTROLS)
COLUMNS = ("relationship", "source", "target", "row")


def bindings(posture: Posture, own: OwnThings) -> pd.DataFrame:
    """Return the bindings of a tree that has `own` things, those of one type together.

    Returns
    -------
    DataFrame
        `relationship` (a position in `ORDER`), `source`, `target` (numbers of nodes), `row` (in
        the frame of the type) and `policy` (that gives a grant, "" where there is none). Those of
        one policy stand together.
    """
    ending = own.ending
    identities = own.identities & ~posture.deleted
    parts = [*_from_it(posture, identities, ending), *_into_it(posture, identities, ending)]
    frames = [
        pd.DataFrame(dict(zip(COLUMNS, (ORDER.index(kind), *every), strict=True)))
        for kind, every in parts
        if len(every.row)
    ]
    if not frames:
        return pd.DataFrame({name: np.zeros(0, np.int64) for name in COLUMNS}).assign(policy="")
    rows = pd.concat(frames, ignore_index=True)
    grants = posture.graph.frames[CAN_ACCESS]["policy_id"]
    policy = np.full(len(rows), "", object)
    of_grants = (rows["relationship"] == ORDER.index(CAN_ACCESS)).to_numpy(bool)
    policy[of_grants] = grants.iloc[rows["row"].to_numpy()[of_grants]].fillna("").to_numpy(object)
    rows = rows.assign(policy=policy)
    order = ["relationship", "source", "policy", "target", "row"]
    return rows.sort_values(order, kind="stable", ignore_index=True)


def _from_it(
    posture: Posture, identities: np.ndarray, ending: np.ndarray
) -> Iterator[tuple[Relationship, Links]]:
    for relationship in FROM_IT:
        every = links(posture, relationship)
        mask = identities[every.source] & ~ending[every.target] & ~posture.deleted[every.target]
        if relationship is MEMBER_OF:
            mask &= posture.graph.has_label(GROUP)[every.target]
        yield relationship, every.where(mask)


def _into_it(
    posture: Posture, identities: np.ndarray, ending: np.ndarray
) -> Iterator[tuple[Relationship, Links]]:
    for relationship in INTO_IT:
        every = links(posture, relationship)
        mask = identities[every.target] & ~ending[every.source] & ~posture.deleted[every.source]
        yield relationship, every.where(mask)
