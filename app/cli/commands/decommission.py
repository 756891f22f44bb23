"""Command for the end of an identity with all that it has: decommission."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.command import one_of, question
from app.cli.completion import offer
from app.cli.exchange import CHECKLISTS
from app.cli.groups import Group
from app.cli.options.usual import EachLimitOption, Thing
from app.cli.output.columns import Columns, Commands, Row, cell, words

if TYPE_CHECKING:
    from analytics.answers.decommission import Decommission
    from analytics.posture import Posture


def _target(row: Row) -> str:
    target = row["target"]
    parts = ("from", "relationship", "to")
    if "from" not in target:
        return cell(target)
    more = len(target.get("also", ()))
    return " ".join(cell(target[k]) for k in parts) + (f" and {more} more" if more else "")


def _todo(row: Row) -> str | None:
    """Return the command of a step, else where it is done, else why there is no command."""
    todo: str | None = row["command"] or row["refused"] or row["place"]
    return todo and _line(todo)


def _line(text: str) -> str:
    return "; ".join(text.split("\n"))


SHARED: Columns = {
    "thing": lambda r: r,
    "label": "label",
    "by": lambda r: [f"{cell(each)} ({each['use']})" for each in r["by"]],
    "binding removed": lambda r: [_target({"target": each}) for each in r["binding_removed"]],
}
DECOMMISSION: dict[str, Columns] = {
    "phases": {"phase": "phase", "name": "name", "steps": lambda r: len(r["steps"])},
    "phases_steps": {
        "phase": "phase",
        "action": lambda r: words(r["action"]),
        "target": _target,
        "what to do": _todo,
        "undo": lambda r: _line(r["undo"]),
        "last used": "last_used_at",
        "stated": lambda r: None if r["stated"] else "by no source",
    },
    "tree": {"thing": lambda r: r, "label": "label"},
    "still_used_by": SHARED,
    "no_longer_used": SHARED,
}


def _after_decommission(result: dict[str, Any]) -> Commands:
    return [("decommission", result["thing"]["id"], "--format", "checklist-markdown")]


@question("decommission", Group.ENDS, following=_after_decommission, columns=DECOMMISSION)
def decommission(
    posture: "Posture",
    thing: Thing,
    form: Annotated[
        str,
        typer.Option(
            "--format",
            help="table, json, checklist-csv or checklist-markdown.",
            autocompletion=offer("table", "json", *CHECKLISTS),
        ),
    ] = "table",
    terraform: Annotated[
        Path | None, typer.Option(help="What terraform show -json printed, for its addresses.")
    ] = None,
    limit: EachLimitOption = None,
) -> "Decommission":
    """List the steps that end an identity; none is carried out.

    Example: trustdebt decommission bot
    """
    from analytics.answers.decommission import decommission as answer
    from app.cli.options.terraform_file import addresses_of

    one_of(form, ("table", "json", *CHECKLISTS), "--format")
    return answer(posture, posture.graph.find(thing), limit or 0, addresses_of(terraform))
