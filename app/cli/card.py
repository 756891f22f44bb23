"""The parts of a card: a sentence, facts, lists and the next commands, for any width."""

import shlex
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.cli.columns import ABSENT, cell
from app.printable import printable

ACCENT, QUIET, WRONG = "bold cyan", "dim", "bold red"
WORST = ("critical", "high")


class Card:
    """Draws on a console; names from data are shown as plain text.

    `left_out` counts the rows that were cut from the answer: a count of its rows is a lower bound.
    """

    def __init__(self, console: Console, left_out: int = 0) -> None:
        self.console, self.left_out = console, left_out

    def title(self, name: object, more: str = "") -> None:
        """Draw what the card is about."""
        line = Text(printable(str(name)), style="bold")
        if more:
            line.append(f"  {printable(more)}", style=QUIET)
        self.console.print(line)

    def sentence(self, words: str, style: str = ACCENT) -> None:
        """Draw the sentence that answers the question."""
        self.console.print(Text(printable(words), style=style))

    def line(self, words: str, style: str = "") -> None:
        """Draw a line of text."""
        self.console.print(Text(printable(words), style=style))

    def facts(self, *pairs: tuple[str, object]) -> None:
        """Draw names and values below each other; absent values are left out."""
        grid = Table.grid(padding=(0, 2))
        grid.add_column(style=QUIET, no_wrap=True)
        grid.add_column(overflow="fold")
        for name, value in pairs:
            words = cell(value)
            if words not in (ABSENT, ""):
                grid.add_row(Text(name), Text(words))
        self.gap()
        self.console.print(grid)

    def listing(
        self, title: str, heads: Sequence[str], rows: Sequence[Sequence[object]], more: int = 0
    ) -> None:
        """Draw a table with as many columns as have anything in them, or nothing without rows."""
        if not rows:
            return
        texts = [[cell(value) for value in row] for row in rows]
        kept = [at for at in range(len(heads)) if {row[at] for row in texts} - {ABSENT, ""}]
        drawn = Table(
            title=title, title_justify="left", title_style="bold", show_edge=False, pad_edge=False
        )
        for at in kept:
            column = [row[at] for row in texts]
            numeric = all(
                c == ABSENT or c.replace(",", "").replace(".", "").isdigit() for c in column
            )
            drawn.add_column(
                heads[at], overflow="fold", justify="right" if numeric else "left", min_width=4
            )
        for row in texts:
            bad = any(row[at] in WORST for at in kept)
            drawn.add_row(*(Text(row[at]) for at in kept), style="bold" if bad else "")
        self.gap()
        self.console.print(drawn)
        if more:
            self.line(f"{more:,} more; --limit 0 shows all", "yellow")

    def following(self, *commands: Sequence[str]) -> None:
        """Draw the commands that go on from here, as they can be pasted."""
        self.gap()
        self.line("next", QUIET)
        for words in commands:
            line = " ".join(shlex.quote(printable(word)) for word in ("trustdebt", *words))
            self.console.print(Text(f"  {line}"), soft_wrap=True)

    def gap(self) -> None:
        """Draw an empty line."""
        self.console.print()
