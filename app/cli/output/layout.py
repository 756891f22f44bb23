"""Rows laid out for the width there is: a table where it can be read, else records.

In a table each column is wide enough for its words. Where that is more than the terminal has, each
row becomes a record, one fact below the other.
"""

from collections.abc import Iterator, Sequence
from itertools import compress

from rich.box import HEAVY_HEAD
from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from app.cli.output.columns import ABSENT
from app.cli.output.running_text import Laid, Line, Rows, Run

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
    top = Table(show_edge=False, pad_edge=False, box=HEAVY_HEAD)
    figures = [all(map(_is_figure, column)) for column in columns]
    for head, width, right in zip(heads, widths, figures, strict=True):
        top.add_column(head, overflow="fold", justify="right" if right else "left", width=width)
    rows_below = Rows(texts, widths, figures, lambda row: BAD if WORST.intersection(row) else "")
    return Group(Text(title, style="bold"), top, rows_below)


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
    return Group(Text(title, style="bold"), Laid(_lines(heads, rows)))


def _lines(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[Line]:
    """Yield the lines of records."""
    for first, *others in rows:
        yield _fact(heads[0], first, BAD), 0, False
        facts = [fact for fact in zip(heads[1:], others, strict=True) if fact[1] not in EMPTY]
        lengths = [cell_len(text) for _, text in facts]
        short: list[Run] = []
        for fact, length in zip(facts, lengths, strict=True):
            if length <= LINE:
                short += [("; ", "")] if short else []
                short += _fact(*fact)
        if short:
            yield short, 2, True
        for fact, length in zip(facts, lengths, strict=True):
            if length > LINE:
                yield _fact(*fact), 2, True


def _fact(head: str, text: str, style: str = "") -> list[Run]:
    return [(f"{head} ", QUIET), (text, style)]
