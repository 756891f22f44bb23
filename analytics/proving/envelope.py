"""Envelopes of an instant: what somebody had approved for an identity by then.

What was decided between the reading that gave the access and the instant is in the next one only.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.assumptions.families.scope import scopes_of
from analytics.assumptions.reviews import (
    APPROVE,
    approved_by_holder,
    decisions,
    last_decision,
    on_grants,
    reviews,
)
from analytics.changes.drift.baseline import limits, listings
from analytics.coverage import stated_by
from analytics.lineage.approvals import YES as INSIDE
from analytics.lineage.approvals import declared
from analytics.posture import Posture
from analytics.proving.entitlement import NO, UNKNOWN, YES, AccessPath
from analytics.proving.moments import Moments, numbers_in
from analytics.proving.readings import Reading
from analytics.residue import ended_at
from graph.access import AccessGraph
from graph.instants import LATER, NEVER, milliseconds
from graph.once import once
from graph.schema import CAN_ACCESS, FACT_NODES, LEVELS, REVIEW
from graph.values import iso, strict_json

REVOKED, ENDED, SCOPE, LIST, APPROVALS = "revoked", "ended", "scope", "list", "approvals"
OF_APPROVALS = LIST, APPROVALS


@dataclass(frozen=True)
class Approval:
    """Somebody's approval of the access: `on` is the grant, its holder or the identity.

    `fact` is the id of the review or of the grant that states it. It holds until `ends`, if any.
    """

    on: str
    by: str | None
    at: int
    fact: str
    ends: int = NEVER


@dataclass(frozen=True)
class Envelope:
    """Whether the access was within what was approved, with the approvals, the latest first.

    `scope` is the scope declared for the identity, as its source has it; None without one. `by` is
    what decides the state.
    """

    state: str
    because: str | None
    approvals: tuple[Approval, ...]
    scope: object
    by: str = APPROVALS


@dataclass(frozen=True)
class Given:
    """What gives an access: a grant (a row, -1 for none), and the node (a number) that has it."""

    row: int
    holder: int


def envelope_of(
    known: Moments, identity: int, resource: int, level: int | None, path: AccessPath | None
) -> Envelope:
    """Return what was approved of an access (numbers in `known.latest`), and of the path to it.

    It is judged in the reading that gave the access, and by what the next one adds.
    """
    reading = path.reading if path is not None else next(iter(known), known.latest)
    first = _envelope_in(reading, known, identity, resource, level, path)
    if first is None:
        return Envelope(UNKNOWN, "no snapshot of then has both", (), None)
    if reading is not known.before or known.after is None:
        return first[0]
    following = _envelope_in(known.after, known, identity, resource, level, path)
    return _with_next(first[0], *following) if following is not None else first[0]


def _envelope_in(
    reading: Reading,
    known: Moments,
    identity: int,
    resource: int,
    level: int | None,
    path: AccessPath | None,
) -> tuple[Envelope, Given] | None:
    """Judge the envelope in a reading, and what gives the access there; None without its ends."""
    of_identity = numbers_in(reading, known, identity)
    of_resource = numbers_in(reading, known, resource)
    if not of_identity or not of_resource:
        return None
    given = _given_in(reading.posture, path, of_identity[0])
    return _envelope(reading.posture, of_identity[0], of_resource[0], level, given), given


def _given_by(path: AccessPath) -> Given:
    """Return what a path ends with, in the posture of its reading."""
    grants = path.posture.grants
    return Given(int(grants.row[path.grant]), int(grants.holder[path.grant]))


def _given_in(posture: Posture, path: AccessPath | None, identity: int) -> Given:
    """Return the grant of a path, also in another posture; without it there, the identity alone.

    One without an id of its own is known by its ends, if it is the only one between them.
    """
    by = _given_by(path) if path is not None else Given(-1, identity)
    if path is None or path.posture is posture:
        return by
    if by.row < 0:
        return Given(-1, identity)
    frame = posture.graph.frames[CAN_ACCESS]
    own = path.posture.graph.frames[CAN_ACCESS].iloc[by.row]
    rows = np.flatnonzero((frame["id"] == own["id"]).to_numpy(bool))
    if not len(rows) and pd.isna(own["grant_id"]):
        same = (frame[name] == own[name] for name in ("source_id", "target_id"))
        rows = np.flatnonzero(np.logical_and.reduce([mask.to_numpy(bool) for mask in same]))
    if len(rows) != 1:
        return Given(-1, identity)
    return Given(int(rows[0]), int(posture.graph.ends(CAN_ACCESS)[0][rows[0]]))


def _with_next(first: Envelope, following: Envelope, given: Given) -> Envelope:
    """Return what two readings say together; the next one knows what was decided in between.

    A decision to revoke, an end, a list of what is approved, and an approval that the first one
    lacks are in the next one with their dates, if it has what was `given`. A scope has none: the
    first one counts.
    """
    if following.by == ENDED:
        return following if following.state == NO or first.state == YES else first
    if given.row < 0:
        return first
    if REVOKED in (first.by, following.by):
        return following
    if first.by not in OF_APPROVALS or following.by not in OF_APPROVALS:
        return first
    lacks = first.state != YES and following.state == YES
    return following if lacks or following.by == LIST else first


def _envelope(
    posture: Posture, identity: int, resource: int, level: int | None, given: Given
) -> Envelope:
    """Return what was approved of an access of a posture, and of what gave it."""
    graph, row, holder = posture.graph, given.row, given.holder
    scope = _scope(posture, identity)
    rows = _decided(posture, identity, holder, row)
    approvals = tuple(_approvals(posture, rows, identity, row))
    if _is_revoked(graph, identity, holder, row):
        because = "the last review decided to revoke it"
        return Envelope(NO, because, approvals, scope, REVOKED)
    ended = _ended(posture, row)
    state, because_ended = (NO, ended) if ended else _identity_ended(posture, identity)
    if state != YES:
        return Envelope(state, because_ended, approvals, scope, ENDED)
    levels = np.arange(len(LEVELS)) if level is None else np.array([level])
    asked = np.full(len(levels), resource), levels
    if identity in scopes_of(posture):
        if (declared(posture, np.full(len(levels), identity), *asked) == INSIDE).any():
            return Envelope(YES, None, approvals, scope, SCOPE)
        return Envelope(NO, "it is outside the declared scope", approvals, scope, SCOPE)
    approved = [each for each in approvals if _covers(graph, asked, each, identity, holder)]
    if not approved and limits(graph).keys() & {identity, holder}:
        return Envelope(NO, "it is outside what its last review lists", approvals, scope, LIST)
    return Envelope(*_by_approvals(posture, identity, row, approved), approvals, scope)


def _by_approvals(
    posture: Posture, identity: int, row: int, approved: list[Approval]
) -> tuple[str, str | None]:
    """Judge without a declared scope; an approval is of what there was when it was given."""
    graph = posture.graph
    granted = int(graph.grant_use[2][row]) if row >= 0 else NEVER
    dated = [each for each in approved if each.at != NEVER and each.at >= granted]
    if any(each.ends == NEVER or each.ends > graph.now for each in dated):
        return YES, None
    if any(each.at == NEVER for each in approved):
        return UNKNOWN, "it was approved at a time that nobody states"
    if dated:
        end = pd.Timestamp(max(each.ends for each in dated), unit="ms", tz="UTC")
        return NO, f"no scope is declared, and its approval had ended at {iso(end)}"
    if stated_by(graph, "scope")[identity] or stated_by(graph, "reviews")[identity]:
        return NO, "no scope is declared, and nobody approved it"
    return UNKNOWN, "no source states scopes or reviews of it"


def _is_revoked(graph: AccessGraph, identity: int, holder: int, row: int) -> bool:
    """Return whether the last decision on the access was to revoke it, as debt has it."""
    if row < 0:
        last = reviews(graph).last_thing[[identity, holder]].max()
    else:
        ends = (np.array([number]) for number in (identity, holder, row))
        (last,) = last_decision(graph, *ends)
    return bool(last & 1)


def _ended(posture: Posture, row: int) -> str | None:
    """Return why the term of a grant was over by the moment of a posture; None if it was not."""
    grant = posture.graph.frames[CAN_ACCESS].iloc[row] if row >= 0 else None
    for name, words in (("expires_at", "the grant"), ("task_ended_at", "the task of the grant")):
        if grant is not None and pd.notna(grant[name]) and grant[name] <= posture.graph.as_of:
            return f"{words} had ended at {iso(grant[name])}"
    return None


def _identity_ended(posture: Posture, identity: int) -> tuple[str, str | None]:
    """Return whether the identity itself was there still at the moment of a posture, or why not.

    One that ended without a date had ended if a reading of the moment or before shows it so.
    """
    at = int(ended_at(posture)[identity])
    if at == LATER:
        return YES, None
    if at != NEVER:
        return NO, f"the identity had ended at {iso(pd.Timestamp(at, unit='ms', tz='UTC'))}"
    if posture.graph.looks_back:
        return UNKNOWN, "the identity ended at a time that nobody states"
    return NO, "the identity had ended"


def _scope(posture: Posture, identity: int) -> object:
    graph = posture.graph
    label = FACT_NODES[graph.labels[identity]]
    if not label.has("declared_scope"):
        return None
    frame = graph.frames[label]
    texts = frame["declared_scope"][frame["id"] == str(graph.ids[identity])].dropna()
    return strict_json(texts.iloc[0]) if len(texts) else None


def _decided(posture: Posture, identity: int, holder: int, row: int) -> pd.DataFrame:
    """Return the reviewers' decisions on the identity, the holder of the grant, and the grant."""
    graph = posture.graph
    rows = decisions(graph)
    general = rows[rows["grant_id"].isna() & rows["thing"].isin([identity, holder])]
    single = _on_single_grants(graph)
    return pd.concat([general, single[single["row"] == row]], ignore_index=True)


@once
def _on_single_grants(graph: AccessGraph) -> pd.DataFrame:
    """Return the reviewers' decisions on single grants, with their rows (cached)."""
    rows = decisions(graph)
    return on_grants(graph, rows[rows["grant_id"].notna()])


def _approvals(posture: Posture, rows: pd.DataFrame, identity: int, row: int) -> list[Approval]:
    graph, made = posture.graph, []
    reviews = graph.frames[REVIEW].drop_duplicates("id").set_index("id")
    for each in rows[rows["decision"] == APPROVE].to_dict("records"):
        id_ = str(graph.ids[each["review"]])
        by = reviews["decided_by"].get(id_)
        on = "grant" if isinstance(each["grant_id"], str) else "holder"
        on = "identity" if on == "holder" and each["thing"] == identity else on
        made.append(
            Approval(
                on, by if isinstance(by, str) else None, int(each["at"]), id_, int(each["ends"])
            )
        )
    made += _of_grant(posture, row)
    return sorted(made, key=lambda each: (-each.at, each.on, each.fact))


def _of_grant(posture: Posture, row: int) -> list[Approval]:
    """Return the approval that a grant itself states, if it does."""
    if row < 0 or approved_by_holder(posture.graph)[row]:
        return []
    grant = posture.graph.frames[CAN_ACCESS].iloc[row]
    at = int(milliseconds(pd.Series([grant["reviewed_at"]], dtype="datetime64[ms, UTC]"))[0])
    by = grant["approved_by"]
    if not isinstance(by, str) and at == NEVER:
        return []
    return [Approval("grant", by if isinstance(by, str) else None, at, str(grant["id"]))]


def _covers(
    graph: AccessGraph,
    asked: tuple[np.ndarray, np.ndarray],
    approval: Approval,
    identity: int,
    holder: int,
) -> bool:
    """Return whether an approval of a node covers what is asked: all, or what a list has of it.

    The list is its own, or the last one of the node if that replaces it.
    """
    if approval.on == "grant":
        return True
    node = identity if approval.on == "identity" else holder
    lists = listings(graph).get(approval.fact), limits(graph).get(node)
    return all(each is None or bool(each.allows(graph, *asked).any()) for each in lists)
