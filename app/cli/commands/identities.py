"""Commands for identities and single nodes: identities, show, collisions."""

from typing import TYPE_CHECKING

from app.cli.command import question
from app.cli.groups import Group
from app.cli.options.usual import LIMIT, LimitOption, Thing
from app.cli.output.columns import Columns

if TYPE_CHECKING:
    from analytics.answers.collisions import Collisions
    from analytics.answers.identities import Identities
    from analytics.answers.show import Known
    from analytics.posture import Posture


SHOWN = (
    "owners",
    "credentials",
    "grants",
    "relationships",
    "findings",
    "debt_items",
    "merged_from",
)


COLLISIONS: dict[str, Columns] = {
    "collisions": {
        "label": "label",
        "things": "things",
        "they share": "shared",
        "kept apart because": "reason",
    },
    "merges": {
        "thing": "thing",
        "ids": "ids",
        "merged because": lambda r: [f"{e['rule']} {e['value']}" for e in r["evidence"]],
    },
}


@question("identities", Group.REACH, kept=True)
def identities(posture: "Posture", limit: LimitOption = LIMIT) -> "Identities":
    """List the identities that somebody must answer for.

    Example: trustdebt identities
    """
    from analytics.answers.identities import identities as answer

    return answer(posture, limit)


@question("show", Group.REACH, kept=True, rows=SHOWN)
def show(posture: "Posture", thing: Thing) -> "Known":
    """Show everything known of one thing.

    Example: trustdebt show invoice-bot
    """
    from analytics.answers.show import show_in_order as answer

    return answer(posture, posture.graph.find(thing))


@question("collisions", Group.WRONG, kept=True, columns=COLLISIONS)
def collisions(posture: "Posture", limit: LimitOption = LIMIT) -> "Collisions":
    """List what shares an id but is kept apart, and what was merged.

    Example: trustdebt collisions
    """
    from analytics.answers.collisions import collisions as answer

    return answer(posture, limit)
