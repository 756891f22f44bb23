"""Ended uses: the observed uses that a removal would end."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analytics.posture import MODES, Filter, Posture
from analytics.reach.removal import reached, upstream
from analytics.remediation.removal.what_if import Removal
from analytics.usage.logins import numbers_after
from analytics.usage.observed import uses
from graph.element import Relationship
from graph.schema import CAN_ACCESS, CONTROL


def ended(before: Posture, after: Posture, gone: Sequence[Removal]) -> pd.DataFrame:
    """Return the uses of `before` that would fail `after` a removal, the latest first.

    A use fails if its target was within reach, standing or after activation, and no longer is. The
    use of an edge that stays cannot fail. A fact that records several uses is listed once. A row
    has the columns of `uses`.
    """
    rows = uses(before)
    rows = rows[_in_question(before, after, gone, rows)]
    user, used = rows["identity"].to_numpy(), rows["thing"].to_numpy()
    level = rows["level"].to_numpy()
    number = numbers_after(before.graph, after.graph)
    remaining = (number[user] >= 0) & (number[used] >= 0)
    fails = np.zeros(len(rows), bool)
    for mode in MODES:
        could = reached(before.network(Filter(mode)), user, used, level)
        can = np.zeros(len(rows), bool)
        can[remaining] = reached(
            after.network(Filter(mode, moved=False)),
            number[user[remaining]],
            number[used[remaining]],
            level[remaining],
        )
        fails |= could & ~can
    rows = rows[fails].sort_values(
        ["at", "implied", "identity", "thing"], ascending=[False, True, True, True]
    )
    rows = rows.drop_duplicates("report")
    return rows.drop_duplicates(["identity", "thing", "level"]).reset_index(drop=True)


def _in_question(
    before: Posture, after: Posture, gone: Sequence[Removal], rows: pd.DataFrame
) -> np.ndarray:
    """Return a mask of the uses that might fail: of removed edges, or relying on them."""
    links = {(rel.name, id_) for r in gone for rel, id_ in r.relationships}
    things = np.array([before.graph.number(t) for r in gone for t in r.things], np.int64)
    facts = pd.MultiIndex.from_frame(rows[["relationship", "fact"]])
    removed = facts.isin(list(links)) if links else np.zeros(len(rows), bool)
    removed |= np.isin(rows["identity"], things) | np.isin(rows["thing"], things)
    origins = np.unique(np.concatenate([things, _origins(before, after, gone)]).astype(np.int64))
    relying = upstream(before.network(Filter("potential")), origins)[rows["identity"].to_numpy()]
    return np.asarray(removed | (relying & ~rows["own"].to_numpy(bool)))


def _origins(before: Posture, after: Posture, gone: Sequence[Removal]) -> np.ndarray:
    """Return the nodes at which removed or fallen edges and grants begin."""
    graph, parts = before.graph, []
    by_type: dict[Relationship, list[str]] = {}
    for rel, id_ in (pair for r in gone for pair in r.relationships):
        by_type.setdefault(rel, []).append(id_)
    things = [t for r in gone for t in r.things]
    for rel in (*CONTROL, CAN_ACCESS):
        frame = graph.frames[rel]
        at = frame["id"].isin(by_type.get(rel, [])) | frame["target_id"].isin(things)
        if at.any():
            parts.append(graph.ends(rel)[0][at.to_numpy(bool)])
    left = set(_proofs(after))
    fallen = [p[0] for p in _proofs(before) if p not in left]
    parts.append(graph.numbers(pd.Series(fallen, dtype="string")))
    return np.concatenate(parts)


def _proofs(posture: Posture) -> list[tuple[str, str, str, tuple[str, ...]]]:
    ids = posture.graph.ids
    return [
        (ids[p.source].as_py(), ids[p.target].as_py(), p.rule, p.support)
        for p in posture.escalated.proofs
    ]
