"""Envelopes of an instant: what somebody had approved for an identity by then."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.assumptions.families.scope import scopes_of
from analytics.assumptions.reviews import APPROVE, decisions, last_decision, on_grants, reviews
from analytics.changes.drift.baseline import listings
from analytics.coverage import stated_by
from analytics.lineage.approvals import YES as INSIDE
from analytics.lineage.approvals import declared
from analytics.posture import Posture
from analytics.proving.entitlement import NO, UNKNOWN, YES, AccessPath
from graph.access import AccessGraph
from graph.instants import NEVER, milliseconds
from graph.schema import CAN_ACCESS, FACT_NODES, LEVELS, REVIEW
from graph.values import iso, strict_json


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

    `scope` is the scope declared for the identity, as its source has it; None without one.
    """

    state: str
    because: str | None
    approvals: tuple[Approval, ...]
    scope: object


def envelope(
    posture: Posture, identity: int, resource: int, level: int | None, path: AccessPath | None
) -> Envelope:
    """Return what was approved of an access of a posture; `path` is the one that gave it."""
    graph = posture.graph
    scope = _scope(posture, identity)
    row = int(posture.grants.row[path.grant]) if path is not None else -1
    holder = int(posture.grants.holder[path.grant]) if path is not None else identity
    rows = _decided(posture, identity, holder, row)
    approvals = tuple(_approvals(posture, rows, identity, row))
    if _is_revoked(graph, identity, holder, row):
        return Envelope(NO, "the last review decided to revoke it", approvals, scope)
    ended = _ended(posture, row)
    if ended is not None:
        return Envelope(NO, ended, approvals, scope)
    levels = np.arange(len(LEVELS)) if level is None else np.array([level])
    asked = np.full(len(levels), resource), levels
    if identity in scopes_of(posture):
        if (declared(posture, np.full(len(levels), identity), *asked) == INSIDE).any():
            return Envelope(YES, None, approvals, scope)
        return Envelope(NO, "it is outside the declared scope", approvals, scope)
    approved = [each for each in approvals if _covers(graph, asked, each)]
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
    single = on_grants(graph, rows[rows["grant_id"].notna()])
    single = single[single["row"] == row]
    return pd.concat([general, single], ignore_index=True)


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
    if row < 0:
        return []
    grant = posture.graph.frames[CAN_ACCESS].iloc[row]
    at = int(milliseconds(pd.Series([grant["reviewed_at"]], dtype="datetime64[ms, UTC]"))[0])
    by = grant["approved_by"]
    if not isinstance(by, str) and at == NEVER:
        return []
    return [Approval("grant", by if isinstance(by, str) else None, at, str(grant["id"]))]


def _covers(graph: AccessGraph, asked: tuple[np.ndarray, np.ndarray], approval: Approval) -> bool:
    """Return whether an approval covers what is asked; one with a list covers what it lists."""
    baseline = listings(graph).get(approval.fact) if approval.on != "grant" else None
    return baseline is None or bool(baseline.allows(graph, *asked).any())
