"""Plan: the removals that reduce reach or debt most without breaking an observed use."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from analytics.answers.shape import cut, plain
from analytics.answers.table import Kind, Table, as_json, objects
from analytics.answers.what_if import uses
from analytics.findings.evaluation import find_all
from analytics.ownership.responsible import accountable_people
from analytics.posture import Posture
from analytics.remediation.plan.by_debt import make_plan_of_debt
from analytics.remediation.plan.greedy import Plan, Step, make_plan
from analytics.remediation.removal.before_and_after import figures
from analytics.usage.idle_access import OWNER
from graph.schema import (
    ACTS_FOR,
    ASSUMES,
    AUTHENTICATES_AS,
    CALLS,
    CAN_ACCESS,
    CONTROLS,
    MEMBER_OF,
    RUNS_AS,
    SPAWNS,
    USES,
)
from graph.values import strict_json

MODULAR = "the debt of grants adds up, so taking the costliest grants first is optimal"
OBJECTIVES = ("reach", "debt")
ACTIONS = {  # the action that removes a relationship
    CAN_ACCESS: "remove_grant",
    CONTROLS: "remove_grant",
    USES: "rotate_credential",  # others continue with the new value
    AUTHENTICATES_AS: "deactivate_credential",
    RUNS_AS: "remove_trust",
    ASSUMES: "remove_trust",
    MEMBER_OF: "remove_member",
    SPAWNS: "end_delegation",
    ACTS_FOR: "end_delegation",
    CALLS: "unregister_tool",
}


KINDS = dict.fromkeys(("target.from", "target.to", "owner"), Kind.NODE)


@dataclass(frozen=True)
class RemovalPlan:
    """Removals, the best first, and what they take away together; see `plan`.

    `steps` has `id`, `action`, `target` (`from` and `to`, nodes, `relationship`, `ids`), `findings`
    (ids), `debt_removed`, `reach_removed`, `identities`, `breaks`, `observed`, `verdict`,
    `window_days`, `uses_per_day_below`, `owner` (a node) and `undo`.
    """

    steps: Table
    before: dict[str, Any]
    after: dict[str, Any]
    in_use: int
    unobservable: int
    optimum_gap: float | None
    optimum: dict[str, Any]
    candidates: int
    truncated: bool
    objective: str
    left_out: int


class UnknownObjective(ValueError):
    """An objective that is not measured."""

    exit_code, code = 2, "usage"


def plan(
    posture: Posture, budget: int = 5, objective: str = "reach", limit: int = 0
) -> RemovalPlan:
    """Return up to `budget` removals that take away most, the best first.

    `before` and `after` are the figures of `what_if` for all steps together, and each step has
    those of the steps so far, less one. `optimum_gap` is the share of the optimum that the steps
    miss; None if the optimum is unknown, with the reason in `optimum.because`. `in_use` counts the
    steps that would end an observed use, `unobservable` those whose use could not have been seen.

    Raises
    ------
    UnknownObjective
    """
    if objective not in OBJECTIVES:
        raise UnknownObjective(f"an objective is one of {', '.join(OBJECTIVES)}")
    by_debt = objective == "debt"
    made = make_plan_of_debt(posture, budget) if by_debt else make_plan(posture, budget)
    before, after = asdict(figures(posture)), asdict(figures(made.after))
    gap = None
    if made.optimum is not None:
        removed = before[objective] - after[objective]
        gap = max(0.0, 1 - removed / made.optimum) if made.optimum else 0.0
    shown, left_out = cut(made.steps, limit)
    return RemovalPlan(
        steps=_steps(posture, shown),
        before=before,
        after=after,
        in_use=sum(len(step.breaks) > 0 for step in made.steps),
        unobservable=sum(not step.candidate.observed for step in made.steps),
        optimum_gap=gap,
        optimum={f"{objective}_removed": made.optimum, "because": _because(made, by_debt)},
        candidates=made.candidates,
        truncated=made.truncated,
        objective=objective,
        left_out=left_out,
    )


def _because(made: Plan, by_debt: bool) -> str | None:
    """Return why the optimum is known, or why it is not."""
    return MODULAR if by_debt and made.optimum is not None else made.because


def _steps(posture: Posture, steps: Sequence[Step]) -> Table:
    graph, removed = posture.graph, [step.candidate for step in steps]
    facts = [graph.frames[idle.relationship].iloc[list(idle.rows)] for idle in removed]
    ids = [[str(fact) for fact in frame["id"]] for frame in facts]
    sources = np.array([idle.source for idle in removed], np.int64)
    names = [idle.relationship.name for idle in removed]
    frame = pd.DataFrame(
        {
            "target.from": sources,
            "target.relationship": names,
            "target.to": np.array([idle.target for idle in removed], np.int64),
            "target.ids": objects(ids),
            "findings": objects([list(_about(posture, set(each))) for each in ids]),
            "debt_removed": [step.debt_removed for step in steps],
            "reach_removed": [step.reach_removed for step in steps],
            "identities": [step.identities for step in steps],
            "breaks": objects([_breaks(posture, step) for step in steps]),
            "observed": [idle.observed for idle in removed],
            "verdict": [
                OWNER if len(step.breaks) else idle.verdict
                for step, idle in zip(steps, removed, strict=True)
            ],
            "window_days": objects([idle.window_days for idle in removed]),
            "uses_per_day_below": objects([idle.rate for idle in removed]),
            "owner": accountable_people(posture)[sources],
            "undo": [
                "; ".join(_undo(name, row) for _, row in rows.iterrows())
                for name, rows in zip(names, facts, strict=True)
            ],
        }
    )
    table = Table(frame, graph.things, KINDS)
    ends = table.of_nodes("target.from", "id"), table.of_nodes("target.to", "id")
    step_ids = [_id(*parts) for parts in zip(ends[0], names, ends[1], strict=True)]
    frame.insert(0, "id", step_ids)
    frame.insert(1, "action", [ACTIONS[idle.relationship] for idle in removed])
    return table


def _breaks(posture: Posture, step: Step) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = as_json(uses(posture, step.breaks)) if len(step.breaks) else []
    return rows


def _id(*parts: str) -> str:
    """Return the id of a step, the same in every snapshot."""
    return f"S-{hashlib.sha256(chr(31).join(parts).encode()).hexdigest()[:16]}"


def _about(posture: Posture, facts: set[str]) -> Iterator[str]:
    """Yield the ids of the findings supported by any of these facts."""
    rows = find_all(posture)
    for finding, evidence in zip(rows["id"], rows["evidence"], strict=True):
        if not facts.isdisjoint(evidence):
            yield str(finding)


def _undo(relationship: str, row: Any) -> str:
    """Return a line on what to put back, and where."""
    parts = [f"put back {relationship} from {row['source_id']} to {row['target_id']}"]
    if relationship == CAN_ACCESS.name:
        given = plain(row["levels"])
        parts += [f"levels {' '.join(strict_json(given))}"] if given and given != "[]" else []
        names = {"role_name": "by role", "policy_id": "by policy", "grant_id": "as grant"}
    else:
        names = {"ceiling": "up to level"}
    parts += [f"{words} {row[n]}" for n, words in names.items() if plain(row[n]) is not None]
    if plain(row["condition"]) is not None:
        parts.append("under the condition it had")
    ends = plain(row["expires_at"] if relationship == CAN_ACCESS.name else row["valid_to"])
    if ends is not None:
        parts.append(f"until {ends}")
    parts.append(f"in {row['source']} {row['scope']}")
    return " ".join(", ".join(parts).split())
