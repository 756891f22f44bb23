"""Command for the worst path into each crown jewel: narrative."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.command import UsageError, mode_of, question
from app.cli.groups import Group
from app.cli.options.usual import LIMIT, LimitOption, Mode
from app.cli.output.columns import Columns, Commands, Row

if TYPE_CHECKING:
    from analytics.answers.narrative import Narrative
    from analytics.posture import Posture

NARRATIVE: dict[str, Columns] = {
    "narratives": {
        "jewel": "jewel",
        "level": "level",
        "story": lambda r: r["story"]["text"],
        "cheapest cut": lambda r: _cost(r["cut"]),
    },
}


def _cost(cut: Row | None) -> int | str | None:
    """Return how many removals the cheapest cut takes."""
    if cut is None:
        return None
    return cut["cost"] if cut["separable"] else "in use"


def _after_narrative(result: dict[str, Any]) -> Commands:
    ids = [row["jewel"]["id"] for row in result["narratives"][:1]]
    return [(*words, id_) for id_ in ids for words in (("exposure",), ("cut", "--to"))]


def _reached(result: dict[str, Any]) -> str | None:
    unknown = f"; of {result['not_known']:,} it is not known" if result["not_known"] else ""
    return f"{result['reached']:,} of {result['targets']:,} targets can be reached{unknown}."


@question(
    "narrative",
    Group.REACH,
    kept=True,
    following=_after_narrative,
    columns=NARRATIVE,
    sentence=_reached,
)
def narrative(
    posture: "Posture",
    targets: Annotated[
        list[str] | None, typer.Option("--to", help="The path into what; may be repeated.")
    ] = None,
    starts: Annotated[
        list[str] | None, typer.Option("--from", help="Where it may begin; may be repeated.")
    ] = None,
    mode: Mode = "standing",
    limit: LimitOption = LIMIT,
) -> "Narrative":
    """Describe the worst path into each crown jewel.

    Example: trustdebt narrative --to db:ledger
    """
    from analytics.answers.narrative import narrative as answer
    from analytics.selectors import CROWN_JEWELS, select
    from graph.schema import RESOURCE

    chosen = select(posture, targets or [CROWN_JEWELS])
    others = chosen[~posture.graph.has_label(RESOURCE)[chosen]]
    if len(others):
        thing = posture.graph.thing(int(others[0]))
        raise UsageError(f"--to takes resources, not {thing['name']} ({thing['label']})")
    begin = select(posture, starts) if starts else None
    return answer(posture, chosen, begin, mode_of(mode), limit)
