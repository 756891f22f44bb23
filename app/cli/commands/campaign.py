"""Commands for campaigns: start, show and close one."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.command import UsageError, instant_of, one_of, question
from app.cli.completion import offer
from app.cli.groups import Group
from app.cli.options.usual import LIMIT, LimitOption
from app.cli.output.columns import Columns, Commands, Row, cell, words

if TYPE_CHECKING:
    from analytics.answers.campaign import Campaigns
    from analytics.posture import Posture

ACTIONS = ("start", "show", "close")
BUDGET, OBJECTIVE = 5, "debt"


def _target(step: Row) -> str:
    target = step["target"]
    if "relationship" not in target:
        return cell(target["name"])
    return " ".join(cell(target[part]) for part in ("from", "relationship", "to"))


def _state(step: Row) -> str:
    return f"{step['state']}, overdue" if step["overdue"] else str(step["state"])


def _shown_by(step: Row) -> str | None:
    shown = step["reopened_by"] or step["done_by"]
    return None if shown is None else str(shown["snapshot"])


CAMPAIGNS: dict[str, Columns] = {
    "campaigns": {
        "id": "id",
        "name": "name",
        "state": "state",
        "owner": "owner",
        "due": "due",
        "age in days": "age_days",
        "done": lambda r: f"{r['done']} of {len(r['steps'])}",
        "reopened": lambda r: r["reopened"] or None,
        "unseen": lambda r: r["unseen"] or None,
        "overdue": lambda r: r["overdue"] or None,
        "promised": "promised",
        "repaid": "repaid",
        "note": "note",
    },
    "steps": {
        "action": lambda r: words(r["action"]),
        "on": _target,
        "owner": "owner",
        "due": "due",
        "state": _state,
        "shown by": _shown_by,
        "promised": "promised",
        "repaid": "repaid",
        "promised in": lambda r: r["promised_in"] or None,
    },
}


def _after_campaign(result: dict[str, Any]) -> Commands:
    if not result["campaigns"]:
        return [("campaign", "start", "--by", "YOU", "--budget", "3")]
    return [("campaign", "show", result["campaigns"][0]["id"])]


@question("campaign", Group.MENDING, following=_after_campaign, columns=CAMPAIGNS)
def campaign(
    posture: "Posture",
    action: Annotated[
        str, typer.Argument(help="start, show or close.", autocompletion=offer(*ACTIONS))
    ] = "show",
    campaign: Annotated[
        str | None, typer.Argument(help="Id or name of the campaign to show or close.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="A name for the campaign to start.")] = None,
    by: Annotated[str | None, typer.Option(help="The person who starts or closes it.")] = None,
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    owner: Annotated[
        str | None, typer.Option(help="The person who answers for it; else who starts it.")
    ] = None,
    due: Annotated[
        str | None, typer.Option(help="When its steps are due; else after a cycle of the model.")
    ] = None,
    plan: Annotated[
        Path | None, typer.Option(help="Steps: a file that plan or changes printed with --json.")
    ] = None,
    budget: Annotated[
        int | None, typer.Option(min=1, help=f"How many steps to plan; {BUDGET} if not given.")
    ] = None,
    objective: Annotated[
        str | None, typer.Option(help=f"What to plan for, as plan has it; else {OBJECTIVE}.")
    ] = None,
    whose: Annotated[
        list[str] | None, typer.Option("--for", help="Whose access to plan for; may be repeated.")
    ] = None,
    limit: LimitOption = LIMIT,
) -> "Campaigns":
    """Follow steps until they are done.

    Example: trustdebt campaign start --by ann --budget 3
    """
    from analytics.answers.campaign import campaigns
    from analytics.answers.undertaking import close, start, steps_of_file, steps_of_plan

    one_of(action, ACTIONS, "the first word")
    planned = {"budget": budget, "objective": objective, "for": whose}
    given = {"name": name, "due": due, "owner": owner, "plan": plan} | planned
    if action == "show":
        _refuse("campaign show", given | {"by": by, "reason": reason})
        return campaigns(posture, campaign, limit)
    if by is None:
        raise UsageError(f"--by must name the person who would {action} it")
    if action == "close":
        _refuse("campaign close", given)
        if campaign is None:
            raise UsageError("name the campaign to close")
        return close(posture, campaign, by, reason)
    if campaign is not None:
        raise UsageError("a campaign to start is named by --name")
    if plan is not None:
        _refuse("a plan made before", planned)
        steps = steps_of_file(posture, plan)
    else:
        steps = steps_of_plan(posture, budget or BUDGET, objective or OBJECTIVE, whose or ())
    return start(posture, steps, name or "campaign", by, reason, instant_of(due, "--due"), owner)


def _refuse(taker: str, given: dict[str, Any]) -> None:
    """Refuse options that would have no effect."""
    for option, value in given.items():
        if value:
            raise UsageError(f"{taker} takes no --{option}")
