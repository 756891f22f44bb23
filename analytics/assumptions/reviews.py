"""Reviews up to one moment: the last approval of each node and grant, and decisions to revoke."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from graph.access import AccessGraph
from graph.instants import NEVER, milliseconds
from graph.once import once
from graph.schema import CAN_ACCESS, COVERS, REVIEW

APPROVE, REVOKE = "approve", "revoke"


@dataclass(frozen=True)
class Reviews:
    """Decisions up to one moment, in milliseconds since 1970, `NEVER` where there is none.

    `approved_thing` and `approved_grant` (int64, by number of node and by row of CAN_ACCESS) are
    the last approvals. `last_thing` and `last_grant` encode the last decision of any kind: twice
    its time, plus one if it was to revoke. That a source states when a grant was approved is a
    decision on it, in `last_grant` only.
    """

    approved_thing: np.ndarray
    approved_grant: np.ndarray
    last_thing: np.ndarray
    last_grant: np.ndarray


@once
def reviews(graph: AccessGraph) -> Reviews:
    """Return the reviewers' decisions up to the moment of `graph` (cached); later ones are ignored.

    A review without a date is ignored. Of a decision to revoke and another one at the same instant,
    the one to revoke wins.
    """
    nodes, grants = len(graph.ids), len(graph.frames[CAN_ACCESS])
    stated = approvals_stated(graph)
    approved = np.where(stated == NEVER, NEVER, 2 * np.where(stated == NEVER, 0, stated))
    if not len(graph.frames[COVERS]):
        never = np.full(nodes, NEVER)
        return Reviews(never, np.full(grants, NEVER), never, approved)
    rows = decisions(graph)
    general = rows[rows["grant_id"].isna()]
    on_thing = general["thing"].to_numpy(), general["at"].to_numpy(), general["decision"]
    single = on_grants(graph, rows[rows["grant_id"].notna()])
    on_grant = single["row"].to_numpy(), single["at"].to_numpy(), single["decision"]
    return Reviews(
        approved_thing=_approved(nodes, *on_thing),
        approved_grant=_approved(grants, *on_grant),
        last_thing=_last(nodes, *on_thing),
        last_grant=np.maximum(_last(grants, *on_grant), approved),
    )


def last_decision(
    graph: AccessGraph, identity: np.ndarray, holder: np.ndarray, grant: np.ndarray
) -> np.ndarray:
    """Return the last decision on access: on its grant, the holder of that, or the identity.

    It is encoded as in `Reviews`, so that odd numbers are decisions to revoke. `identity` and
    `holder` are numbers of nodes, `grant` rows of CAN_ACCESS. A decision from before the grant
    says nothing about it, and is left out.
    """
    by = reviews(graph)
    last = np.maximum(by.last_thing[identity], by.last_thing[holder])
    last = np.maximum(last, by.last_grant[grant])
    return np.where(last >> 1 < graph.grant_use[2][grant], NEVER, last)


@once
def approved_grants(graph: AccessGraph) -> np.ndarray:
    """Return when each grant was last approved (int64, milliseconds; cached), `NEVER` if never.

    By a review of that grant, or as its source states it.
    """
    return np.asarray(np.maximum(approvals_stated(graph), reviews(graph).approved_grant))


@dataclass(frozen=True)
class Approvals:
    """When each node and each grant was last approved (int64, milliseconds), `NEVER` if never.

    By `thing` (number of a node) and `grant` (row of CAN_ACCESS), as in `Reviews`.
    """

    thing: np.ndarray
    grant: np.ndarray

    def last(self, identity: np.ndarray, holder: np.ndarray, grant: np.ndarray) -> np.ndarray:
        """Return the last approval of access: of its grant, the holder of that or the identity."""
        thing = np.maximum(self.thing[identity], self.thing[holder])
        return np.asarray(np.maximum(self.grant[grant], thing))


@once
def given(graph: AccessGraph) -> Approvals:
    """Return the last approvals, whether they have ended or not (cached)."""
    return Approvals(reviews(graph).approved_thing, approved_grants(graph))


@once
def in_force(graph: AccessGraph) -> Approvals:
    """Return the last approvals that have not ended by now (cached)."""
    rows = _approving(graph)
    ended = (rows["ends"] != NEVER) & (rows["ends"] <= graph.now)
    return _approvals(graph, rows[~ended])


@once
def covering(graph: AccessGraph, period: int) -> Approvals:
    """Return from when the last approvals cover for a `period` (milliseconds; cached).

    One that ends before its period is over counts as one that was given as much earlier.
    """
    rows = _approving(graph)
    early = (rows["ends"] != NEVER) & (rows["ends"] - rows["at"] < period)
    return _approvals(graph, rows.assign(at=rows["at"].mask(early, rows["ends"] - period)))


@once
def ran_out(graph: AccessGraph) -> np.ndarray:
    """Return when the last approval of each node ended (int64, milliseconds; cached).

    `NEVER` for nodes that were never approved, or with an approval that has not ended.
    """
    rows = _approving(graph)
    ended = _approvals(graph, rows.assign(at=rows["ends"])).thing
    return np.where(in_force(graph).thing == NEVER, ended, NEVER)


def _approving(graph: AccessGraph) -> pd.DataFrame:
    rows = decisions(graph)
    return pd.DataFrame(rows[rows["decision"] == APPROVE])


def _approvals(graph: AccessGraph, rows: pd.DataFrame) -> Approvals:
    """Return the last of some approvals, and of those that sources state with a grant."""
    general, single = rows["grant_id"].isna(), rows[rows["grant_id"].notna()]
    of_grant, thing = approvals_stated(graph).copy(), np.full(len(graph.ids), NEVER)
    np.maximum.at(thing, rows["thing"][general], rows["at"][general])
    if len(single):
        named = on_grants(graph, single)
        np.maximum.at(of_grant, named["row"].to_numpy(), named["at"].to_numpy())
    return Approvals(thing, of_grant)


@once
def decisions(graph: AccessGraph) -> pd.DataFrame:
    """Return a row for each node or grant that a decision up to now covers (cached).

    Returns
    -------
    DataFrame
        `review` and `thing` (numbers of nodes), `at` and `ends` (when it no longer holds;
        milliseconds, `NEVER` without an end), `decision` and `grant_id` (null if it covers the
        node).
    """
    covers, decided = graph.frames[COVERS], graph.frames[REVIEW]
    review, thing = graph.ends(COVERS)
    at = np.full(len(graph.ids), NEVER)
    at[graph.numbers(decided["id"])] = milliseconds(decided["decided_at"])
    ends = np.full(len(graph.ids), NEVER)
    ends[graph.numbers(decided["id"])] = milliseconds(decided["expires_at"])
    decision = np.full(len(graph.ids), None, object)
    decision[graph.numbers(decided["id"])] = decided["decision"].to_numpy(object)
    rows = pd.DataFrame(
        {
            "review": review,
            "thing": thing,
            "at": at[review],
            "ends": ends[review],
            "decision": decision[review],
            "grant_id": covers["grant_id"],
        }
    )
    counted = (rows["at"] != NEVER) & (rows["at"] <= graph.now) & reviewed_by_others(graph)
    return rows[counted]


@once
def reviewed_by_others(graph: AccessGraph) -> np.ndarray:
    """Return a mask of the rows of COVERS in force, without approvals by what they cover (cached).

    What approves its own access is no reviewer; what asks for an end of its own access is heard.
    """
    decided = graph.frames[REVIEW]
    by = np.full(len(graph.ids), -1)
    approving = (decided["decision"] == APPROVE).fillna(False).to_numpy(bool)
    by[graph.numbers(decided["id"])] = np.where(approving, _named(graph, decided["decided_by"]), -1)
    review, thing = graph.ends(COVERS)
    return np.asarray(graph.in_force(COVERS) & (by[review] != thing))


def _named(graph: AccessGraph, ids: pd.Series) -> np.ndarray:
    """Return the numbers of people or things by any of their ids; -1 for whom no source states."""
    place, names = pd.factorize(ids)
    merged = graph.identities.canonical
    distinct = pd.Series([merged.get(name, name) for name in names], dtype="string")
    return np.append(graph.numbers(distinct), -1)[place]


def on_grants(graph: AccessGraph, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the `decisions` on single grants, with the `row` of CAN_ACCESS of each.

    They are matched by the id of the grant and its holder.
    """
    frame, (holder, _) = graph.frames[CAN_ACCESS], graph.ends(CAN_ACCESS)
    parts = []
    for column in ("grant_id", "id"):
        index = np.flatnonzero(frame[column].isin(rows["grant_id"]).to_numpy(bool))
        named = pd.DataFrame(
            {"row": index, "thing": holder[index], "grant_id": frame[column].iloc[index].array}
        )
        parts.append(rows.merge(named, on=["thing", "grant_id"]))
    return pd.concat(parts, ignore_index=True)


def approvals_stated(graph: AccessGraph) -> np.ndarray:
    """Return when each grant was last approved as its source states it, `NEVER` if it does not.

    That its holder approved it is no approval.
    """
    stated = milliseconds(graph.frames[CAN_ACCESS]["reviewed_at"])
    return np.where((stated <= graph.now) & ~approved_by_holder(graph), stated, NEVER)


@once
def approved_by_holder(graph: AccessGraph) -> np.ndarray:
    """Return a mask of the grants that their holder approved, as their source states (cached)."""
    by = _named(graph, graph.frames[CAN_ACCESS]["approved_by"])
    return np.asarray(by == graph.ends(CAN_ACCESS)[0])


def _approved(size: int, where: np.ndarray, at: np.ndarray, decision: pd.Series) -> np.ndarray:
    approved = np.full(size, NEVER)
    mask = (decision == APPROVE).to_numpy(bool)
    np.maximum.at(approved, where[mask], at[mask])
    return approved


def _last(size: int, where: np.ndarray, at: np.ndarray, decision: pd.Series) -> np.ndarray:
    last = np.full(size, NEVER)
    np.maximum.at(last, where, 2 * at + (decision == REVOKE).to_numpy(bool))
    return last
