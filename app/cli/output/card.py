"""The parts of a card: a sentence, facts, lists and the next commands, for any width."""

import shlex
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.cli.output.columns import ABSENT, cell, no_options
from app.cli.output.layout import EMPTY, WORST, laid_out
from app.cli.output.running_text import Laid, Line
from app.printable import printable

ACCENT, QUIET, WRONG = "bold cyan", "dim", "bold red"
TOGETHER = 512  # things that are laid out before they are printed


class Card:
    """Draws on a console; names from data are shown as plain text.

    `left_out` counts the rows that were cut from the answer: a count of its rows is a lower bound.
    `options` returns the words that a command to run next needs besides its own.
    """

    def __init__(
        self,
        console: Console,
        left_out: int = 0,
        options: Callable[[str], Sequence[str]] = no_options,
    ) -> None:
        self.console, self.left_out, self.options = console, left_out, options
        self.commands: list[Sequence[str]] = []

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
        if not grid.row_count:
            return
        self.gap()
        self.console.print(grid)

    def entry(self, mark: str, name: str, *lines: str) -> None:
        """Draw one of several things: a mark, its name, and what is known of it below."""
        self.entries([(mark, name, lines)])

    def entries(self, things: Iterable[tuple[str, str, Sequence[str]]]) -> None:
        """Draw several things, each with its mark, its name, and the lines below it."""
        each = iter(things)
        while together := list(islice(each, TOGETHER)):
            lines = (line for thing in together for line in _entry(*thing))
            self.console.print(Laid(lines), crop=False)

    def steps(self, texts: Sequence[tuple[str, Sequence[str]]]) -> None:
        """Draw steps below each other with their numbers, and what each rests on below it."""
        grid = Table.grid(padding=(0, 1))
        grid.add_column(justify="right", style=QUIET, min_width=4)
        grid.add_column(overflow="fold")
        for number, (text, lines) in enumerate(texts, 1):
            grid.add_row(f"{number}.", Text(printable(text)))
            for line in lines:
                grid.add_row("", Text(printable(line), style=QUIET))
        self.console.print(grid)

    def listing(
        self, title: str, heads: Sequence[str], rows: Sequence[Sequence[object]], more: int = 0
    ) -> None:
        """Draw a table with as many columns as have anything in them, or nothing without rows."""
        texts = [[cell(value) for value in row] for row in rows]
        if EMPTY.issuperset(text for row in texts for text in row):
            return
        self.gap()
        self.console.print(laid_out(title, heads, texts, self.console.width))
        self.more(more)

    def more(self, count: int) -> None:
        """Say how many rows are not drawn, if there are any."""
        if count > 0:
            self.line(f"{count:,} more; --limit 0 shows all", "yellow")

    def following(self, *commands: Sequence[str]) -> None:
        """Name the commands that go on from here."""
        self.commands.extend(commands)

    def close(self) -> None:
        """Draw the commands that go on from here, as they can be pasted."""
        if not self.commands:
            return
        self.gap()
        self.line("next", QUIET)
        for name, *words in self.commands:
            every = ("trustdebt", name, *words, *self.options(name))
            line = " ".join(shlex.quote(printable(word)) for word in every)
            self.console.print(Text(f"  {line}"), soft_wrap=True)

    def gap(self) -> None:
        """Draw an empty line."""
        self.console.print()


def _entry(mark: str, name: str, lines: Sequence[str]) -> Iterator[Line]:
    """Yield the lines of one of several things, with an empty one above."""
    yield [("", "")], 0, False
    style = WRONG if mark in WORST else "bold"
    yield [(printable(mark), style), (f"  {printable(name)}", "")], 0, False
    for line in filter(None, lines):
        yield [(printable(line), "")], 2, True
