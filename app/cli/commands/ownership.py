"""Command for missing owners, now or after a departure: orphans."""

from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.columns import Columns
from app.cli.command import LIMIT, LimitOption, question
from app.cli.groups import Group

if TYPE_CHECKING:
    from analytics.answers.orphans import Orphans
    from analytics.posture import Posture


ORPHANS: dict[str, Columns] = {
    "orphaned": {
        "identity": "identity",
        "role": "role",
        "rule": "rule",
        "since": "since",
        "last owner": "last_owner",
    },
    "would_orphan": {
        "identity": "identity",
        "role": "role",
        "nobody left": lambda r: "yes" if r["nobody_left"] else None,
        "last owners": "last_owners",
        "could take over": "successors",
        "gone too": "successors_gone",
        "debt at once": "debt_at_once",
        "a day": "debt_per_day",
    },
    "secrets_to_rotate": {
        "secret": lambda r: r,
        "action": "action",
        "because": "because",
        "kept in": "storage",
    },
    "conflicts": {
        "thing": "thing",
        "role": "role",
        "conflict": "conflict",
        "source": lambda r: r["says"]["source"],
        "owners": "owners",
        "against": lambda r: r["against"]["source"],
        "others": "others",
    },
}


@question("orphans", Group.WRONG, columns=ORPHANS)
def orphans(
    posture: "Posture",
    leaving: Annotated[list[str] | None, typer.Option(help="A person who may leave.")] = None,
    share: Annotated[
        float, typer.Option(min=1, max=100, help="Percent of the owned reach to orphan.")
    ] = 50,
    limit: LimitOption = LIMIT,
) -> "Orphans":
    """List the identities that nobody answers for.

    Example: trustdebt orphans --leaving ann
    """
    from analytics.answers.orphans import orphans as answer

    people = tuple(posture.graph.find(person) for person in leaving or [])
    return answer(posture, people, limit, share / 100)
