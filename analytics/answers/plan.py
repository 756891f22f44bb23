"""Plan: what to remove first, so that most reach or debt goes and no use that was seen breaks."""

from dataclasses import replace
from typing import Any

from analytics.answers.shape import cut, plain
from analytics.debt.items import debt_of
from analytics.debt.totals import total
from analytics.plan import Plan, Step, make_plan
from analytics.plan_of_debt import debt_removed, make_plan_of_debt
from analytics.posture import Posture
from graph.schema import CAN_ACCESS
from graph.values import strict_json

MODULAR = "the debt of grants adds up, so taking the costliest first is optimal"
OBJECTIVES = ("reach", "debt")


class UnknownObjective(ValueError):
    """An objective that nothing measures."""

    exit_code, code = 2, "usage"


def plan(
    posture: Posture, budget: int = 5, objective: str = "reach", limit: int = 0
) -> dict[str, Any]:
    """Answer which removals take away most, at most `budget` of them, the best first.

    `optimum_gap` is the share of what the best set of as many removals takes away that the
    steps do not; None where the best set is not known, and `optimum.because` says why.

    Raises
    ------
    UnknownObjective
    """
    if objective not in OBJECTIVES:
        raise UnknownObjective(f"an objective is one of {', '.join(OBJECTIVES)}")
    by_debt = objective == "debt"
    made = make_plan_of_debt(posture, budget) if by_debt else make_plan(posture, budget)
    steps, owed = made.steps, total(debt_of(posture)).debt
    if not by_debt:
        removed = debt_removed(posture, [step.what for step in steps])
        steps = [replace(s, debt_removed=d) for s, d in zip(steps, removed, strict=True)]
    shown, left_out = cut(steps, limit)
    reach = float(posture.totals().weighted.sum())
    gone = {
        "reach": sum(step.reach_removed for step in steps),
        "debt": sum(step.debt_removed or 0.0 for step in steps),
    }
    gap = None
    if made.optimum is not None:
        gap = max(0.0, 1 - gone[objective] / made.optimum) if made.optimum else 0.0
    return {
        "steps": [_step(posture, step) for step in shown],
        "before": {"reach": reach, "debt": owed},
        "after": {"reach": reach - gone["reach"], "debt": owed - gone["debt"]},
        "optimum_gap": gap,
        "optimum": {f"{objective}_removed": made.optimum, "because": _because(made, by_debt)},
        "candidates": made.candidates,
        "truncated": made.truncated,
        "objective": objective,
        "left_out": left_out,
    }


def _because(made: Plan, by_debt: bool) -> str | None:
    """Say why the optimum is known, or why it is not."""
    return MODULAR if by_debt and made.optimum is not None else made.because


def _step(posture: Posture, step: Step) -> dict[str, Any]:
    what, graph = step.what, posture.graph
    frame = graph.frames[what.relationship].iloc[list(what.rows)]
    return {
        "action": "remove",
        "target": {
            "from": graph.thing(what.source),
            "relationship": what.relationship.name,
            "to": graph.thing(what.target),
            "ids": [str(one) for one in frame["id"]],
        },
        "debt_removed": step.debt_removed,
        "reach_removed": step.reach_removed,
        "identities": step.identities,
        "breaks": [],
        "verdict": what.verdict,
        "window_days": what.window_days,
        "uses_per_day_below": what.rate,
        "undo": "; ".join(_undo(what.relationship.name, row) for _, row in frame.iterrows()),
    }


def _undo(relationship: str, row: Any) -> str:
    """Say in one line what to put back, and where."""
    parts = [f"put back {relationship} from {row['source_id']} to {row['target_id']}"]
    if relationship == CAN_ACCESS.name:
        given = plain(row["levels"])
        parts += [f"levels {' '.join(strict_json(given))}"] if given and given != "[]" else []
        names = {"role_name": "by role", "policy_id": "by policy", "grant_id": "as grant"}
    else:
        names = {"ceiling": "up to level"}
    parts += [f"{said} {row[n]}" for n, said in names.items() if plain(row[n]) is not None]
    if plain(row["condition"]) is not None:
        parts.append("under the condition it had")
    ends = plain(row["expires_at"] if relationship == CAN_ACCESS.name else row["valid_to"])
    if ends is not None:
        parts.append(f"until {ends}")
    parts.append(f"in {row['source']} {row['scope']}")
    return " ".join(", ".join(parts).split())
