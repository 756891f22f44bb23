"""Measures of past reviews: approvals against the evidence, and revokes that left residue."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.assumptions.entitlements import usual_entitlements
from analytics.assumptions.reviews import APPROVE, REVOKE, decisions, on_grants, reviews
from analytics.findings.evaluation import find_all
from analytics.findings.rules import all_rules
from analytics.posture import UNUSED_DAYS, Posture
from analytics.usage.idle_access import window_starts
from graph.instants import DAY, NEVER
from graph.schema import CAN_ACCESS


@dataclass(frozen=True)
class AgainstEvidence:
    """Approved grants by what was known of their use when they were approved, each once a decision.

    `used` lately; `unused` though watched; `unwatched`, so that nobody could know; and `unknown`,
    where a later use hides what was before.
    """

    used: int
    unused: int
    unwatched: int
    unknown: int


def against_evidence(posture: Posture) -> AgainstEvidence:
    """Return what was known of the use of grants that were approved."""
    graph = posture.graph
    approved = decisions(graph)
    approved = approved[approved["decision"] == APPROVE]
    pairs = _on_rows(posture, approved)
    row, at = pairs["row"].to_numpy(np.int64), pairs["at"].to_numpy(np.int64)
    frame, (telemetry, _, granted) = graph.frames[CAN_ACCESS], graph.grant_use
    last = posture.activity.grant_latest[row].max(axis=1, initial=NEVER)
    begun = np.maximum(granted[row], window_starts(posture, frame.iloc[row]))
    seen, hidden = telemetry[row].astype(bool), last > at
    idle = at - np.maximum(last, begun) > UNUSED_DAYS * DAY
    idle &= np.maximum(last, begun) != NEVER
    used = ~hidden & (last != NEVER) & (at - last <= UNUSED_DAYS * DAY)
    unused = ~hidden & ~used & seen & idle
    unwatched = ~hidden & ~used & ~seen
    known = used | unused | unwatched
    return AgainstEvidence(*(int(mask.sum()) for mask in (used, unused, unwatched, ~known)))


def _on_rows(posture: Posture, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the decisions with each grant (`row`) that they cover, once.

    One from before a grant says nothing of it.
    """
    graph = posture.graph
    general = rows[rows["grant_id"].isna()]
    holder = graph.ends(CAN_ACCESS)[0]
    units = usual_entitlements(posture)
    of_holder = pd.DataFrame({"thing": holder, "row": np.arange(len(holder))})
    used = pd.DataFrame({"thing": units.identity, "row": units.grant}).drop_duplicates()
    every = pd.concat([of_holder, used]).drop_duplicates()
    single = on_grants(graph, rows[rows["grant_id"].notna()])
    parts = [general.merge(every, on="thing"), single]
    pairs = pd.concat(parts).drop_duplicates(["review", "row"])[["review", "row", "at"]]
    granted = graph.grant_use[2][pairs["row"].to_numpy(np.int64)]
    return pd.DataFrame(pairs[granted <= pairs["at"].to_numpy(np.int64)])


@dataclass(frozen=True)
class Revoked:
    """Decisions to revoke that stand: how many, and which of them were not carried out.

    `left` counts those with residue; `findings` are the ids of the findings on what is left.
    """

    count: int
    left: int
    findings: tuple[str, ...]


def revoked(posture: Posture) -> Revoked:
    """Return what became of the decisions to revoke that no later decision replaces."""
    graph, latest = posture.graph, reviews(posture.graph)
    rows = decisions(graph)
    rows = rows[rows["decision"] == REVOKE]
    general = rows[rows["grant_id"].isna()]
    code = 2 * general["at"].to_numpy(np.int64) + 1
    general = general[latest.last_thing[general["thing"]] == code]
    named = rows[rows["grant_id"].notna()]
    single = on_grants(graph, named)
    replaced = latest.last_grant[single["row"]] != 2 * single["at"].to_numpy(np.int64) + 1
    named = named[~named["review"].isin(single["review"][replaced])]
    single = single[~replaced]
    findings = find_all(posture)
    unapplied = [rule.id for rule in all_rules().values() if rule.unapplied]
    findings = findings[findings["rule"].isin(unapplied)]
    facts = {fact for evidence in findings["evidence"] for fact in evidence}
    frame, holder = graph.frames[CAN_ACCESS], graph.ends(CAN_ACCESS)[0]
    alive = np.flatnonzero(frame["id"].isin(facts).to_numpy(bool))
    things = {*holder[alive].tolist(), *findings["subject"].tolist()}
    left = set(single["review"][single["row"].isin(alive)])
    left |= set(general["review"][general["thing"].isin(things)])
    count = len({*general["review"], *named["review"]})
    return Revoked(count, len(left), tuple(findings["id"].tolist()))
