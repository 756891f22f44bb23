"""Command for trust debt: debt."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.columns import Columns, Row
from app.cli.command import LIMIT, LimitOption, one_of, question
from app.cli.completion import offer
from app.cli.groups import Group

if TYPE_CHECKING:
    from analytics.answers.debt import TrustDebt
    from analytics.posture import Posture


def _grade(row: Row) -> str | None:
    """Show a grade, and what keeps it down."""
    capped = row.get("capped_by")
    if not capped:
        return row["grade"]  # type: ignore[no-any-return]
    more = f" and {len(capped) - 1} more" if len(capped) > 1 else ""
    return f"{row['grade']}: {capped[0]['thing']['name']}{more}, {capped[0]['because']}"


DEBT: dict[str, Columns] = {
    "groups": {
        "owed by or for": lambda r: r["thing"] or r["key"],
        "debt": "debt",
        "a day": "interest_per_day",
        "ratio": lambda r: "not known" if r["tdr"] is None else f"{r['tdr']:.1%}",
        "grade": _grade,
        "unverified": "unverified",
    },
    "items": {
        "debt": "debt",
        "identity": "identity",
        "why": "why",
        "since": "since",
        "a day": "interest_per_day",
        "unverified": "unverified",
    },
}


@question("debt", Group.STANDING, columns=DEBT)
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
