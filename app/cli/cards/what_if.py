"""The card of a change that was asked about: what it takes away, and what it would break."""

from typing import Any

from app.cli.output.card import ACCENT, WRONG, Card
from app.cli.output.columns import SHARED, Row, cell
from app.wording import brief, joined, rounded, share, signed

FIGURES = ("figure", "before", "after", "change")


def draw(card: Card, result: dict[str, Any]) -> None:
    """Draw the figures before and after a change, what breaks, and who loses what."""
    broken = result["counts"]["breaks"]
    card.sentence(_sentence(result), WRONG if broken else ACCENT)
    before, after = result["before"], result["after"]
    rows = [
        (name, brief(before[name]), brief(after[name]), _change(before[name], after[name]))
        for name in ("reach", "debt", "findings")
    ]
    card.listing("the whole estate", FIGURES, rows)
    taken = [(row["item"], row["taken_as"]) for row in result["removed"]]
    card.listing("removed", ("item", "taken as"), taken)
    granted = [(row["from"], row["levels"], row["to"]) for row in result["granted"]]
    card.listing("granted", ("to whom", "levels", "on"), granted)
    counts = result["counts"]
    for name, title in (
        ("breaks", "uses that would fail"),
        ("identities", "identities whose reach changes"),
        ("lost", "access lost"),
        ("gained", "access gained"),
        ("moved", "access that stays, with no login that leads to it"),
    ):
        columns = SHARED[name]
        cells = [tuple(_value(row, column) for column in columns.values()) for row in result[name]]
        more = counts[name] - len(cells)
        card.listing(f"{title}: {counts[name]:,}", list(columns), cells, max(more, 0))
    card.following(("changes",), ("plan",))


def _sentence(result: dict[str, Any]) -> str:
    before, after = result["before"], result["after"]
    moves = [
        _moved(before[name], after[name], words)
        for name, words in (("reach", "all reach"), ("debt", "the debt"))
    ]
    changes = joined([move for move in moves if move]) or "neither reach nor debt changes"
    changes = f"{changes[0].upper()}{changes[1:]}"
    broken = result["counts"]["breaks"]
    if not broken:
        return f"{changes}; no use that was seen would fail."
    verb = "use that was seen would fail" if broken == 1 else "uses that were seen would fail"
    return f"{changes}; {broken:,} {verb}."


def _moved(before: float | None, after: float | None, words: str) -> str | None:
    """Say by which share a figure becomes less, or more."""
    if before is None or after is None:
        return f"how {words} changes is not known"
    if before == after:
        return None
    of = share(abs(after - before), before) if before else rounded(after)
    return f"{words} {'falls' if after < before else 'grows'} by {of}"


def _change(before: float | None, after: float | None) -> str | None:
    return None if before is None or after is None else signed(after - before)


def _value(row: Row, column: Any) -> object:
    return cell(row.get(column) if isinstance(column, str) else column(row))
