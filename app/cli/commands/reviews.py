"""Command for reviews of access: what is to be decided, and how past decisions were made."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.command import question
from app.cli.groups import Group
from app.cli.options.usual import LIMIT, LimitOption
from app.cli.output.columns import Columns, Commands, Row, of_unit, words

if TYPE_CHECKING:
    from analytics.answers.reviews import Reviews
    from analytics.posture import Posture


def _last_used(row: Row) -> str | None:
    used = row["last_used"]
    if used["at"] is not None:
        return str(used["at"])
    return "never" if used["observed"] else "nobody could see it"


def _value(row: Row) -> str | None:
    unit = "" if row["name"] == "seconds_per_item" else "share"
    return of_unit(row["value"], unit)


def _independent(row: Row) -> str:
    if row["independent"]:
        return "yes"
    return f"{'not known' if row['independent'] is None else 'no'}: {row['independence']}"


REVIEWS: dict[str, Columns] = {
    "packets": {
        "packet": "id",
        "identity": "identity",
        "may": "levels",
        "on": "resource",
        "by": "holder",
        "debt": "debt",
        "minutes": "minutes",
        "last used": _last_used,
        "breaks": lambda r: len(r["breaks"]) or None,
        "because": "reason",
        "reviewer": "reviewer",
        "independent": _independent,
    },
    "measures": {
        "measure": lambda r: words(r["name"]),
        "value": _value,
        "count": "count",
        "of": "of",
        "because": "because",
        "detail": "detail",
    },
    "batches": {
        "by": "by",
        "since": "since",
        "decisions": "decisions",
        "seconds each": "seconds_per_item",
    },
    "exceptions": {
        "entry": "entry",
        "finding": "finding",
        "rule": "rule",
        "by": "by",
        "until": "until",
        "state": lambda r: words(r["state"]),
        "reason": "reason",
    },
}


def _after_reviews(result: dict[str, Any]) -> Commands:
    decided = ("--decision", "DECISION", "--by", "YOU", "--reason", "WHY")
    return [("review", row["id"], *decided) for row in result["packets"][:1]]


@question("reviews", Group.PEOPLE, kept=True, following=_after_reviews, columns=REVIEWS)
def reviews(
    posture: "Posture",
    about: Annotated[str | None, typer.Option(help="Only what it uses or holds.")] = None,
    limit: LimitOption = LIMIT,
) -> "Reviews":
    """List what to review, best worth its minutes first.

    Example: trustdebt reviews --limit 10
    """
    from analytics.answers.reviews import reviews as answer

    return answer(posture, limit, posture.graph.find(about) if about else None)
