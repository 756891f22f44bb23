"""The chart of a report: the ratio over time as one SVG, the same bytes for the same points.

Its texts are labels of days, percents and fixed words: no name from data is drawn.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

from app.escape import markup
from app.report.sheet import Point, Trend

WIDTH, HEIGHT = 420, 160  # of the drawing, in its own units
LEFT, RIGHT, TOP, BOTTOM = 30, 76, 8, 20  # room for the axes and for the words at the right
LINE, BAND, GOAL, INK, GRID = "#0b4f8a", "#9db8d1", "#1f7a3d", "#333333", "#d9d9d9"
UNRATED = "#f0f0f0"  # behind the time that is not rated
CROWDED = 13  # labels on the axis at most
STEPS = (1, 2, 5, 10, 20, 25, 50, 100)  # percents between the lines of the grid
NEAR = 11  # units between the words at the right
WORD = 45  # units that "not rated" takes


def trend_svg(trend: Trend, font: str) -> str:
    """Return the trend as an SVG, its texts set in `font`."""
    parts = "".join(_parts(trend))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" height="{HEIGHT}" font-family="{markup(font)}" font-size="10">'
        f"{parts}</svg>"
    )


def alternative(trend: Trend) -> str:
    """Return the trend as a text, for readers who do not see the chart."""
    figures = [f"{point.label} {_figure(point)}" for point in trend.points]
    return f"Trust debt ratio: {', '.join(figures)}; target {trend.target:.1f}%."


def _figure(point: Point) -> str:
    if point.low is None or point.high is None:
        return "not rated"
    if not point.rated:
        return f"not rated ({_range(point.low, point.high)})"
    return f"{point.low:.1f}%"


def _range(low: float, high: float) -> str:
    return f"{low:.0f}% to {high:.0f}%"


def _parts(trend: Trend) -> Iterator[str]:
    points = trend.points
    top = _top([p.high for p in points] + [p.low for p in points] + [trend.target])
    days = max((point.day for point in points), default=0) or 1

    def x(day: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (day / days if len(points) > 1 else 0.5)

    def y(percent: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (1 - percent / top)

    yield from _unrated(points, x, y)
    yield from _grid(top, y)
    for run in _runs(points):
        upper = [(x(p.day), y(p.high)) for p in run if p.high is not None]
        lower = [(x(p.day), y(p.low)) for p in run if p.low is not None]
        yield f'<polygon points="{_path([*upper, *reversed(lower)])}" fill="{BAND}" opacity="0.5"/>'
        yield (
            f'<polyline points="{_path(lower)}" fill="none" stroke="{LINE}" '
            'stroke-width="2" stroke-linejoin="round"/>'
        )
        for left, height in lower:
            yield f'<circle cx="{left:.1f}" cy="{height:.1f}" r="2.4" fill="{LINE}"/>'
    goal = y(trend.target)
    yield (
        f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{goal:.1f}" y2="{goal:.1f}" '
        f'stroke="{GOAL}" stroke-width="1.4" stroke-dasharray="5 3"/>'
    )
    yield from _words_at_the_right(trend, y)
    yield from _days(points, x)


def _unrated(
    points: Sequence[Point], x: Callable[[float], float], y: Callable[[float], float]
) -> Iterator[str]:
    """Shade the time around each point that is not rated, and draw its range where one is known."""
    for run in _alike(points):
        if _rated(points[run[0]]):
            continue
        left, right = (
            x((points[place].day + points[beside].day) / 2) if 0 <= beside < len(points) else edge
            for place, beside, edge in (
                (run[0], run[0] - 1, float(LEFT)),
                (run[-1], run[-1] + 1, float(WIDTH - RIGHT)),
            )
        )
        yield (
            f'<rect x="{left:.1f}" y="{TOP}" width="{right - left:.1f}" '
            f'height="{HEIGHT - TOP - BOTTOM}" fill="{UNRATED}"/>'
        )
        for point in (points[place] for place in run):
            if point.low is not None and point.high is not None:
                yield (
                    f'<line x1="{x(point.day):.1f}" x2="{x(point.day):.1f}" '
                    f'y1="{y(point.high):.1f}" y2="{y(point.low):.1f}" '
                    f'stroke="{BAND}" stroke-width="5"/>'
                )
        yield _along(left, right, "not rated")


def _along(left: float, right: float, word: str) -> str:
    """Return a word in the middle of a stripe, upright where the stripe is too narrow for it."""
    middle, height = (left + right) / 2, (TOP + HEIGHT - BOTTOM) / 2
    if right - left >= WORD:
        return _text(middle, TOP + 9, word, "middle")
    turned = f'<g transform="rotate(-90 {middle:.1f} {height:.1f})">'
    return f"{turned}{_text(middle, height + 3.4, word, 'middle')}</g>"


def _grid(top: float, y: Callable[[float], float]) -> Iterator[str]:
    step = next((s for s in STEPS if top / s <= 5), STEPS[-1])
    for percent in range(0, int(top) + 1, step):
        height = y(percent)
        yield (
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{height:.1f}" y2="{height:.1f}" '
            f'stroke="{GRID}" stroke-width="0.7"/>'
        )
        yield _text(LEFT - 4, height + 3.4, f"{percent}%", "end")


def _words_at_the_right(trend: Trend, y: Callable[[float], float]) -> Iterator[str]:
    """Name the last ratio, its worst and the target, none over another."""
    last = trend.points[-1] if trend.points else None
    words = [(y(trend.target), f"target {trend.target:.0f}%", GOAL)]
    if last is not None and last.low is not None and last.high is not None:
        if not last.rated:
            words.append((y(last.low), _range(last.low, last.high), INK))
        else:
            words += _words_of(last.low, last.high, y)
    height = float(HEIGHT)
    for wanted, word, colour in sorted(words, reverse=True):
        height = min(wanted, height - NEAR)
        yield _text(WIDTH - RIGHT + 6, height + 3.4, word, "start", colour)


def _words_of(
    low: float, high: float, y: Callable[[float], float]
) -> Iterator[tuple[float, str, str]]:
    yield y(low), f"{low:.1f}%", LINE
    if high > low:
        yield y(high), f"at worst {high:.0f}%", INK


def _days(points: Sequence[Point], x: Callable[[float], float]) -> Iterator[str]:
    every = -(-len(points) // CROWDED) if points else 1
    for place, point in enumerate(points):
        if (len(points) - 1 - place) % every == 0:
            yield _text(x(point.day), HEIGHT - 7, point.label, "middle")


def _text(left: float, height: float, word: str, anchor: str, colour: str = INK) -> str:
    return (
        f'<text x="{left:.1f}" y="{height:.1f}" text-anchor="{anchor}" fill="{colour}">'
        f"{markup(word)}</text>"
    )


def _runs(points: Sequence[Point]) -> Iterator[list[Point]]:
    """Yield the rated points that follow each other without a gap."""
    for places in _alike(points):
        if _rated(points[places[0]]):
            yield [points[place] for place in places]


def _alike(points: Sequence[Point]) -> Iterator[list[int]]:
    """Yield the places of points that follow each other, all rated or none."""
    for _, places in groupby(range(len(points)), key=lambda place: _rated(points[place])):
        yield list(places)


def _rated(point: Point) -> bool:
    return point.rated and point.low is not None and point.high is not None


def _path(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{left:.1f},{height:.1f}" for left, height in points)


def _top(percents: Sequence[float | None]) -> float:
    """Return the end of the axis: a round percent above all that is drawn.

    >>> _top([13.9, 21.0, 5.0]), _top([0.4, 5.0]), _top([99.0])
    (25, 6, 100)
    """
    highest = max((value for value in percents if value is not None), default=1.0)
    ends = (2, 4, 6, 10, 15, 20, 25, 30, 40, 50, 60, 80, 100)
    return next((end for end in ends if end >= highest * 1.02), 100)
