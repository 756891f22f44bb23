"""Replay of policies: who would be denied, which used access would break, and the opposite."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analytics.answers.shape import cut
from analytics.answers.table import Kind, Table, as_json, instants, objects
from analytics.debt.owed import debt_of
from analytics.debt.totals import total
from analytics.engines.policy_set import ALLOW, DENY, ESCALATE, OUTCOMES, PolicySet
from analytics.evidence.matching import evidence
from analytics.policies.judging import NOT_ASKED, Judged
from analytics.policies.replay import (
    Replayed,
    by_identity,
    deciding,
    errors,
    pairs,
    replayed,
    totals,
)
from analytics.posture import Posture

PAIR = {"resource": Kind.NODE, "level": Kind.LEVEL}
ENDS = {"identity": Kind.NODE, "resource": Kind.NODE}
WOULD = ("would_allow", "would_deny", "would_escalate", "unknown", "not_evaluated", "not_judged")
RECORDED = ("allow", "deny", "escalate")
EARLY = (
    "{:,} uses and {:,} decisions are from before the earliest snapshot, and were judged with it: "
    "its posture is not that of their time."
)
ABSENT = (
    "{:,} uses and {:,} decisions are about things that the snapshot of their time does not have: "
    "policies that need a fact of them have an error."
)
QUIET = "{:,} of {:,} accountable identities have no recorded use: nothing is told of them."


@dataclass(frozen=True)
class Replay:
    """What a policy set says of the recorded uses and decisions; see `replay`.

    `identities` has `identity` (a node), `uses`, the counts of `WOULD`, `debt`, `debt_refused`, and
    the lists `broken_but_used` and `needs_approval` of access, each with `resource` (a node),
    `level`, `action`, `uses`, `explained`, `last_used_at`, `policies` and `debt`. `now_refused` and
    `now_allowed` have `decision` (an id), `at`, `identity`, `resource` (nodes), `action`, `outcome`
    and `policies`. `policies` has `id`, `file`, `effect`, `escalates`, `template`, `uses`,
    `decisions` and `errors`. `errors` has `policy`, `message`, `uses` and `decisions`. `snapshots`
    has `id`, `taken_at`, `uses` and `decisions`.
    """

    engine: str
    version: str
    identities: Table
    uses: dict[str, int]
    decisions: dict[str, Any]
    debt: dict[str, float | None]
    now_refused: Table
    now_allowed: Table
    policies: Table
    never_decided: list[str]
    errors: Table
    snapshots: Table
    notes: list[str]
    left_out: int


def replay(posture: Posture, policies: PolicySet, limit: int = 0) -> Replay:
    """Return what would have come of the recorded uses and decisions under a policy set.

    Each list is cut at `limit`; identities come in the order of the uses that would be denied.
    """
    of = replayed(posture, policies)
    broken = pairs(posture, of, DENY)
    owed = total(debt_of(posture))
    lists = {
        "identities": _identities(posture, of, broken),
        "now_refused": _changed(posture, of, "allow", (DENY, ESCALATE)),
        "now_allowed": _changed(posture, of, "deny", (ALLOW,)),
        "policies": _policies(of),
        "errors": _errors(of),
        "snapshots": _snapshots(of),
    }
    shown = {name: cut(frame, limit) for name, (frame, _) in lists.items()}
    rows = lists["policies"][0]
    never = (rows["uses"] + rows["decisions"] == 0) & ~rows["template"]
    return Replay(
        engine=policies.engine,
        version=policies.version,
        uses=_uses(posture, of),
        decisions=_decisions(of),
        debt={
            "refused": float(broken["debt"].sum()) if owed.known else None,
            "of": owed.debt if owed.known else None,
        },
        never_decided=[str(name) for name in rows["id"][never]],
        notes=_notes(posture, of),
        left_out=sum(left for _, left in shown.values()),
        **{
            name: Table(shown[name][0].reset_index(drop=True), posture.graph.things, kinds)
            for name, (_, kinds) in lists.items()
        },
    )


Rows = tuple[pd.DataFrame, dict[str, Kind]]


def _identities(posture: Posture, of: Replayed, broken: pd.DataFrame) -> Rows:
    numbers, counts = by_identity(of.uses)
    debt = debt_of(posture)
    owed = pd.Series(np.where(debt.known, debt.debt.sum(axis=1), np.nan), debt.identities)
    frame = pd.DataFrame({"identity": numbers, "uses": counts.sum(axis=1)})
    for at, name in enumerate(WOULD):
        frame[name] = counts[:, at]
    frame["debt"] = owed.reindex(numbers).to_numpy(float)
    refused = broken.groupby("identity")["debt"].sum().reindex(numbers).fillna(0.0)
    frame["debt_refused"] = np.where(frame["debt"].isna(), np.nan, refused.to_numpy(float))
    for name, rows in (
        ("broken_but_used", broken),
        ("needs_approval", pairs(posture, of, ESCALATE)),
    ):
        lists = _lists(posture, of, rows)
        frame[name] = objects([lists.get(number, []) for number in numbers.tolist()])
    order = ["would_deny", "would_escalate", "unknown", "uses"]
    return frame.sort_values(order, ascending=False, kind="stable"), {"identity": Kind.NODE}


def _lists(posture: Posture, of: Replayed, rows: pd.DataFrame) -> dict[int, list[dict[str, Any]]]:
    """Return the used access in `rows` of each identity, most used first, as plain data."""
    rows = rows.sort_values(["uses", "last"], ascending=False, kind="stable")
    names = [
        _named(of, {at for v in verdicts for at in of.uses.verdicts[v].reasons})
        for verdicts in rows["verdicts"]
    ]
    columns = {
        "resource": rows["resource"].to_numpy(np.int64),
        "level": rows["level"].to_numpy(np.int64),
        "action": rows["action"].array,
        "uses": rows["uses"].array,
        "explained": rows["explained"].array,
        "last_used_at": instants(rows["last"]).array,
        "policies": objects(names),
        "debt": rows["debt"].array,
    }
    made = as_json(Table(pd.DataFrame(columns), posture.graph.things, PAIR))
    lists: dict[int, list[dict[str, Any]]] = {}
    for number, row in zip(rows["identity"].tolist(), made, strict=True):
        lists.setdefault(number, []).append(row)
    return lists


def _named(of: Replayed, positions: set[int]) -> list[str]:
    """Return the ids of policies; none decided where nothing permits."""
    return [of.policies.policies[at].id for at in sorted(positions)]


def _uses(posture: Posture, of: Replayed) -> dict[str, int]:
    counts = totals(of.uses)
    return {
        "of": int(counts.sum()),
        "judged": int(counts[: len(OUTCOMES)].sum()),
        **{name: int(count) for name, count in zip(WOULD, counts, strict=True)},
        "with_earliest_snapshot": _summed(of.uses, of.uses.early),
        "absent_then": _summed(of.uses, of.uses.absent),
        "unplaced": evidence(posture).unplaced,
        "evaluated": of.uses.evaluated,
    }


def _decisions(of: Replayed) -> dict[str, Any]:
    """Count the recorded decisions, and for each of what was decided the new outcomes."""
    recorded = of.decisions.asked.records["decision"].to_numpy(object)
    counts = totals(of.decisions)
    return {
        "of": int(counts.sum()),
        "judged": int(counts[: len(OUTCOMES)].sum()),
        "recorded": {
            kind: dict(zip(WOULD, map(int, totals(of.decisions, recorded == kind)), strict=True))
            for kind in RECORDED
        },
        "with_earliest_snapshot": _summed(of.decisions, of.decisions.early),
        "absent_then": _summed(of.decisions, of.decisions.absent),
        "evaluated": of.decisions.evaluated,
    }


def _summed(of: Judged, mask: np.ndarray) -> int:
    judged = mask & (of.verdict != NOT_ASKED)
    return int(of.asked.rows["count"].to_numpy(np.int64)[judged].sum())


def _changed(posture: Posture, of: Replayed, recorded: str, wanted: tuple[int, ...]) -> Rows:
    """List the decisions that the policy set would decide otherwise, latest first."""
    judged, records = of.decisions, of.decisions.asked.records
    outcome = judged.outcome
    mask = (records["decision"] == recorded).to_numpy(bool) & np.isin(outcome, wanted)
    rows = np.flatnonzero(mask)[::-1]
    asked = judged.asked.rows.iloc[rows]
    reasons = [set(judged.verdicts[v].reasons) for v in judged.verdict[rows].tolist()]
    frame = pd.DataFrame(
        {
            "decision": records["id"].array[rows],
            "at": instants(asked["at"]).array,
            "identity": asked["principal"].to_numpy(np.int64),
            "resource": asked["resource"].to_numpy(np.int64),
            "action": asked["action"].array,
            "outcome": np.array(OUTCOMES, object)[outcome[rows]],
            "policies": objects([_named(of, positions) for positions in reasons]),
        }
    )
    return frame, ENDS


def _policies(of: Replayed) -> Rows:
    policies = of.policies.policies
    (by_uses, failed), (by_decisions, also_failed) = (
        deciding(judged, len(policies)) for judged in (of.uses, of.decisions)
    )
    frame = pd.DataFrame(
        {
            "id": [policy.id for policy in policies],
            "file": [policy.file for policy in policies],
            "effect": [policy.effect for policy in policies],
            "escalates": [policy.escalates for policy in policies],
            "template": [policy.template for policy in policies],
            "uses": by_uses,
            "decisions": by_decisions,
            "errors": failed + also_failed,
        }
    )
    return frame, {}


def _errors(of: Replayed) -> Rows:
    by_uses, by_decisions = errors(of.uses), errors(of.decisions)
    named = sorted({*by_uses, *by_decisions})
    frame = pd.DataFrame(
        {
            "policy": objects(
                [of.policies.policies[at].id if at >= 0 else None for at, _ in named]
            ),
            "message": objects([message for _, message in named]),
            "uses": [by_uses.get(each, 0) for each in named],
            "decisions": [by_decisions.get(each, 0) for each in named],
        }
    )
    return frame.sort_values(["uses", "decisions"], ascending=False, kind="stable"), {}


def _snapshots(of: Replayed) -> Rows:
    infos = of.uses.snapshots
    rows = [
        {
            "id": info.id if info else None,
            "taken_at": info.taken_at if info else pd.NaT,
            "uses": _summed(of.uses, of.uses.snapshot == at),
            "decisions": _summed(of.decisions, of.decisions.snapshot == at),
        }
        for at, info in enumerate(infos)
    ]
    frame = pd.DataFrame(rows)
    frame["taken_at"] = pd.to_datetime(frame["taken_at"], utc=True)
    return frame[frame["uses"] + frame["decisions"] > 0], {}


def _notes(posture: Posture, of: Replayed) -> list[str]:
    early = [_summed(judged, judged.early) for judged in (of.uses, of.decisions)]
    absent = [_summed(judged, judged.absent) for judged in (of.uses, of.decisions)]
    identities, _ = by_identity(of.uses)
    quiet = int((~np.isin(posture.accountable, identities)).sum())
    return [
        *([EARLY.format(*early)] if any(early) else []),
        *([ABSENT.format(*absent)] if any(absent) else []),
        *([QUIET.format(quiet, len(posture.accountable))] if quiet else []),
    ]
