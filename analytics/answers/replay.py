"""Replay of policies: who would be denied, which used access would break, and the opposite."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analytics.answers.shape import cut
from analytics.answers.table import Kind, Table, as_json, instants, objects
from analytics.debt.owed import sums_of
from analytics.debt.totals import total
from analytics.engines.policy_set import ALLOW, DENY, ESCALATE, OUTCOMES, PolicySet
from analytics.evidence.matching import evidence
from analytics.policies.judging import NOT_ASKED, Judged
from analytics.policies.replay import (
    PAIR,
    Replayed,
    by_identity,
    deciding,
    errors,
    pairs,
    reasons,
    replayed,
    totals,
)
from analytics.posture import Posture

ACCESS = {"resource": Kind.NODE, "level": Kind.LEVEL}
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
QUIET = "{:,} of {:,} accountable identities have no recorded use: they are not compared."


@dataclass(frozen=True)
class Replay:
    """What a policy set says of the recorded uses and decisions; see `replay`.

    `identities` has `identity` (a node), `uses`, the counts of `WOULD`, `debt`, `debt_refused`, and
    the lists `broken_but_used` and `needs_approval` of access, each with `resource` (a node),
    `level`, `action`, `uses`, `explained`, `last_used_at`, `policies` and `debt`. `now_refused` and
    `now_allowed` have `decision` (an id), `at`, `identity`, `resource` (nodes), `action`, `outcome`
    and `policies`. `policies` has `id`, `file`, `effect`, `escalates`, `template`, `uses`,
    `decisions` and `errors`. `errors` has `policy`, `message` (of one request),
    `uses` and `decisions`. `snapshots`
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
    owed = total(sums_of(posture))
    by_policy = _policies(of)
    lists = {
        "identities": _identities(posture, of, broken, limit),
        "now_refused": _changed(posture, of, "allow", (DENY, ESCALATE), limit),
        "now_allowed": _changed(posture, of, "deny", (ALLOW,), limit),
        "policies": _cut(posture, by_policy, limit),
        "errors": _cut(posture, _errors(of), limit),
        "snapshots": _cut(posture, _snapshots(of), limit),
    }
    never = (by_policy["uses"] + by_policy["decisions"] == 0) & ~by_policy["template"]
    return Replay(
        engine=policies.engine,
        version=policies.version,
        uses=_uses(posture, of),
        decisions=_decisions(of),
        debt={
            "refused": float(broken["debt"].sum()) if owed.known else None,
            "of": owed.debt if owed.known else None,
        },
        never_decided=[str(name) for name in by_policy["id"][never]],
        notes=_notes(posture, of),
        left_out=sum(left for _, left in lists.values()),
        **{name: table for name, (table, _) in lists.items()},
    )


Listed = tuple[Table, int]  # the rows shown, and how many are left out


def _cut(posture: Posture, frame: pd.DataFrame, limit: int) -> Listed:
    shown, left = cut(frame, limit)
    return _table(posture, shown, {}), left


def _table(posture: Posture, frame: pd.DataFrame, kinds: dict[str, Kind]) -> Table:
    return Table(frame.reset_index(drop=True), posture.graph.things, kinds)


def _identities(posture: Posture, of: Replayed, broken: pd.DataFrame, limit: int) -> Listed:
    numbers, counts = by_identity(of.uses)
    debt = sums_of(posture)
    owed = pd.Series(np.where(debt.known, debt.debt.sum(axis=1), np.nan), debt.identities)
    frame = pd.DataFrame({"identity": numbers, "uses": counts.sum(axis=1)})
    for at, name in enumerate(WOULD):
        frame[name] = counts[:, at]
    frame["debt"] = owed.reindex(numbers).to_numpy(float)
    refused = broken.groupby("identity")["debt"].sum().reindex(numbers).fillna(0.0)
    frame["debt_refused"] = np.where(frame["debt"].isna(), np.nan, refused.to_numpy(float))
    order = ["would_deny", "would_escalate", "unknown", "uses"]
    shown, left = cut(frame.sort_values(order, ascending=False, kind="stable"), limit)
    shown = shown.assign(
        broken_but_used=_lists(posture, of, DENY, broken, shown["identity"]),
        needs_approval=_lists(
            posture, of, ESCALATE, pairs(posture, of, ESCALATE), shown["identity"]
        ),
    )
    return _table(posture, shown, {"identity": Kind.NODE}), left


def _lists(
    posture: Posture, of: Replayed, outcome: int, rows: pd.DataFrame, identities: pd.Series
) -> np.ndarray:
    """Return the used access in `rows` of each identity, most used first, as plain data."""
    numbers = identities.to_numpy(np.int64)
    rows = rows[rows["identity"].isin(numbers)]
    rows = rows.sort_values(["uses", "last"], ascending=False, kind="stable")
    decided = reasons(of, outcome, numbers)
    positions = map(decided.__getitem__, rows[PAIR].itertuples(index=False, name=None))
    columns = {
        "resource": rows["resource"].to_numpy(np.int64),
        "level": rows["level"].to_numpy(np.int64),
        "action": rows["action"].array,
        "uses": rows["uses"].array,
        "explained": rows["explained"].array,
        "last_used_at": instants(rows["last"]).array,
        "policies": objects([_named(of, each) for each in positions]),
        "debt": rows["debt"].array,
    }
    made = as_json(Table(pd.DataFrame(columns), posture.graph.things, ACCESS))
    lists: dict[int, list[dict[str, Any]]] = {number: [] for number in numbers.tolist()}
    for number, row in zip(rows["identity"].tolist(), made, strict=True):
        lists[number].append(row)
    return objects(list(lists.values()))


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


def _changed(
    posture: Posture, of: Replayed, recorded: str, wanted: tuple[int, ...], limit: int
) -> Listed:
    """List the decisions that the policy set would decide otherwise, latest first."""
    judged, records = of.decisions, of.decisions.asked.records
    outcome = judged.outcome
    mask = (records["decision"] == recorded).to_numpy(bool) & np.isin(outcome, wanted)
    rows, left = cut(np.flatnonzero(mask)[::-1], limit)
    asked = judged.asked.rows.iloc[rows]
    decided = [set(judged.verdicts[v].reasons) for v in judged.verdict[rows].tolist()]
    frame = pd.DataFrame(
        {
            "decision": records["id"].array[rows],
            "at": instants(asked["at"]).array,
            "identity": asked["principal"].to_numpy(np.int64),
            "resource": asked["resource"].to_numpy(np.int64),
            "action": asked["action"].array,
            "outcome": np.array(OUTCOMES, object)[outcome[rows]],
            "policies": objects([_named(of, positions) for positions in decided]),
        }
    )
    return _table(posture, frame, ENDS), left


def _policies(of: Replayed) -> pd.DataFrame:
    policies = of.policies.policies
    (by_uses, failed), (by_decisions, also_failed) = (
        deciding(judged, len(policies)) for judged in (of.uses, of.decisions)
    )
    return pd.DataFrame(
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


def _errors(of: Replayed) -> pd.DataFrame:
    by_uses, by_decisions = errors(of.uses), errors(of.decisions)
    positions = sorted({*by_uses, *by_decisions})
    names = [of.policies.policies[at].id if at >= 0 else None for at in positions]
    messages = [(by_uses.get(at) or by_decisions[at])[1] for at in positions]
    frame = pd.DataFrame(
        {
            "policy": objects(names),
            "message": objects(messages),
            "uses": [by_uses.get(at, (0, ""))[0] for at in positions],
            "decisions": [by_decisions.get(at, (0, ""))[0] for at in positions],
        }
    )
    return frame.sort_values(["uses", "decisions"], ascending=False, kind="stable")


def _snapshots(of: Replayed) -> pd.DataFrame:
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
    return frame[frame["uses"] + frame["decisions"] > 0]


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
