"""The card of identities: how many there are, and each with its grade, owner and reach."""

from typing import Any

from app.cli.output.card import Card
from app.cli.output.columns import Row, known, words
from app.wording import counted, rounded

HEADS = ("identity", "grade", "debt", "reaches", "owner", "last active")


def draw(card: Card, result: dict[str, Any]) -> None:
    """Draw the identities that somebody must answer for, the worst first."""
    rows = result["identities"]
    if not rows:
        card.sentence("No identity is known that somebody must answer for.")
        return
    count = counted(len(rows) + card.left_out, "identity", "identities")
    card.sentence(f"{count} to answer for, the worst first: {rows[0]['name']}.")
    card.listing("identities", HEADS, [_cells(row) for row in rows])
    worst = rows[0]["id"]
    card.following(("show", worst), ("blast-radius", worst), ("findings", "--about", worst))


def _cells(row: Row) -> tuple[object, ...]:
    owners, debt = row["owners"], row["debt"]
    owner = owners["business"] or owners["technical"] or words(owners["state"])
    return (
        row["name"],
        "not rated" if row["grade"] == "NR" else row["grade"],
        "not known" if debt is None else rounded(debt),
        known(row["blast_radius"], "resources"),
        owner,
        row["last_active_at"],
    )
