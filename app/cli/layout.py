"""Rows laid out for the width there is: a table where it can be read, else records.

In a table each column is wide enough for its words. Where that is more than the terminal has, each
row becomes a record, one fact below the other.
"""

from collections.abc import Sequence
from itertools import compress

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from app.cli.columns import ABSENT

GAP = 3  # between two columns of a table
WORD, LINE = 24, 24  # how much of a long word, and of a sentence, a line of a cell shows at least
FEW = 10  # and of a few words
TALL = 4  # lines of a cell, beyond which rows are easier to read as records
EMPTY = {ABSENT, ""}
QUIET, BAD = "dim", "bold"
WORST = {"critical", "high"}


def laid_out(
    title: str, heads: Sequence[str], rows: Sequence[Sequence[str]], width: int
) -> RenderableType:
    """Lay out rows of texts, without the columns that are empty, in `width` characters."""
    filled = [bool(set(column) - EMPTY) for column in zip(*rows, strict=True)]
    heads = list(compress(heads, filled))
    texts = [list(compress(row, filled)) for row in rows]
    columns = list(zip(*texts, strict=True))
    widest = [max(map(cell_len, column)) for column in columns]
    least = [_least(head, column) for head, column in zip(heads, columns, strict=True)]
    room = width - GAP * (len(heads) - 1)
    widths = shared_out(widest, least, room)
    if widths is None or any(map(_is_tall, widest, widths)):
        return _records(title, heads, texts)
    widths = shared_out(list(map(cell_len, heads)), widths, room) or widths
    drawn = Table(show_edge=False, pad_edge=False)
    for head, column, room in zip(heads, columns, widths, strict=True):
        right = "right" if all(map(_is_figure, column)) else "left"
        drawn.add_column(head, overflow="fold", justify=right, width=room)  # type: ignore[arg-type]
    for row in texts:
        drawn.add_row(*map(Text, row), style=BAD if WORST.intersection(row) else "")
    return Group(Text(title, style="bold"), drawn)


def shared_out(wanted: Sequence[int], least: Sequence[int], room: int) -> list[int] | None:
    """Share `room` out among columns, the narrowest served first; None if it is too little.

    >>> shared_out([4, 40, 40], [4, 10, 10], 64)
    [4, 30, 30]
    >>> shared_out([4, 40, 12], [4, 10, 10], 64)
    [4, 40, 12]
    >>> shared_out([4, 40, 12], [4, 10, 10], 20) is None
    True
    """
    widths, left = list(least), room - sum(least)
    if left < 0:
        return None
    for _ in range(left):
        open_ = [at for at, width in enumerate(widths) if width < wanted[at]]
        if not open_:
            break
        widths[min(open_, key=widths.__getitem__)] += 1
    return widths


def _least(head: str, column: Sequence[str]) -> int:
    """Return how wide a column must be: its longest word, or enough of a longer one."""
    widest = max(map(cell_len, column))
    words = [word for text in (head, *column) for word in text.split(" ")]
    longest = min(max(map(cell_len, words)), WORD)
    if not any(" " in text for text in column):
        return longest
    return max(longest, min(widest, FEW) if widest <= LINE else LINE)


def _is_tall(widest: int, width: int) -> bool:
    return widest > TALL * width


def _is_figure(text: str) -> bool:
    return text == ABSENT or text.lstrip("<").replace(",", "").replace(".", "").isdigit()


def _records(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> RenderableType:
    """Lay out each row as a record: the first column above, short facts beside each other below."""
    parts: list[RenderableType] = [Text(title, style="bold")]
    for first, *others in rows:
        parts.append(Text.assemble((f"{heads[0]} ", QUIET), (first, BAD)))
        facts = [fact for fact in zip(heads[1:], others, strict=True) if fact[1] not in EMPTY]
        short = [_fact(*fact) for fact in facts if cell_len(fact[1]) <= LINE]
        long = [_fact(*fact) for fact in facts if cell_len(fact[1]) > LINE]
        lines = [Text("; ").join(short), *long] if short else long
        parts += [Padding(line, (0, 0, 0, 2)) for line in lines]
    return Group(*parts)


def _fact(head: str, text: str) -> Text:
    return Text.assemble((f"{head} ", QUIET), text)
