"""Charts for notebooks, each one inline SVG: bars and lines, without scripts and without a library.

Text takes the colour of the page around it, and every other colour is legible on light and on dark.
Series differ by a hatch or a dash as well as by colour. What is not known has words, and no bar.
Every name is escaped.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from app.escape import markup
from app.web.drawing.links import AMBER, BLUE, CRIMSON, GREY
from app.wording import brief

COLOURS = (BLUE, AMBER, CRIMSON, "#2f9e77", GREY)
DASHES = ("", "7 4", "2 3", "9 3 2 3", "4 4")
HATCHES = ("", "45", "-45", "0", "90")  # degrees
WIDTH, NAMES, FIGURES = 720.0, 210.0, 110.0  # of a picture, of the names and of the figures
BAR, BETWEEN = 15.0, 9.0  # height of a bar, and the gap between two groups
HEIGHT, LEFT, RIGHT = 300.0, 64.0, 220.0  # of lines, and beside them
LETTERS, LONG = 32, 80  # of a name, and of the text below lines
TICKS = 5
FEW = 13  # places below lines that are all named, and points that are marked
ROUND = (1, 1.2, 1.6, 2, 3, 4, 6, 8, 10)


class NothingToDraw(ValueError):
    """Values that are no chart: none at all, too many series, or a figure below zero."""


@dataclass(frozen=True)
class Chart:
    """A drawn chart; a notebook shows it. `svg` is one element, with the figures as its text."""

    svg: str
    title: str

    def __repr__(self) -> str:
        """Return the title."""
        return f"<Chart: {self.title}>"

    def _repr_html_(self) -> str:
        return self.svg


def bars(values: pd.Series | pd.DataFrame, title: str, unit: str = "") -> Chart:
    """Draw a bar for each row, in the order given; a frame has a series for each column.

    Parameters
    ----------
    values : Series or DataFrame
        Figures from 0 up; the index names the rows. Absent ones are said to be unknown.
    unit : str
        What the figures count; it follows the title.

    Raises
    ------
    NothingToDraw
    """
    frame = _frame(values)
    top = _ceiling(frame)
    room = (WIDTH - NAMES - FIGURES) / top
    keys = _keys(frame, [f'fill="{_fill(n)}"' for n in range(frame.shape[1])])
    parts, y = [keys], 46.0 + (22 if keys else 0)
    for name, figures in zip(_names(frame.index), frame.to_numpy(), strict=True):
        height = BAR * len(figures)
        parts.append(_text(NAMES - 8, y + height / 2 + 4, name, "end"))
        for series, figure in enumerate(figures):
            parts.append(_bar(y + series * BAR, figure, figure * room, series))
        y += height + BETWEEN
    parts.append(
        f'<line x1="{NAMES:.0f}" y1="{42 + (22 if keys else 0):.0f}" x2="{NAMES:.0f}" y2="{y:.0f}" '
        f'stroke="{GREY}"/>'
    )
    return _chart(parts, y + 6, title, unit, frame)


def lines(values: pd.Series | pd.DataFrame, title: str, unit: str = "", below: str = "") -> Chart:
    """Draw a line for each column over the index: numbers or instants, from left to right.

    Absent figures leave a gap. The name of a column stands at the end of its line.

    Raises
    ------
    NothingToDraw
    """
    frame = _frame(values).sort_index()
    top = _ceiling(frame)
    xs, labels = _across(frame.index)
    foot = 56 + HEIGHT

    def y(figure: float) -> float:
        return foot - HEIGHT * figure / top

    parts = [_level(y(figure), figure) for figure in np.linspace(0, top, TICKS)]
    parts += [_text(x, foot + 18, label, "middle") for x, label in labels]
    parts.append(_text((LEFT + WIDTH - RIGHT) / 2, foot + 38, below, "middle", LONG))
    ends = []
    for series, name in enumerate(frame.columns):
        points = [(x, y(figure)) for x, figure in zip(xs, frame[name].to_numpy(), strict=True)]
        parts += _line(points, series)
        seen = [height for _, height in points if not math.isnan(height)]
        ends.append((seen[-1] if seen else foot, series, str(name) if seen else f"{name}: unknown"))
    parts += _ends(ends)
    return _chart(parts, foot + (48 if below else 28), title, unit, frame)


# -- the figures --------------------------------------------------------------------------------


def _frame(values: pd.Series | pd.DataFrame) -> pd.DataFrame:
    frame = values.to_frame() if isinstance(values, pd.Series) else values
    frame = frame.astype("Float64").astype(float)
    if frame.empty or frame.shape[1] > len(COLOURS):
        raise NothingToDraw(f"a chart has rows, and one to {len(COLOURS)} series")
    if bool((frame < 0).any(axis=None)) or bool(np.isinf(frame.to_numpy()).any()):
        raise NothingToDraw("a chart has finite figures from 0 up")
    return frame


def _ceiling(frame: pd.DataFrame) -> float:
    """Return a round figure that none exceeds."""
    most = float(np.nanmax(frame.to_numpy(), initial=0.0))
    return _round_up(most) if most else 1.0


def _round_up(figure: float) -> float:
    """Return the next round figure.

    >>> _round_up(937.3), _round_up(30), _round_up(0.19)
    (1000.0, 30.0, 0.2)
    """
    power = 10.0 ** math.floor(math.log10(figure))
    return next(step * power for step in ROUND if step * power >= figure * (1 - 1e-12))


def _across(index: pd.Index) -> tuple[list[float], list[tuple[float, str]]]:
    """Return the place of each row, and the labels below with their places."""
    dated = isinstance(index, pd.DatetimeIndex)
    at = index.to_numpy(np.int64 if dated else float).astype(float)
    first, span = float(at[0]), float(at[-1] - at[0]) or 1.0

    def x(value: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (value - first) / span

    if dated or len(at) <= FEW:
        named = list(zip(at.tolist(), _names(index), strict=True))
    else:
        step = _round_up(span / TICKS)
        count = math.floor((first + span) / step) - math.ceil(first / step) + 1
        ticks = [step * (math.ceil(first / step) + n) for n in range(count)]
        named = [(tick, brief(tick)) for tick in ticks]
    labels: list[tuple[float, str]] = []
    for value, name in named:
        if not labels or x(value) - labels[-1][0] > 9.0 * len(name):
            labels.append((x(value), name))
    return [x(value) for value in at.tolist()], labels


def _names(index: pd.Index) -> list[str]:
    """Return the names of rows: days, figures or texts."""
    if isinstance(index, pd.DatetimeIndex):
        return [f"{each:%Y-%m-%d}" for each in index]
    return [brief(float(each)) if isinstance(each, int | float) else str(each) for each in index]


# -- the drawing --------------------------------------------------------------------------------


def _chart(
    parts: Sequence[str], height: float, title: str, unit: str, frame: pd.DataFrame
) -> Chart:
    words = f"{title}, {unit}" if unit else title
    rows = [
        f"{name}: {', '.join(brief(figure) for figure in figures)}"
        for name, figures in zip(_names(frame.index), frame.to_numpy(), strict=True)
    ]
    described = "; ".join(rows)
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{markup(words)}" '
        f'viewBox="0 0 {WIDTH:.0f} {height:.0f}" width="{WIDTH:.0f}" '
        'style="max-width:100%;height:auto" font-family="sans-serif" font-size="12">'
        f"<title>{markup(words)}</title><desc>{markup(described, len(described))}</desc>"
        f"<defs>{''.join(map(_pattern, range(1, len(COLOURS))))}</defs>"
        f'<text x="0" y="18" fill="currentColor" font-size="14" font-weight="bold">'
        f"{markup(title)}</text>"
        f'<text x="0" y="35" fill="currentColor">{markup(unit)}</text>{"".join(parts)}</svg>'
    )
    return Chart(svg, words)


def _pattern(series: int) -> str:
    """Return a hatch: the colour of the series at half strength, with lines of it."""
    colour = COLOURS[series]
    return (
        f'<pattern id="trustdebt-{series}" width="6" height="6" patternUnits="userSpaceOnUse" '
        f'patternTransform="rotate({HATCHES[series]})"><rect width="6" height="6" fill="{colour}" '
        f'fill-opacity="0.45"/><line x1="0" y1="0" x2="0" y2="6" stroke="{colour}" '
        'stroke-width="4"/></pattern>'
    )


def _fill(series: int) -> str:
    return f"url(#trustdebt-{series})" if series else COLOURS[0]


def _bar(y: float, figure: float, length: float, series: int) -> str:
    if math.isnan(figure):
        return _text(NAMES + 6, y + 12, brief(figure), "start")
    return (
        f'<rect x="{NAMES:.1f}" y="{y:.1f}" width="{length:.1f}" height="{BAR - 2:.0f}" '
        f'fill="{_fill(series)}"/>{_text(NAMES + length + 6, y + 11, brief(figure), "start")}'
    )


def _keys(frame: pd.DataFrame, looks: Sequence[str]) -> str:
    """Return the names of several series, each with its look; a single one needs none."""
    if len(looks) == 1:
        return ""
    width = (WIDTH - NAMES) / len(looks)
    return "".join(
        f'<rect x="{NAMES + n * width:.0f}" y="44" width="14" height="12" {look}/>'
        f"{_text(NAMES + n * width + 20, 54, name, 'start')}"
        for n, (name, look) in enumerate(zip(frame.columns, looks, strict=True))
    )


def _level(y: float, figure: float) -> str:
    return (
        f'<line x1="{LEFT:.0f}" y1="{y:.1f}" x2="{WIDTH - RIGHT:.0f}" y2="{y:.1f}" '
        f'stroke="{GREY}" stroke-opacity="0.35"/>{_text(LEFT - 8, y + 4, brief(figure), "end")}'
    )


def _line(points: Sequence[tuple[float, float]], series: int) -> Iterator[str]:
    look = f'stroke="{COLOURS[series]}" stroke-width="2.2" stroke-dasharray="{DASHES[series]}"'
    for (x, y), (next_x, next_y) in pairwise(points):
        if not math.isnan(y) and not math.isnan(next_y):
            yield f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{next_x:.1f}" y2="{next_y:.1f}" {look}/>'
    marked = len(points) <= FEW
    for x, y in points:
        if marked and not math.isnan(y):
            yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{COLOURS[series]}"/>'


def _ends(ends: Sequence[tuple[float, int, str]]) -> Iterator[str]:
    """Yield the name of each line at its end, moved so that no two overlap."""
    last = -math.inf
    for y, series, name in sorted(ends):
        last = max(y, last + 16)
        x = WIDTH - RIGHT + 10
        yield (
            f'<line x1="{x:.0f}" y1="{last:.1f}" x2="{x + 22:.0f}" y2="{last:.1f}" '
            f'stroke="{COLOURS[series]}" stroke-width="2.2" stroke-dasharray="{DASHES[series]}"/>'
            f"{_text(x + 28, last + 4, name, 'start')}"
        )


def _text(x: float, y: float, words: object, anchor: str, letters: int = LETTERS) -> str:
    text = markup(words, letters)
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="currentColor">{text}</text>'
