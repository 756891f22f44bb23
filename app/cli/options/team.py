"""The option that chooses a team, or the identities of none."""

from typing import Annotated

import typer

TeamOption = Annotated[str | None, typer.Option(help="Only the identities of a team, or no-team.")]
