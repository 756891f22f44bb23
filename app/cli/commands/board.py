"""Command for the board: are we in trouble, why, and what to do first: board."""

from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.command import LimitOption, UsageError, question

if TYPE_CHECKING:
    from analytics.answers.board import Board
    from analytics.posture import Posture

NO_TEAM = "no-team"
LISTED = 10


@question("board")
def board(
    posture: "Posture",
    team: Annotated[
        str | None, typer.Option(help=f"Only the identities of a team, or {NO_TEAM}.")
    ] = None,
    target: Annotated[
        float | None, typer.Option(min=0.1, max=100, help="Ratio to reach, in percent.")
    ] = None,
    limit: LimitOption = LISTED,
) -> "Board":
    """Say in a minute how bad it is, why, and what to do first. Example: trustdebt board."""
    from analytics.answers.board import board as answer
    from app.clock import now

    aim = None if target is None else target / 100
    return answer(posture, now(), _team(posture, team), aim, limit)


def _team(posture: "Posture", name: str | None) -> int | None:
    """Return the number of a team, -1 for the identities of none, None for all."""
    from analytics.debt.groups import NONE
    from graph.schema import TEAM

    if name is None or name == NO_TEAM:
        return None if name is None else NONE
    number = posture.graph.find(name)
    if not posture.graph.has_label(TEAM)[number]:
        raise UsageError(f"--team names a team, and {name} is none")
    return number
