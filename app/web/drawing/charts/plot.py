"""A plot: columns side by side, an axis of values, and on them lines, bands and stacked bars."""

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from urllib.parse import quote

from app.escape import markup
from app.web.drawing.charts import fill

CROWDED = 12  # words below a plot at most
MARKED = 60  # columns up to which there is room for a dot in each
LINES = 5  # of the grid, at most
NEAR = 1e-9  # of a step: a value so near to a round one is that one


def ticks(low: float, high: float) -> list[float]:
    """Return round values, equally far apart, from at most `low` to at least `high`.

    >>> ticks(0, 34), ticks(-3, 8), ticks(0, 0)
    ([0.0, 10.0, 20.0, 30.0, 40.0], [-5.0, 0.0, 5.0, 10.0], [0.0, 1.0])
    """
    span = high - low
    if span <= 0:
        return [float(low), low + 1.0]
    least = 10.0 ** math.floor(math.log10(span / LINES))
    step = next(least * times for times in (1, 2, 5, 10) if span / (least * times) <= LINES)
    first, last = math.floor(low / step + NEAR), math.ceil(high / step - NEAR)
    return [step * number for number in range(first, last + 1)]


class Plot:
    """A plot of values in columns, to which lines, bands and bars are added.

    Parameters
    ----------
    columns : sequence of str
        What stands below each column.
    low, high : float
        The least and the largest value that is drawn.
    words : callable
        Makes the words of a value on the axis.
    height : int
        In pixels, without the words below.
    title : str
        What the axis measures.
    """

    def __init__(
        self,
        columns: Sequence[str],
        low: float,
        high: float,
        words: Callable[[float], str],
        height: int,
        title: str = "",
    ) -> None:
        self._columns, self._words = columns, words
        self._height, self._title = height, title
        self._ticks = ticks(low, high)
        self._shapes: list[str] = []
        self._marks: list[str] = []
        self._above, self._below = [0.0] * len(columns), [0.0] * len(columns)

    def line(
        self, values: Sequence[float], colour: str, *, width: float = 2, dashed: bool = False
    ) -> None:
        """Add a line; it is broken where a value is missing."""
        dashes = ";stroke-dasharray:6 4" if dashed else ""
        look = f"fill:none;stroke:{colour};stroke-width:{width}{dashes}"
        for run in _runs(values):
            points = self._points((place, values[place]) for place in run)
            self._shapes.append(f'<polyline points="{points}" style="{look}" />')

    def dots(
        self,
        values: Sequence[float],
        colour: str,
        words: Callable[[float], str],
        *,
        figures: bool = False,
    ) -> None:
        """Add a dot for each value, if there is room; with `figures` its words stand below it.

        Only what is named below the plot has them, as they would overlap.
        """
        for place, value in enumerate(values):
            if math.isnan(value) or len(values) > MARKED:
                continue
            at = f"left:{self._x(place):.2f}%;top:{self._y(value):.2f}%"
            tip = markup(f"{self._columns[place]}: {words(value)}")
            self._marks.append(f'<b class="dot" style="{at};{fill(colour)}" title="{tip}"></b>')
            if figures and self._is_named(place):
                self._marks.append(
                    f'<span class="figure" style="{at}">{markup(words(value))}</span>'
                )

    def band(self, lower: Sequence[float], upper: Sequence[float], colour: str) -> None:
        """Fill the room between two lines; where either is missing there is none."""
        both = [low + high for low, high in zip(lower, upper, strict=True)]
        for run in _runs(both):
            above = [(place, upper[place]) for place in run]
            below = [(place, lower[place]) for place in reversed(run)]
            look = f"fill:{colour};stroke:none"
            points = self._points(iter([*above, *below]))
            self._shapes.append(f'<polygon points="{points}" style="{look}" />')

    def bars(
        self,
        values: Sequence[float],
        name: str,
        colour: str,
        words: Callable[[float], str],
        *,
        hatched: bool = False,
        figures: bool = False,
    ) -> None:
        """Add bars on top of those there are, or below where values are negative.

        With `figures` each has the words of its value above it.
        """
        room = 100 / max(1, len(self._columns))
        for place, value in enumerate(values):
            if math.isnan(value) or (value == 0 and not figures):
                continue
            stack = self._above if value > 0 else self._below
            ends = sorted((self._y(stack[place]), self._y(stack[place] + value)))
            stack[place] += value
            at = f"left:{room * (place + 0.12):.2f}%;width:{room * 0.76:.2f}%;top:{ends[0]:.2f}%"
            tip = markup(f"{name}, {self._columns[place]}: {words(value)}".removeprefix(", "))
            look = f"{at};height:{ends[1] - ends[0]:.2f}%;{fill(colour, hatched)}"
            self._marks.append(f'<b class="bar" style="{look}" title="{tip}"></b>')
            if figures:
                over = f'<span class="over" style="{at}">{markup(words(value))}</span>'
                self._marks.append(over)

    def html(self) -> str:
        """Return the plot."""
        axis = "".join(
            f'<span style="top:{self._y(tick):.2f}%">{markup(self._words(tick))}</span>'
            for tick in self._ticks
        )
        grid = "".join(f'<hr style="top:{self._y(tick):.2f}%">' for tick in self._ticks)
        title = f'<div class="title">{markup(self._title)}</div>' if self._title else ""
        return (
            f'{title}<div class="plot"><div class="axis">{axis}</div>'
            f'<div class="area" style="height:{self._height}px">'
            f"{grid}{_image(self._shapes)}{''.join(self._marks)}</div>"
            f'<div class="columns">{"".join(self._below_columns())}</div></div>'
        )

    def _below_columns(self) -> Iterator[str]:
        for place, column in enumerate(self._columns):
            if self._is_named(place):
                yield f'<span style="left:{self._x(place):.2f}%">{markup(column)}</span>'

    def _is_named(self, place: int) -> bool:
        """Return whether the words of a column stand below it: of the last, and of some others."""
        every = -(-len(self._columns) // CROWDED)
        return (len(self._columns) - 1 - place) % every == 0

    def _x(self, place: int) -> float:
        return 100 * (place + 0.5) / len(self._columns)

    def _y(self, value: float) -> float:
        low, high = self._ticks[0], self._ticks[-1]
        return 100 * (1 - (value - low) / (high - low))

    def _points(self, points: Iterator[tuple[int, float]]) -> str:
        return " ".join(f"{self._x(place):.3f},{self._y(value):.3f}" for place, value in points)


def _image(shapes: Sequence[str]) -> str:
    """Return shapes as a picture that is as large as what it lies in.

    Streamlit lets no SVG stand among HTML, but pictures; lines keep their width in it.
    """
    if not shapes:
        return ""
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100" preserveAspectRatio="none">'
        f"<style>*{{vector-effect:non-scaling-stroke}}</style>{''.join(shapes)}</svg>"
    )
    return f'<img alt="" src="data:image/svg+xml,{quote(svg)}">'


def _runs(values: Sequence[float]) -> Iterator[list[int]]:
    """Yield the places of values that follow each other without a gap."""
    for missing, places in groupby(range(len(values)), key=lambda place: math.isnan(values[place])):
        if not missing:
            yield list(places)
