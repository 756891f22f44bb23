"""The card of a diagnosis: what is wrong first said, then each check with how to mend it."""

from typing import Any

from rich.table import Table
from rich.text import Text

from app.cli.output.card import ACCENT, QUIET, WRONG, Card
from app.printable import printable
from app.wording import counted

MARKS = {"ok": "ok", "not set up": "--", "wrong": "!!"}
STYLES = {"ok": "", "not set up": QUIET, "wrong": WRONG}


def draw(card: Card, result: dict[str, Any]) -> None:
    """Draw what is set up and what is not."""
    checks = result["checks"]
    wrong = [row["check"] for row in checks if row["state"] == "wrong"]
    if wrong:
        card.sentence(f"{counted(len(wrong), 'thing')} to mend: {', '.join(wrong)}.", WRONG)
    else:
        card.sentence("Nothing is wrong.", ACCENT)
    grid = Table.grid(padding=(0, 2))
    for column in ("mark", "check"):
        grid.add_column(column, no_wrap=True)
    grid.add_column("detail", overflow="fold")
    for row in checks:
        cells = (MARKS[row["state"]], row["check"], printable(row["detail"]))
        grid.add_row(*map(Text, cells), style=STYLES[row["state"]])
        if row["mend"]:
            mend = Text(f"to mend it: {printable(row['mend'])}")
            grid.add_row("", "", mend, style=STYLES[row["state"]])
    card.gap()
    card.console.print(grid)
