"""Command for missing owners, now or after a departure: orphans."""

from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.command import question
from app.cli.groups import Group
from app.cli.options.usual import LIMIT, LimitOption

if TYPE_CHECKING:
    from analytics.answers.orphans import Orphans
    from analytics.posture import Posture


@question("orphans", Group.WRONG, kept=True)
def orphans(
    posture: "Posture",
    leaving: Annotated[list[str] | None, typer.Option(help="A person who may leave.")] = None,
    share: Annotated[
        float, typer.Option(min=1, max=100, help="Percent of the owned reach to orphan.")
    ] = 50,
    limit: LimitOption = LIMIT,
) -> "Orphans":
    """List the identities that lack an owner, and in which role.

    Example: trustdebt orphans --leaving ann
    """
    from analytics.answers.orphans import orphans as answer

    people = tuple(posture.graph.find(person) for person in leaving or [])
    return answer(posture, people, limit, share / 100)
