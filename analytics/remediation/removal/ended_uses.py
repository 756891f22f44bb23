"""Ended uses: the observed uses that a removal would end."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analytics.posture import MODES, Filter, Posture
from analytics.reach.network import Network
from analytics.reach.removal import Masked, reached, upstream
from analytics.remediation.removal.before_and_after import changed
from analytics.remediation.removal.what_if import Removal
from analytics.usage.logins import numbers_after
from analytics.usage.observed import uses
from graph.element import Relationship
from graph.schema import CAN_ACCESS, CONTROL

NO_PLACES = np.zeros(0, np.int64)


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
    return _once_each(rows[fails])


def ended_by_grants(posture: Posture, grants: np.ndarray) -> list[pd.DataFrame]:
    """Return for each grant (a row of CAN_ACCESS) the uses that fail without it alone; see `ended`.

    The estate is judged anew only for grants on which a derived edge rests: facts that are left may
    support it otherwise.
    """
    alone = _Alone(posture)
    return [alone.ended(row) for row in grants.tolist()]


class _Alone:
    """The uses of a posture, and its networks from which single grants are left out."""

    def __init__(self, posture: Posture) -> None:
        self.posture, self.rows = posture, uses(posture)
        self._masked = [_everybody(posture.network(Filter(mode))) for mode in MODES]
        self._could = [self._reached(masked, slice(None), NO_PLACES) for masked in self._masked]
        self._supports = {fact for proof in posture.escalated.proofs for fact in proof.support}
        granted = self.rows["relationship"] == CAN_ACCESS.name
        self._by_fact = self.rows["fact"].where(granted)

    def ended(self, row: int) -> pd.DataFrame:
        """Return the uses that fail without a grant."""
        posture = self.posture
        fact = str(posture.graph.frames[CAN_ACCESS]["id"].iloc[row])
        if fact in self._supports:
            gone = [Removal(fact, "", relationships=((CAN_ACCESS, fact),))]
            return ended(posture, changed(posture, gone), gone)
        holder = posture.graph.ends(CAN_ACCESS)[0][[row]]
        relying = upstream(posture.network(Filter("potential")), holder)
        asked = relying[self.rows["identity"].to_numpy()] & ~self.rows["own"].to_numpy(bool)
        at = np.flatnonzero(asked | (self._by_fact == fact).to_numpy(bool))
        grants = np.flatnonzero(posture.grants.row == row)
        fails = np.zeros(len(at), bool)
        for masked, could in zip(self._masked, self._could, strict=True):
            fails |= could[at] & ~self._reached(masked, at, grants)
        return _once_each(self.rows.iloc[at[fails]])

    def _reached(self, masked: Masked, at: np.ndarray | slice, grants: np.ndarray) -> np.ndarray:
        """Return a mask of the uses `at` whose target is within reach without some grants."""
        identity, thing, level = (
            self.rows[name].to_numpy()[at] for name in ("identity", "thing", "level")
        )
        return masked.holds(identity, thing, level, NO_PLACES, grants)


def _everybody(network: Network) -> Masked:
    return Masked(network, np.arange(network.nodes))


def _once_each(rows: pd.DataFrame) -> pd.DataFrame:
    """Return uses, the latest first, without those that another one reports."""
    rows = rows.sort_values(
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
