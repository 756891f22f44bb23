"""Running text for a terminal, laid out many lines at once.

The library that draws tables measures and styles each text anew, at a millisecond a line. Most
lines are plain ASCII: these are wrapped here, to the very same lines. The others it still lays out.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate, pairwise

from rich.box import HEAVY_HEAD
from rich.console import Console, ConsoleOptions, JustifyMethod
from rich.padding import Padding
from rich.segment import Segment
from rich.style import Style
from rich.text import Text

Run = tuple[str, str]  # a text, and the name of its style
Line = tuple[Sequence[Run], int, bool]  # runs, their indent, and whether blanks fill the line
WORD = re.compile(r"\S+\s*")
NEW_LINE = Segment.line()


class Laid:
    """Lines that are laid out as they are printed, each as often as there is room for its words."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self.lines = lines

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        """Yield the segments of all lines."""
        styles: dict[str, Style] = {}
        for runs, indent, to_the_edge in self.lines:
            text = "".join(run for run, _ in runs)
            width = options.max_width - indent
            if width < 1 or not _is_plain(text):
                joined = Text.assemble(*runs)
                padded = Padding(joined, (0, 0, 0, indent)) if to_the_edge else joined
                yield from console.render(padded, options)
                continue
            for _, style in runs:
                if style not in styles:
                    styles[style] = console.get_style(style) if style else Style.null()
            for begin, end in wrapped(text, width):
                if indent:
                    yield Segment(" " * indent)
                yield from _cut(runs, styles, begin, end)
                if to_the_edge and end - begin < width:
                    yield Segment(" " * (width - end + begin))
                yield NEW_LINE


class Rows:
    """The rows of a table below its head, as they are printed: cells of fixed widths.

    `right` marks the columns that are flush right; `style` returns the name of a row's style.
    """

    def __init__(
        self,
        rows: Iterable[Sequence[str]],
        widths: Sequence[int],
        right: Sequence[bool],
        style: Callable[[Sequence[str]], str],
    ) -> None:
        self.rows, self.widths, self.right, self.style = rows, widths, right, style

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        """Yield the segments of all rows."""
        box = HEAVY_HEAD.substitute(options, safe=console.safe_box)
        bar, blanks = Segment(box.mid_vertical), [" " * width for width in self.widths]
        last = len(self.widths) - 1
        for row in self.rows:
            name = self.style(row)
            style = console.get_style(name) if name else None
            cells = [
                _in_cell(text, width, right, console)
                for text, width, right in zip(row, self.widths, self.right, strict=True)
            ]
            for number in range(max(map(len, cells))):
                for at, (lines, blank) in enumerate(zip(cells, blanks, strict=True)):
                    text = lines[number] if number < len(lines) else blank
                    yield Segment(f"{' ' if at else ''}{text}{' ' if at < last else ''}", style)
                    yield bar if at < last else NEW_LINE


def _is_plain(text: str) -> bool:
    """Whether each character of a text takes one place in a line."""
    return text.isascii() and text.isprintable()


def _in_cell(text: str, width: int, right: bool, console: Console) -> list[str]:
    """Return the lines of a cell, all of its width."""
    if _is_plain(text):
        lines = [text[begin:end] for begin, end in wrapped(text, width)]
        return [line.rstrip().rjust(width) if right else line.ljust(width) for line in lines]
    justify: JustifyMethod = "right" if right else "left"
    return [line.plain for line in Text(text).wrap(console, width, justify=justify)]


def _cut(runs: Sequence[Run], styles: dict[str, Style], begin: int, end: int) -> Iterator[Segment]:
    """Yield the parts of runs between two positions in their joined text."""
    if len(runs) == 1:
        yield Segment(runs[0][0][begin:end], styles[runs[0][1]])
        return
    for (text, style), last in zip(runs, accumulate(len(text) for text, _ in runs), strict=True):
        first = last - len(text)
        if first < end and last > begin:
            yield Segment(text[max(begin - first, 0) : end - first], styles[style])


def wrapped(text: str, width: int) -> list[tuple[int, int]]:
    """Return where the lines of ASCII text begin and end, `width` characters at most.

    >>> [("to be or not"[begin:end]) for begin, end in wrapped("to be or not", 5)]
    ['to be', 'or ', 'not']
    >>> [("abcdefg hi"[begin:end]) for begin, end in wrapped("abcdefg hi", 3)]
    ['abc', 'def', 'g ', 'hi']
    """
    if len(text) <= width:
        return [(0, len(text))]
    begins, filled = [0], 0
    ends = [match.end() for match in WORD.finditer(text)]
    for start, end in pairwise([0, *ends]):  # blanks before the first word belong to it
        length = len(text[start:end].rstrip())
        if length <= width - filled:
            filled += end - start
        elif length > width:
            begins += range(start or width, end, width)
            filled = (end - start - 1) % width + 1
        elif filled and start:
            begins.append(start)
            filled = end - start
    return [
        (begin, min(end, begin + width))
        for begin, end in zip(begins, [*begins[1:], len(text)], strict=True)
    ]
