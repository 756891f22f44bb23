"""Observed uses: who was lately seen using what, and which of these uses a removal would end."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analytics.logins import numbers_after
from analytics.ownership import DAY
from analytics.posture import MODES, UNUSED_DAYS, Filter, Posture
from analytics.reach.removal import reached, upstream
from analytics.reach.removing import NODE
from analytics.what_if import Removal
from graph.access import NEVER, milliseconds
from graph.element import Relationship
from graph.schema import CAN_ACCESS, CONTROL, LEVELS, TOOL, USE_EVENT, USED

ANY_LEVEL = -1
COLUMNS = ("identity", "thing", "level", "at", "relationship", "fact")
FAILED = ("failure", "denied", "error", "failed", "deny")


def uses(posture: Posture) -> pd.DataFrame:
    """Return every use that was seen within `UNUSED_DAYS` days, once for a posture.

    Returns
    -------
    DataFrame
        `identity` and `thing` (numbers of nodes), `level` (a position in `LEVELS`, or as
        `analytics.reach.removing.holds` has it), `at` (milliseconds), and the `relationship`
        (name of its type) and `fact` (id) that show it.
    """
    return posture.once(__name__, lambda: _uses(posture))  # type: ignore[no-any-return]


def _uses(posture: Posture) -> pd.DataFrame:
    parts = [_of_grants(posture), _of_edges(posture), _of_summaries(posture), _of_events(posture)]
    whole = pd.concat([p for p in parts if len(p)] or parts[:1], ignore_index=True)
    there = (whole["identity"] >= 0) & (whole["thing"] >= 0)
    return whole[there].reset_index(drop=True)


def _recent(posture: Posture, at: np.ndarray) -> np.ndarray:
    return np.asarray((at != NEVER) & (posture.graph.now - at <= UNUSED_DAYS * DAY))


def _frame(*columns: object) -> pd.DataFrame:
    return pd.DataFrame(dict(zip(COLUMNS, columns, strict=True)))


def _of_grants(posture: Posture) -> pd.DataFrame:
    grants, used = posture.grants, posture.grants.last_used
    given = grants.levels[:, None] >> np.arange(len(LEVELS)) & 1 == 1
    seen = given & (grants.row >= 0)[:, None] & _recent(posture, used)
    level, mine = np.nonzero(seen.T)
    fact = posture.graph.frames[CAN_ACCESS]["id"].to_numpy(object)[grants.row[mine]]
    ends = grants.holder[mine], grants.resource[mine]
    return _frame(*ends, level, used[mine, level], CAN_ACCESS.name, fact)


def _of_edges(posture: Posture) -> pd.DataFrame:
    """Return uses of control edges: what was used is the node that the edge leads to."""
    edges = posture.edges
    mine = np.flatnonzero((edges.row >= 0) & _recent(posture, edges.last_used))
    mine = mine[np.argsort(edges.kind[mine], kind="stable")]
    kinds, fact = edges.kind[mine], np.empty(len(mine), object)
    for kind in np.unique(kinds):
        ids = posture.graph.frames[CONTROL[kind]]["id"].to_numpy(object)
        fact[kinds == kind] = ids[edges.row[mine[kinds == kind]]]
    shown_by = pd.array([CONTROL[kind].name for kind in kinds.tolist()], dtype="str")
    level = NODE - edges.ceiling[mine].astype(np.int64)
    ends = edges.source[mine], edges.target[mine]
    return _frame(*ends, level, edges.last_used[mine], shown_by, fact)


def _of_summaries(posture: Posture) -> pd.DataFrame:
    frame, (who, what) = posture.graph.frames[USED], posture.graph.ends(USED)
    at = np.minimum(milliseconds(frame["last_at"]), posture.graph.now)
    rows = _frame(
        *(who, what, _levels(posture, frame, what), at, USED.name, frame["id"].to_numpy(object))
    )
    return rows[_recent(posture, at)]


def _of_events(posture: Posture) -> pd.DataFrame:
    frame, graph = posture.graph.frames[USE_EVENT], posture.graph
    frame = frame[~frame["outcome"].str.lower().isin(FAILED).fillna(False).to_numpy(bool)]
    who, what = graph.numbers(frame["principal"]), graph.numbers(frame["resource"])
    at = np.minimum(milliseconds(frame["at"]), graph.now)
    level = _levels(posture, frame, what)
    rows = _frame(who, what, level, at, USE_EVENT.name, frame["id"].to_numpy(object))
    rows = rows[_recent(posture, at)].sort_values("at", ascending=False)
    return rows.drop_duplicates(["identity", "thing", "level"])


def _levels(posture: Posture, frame: pd.DataFrame, what: np.ndarray) -> np.ndarray:
    """Return the level of each use; a tool has none, and is used by being called."""
    level = pd.Index(LEVELS).get_indexer(pd.Index(frame["level"].astype(object)))
    return np.where(posture.graph.has_label(TOOL)[what], NODE, level).astype(np.int64)


# -- what a removal ends -----------------------------------------------------------------------


def ended(before: Posture, after: Posture, gone: Sequence[Removal]) -> pd.DataFrame:
    """Return the uses of `before` that would fail `after` a removal, the latest first.

    A use fails if what was used was within reach, standing or after activation, and is not any
    longer. The use of an edge that stays cannot fail. A row has the columns of `uses`.
    """
    rows = uses(before)
    rows = rows[_in_question(before, after, gone, rows)]
    who, what = rows["identity"].to_numpy(), rows["thing"].to_numpy()
    level = rows["level"].to_numpy()
    number = numbers_after(before.graph, after.graph)
    there = (number[who] >= 0) & (number[what] >= 0)
    fails = np.zeros(len(rows), bool)
    for mode in MODES:
        could = reached(before.network(Filter(mode)), who, what, level)
        can = np.zeros(len(rows), bool)
        can[there] = reached(
            after.network(Filter(mode, moved=False)),
            number[who[there]],
            number[what[there]],
            level[there],
        )
        fails |= could & ~can
    rows = rows[fails].sort_values(["at", "identity", "thing"], ascending=[False, True, True])
    return rows.drop_duplicates(["identity", "thing", "level"]).reset_index(drop=True)


def _in_question(
    before: Posture, after: Posture, gone: Sequence[Removal], rows: pd.DataFrame
) -> np.ndarray:
    """Return which uses might fail: those of removed edges, and what relied on them unseen."""
    links = {(rel.name, one) for r in gone for rel, one in r.relationships}
    things = np.array([before.graph.number(t) for r in gone for t in r.things], np.int64)
    facts = pd.MultiIndex.from_frame(rows[["relationship", "fact"]])
    removed = facts.isin(list(links)) if links else np.zeros(len(rows), bool)
    removed |= np.isin(rows["identity"], things) | np.isin(rows["thing"], things)
    origins = np.unique(np.concatenate([things, _origins(before, after, gone)]).astype(np.int64))
    relying = upstream(before.network(Filter("potential")), origins)[rows["identity"].to_numpy()]
    shown = rows["relationship"].isin([USED.name, USE_EVENT.name]).to_numpy(bool)
    return np.asarray(removed | (relying & shown))


def _origins(before: Posture, after: Posture, gone: Sequence[Removal]) -> np.ndarray:
    """Return the nodes at which removed or fallen edges and grants begin."""
    graph, parts = before.graph, []
    by_type: dict[Relationship, list[str]] = {}
    for rel, one in (pair for r in gone for pair in r.relationships):
        by_type.setdefault(rel, []).append(one)
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
