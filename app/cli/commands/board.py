"""Command for the board: are we in trouble, why, and what to do first: board."""

from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.command import question
from app.cli.groups import Group
from app.cli.options.team import TeamOption
from app.cli.options.usual import LimitOption

if TYPE_CHECKING:
    from analytics.answers.board import Board
    from analytics.posture import Posture

LISTED = 10


@question("board", Group.STANDING, kept=True)
def board(
    posture: "Posture",
    team: TeamOption = None,
    target: Annotated[
        float | None, typer.Option(min=0.1, max=100, help="Ratio to reach, in percent.")
    ] = None,
    limit: LimitOption = LISTED,
) -> "Board":
    """Say how bad it is, why, and what to do first.

    Example: trustdebt board
    """
    from analytics.answers.board import board as answer
    from analytics.debt.groups import team_of
    from app.clock import now

    aim = None if target is None else target / 100
    return answer(posture, now(), team_of(posture, team), aim, limit)
