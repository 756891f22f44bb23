"""A plot puts each value where the axis says that it is."""

import math
from itertools import pairwise

import pytest

from app.web.drawing.charts.plot import Plot, ticks
from tests.support.drawn import lines, parts


def words(value: float) -> str:
    return f"{value:g}"


@pytest.mark.parametrize(
    ("low", "high"), [(0, 0.17), (0, 1e7), (-120, 3), (0, 5), (-1, 0), (3, 3), (0, 1e-6)]
)
def test_the_axis_holds_all_values_in_a_few_round_steps(low: float, high: float) -> None:
    steps = ticks(low, high)
    assert steps[0] <= low + 1e-12
    assert steps[-1] >= high - 1e-12
    assert 2 <= len(steps) <= 8
    widths = [after - before for before, after in pairwise(steps)]
    assert widths == pytest.approx([widths[0]] * len(widths))


def test_bars_stack_away_from_zero_on_both_sides() -> None:
    """Of 10 up, 4 are of the first and 6 of the second; 5 go down: the axis is from -5 to 10."""
    plot = Plot(["May", "June"], -5, 10, words, 100)
    plot.bars([4, 0], "New", "#111111", words)
    plot.bars([6, 1], "Interest", "#222222", words)
    plot.bars([-5, 0], "Retired", "#333333", words, hatched=True)
    bars = {bar.title: bar for bar in parts(plot.html(), "b", "bar")}
    assert list(bars) == [
        "New, May: 4",
        "Interest, May: 6",
        "Interest, June: 1",
        "Retired, May: -5",
    ]
    ends = {
        title: (bar.percent("top"), bar.percent("top") + bar.percent("height"))
        for title, bar in bars.items()
    }
    assert ends["New, May: 4"] == pytest.approx((40.0, 66.67), abs=0.02)
    assert ends["Interest, May: 6"] == pytest.approx((0.0, 40.0), abs=0.02)
    assert ends["Retired, May: -5"] == pytest.approx((66.67, 100.0), abs=0.02)
    assert "repeating-linear-gradient" in bars["Retired, May: -5"].style["background"]
    assert bars["New, May: 4"].percent("left") < 50 < bars["Interest, June: 1"].percent("left")


def test_a_line_is_broken_where_a_value_is_missing() -> None:
    plot = Plot(["a", "b", "c", "d"], 0, 10, words, 100)
    values = [10.0, 5.0, math.nan, 0.0]
    plot.line(values, "#123456")
    plot.dots(values, "#123456", words, figures=True)
    chart = plot.html()
    assert lines(chart) == [
        ("#123456", [(12.5, 0.0), (37.5, 50.0)]),
        ("#123456", [(87.5, 100.0)]),
    ]
    dots = parts(chart, "b", "dot")
    assert [dot.title for dot in dots] == ["a: 10", "b: 5", "d: 0"]
    assert [part.text for part in parts(chart, "span", "figure")] == ["10", "5", "0"]


def test_of_many_columns_the_last_is_named_and_few_others() -> None:
    plot = Plot([f"day {number}" for number in range(365)], 0, 1, words, 100)
    named = plot.html().partition('class="columns"')[2]
    assert "day 364" in named
    assert 6 <= named.count("<span") <= 12


def test_figures_stand_where_columns_are_named_and_dots_where_there_is_room() -> None:
    """Of 24 columns every second one is named, the last among them; a year has no dots."""
    for columns, dots, figures in ((24, 24, 12), (365, 0, 0)):
        plot = Plot([f"day {number}" for number in range(columns)], 0, 1, words, 100)
        plot.dots([1.0] * columns, "#123456", words, figures=True)
        drawn = [len(parts(plot.html(), *each)) for each in (("b", "dot"), ("span", "figure"))]
        assert drawn == [dots, figures]


def test_names_are_texts() -> None:
    plot = Plot(['<img src="x">'], 0, 1, words, 100, title="<b>")
    plot.bars([1], '"><script>', "#111111", words)
    assert {part.kind for part in parts(plot.html())} == {"div", "span", "hr", "b"}
    assert [part.name for part in parts(plot.html(), "b")] == ["bar"]
