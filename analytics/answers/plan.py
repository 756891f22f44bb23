"""Plan: the changes that reduce reach, debt or findings most without breaking an observed use."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from analytics.answers.handed_over import handed_over
from analytics.answers.shape import cut
from analytics.answers.table import Kind, Table, as_json, objects
from analytics.answers.what_if import uses
from analytics.findings.evaluation import find_all
from analytics.kept.answers import kept
from analytics.ownership.responsible import accountable_people
from analytics.posture import Posture
from analytics.remediation.closing.asking import asked
from analytics.remediation.closing.change import Change
from analytics.remediation.handover import NONE, Target
from analytics.remediation.handover.terraform import Addresses
from analytics.remediation.plan.by_change import REMOVALS, make_plan_of_changes
from analytics.remediation.plan.greedy import make_plan
from analytics.remediation.plan.step import Plan, Step
from analytics.remediation.removal.before_and_after import figures
from analytics.selectors import select
from analytics.usage.idle_access import OWNER, reached_from

OBJECTIVES = ("reach", "debt", "findings")
UNUSED, IN_USE, NOT_OBSERVABLE = "unused", "seen_in_use", "not_observable"
USE = {
    UNUSED: "a use would have been seen, and none was",
    IN_USE: "a use was seen that would fail",
    NOT_OBSERVABLE: "nobody could have seen a use",
}
NO_USE = {None: None, True: UNUSED, False: NOT_OBSERVABLE}  # by `observed`, if none was seen
KINDS = {"owner": Kind.NODE}
UNKNOWN = "what there is to take away is not known itself"


@dataclass(frozen=True)
class RemovalPlan:
    """Changes, the best first, and what they take away together; see `plan`.

    `steps` has `id`, `action`, `target` (a node as plain data, or `from` and `to`, nodes, and
    `relationship`; with `ids`, of what is changed), `on` (everything that it is on, each like
    `target`, which is the first), `findings` (ids), `debt_removed`, `interest_removed` (per day),
    `reach_removed`, `findings_removed` (null unless that is the objective), `identities`, `breaks`,
    `observed` and `use` (see `USE`; null where nothing is taken away), `verdict`, `window_days`,
    `uses_per_day_below`, `owner` (a node), and `command`, `place`, `terraform`, `undo` and
    `refused` of `analytics.remediation.handover.step.Handover`.
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


@kept
def plan(
    posture: Posture,
    budget: int = 5,
    objective: str = "reach",
    limit: int = 0,
    whose: Sequence[str] = (),
    addresses: Addresses = NONE,
) -> RemovalPlan:
    """Return up to `budget` changes that take away most, the best first.

    Reach is taken away by removals; debt and findings also by other changes, such as naming an
    owner. No change ends an observed use, or takes the last login of an identity in use.

    With `whose` (selectors), they are of access that these nodes have, directly or by what they act
    as; figures are those of the whole estate all the same.

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
    within = reached_from(posture, select(posture, whose)) if whose else None
    made = _made(posture, budget, objective, within)
    before, after = asdict(figures(posture)), asdict(figures(made.after))
    gap, optimum, because = None, made.optimum, made.because
    if before[objective] is None or np.isnan(before[objective]):
        optimum, because = None, UNKNOWN
    if optimum is not None:
        removed = before[objective] - after[objective]
        gap = max(0.0, 1 - removed / optimum) if optimum else 0.0
    shown, left_out = cut(made.steps, limit)
    return RemovalPlan(
        steps=_steps(posture, shown, addresses),
        before=before,
        after=after,
        in_use=sum(len(step.breaks) > 0 for step in made.steps),
        unobservable=sum(step.proposal.observed is False for step in made.steps),
        optimum_gap=gap,
        optimum={f"{objective}_removed": optimum, "because": because},
        candidates=made.candidates,
        truncated=made.truncated,
        objective=objective,
        left_out=left_out,
    )


def _made(posture: Posture, budget: int, objective: str, within: np.ndarray | None) -> Plan:
    if objective == "reach":
        return make_plan(posture, budget, within)
    return make_plan_of_changes(posture, budget, objective, within)


def _steps(posture: Posture, steps: Sequence[Step], addresses: Addresses) -> Table:
    proposals = [step.proposal for step in steps]
    changes = [proposal.change for proposal in proposals]
    breaks = [_breaks(posture, step) for step in steps]
    targets = [(change.action.value, _handed(posture, change)) for change in changes]
    frame = pd.DataFrame(
        {
            "id": [proposal.change.id for proposal in proposals],
            "action": [proposal.change.action.value for proposal in proposals],
            "target": objects([_target(posture, change) for change in changes]),
            "on": objects([_on(posture, change) for change in changes]),
            "findings": objects([_about(posture, proposal.change) for proposal in proposals]),
            "debt_removed": [step.debt_removed for step in steps],
            "interest_removed": [step.interest_removed for step in steps],
            "reach_removed": [step.reach_removed for step in steps],
            "findings_removed": objects([step.findings_removed for step in steps]),
            "identities": [step.identities for step in steps],
            "breaks": objects(breaks),
            "observed": objects([proposal.observed for proposal in proposals]),
            "use": objects(
                [
                    IN_USE if fails else NO_USE[proposal.observed]
                    for fails, proposal in zip(breaks, proposals, strict=True)
                ]
            ),
            "verdict": [
                OWNER if fails else proposal.verdict
                for fails, proposal in zip(breaks, proposals, strict=True)
            ],
            "window_days": objects([proposal.window_days for proposal in proposals]),
            "uses_per_day_below": objects([proposal.rate for proposal in proposals]),
            "owner": accountable_people(posture)[[proposal.node for proposal in proposals]],
            **handed_over(posture, targets, addresses),
        }
    )
    return Table(frame, posture.graph.things, KINDS)


def _handed(posture: Posture, change: Change) -> Target:
    """Return what a change is on, for the hand-over."""
    if change.relationship is not None:
        return Target(change.relationship, change.ids)
    return Target(node=posture.graph.number(change.ids[0]))


def _target(posture: Posture, change: Change) -> dict[str, Any]:
    """Return what a step is about, as an item of what-if, with the ids of what it changes."""
    graph, ids = posture.graph, {"ids": list(change.ids)}
    if change.relationship is None:
        return graph.thing(graph.number(change.ids[0])) | ids
    row = _rows(posture, change)[0]
    source, target = (graph.thing(int(end[row])) for end in graph.ends(change.relationship))
    return {"from": source, "relationship": change.relationship.name, "to": target, **ids}


def _on(posture: Posture, change: Change) -> list[dict[str, Any]]:
    """Return everything that a step is on, each once, what its `target` names first."""
    graph = posture.graph
    if change.relationship is None:
        return [graph.thing(graph.number(id_)) for id_ in change.ids]
    rows, name = _rows(posture, change), change.relationship.name
    source, target = (end[rows].tolist() for end in graph.ends(change.relationship))
    return [
        {"from": graph.thing(start), "relationship": name, "to": graph.thing(end)}
        for start, end in dict.fromkeys(zip(source, target, strict=True))
    ]


def _rows(posture: Posture, change: Change) -> np.ndarray:
    """Return the rows of the relationships of a change."""
    assert change.relationship is not None
    frame = posture.graph.frames[change.relationship]
    return np.flatnonzero(frame["id"].isin(change.ids).fillna(False).to_numpy(bool))


def _breaks(posture: Posture, step: Step) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = as_json(uses(posture, step.breaks)) if len(step.breaks) else []
    return rows


def _about(posture: Posture, change: Change) -> list[str]:
    """Return the ids of the findings that ask for a change, or rest on what it takes away."""
    every, rows = asked(posture), find_all(posture)
    place = {each.id: number for number, each in enumerate(every.changes)}.get(change.id, -1)
    ids = dict.fromkeys(every.rows["id"][every.rows["change"] == place])
    if change.action not in REMOVALS:
        return list(ids)
    key = posture.graph.number(change.ids[0]) if change.relationship is None else -1
    direct = ((rows["subject"] == key) | (rows["object"] == key)).to_numpy(bool) & (key >= 0)
    facts = set(change.ids)
    resting = np.array([not facts.isdisjoint(evidence) for evidence in rows["evidence"]], bool)
    return list(dict.fromkeys([*ids, *rows["id"][direct | resting]]))
