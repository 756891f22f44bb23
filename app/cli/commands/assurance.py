"""Command for what is proven of identities: assurance."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.command import UsageError, question
from app.cli.groups import Group
from app.cli.options.usual import LIMIT, LimitOption
from app.cli.output.columns import Columns, Commands, words

if TYPE_CHECKING:
    from analytics.answers.assurance import Assurance
    from analytics.posture import Posture


def _with(verdict: str) -> Any:
    """Return a column of the claims with a verdict."""
    return lambda r: [words(c["claim"]) for c in r["claims"] if c["verdict"] == verdict] or None


STATEMENTS: dict[str, Columns] = {
    "statements": {
        "identity": "name",
        "proven": _with("proven"),
        "not proven": _with("not_proven"),
        "unknown": _with("unknown"),
        "evaluated": "evaluated_at",
        "days ago": "evaluation_age_days",
    },
    "statements_claims": {
        "identity": "name",
        "claim": lambda r: words(r["claim"]),
        "verdict": lambda r: words(r["verdict"]),
        "because": "because",
        "settled by": "settled_by",
    },
}


def _after_assurance(result: dict[str, Any]) -> Commands:
    ids = [row["id"] for row in result["statements"][:1]]
    return [(name, id_) for id_ in ids for name in ("assurance", "evidence", "show")]


@question("assurance", Group.PROOF, kept=True, following=_after_assurance, columns=STATEMENTS)
def assurance(
    posture: "Posture",
    thing: Annotated[str | None, typer.Argument(help="An identity; all by default.")] = None,
    limit: LimitOption = LIMIT,
) -> "Assurance":
    """State what is proven of identities, claim by claim.

    Example: trustdebt assurance bot
    """
    from analytics.answers.assurance import assurance as answer

    about = posture.graph.find(thing) if thing else None
    if about is not None and about not in posture.accountable:
        raise UsageError(
            f"{posture.graph.thing(about)['id']} is no identity that somebody must answer for: "
            "trustdebt identities lists those"
        )
    return answer(posture, about, limit)
