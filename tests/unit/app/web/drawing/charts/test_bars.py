"""Charts of bars: what stands on a bar can be read there, and lengths are in proportion."""

import math

import pandas as pd

from app.web.drawing.charts.bars import bars, pillars, steps
from tests.support.drawn import parts


def test_hatched_parts_of_pillars_have_no_text_on_them() -> None:
    """White figures on hatching could not be read; the table beside the bars has them."""
    rows = pd.DataFrame({"title": ["Policy"], "shown": [0.4], "broken": [0.25], "unknown": [0.35]})
    drawn = parts(pillars(rows), "b")
    assert [(bar.percent("width"), bar.text) for bar in drawn] == [
        (40.0, "40%"),
        (25.0, "25%"),
        (35.0, ""),
    ]
    hatched = ["repeating" in bar.style["background"] for bar in drawn]
    assert hatched == [False, False, True]
    track = next(part for part in parts(pillars(rows), "div", "track"))
    assert track.title == "Policy: 40.0% in evidence, 25.0% broken, 35.0% unknown"


def test_bars_are_in_proportion_and_things_of_one_name_apart() -> None:
    rows = pd.DataFrame({"name": ["bot", "bot", "<b>"], "count": [40, 10, 0]})
    chart = bars(rows, "name", "count", "agents")
    widths = [bar.percent("width") for bar in parts(chart, "b")]
    assert widths[0] == 4 * widths[1] > 0 == widths[2]
    assert [part.title for part in parts(chart, "div", "track")] == ["bot: 40", "bot: 10", "<b>: 0"]


def test_what_has_no_end_is_drawn_as_long_as_the_longest() -> None:
    rows = pd.DataFrame({"name": ["a", "b", "c"], "count": [math.inf, 4.0, -2.0]})
    widths = [bar.percent("width") for bar in parts(bars(rows, "name", "count", ""), "b")]
    assert widths[0] == widths[1] == 2 * widths[2]


def test_each_step_has_its_figure() -> None:
    profile = pd.DataFrame({"hops": [1, 2, 3], "weighted": [0.0, 3.0, 1200.5]})
    chart = steps(profile, "weighted")
    assert [part.text for part in parts(chart, "span", "over")] == ["0", "3", "1,200.5"]
