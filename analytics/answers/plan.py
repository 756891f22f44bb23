"""Plan: the removals that reduce reach or debt most without breaking an observed use."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from analytics.actions import REMOVING
from analytics.answers.handed_over import handed_over
from analytics.answers.shape import cut
from analytics.answers.table import Kind, Table, as_json, objects
from analytics.answers.what_if import uses
from analytics.findings.evaluation import find_all
from analytics.ownership.responsible import accountable_people
from analytics.posture import Posture
from analytics.remediation.handover import NONE, Target
from analytics.remediation.handover.terraform import Addresses
from analytics.remediation.plan.by_debt import make_plan_of_debt
from analytics.remediation.plan.greedy import Plan, Step, make_plan
from analytics.remediation.removal.before_and_after import figures
from analytics.selectors import select
from analytics.usage.idle_access import OWNER, Idle, reached_from
from graph.schema import CREDENTIAL

MODULAR = "the debt of grants adds up, so taking the costliest grants first is optimal"
NOBODY = -1
OBJECTIVES = ("reach", "debt")
UNUSED, IN_USE, NOT_OBSERVABLE = "unused", "seen_in_use", "not_observable"
USE = {
    UNUSED: "a use would have been seen, and none was",
    IN_USE: "a use was seen that would fail",
    NOT_OBSERVABLE: "nobody could have seen a use",
}
KINDS = {"owner": Kind.NODE}


@dataclass(frozen=True)
class RemovalPlan:
    """Removals, the best first, and what they take away together; see `plan`.

    `steps` has `id`, `action`, `target` (a node as plain data, or `from` and `to`, nodes, and
    `relationship`; with `ids`, of what is removed), `findings` (ids), `debt_removed`,
    `interest_removed` (per day), `reach_removed`, `identities`, `breaks`, `observed`, `use` (see
    `USE`), `verdict`, `window_days`, `uses_per_day_below`, `owner` (a node), and `command`,
    `place`, `terraform`, `undo` and `refused` of `analytics.remediation.handover.step.Handover`.
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
    posture: Posture,
    budget: int = 5,
    objective: str = "reach",
    limit: int = 0,
    whose: Sequence[str] = (),
    addresses: Addresses = NONE,
) -> RemovalPlan:
    """Return up to `budget` removals that take away most, the best first.

    With `whose` (selectors), they are of access that these nodes have, directly or by what they act
    as; figures are those of the whole estate all the same.

    `before` and `after` are the figures of `what_if` for all steps together, and each step has
    those of the steps so far, less one. `optimum_gap` is the share of the optimum that the steps
    miss; None if the optimum is unknown, with the reason in `optimum.because`. `in_use` counts the
    steps that would end an observed use, `unobservable` those whose use could not have been seen.
    `addresses` are those of Terraform, for the hand-over.

    Raises
    ------
    UnknownObjective
    """
    if objective not in OBJECTIVES:
        raise UnknownObjective(f"an objective is one of {', '.join(OBJECTIVES)}")
    by_debt = objective == "debt"
    within = reached_from(posture, select(posture, whose)) if whose else None
    made = (make_plan_of_debt if by_debt else make_plan)(posture, budget, within)
    before, after = asdict(figures(posture)), asdict(figures(made.after))
    gap = None
    if made.optimum is not None:
        removed = before[objective] - after[objective]
        gap = max(0.0, 1 - removed / made.optimum) if made.optimum else 0.0
    shown, left_out = cut(made.steps, limit)
    return RemovalPlan(
        steps=_steps(posture, shown, addresses),
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


def _steps(posture: Posture, steps: Sequence[Step], addresses: Addresses) -> Table:
    removed = [step.candidate for step in steps]
    targets = [_target(posture, idle) for idle in removed]
    breaks = [_breaks(posture, step) for step in steps]
    frame = pd.DataFrame(
        {
            "id": [_id(target) for target in targets],
            "action": [_action(idle) for idle in removed],
            "target": objects(targets),
            "findings": objects([list(_about(posture, idle)) for idle in removed]),
            "debt_removed": [step.debt_removed for step in steps],
            "interest_removed": [step.interest_removed for step in steps],
            "reach_removed": [step.reach_removed for step in steps],
            "identities": [step.identities for step in steps],
            "breaks": objects(breaks),
            "observed": [idle.observed for idle in removed],
            "use": [
                IN_USE if fails else UNUSED if idle.observed else NOT_OBSERVABLE
                for fails, idle in zip(breaks, removed, strict=True)
            ],
            "verdict": [
                OWNER if fails else idle.verdict
                for fails, idle in zip(breaks, removed, strict=True)
            ],
            "window_days": objects([idle.window_days for idle in removed]),
            "uses_per_day_below": objects([idle.rate for idle in removed]),
            "owner": accountable_people(posture)[[idle.source for idle in removed]],
            **handed_over(posture, map(_handed, removed, targets), addresses),
        }
    )
    return Table(frame, posture.graph.things, KINDS)


def _handed(idle: Idle, target: dict[str, Any]) -> tuple[str, Target]:
    """Return the action of a step, and its target for the hand-over."""
    if idle.relationship is None:
        return _action(idle), Target(node=idle.source)
    return _action(idle), Target(idle.relationship, tuple(target["ids"]))


def _action(idle: Idle) -> str:
    return REMOVING[idle.relationship or CREDENTIAL].value


def _target(posture: Posture, idle: Idle) -> dict[str, Any]:
    """Return what a step is about, as an item of what-if, with the ids of what it removes."""
    graph = posture.graph
    if idle.relationship is None:
        thing = graph.thing(idle.source)
        return thing | {"ids": [thing["id"]]}
    ids = graph.frames[idle.relationship]["id"].iloc[[row for _, row in idle.rows]]
    return {
        "from": graph.thing(idle.source),
        "relationship": idle.relationship.name,
        "to": graph.thing(idle.target),
        "ids": [str(id_) for id_ in ids],
    }


def _breaks(posture: Posture, step: Step) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = as_json(uses(posture, step.breaks)) if len(step.breaks) else []
    return rows


def _id(target: dict[str, Any]) -> str:
    """Return the id of a step, the same in every snapshot."""
    ends = [target[name]["id"] for name in ("from", "to") if name in target]
    parts = [ends[0], target["relationship"], ends[1]] if ends else [target["id"]]
    return f"S-{hashlib.sha256(chr(31).join(parts).encode()).hexdigest()[:16]}"


def _about(posture: Posture, idle: Idle) -> Iterator[str]:
    """Yield the ids of the findings that rest on what a step removes, or are about it."""
    frames, rows = posture.graph.frames, find_all(posture)
    facts = {str(frames[relationship]["id"].iloc[row]) for relationship, row in idle.rows}
    key = idle.source if idle.relationship is None else NOBODY
    about = ((rows["subject"] == key) | (rows["object"] == key)).to_numpy(bool) & (key >= 0)
    for finding, evidence, direct in zip(rows["id"], rows["evidence"], about, strict=True):
        if direct or not facts.isdisjoint(evidence):
            yield str(finding)
