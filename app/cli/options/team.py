"""The option that chooses a team, or the identities of none."""

from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.command import UsageError

if TYPE_CHECKING:
    from analytics.posture import Posture

NO_TEAM = "no-team"
TeamOption = Annotated[
    str | None, typer.Option(help=f"Only the identities of a team, or {NO_TEAM}.")
]


def team_of(posture: "Posture", name: str | None) -> int | None:
    """Return the number of a team, -1 for the identities of none, None for all."""
    from analytics.debt.groups import NONE
    from graph.schema import TEAMS

    if name is None or name == NO_TEAM:
        return None if name is None else NONE
    number = posture.graph.find(name)
    if not posture.graph.has_label(*TEAMS)[number]:
        raise UsageError(f"--team names a team, and {name} is none")
    return number
