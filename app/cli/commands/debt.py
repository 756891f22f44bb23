"""Command for trust debt: debt."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.command import one_of, question
from app.cli.completion import offer
from app.cli.groups import Group
from app.cli.options.usual import LIMIT, LimitOption

if TYPE_CHECKING:
    from analytics.answers.debt import TrustDebt
    from analytics.posture import Posture


@question("debt", Group.STANDING, kept=True)
def debt(
    posture: "Posture",
    by: Annotated[
        str,
        typer.Option(
            help="assumption, identity, owner, team, provider or environment.",
            autocompletion=offer(
                "assumption", "identity", "owner", "team", "provider", "environment"
            ),
        ),
    ] = "assumption",
    items: Annotated[
        bool, typer.Option("--items", help="List every item, costliest first.")
    ] = False,
    about: Annotated[str | None, typer.Option(help="Only of this identity.")] = None,
    model: Annotated[Path | None, typer.Option(help="Another model, as TOML.")] = None,
    limit: LimitOption = LIMIT,
) -> "TrustDebt":
    """Show the trust debt, and what it is made of.

    Example: trustdebt debt --by owner
    """
    from analytics.answers.debt import debt as answer
    from analytics.assumptions.model import model as read_model
    from analytics.debt.groups import GROUPINGS

    one_of(by, GROUPINGS, "--by")
    subject = posture.graph.find(about) if about else None
    return answer(
        posture, by, items, limit, subject, read_model(model) if model is not None else None
    )
