"""Command for access that is open but unused: stale."""

from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.command import question
from app.cli.groups import Group
from app.cli.options.usual import LIMIT, LimitOption

if TYPE_CHECKING:
    from analytics.answers.stale import Stale
    from analytics.posture import Posture


@question("stale", Group.WRONG, kept=True)
def stale(
    posture: "Posture",
    days: Annotated[int, typer.Option(min=1, help="Unused for more than so many days.")] = 90,
    about: Annotated[str | None, typer.Option(help="Only of this identity.")] = None,
    limit: LimitOption = LIMIT,
) -> "Stale":
    """List access that is open but not used.

    Example: trustdebt stale --days 180
    """
    from analytics.answers.stale import stale as answer

    subject = posture.graph.find(about) if about else None
    return answer(posture, days, limit, subject)
