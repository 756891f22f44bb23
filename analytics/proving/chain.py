"""The chain of an identity in a window: what was granted, decided, done and reviewed, in order."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.assumptions.entitlements import held_grants
from analytics.assumptions.reviews import decisions as reviewed
from analytics.assumptions.reviews import on_grants
from analytics.evidence.decisions import decisions
from analytics.evidence.matching import uses
from analytics.evidence.window import Window
from analytics.evidence.within import within
from analytics.posture import Posture
from analytics.usage.actors import actors
from graph.instants import NEVER, millisecond, milliseconds
from graph.schema import CAN_ACCESS, DECISION_RECORD, USE_EVENT
from graph.usage.outcomes import failed

GRANT, REVIEW, DECISION, USE = "grant", "review", "decision", "use"
ORDER = (GRANT, REVIEW, DECISION, USE)  # of what has the same instant


@dataclass(frozen=True)
class Links:
    """The entries of a chain, in the order of time.

    `rows` has `at` (milliseconds), `kind`, `id` and `place`: a row of `uses`, of the decision
    records, of the reviews' decisions, or of CAN_ACCESS. `unplaced` has `at`, `kind` and `id` of
    the decisions and uses of a `resource` (an id) that no source states. `undated` counts the
    grants of which no source says when they were given.
    """

    rows: pd.DataFrame
    uses: pd.DataFrame
    records: pd.DataFrame
    reviews: pd.DataFrame
    unplaced: pd.DataFrame
    undated: int


def links(posture: Posture, identity: int, since: pd.Timestamp, until: pd.Timestamp) -> Links:
    """Return what concerns an identity (a number) from `since` on and before `until`."""
    start, end = (millisecond(at) for at in (since, until))
    granted, holders = _access(posture, identity)
    acted = within(posture, uses(posture), Window(since, until))[1].reset_index(drop=True)
    indexed = decisions(posture)
    records, reviews = indexed.frame, _reviews(posture, holders)
    decided = np.unique(indexed.record[indexed.actor == identity])
    grants, given = posture.graph.frames[CAN_ACCESS], posture.graph.grant_use[2]
    own = np.flatnonzero((acted["identity"] == identity).to_numpy(bool))
    ids = posture.graph.ids.to_pandas().to_numpy(object)
    parts = [
        _part(GRANT, granted, given, grants["id"]),
        _part(REVIEW, np.arange(len(reviews)), reviews["at"], ids[reviews["review"]]),
        _part(DECISION, decided, milliseconds(records["at"]), records["id"]),
        _part(USE, own, acted["at"], acted["id"]),
    ]
    rows = _within(pd.concat(parts, ignore_index=True), start, end)
    unplaced = _within(_unplaced(posture, identity), start, end)
    undated = int((given[granted] == NEVER).sum())
    return Links(rows, acted, records, reviews, unplaced, undated)


def _within(rows: pd.DataFrame, start: int, end: int) -> pd.DataFrame:
    """Return the rows from `start` on and before `end` (milliseconds), in the order of time."""
    rows = rows[(rows["at"] != NEVER) & (rows["at"] >= start) & (rows["at"] < end)]
    order = ["at", "rank", "id"]
    rows = rows.assign(rank=rows["kind"].map(ORDER.index)).sort_values(order, kind="stable")
    return pd.DataFrame(rows.drop(columns="rank").reset_index(drop=True))


def _unplaced(posture: Posture, identity: int) -> pd.DataFrame:
    """Return the decisions and uses of an identity that name a resource no source states."""
    made, seen = posture.graph.frames[DECISION_RECORD], posture.graph.frames[USE_EVENT]
    by = actors(posture)
    named, other = (by.of(posture.graph.numbers(made[end])) for end in ("subject", "identity"))
    ends = (
        posture.graph.numbers(seen[end]).astype(np.int64) for end in ("principal", "credential")
    )
    parts = []
    for kind, frame, actor, tried in (
        (DECISION, made, np.where(named >= 0, named, other), np.zeros(len(made), bool)),
        (USE, seen, by.of(*ends), failed(seen["outcome"])),
    ):
        at = milliseconds(frame["at"])
        lost = (posture.graph.numbers(frame["resource"]) < 0) & (actor == identity)
        lost &= ~tried & (at <= posture.graph.now)
        columns = {"at": at, "id": frame["id"].array, "resource": frame["resource"].array}
        parts.append(pd.DataFrame(columns | {"kind": kind})[lost])
    rows: pd.DataFrame = pd.concat(parts, ignore_index=True).drop_duplicates()
    return rows


def _part(kind: str, places: np.ndarray, at: object, ids: object) -> pd.DataFrame:
    columns = {"at": np.asarray(at, np.int64)[places], "id": np.asarray(ids, object)[places]}
    return pd.DataFrame(columns | {"kind": kind, "place": places})


def _access(posture: Posture, identity: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the grants (rows) that an identity has or had, and the nodes that hold them.

    They are its own, those of the accounts and credentials that only it acts by, and those that it
    may use by a role or a group that others have, too.
    """
    acting = actors(posture).of(np.arange(len(posture.graph.ids)))
    holder, _ = posture.graph.ends(CAN_ACCESS)
    alone = np.union1d(np.flatnonzero(acting == identity), [identity])
    shared = held_grants(posture, identity)
    grants = np.union1d(np.flatnonzero(np.isin(holder, alone)), shared)
    return grants, np.union1d(alone, holder[shared])


def _reviews(posture: Posture, holders: np.ndarray) -> pd.DataFrame:
    """Return the reviewers' decisions on nodes and on single grants of these."""
    rows = reviewed(posture.graph)
    rows = rows[rows["thing"].isin(holders)]
    single = on_grants(posture.graph, rows[rows["grant_id"].notna()])
    general = rows[rows["grant_id"].isna()]
    columns = ["review", "thing", "at", "decision", "grant_id"]
    return pd.concat([general[columns], single[columns]], ignore_index=True)
