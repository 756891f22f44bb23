"""Who answers for what, and who would not any more."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.command import LIMIT, LimitOption, question

if TYPE_CHECKING:
    from analytics.posture import Posture


@question("orphans")
def orphans(
    posture: "Posture",
    leaving: Annotated[list[str] | None, typer.Option(help="A person who may leave.")] = None,
    share: Annotated[
        float, typer.Option(min=1, max=100, help="Percent of the owned reach to orphan.")
    ] = 50,
    limit: LimitOption = LIMIT,
) -> dict[str, Any]:
    """List identities nobody answers for. Example: trustdebt orphans --leaving ann."""
    from analytics import answers

    people = tuple(posture.graph.find(person) for person in leaving or [])
    return answers.orphans(posture, people, limit, share / 100)
