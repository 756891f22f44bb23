"""The card of unused access: how much of all reach it is, and each, with the step to remove."""

from typing import Any

from app.cli.output.card import Card
from app.cli.output.columns import DAY, Row, cell, item_words
from app.wording import STALE_STATES, brief, counted, edge_words, share


def draw(card: Card, result: dict[str, Any]) -> None:
    """Draw access that is open and unused."""
    card.sentence(_sentence(result))
    hidden, over = result["counts"]["unobservable"], result["over_stale"]
    if hidden:
        card.line(f"Of {counted(hidden, 'path')} more nobody could see the use.")
    if over["identities"]:
        of = counted(over["identities"], "identity", "identities")
        verb = "reaches" if over["identities"] == 1 else "reach"
        card.line(f"{of} {verb} something over unused steps alone: {brief(over['weighted'])}.")
    card.entries(
        (
            cell(row["identity"]),
            f"{row['level']} on {cell(row['resource'])}; weight {brief(row['weight'])}",
            (_unused(row), _first(row)),
        )
        for row in result["paths"]
    )
    steps = [row["first_stale"] for row in result["paths"] if row["first_stale"]]
    removal = [("what-if", "--remove", item_words(step)) for step in steps[:1]]
    path = [("path", r["identity"]["id"], r["resource"]["id"]) for r in result["paths"][:1]]
    card.following(*removal, *path, ("plan",))


def _sentence(result: dict[str, Any]) -> str:
    back, counts, days = result["regained"], result["counts"], f"{result['days']:,} days"
    if back["weighted"] is None or back["of"] is None:
        return f"What nobody used for {days} is not known: no source could have shown it."
    unused = counts["paths"] - counts["unobservable"]
    if not unused:
        return f"No access is known that nobody used for {days}."
    were = "path of access was" if unused == 1 else "paths of access were"
    of = share(back["weighted"], back["of"])
    return f"{unused:,} {were} not used for {days}: without, {of} of all reach is gone."


def _unused(row: Row) -> str:
    days = row["unused_days"]
    for_days = f", {days:,.0f} days" if days is not None else ""
    return f"{STALE_STATES[row['state']]}{for_days}"


def _first(row: Row) -> str:
    step = row["first_stale"]
    if step is None:
        return ""
    granted = step.get("granted_at")
    since = f", granted {granted[:DAY]}" if granted else ""
    return f"first unused step: {edge_words(step)}{since}"
