"""Commands for the value of a foothold: durability, hubs."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.command import UsageError, mode_of, question
from app.cli.completion import offer
from app.cli.groups import Group
from app.cli.options.usual import LIMIT, LimitOption, Mode
from app.cli.output.columns import Columns, Commands, cell

ORDERS = ("hubs", "rotation")

if TYPE_CHECKING:
    from analytics.answers.durability import Durability
    from analytics.answers.hubs import Hubs
    from analytics.posture import Posture


HUBS: dict[str, Columns] = {
    "hubs": {
        "credential": lambda r: r,
        "type": "type",
        "dependents": "count",
        "in use": "in_use",
        "unknown": "unknown",
        "reach": lambda r: r["reach"]["weighted"],
        "pieces": "pieces",
        "blueprint": lambda r: "yes" if r["blueprint"] else None,
        "rotation": "rotation",
    },
}


def _after_durability(result: dict[str, Any]) -> Commands:
    from graph.schema import IDENTITIES

    first, ending = result["identities"][:1], {label.name for label in IDENTITIES}
    ends = [("decommission", row["id"]) for row in first if row["label"] in ending]
    return [*ends, *(("show", row["id"]) for row in first)]


def _lasting(result: dict[str, Any]) -> str | None:
    from app.wording import counted

    way, lasting, unknown = "way to a crown jewel", result["lasting"], result["not_known"]
    if not result["of"] + unknown:
        return "No agent is known."
    if result["of"] + unknown == 1:
        name = cell(result["identities"][0])
        if unknown:
            return f"Of {name} it is not known whether it keeps a {way} after it is ended."
        return f"{name} keeps {'a' if lasting else 'no'} {way} after it is ended."
    verb, they = ("keeps", "it is") if lasting == 1 else ("keep", "they are")
    words = f"{lasting:,} of {counted(result['of'], 'agent')} {verb} a {way} after {they} ended"
    return f"{words}{f'; of {unknown:,} it is not known' if unknown else ''}."


@question("durability", Group.ENDS, kept=True, following=_after_durability, sentence=_lasting)
def durability(
    posture: "Posture",
    thing: Annotated[str | None, typer.Argument(help="One thing; else all agents.")] = None,
    mode: Mode = "standing",
    limit: LimitOption = LIMIT,
) -> "Durability":
    """Rank agents by what outlives their end.

    Example: trustdebt durability invoice-bot
    """
    from analytics.answers.durability import durability as answer

    about = posture.graph.find(thing) if thing else None
    return answer(posture, mode_of(mode), limit, about)


def _after_hubs(result: dict[str, Any]) -> Commands:
    ids = [row["id"] for row in result["hubs"][:1]]
    return [(*words, id_) for id_ in ids for words in (("drill", "--credential"), ("show",))]


def _most(result: dict[str, Any]) -> str | None:
    from app.wording import counted

    if not result["hubs"]:
        return None
    first = result["hubs"][0]
    shared = f"{counted(result['shared'], 'credential')} that several depend on"
    return f"{shared}; first comes {first['name']}, with {first['count']:,}."


@question("hubs", Group.ENDS, kept=True, following=_after_hubs, columns=HUBS, sentence=_most)
def hubs(
    posture: "Posture",
    order: Annotated[
        str,
        typer.Option(help="hubs: what most hangs on; or rotation.", autocompletion=offer(*ORDERS)),
    ] = "hubs",
    limit: LimitOption = LIMIT,
) -> "Hubs":
    """Rank credentials by what hangs on them.

    Example: trustdebt hubs --order rotation
    """
    from analytics.answers.hubs import hubs as answer

    if order not in ORDERS:
        raise UsageError(f"--order {order!r} is none; it is one of {', '.join(ORDERS)}")
    return answer(posture, limit, order)
