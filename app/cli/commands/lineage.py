"""Command for the lineage of agents: lineage."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.command import mode_of, question
from app.cli.groups import Group
from app.cli.options.usual import LIMIT, LimitOption, Mode
from app.cli.output.columns import Columns, Commands, known, words

if TYPE_CHECKING:
    from analytics.answers.lineage import Lineage
    from analytics.posture import Posture


LINEAGE: dict[str, Columns] = {
    "tree": {
        "parent": "parent",
        "child": "child",
        "how": lambda r: words(r["semantics"]),
        "ceiling": "ceiling",
        "approved": lambda r: known(r, "approved"),
        "depth": "depth",
        "since": "since",
        "resources": lambda r: known(r["effective"], "resources"),
        "weight": lambda r: known(r["effective"], "weighted"),
        "widenings": "widenings",
    },
    "widenings": {
        "parent": "parent",
        "child": "child",
        "may also use": "resource",
        "level": "level",
        "declared": lambda r: known(r, "declared"),
        "approved": lambda r: known(r, "approved"),
        "weight": "weight",
    },
    "survivors": {
        "agent": lambda r: r,
        "lives on after": "ancestor",
        "steps": "steps",
        "since": "since",
    },
    "laundering": {
        "agent": "low",
        "through": "through",
        "acts as": "high",
        "on": "resource",
        "level": "level",
        "lower by": "because",
        "weight": "weight",
    },
    "bursts": {
        "creator": "creator",
        "children": "count",
        "most in a day": "most",
        "first": "first",
        "last": "last",
    },
    "cycles": {"each descends from itself": "things"},
}


def _after_lineage(result: dict[str, Any]) -> Commands:
    children = [row["child"]["id"] for row in result["tree"][:1]]
    return [(name, id_) for id_ in children for name in ("show", "decommission")]


def _made(result: dict[str, Any]) -> str | None:
    counts = result["counts"]
    wider, unapproved = counts["widenings"], counts["widenings_not_approved"]
    if not wider:
        return "No agent is known to be able to do more than its maker."
    return (
        f"{wider:,} times an agent may do what its maker may not; {unapproved:,} of them nobody "
        "approved."
    )


@question(
    "lineage", Group.REACH, kept=True, following=_after_lineage, columns=LINEAGE, sentence=_made
)
def lineage(
    posture: "Posture",
    thing: Annotated[str | None, typer.Argument(help="One thing; else all agents.")] = None,
    mode: Mode = "standing",
    limit: LimitOption = LIMIT,
) -> "Lineage":
    """Show who made whom, and what that gave.

    Example: trustdebt lineage invoice-bot
    """
    from analytics.answers.lineage import lineage as answer

    about = posture.graph.find(thing) if thing else None
    return answer(posture, about, mode_of(mode), limit)
