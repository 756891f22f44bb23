"""Commands for changes and their effect: choke-points, cut, what-if, plan."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.command import UsageError, mode_of, one_of, question
from app.cli.completion import offer
from app.cli.exchange import TICKETS
from app.cli.groups import Group
from app.cli.options.tickets import TerraformOption, TicketsOption
from app.cli.options.usual import LIMIT, LimitOption, Mode
from app.cli.output.columns import Commands, item_words

if TYPE_CHECKING:
    import numpy as np

    from analytics.answers.choke_points import ChokePoints
    from analytics.answers.cut import SmallestCut
    from analytics.answers.plan import RemovalPlan
    from analytics.answers.tickets import Tickets
    from analytics.answers.what_if import WhatIf
    from analytics.posture import Posture


From = Annotated[
    list[str] | None,
    typer.Option("--from", help="Whose access; may be repeated. All agents by default."),
]
To = Annotated[
    list[str] | None,
    typer.Option("--to", help="Access to what; may be repeated. Crown jewels by default."),
]


def _after_choke_points(result: dict[str, Any]) -> Commands:
    removed = [item_words(row) for row in result["edges"][:1]]
    return [*(("what-if", "--remove", item) for item in removed), ("cut",)]


def _exposed(result: dict[str, Any]) -> str | None:
    from analytics.answers.choke_points import nothing_known

    if nothing := nothing_known(result["starts"], result["targets"]):
        return f"{nothing.rstrip('.')}: choose others with --from and --to."
    reach = f"{result['exposed']:,} of {result['starts']:,} starts reach a target"
    unknown = f"; of {result['not_known']:,} it is not known" if result["not_known"] else ""
    if not result["nodes"]:
        return f"{reach}{unknown}."
    first = result["nodes"][0]
    alone = f"without {first['name']}, {first['exclusive_exposure']:,} of them reach none"
    return f"{reach}; {alone}{unknown}."


@question("choke-points", Group.REACH, kept=True, following=_after_choke_points, sentence=_exposed)
def choke_points(
    posture: "Posture",
    starts: From = None,
    targets: To = None,
    mode: Mode = "standing",
    limit: LimitOption = LIMIT,
) -> "ChokePoints":
    """Rank what most access passes.

    Example: trustdebt choke-points --to label:Resource
    """
    from analytics.answers.choke_points import choke_points as answer

    ends = ends_of(posture, starts, targets)
    return answer(posture, *ends, mode_of(mode), limit)


def _after_cut(result: dict[str, Any]) -> Commands:
    words = [word for row in result["edges"] for word in ("--remove", item_words(row))]
    return [("what-if", *words)] if words else [("choke-points",)]


def _certified(result: dict[str, Any]) -> str | None:
    return str(result["certificate"]) if result["certificate"] else None


@question(
    "cut",
    Group.MENDING,
    kept=True,
    following=_after_cut,
    rows=("edges", "protected"),
    sentence=_certified,
)
def cut(
    posture: "Posture", starts: From = None, targets: To = None, mode: Mode = "standing"
) -> "SmallestCut":
    """Find the fewest removals that part agents from crown jewels.

    Example: trustdebt cut --to crm
    """
    from analytics.answers.cut import cut as answer

    return answer(posture, *ends_of(posture, starts, targets), mode_of(mode))


@question("what-if", Group.MENDING, kept=True, rows=("removed", "breaks"))
def what_if(
    posture: "Posture",
    remove: Annotated[
        list[str] | None, typer.Option(help="An id, a finding's id, or FROM,TYPE,TO.")
    ] = None,
    grant: Annotated[
        list[str] | None, typer.Option(help="FROM,LEVEL,TO: access that is not live yet.")
    ] = None,
    change: Annotated[
        Path | None, typer.Option(help="TOML or JSON file with lists remove and grant.")
    ] = None,
    limit: LimitOption = LIMIT,
) -> "WhatIf":
    """Show what a change would alter, and what it would break.

    Example: trustdebt what-if --remove bot,RUNS_AS,svc
    """
    from analytics.answers.what_if import what_if as answer
    from app.cli.options.change_file import Change, read_change

    asked = read_change(change) if change is not None else Change()
    removed, granted = [*(remove or []), *asked.remove], [*(grant or []), *asked.grant]
    if not removed and not granted:
        raise UsageError("nothing to change: give --remove, --grant or --change")
    return answer(posture, removed, limit, granted)


@question("plan", Group.MENDING, kept=True)
def plan(
    posture: "Posture",
    budget: Annotated[int, typer.Option(min=1, help="How many changes to propose.")] = 5,
    objective: Annotated[
        str,
        typer.Option(
            help="What to take away: reach, debt or findings.",
            autocompletion=offer("reach", "debt", "findings"),
        ),
    ] = "reach",
    whose: Annotated[
        list[str] | None,
        typer.Option("--for", help="Whose access; may be repeated. All by default."),
    ] = None,
    form: TicketsOption = "table",
    terraform: TerraformOption = None,
    limit: LimitOption = LIMIT,
) -> "RemovalPlan | Tickets":
    """Propose what to remove first, and how safe it is.

    Example: trustdebt plan --budget 3
    """
    from analytics.answers.plan import plan as answer
    from analytics.answers.tickets import tickets
    from app.cli.options.terraform_file import addresses_of

    one_of(form, ("table", "json", *TICKETS), "--format")
    made = answer(posture, budget, objective, limit, whose or (), addresses_of(terraform))
    return tickets(posture, made.steps, made.left_out) if form in TICKETS else made


def ends_of(
    posture: "Posture", starts: list[str] | None, targets: list[str] | None
) -> "tuple[np.ndarray, np.ndarray]":
    """Return the numbers of what --from and --to select.

    By default the crown jewels, and all agents, or all identities where there is no agent.
    """
    from analytics.selectors import CROWN_JEWELS, select, usual_starts

    chosen = starts or [usual_starts(posture)], targets or [CROWN_JEWELS]
    return select(posture, chosen[0]), select(posture, chosen[1])
