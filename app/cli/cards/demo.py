"""The card of the demo: what was made and published, how bad it is, and the worst findings."""

from typing import Any

from app.cli.cards.findings import entries, how_many
from app.cli.output.card import Card
from app.wording import counted, number


def draw(card: Card, result: dict[str, Any]) -> None:
    """Draw the made-up estate in figures, and the worst of what is wrong with it."""
    findings, unused = result["findings"], result["regained"]
    identities = counted(result["identities"], "identity", "identities")
    card.sentence(
        f"A made-up estate of {identities}, of which {number(result['orphaned'])} lack an owner. "
        f"{how_many(len(findings), result['counts'])}"
    )
    card.facts(
        ("nodes", result["nodes"]),
        ("relationships", result["relationships"]),
        (
            "unused access",
            f"weight {number(unused['weighted'])} of {number(unused['of'])}; of "
            f"{number(unused['unobserved'])} the use cannot be seen",
        ),
    )
    entries(card, findings)
