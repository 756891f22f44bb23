"""The contents of a report as texts, for the layouts: what one A4 page holds, and no more.

Texts are as in the data: each layout escapes them for its format. A list holds as many rows as fit
on the page, and its note says how many there are besides.
"""

from dataclasses import dataclass, field

BETTER, WORSE, SAME = "better", "worse", "same"
MARKS = {BETTER: "▼", WORSE: "▲", SAME: "="}


@dataclass(frozen=True)
class Figure:
    """A figure: its title, its value with the denominator, and its direction since before.

    `direction` is one of `BETTER`, `WORSE` and `SAME`, or empty where it cannot be told.
    """

    title: str
    value: str
    note: str = ""
    change: str = ""
    direction: str = ""


@dataclass(frozen=True)
class Listing:
    """A table: heads, rows of texts, the width of each column (shares), and a note below it.

    `numeric` are the positions of columns that are aligned to the right.
    """

    title: str
    heads: tuple[str, ...]
    widths: tuple[float, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    numeric: tuple[int, ...] = ()


@dataclass(frozen=True)
class Point:
    """The ratio at one instant: `label` on the axis, days since the first point, and percents.

    `low` and `high` are None where nothing is known. Where it is not `rated` the ratio is anywhere
    between them.
    """

    label: str
    day: float
    low: float | None
    high: float | None
    rated: bool = True


@dataclass(frozen=True)
class Trend:
    """The ratio over time in percent, its target, and in words what it says."""

    title: str
    points: tuple[Point, ...]
    target: float
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sheet:
    """A whole report.

    `grade` is a letter, or `NR` where nothing is rated. `drawn_at` is the instant of the facts, in
    seconds since 1970: a file of the same contents has the same date in it.
    """

    title: str
    subtitle: tuple[str, ...]
    grade: str
    grade_words: str
    sentence: str
    move: str
    figures: tuple[Figure, ...]
    trend: Trend
    lists: tuple[Listing, ...]
    halves: tuple[tuple[Listing, Listing], ...]
    foot: tuple[str, ...]
    drawn_at: int
    warnings: tuple[str, ...] = field(default=())
