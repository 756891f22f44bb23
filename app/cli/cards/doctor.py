"""The card of a diagnosis: each check on a line, and below it the way to mend it."""

from typing import Any

from app.cli.card import ACCENT, QUIET, WRONG, Card
from app.wording import counted

MARKS = {"ok": "ok", "not set up": "--", "wrong": "!!"}
STYLES = {"ok": "", "not set up": QUIET, "wrong": WRONG}
WIDEST = 13


def draw(card: Card, result: dict[str, Any]) -> None:
    """Draw what is set up and what is not."""
    checks = result["checks"]
    wrong = [row["check"] for row in checks if row["state"] == "wrong"]
    if wrong:
        card.sentence(f"{counted(len(wrong), 'thing')} to mend: {', '.join(wrong)}.", WRONG)
    else:
        card.sentence("Nothing is wrong.", ACCENT)
    card.gap()
    for row in checks:
        mark, state = MARKS[row["state"]], row["state"]
        card.line(f"{mark}  {row['check']:<{WIDEST}}{row['detail']}", STYLES[state])
        if row["mend"]:
            card.line(f"    {'':<{WIDEST}}to mend it: {row['mend']}", STYLES[state])
