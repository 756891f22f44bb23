"""Charts of notebooks: bars and lines at the right places, words for what is unknown, no markup."""

import math
import xml.etree.ElementTree as ET
from itertools import pairwise

import pandas as pd
import pytest

from app.notebook import charts
from app.notebook.charts import COLOURS, NothingToDraw, bars, lines
from tests.unit.app.notebook.test_snapshot import HOSTILE

SVG = "{http://www.w3.org/2000/svg}"


def parts(chart: charts.Chart, tag: str) -> list[ET.Element]:
    """Return the elements of a chart outside of its definitions."""
    root = ET.fromstring(chart._repr_html_())
    return [e for e in root if e.tag == f"{SVG}{tag}"]


def texts(chart: charts.Chart) -> list[str]:
    return [e.text or "" for e in parts(chart, "text")]


def test_a_bar_is_as_long_as_its_figure() -> None:
    """10 is the ceiling of 10: the bars have 400 units, of which 5 takes half."""
    chart = bars(pd.Series({"a": 10, "b": 5, "c": 0}), "Title", "things")
    assert [float(bar.attrib["width"]) for bar in parts(chart, "rect")] == [400, 200, 0]
    assert texts(chart) == ["Title", "things", "a", "10", "b", "5", "c", "0"]


def test_what_is_unknown_has_words_and_no_bar() -> None:
    chart = bars(pd.Series({"a": 3.0, "b": None}), "Title")
    assert len(parts(chart, "rect")) == 1
    assert texts(chart)[-2:] == ["b", "unknown"]
    nothing = bars(pd.Series({"a": None}, dtype="Float64"), "Title")
    assert not parts(nothing, "rect")
    assert texts(nothing)[-1] == "unknown"


def test_series_have_a_name_and_a_look_of_their_own() -> None:
    chart = bars(pd.DataFrame({"x": [1], "y": [2]}, index=["row"]), "Title")
    looks = [bar.attrib["fill"] for bar in parts(chart, "rect")]
    assert looks == [COLOURS[0], "url(#trustdebt-1)"] * 2  # the key, then the bars
    assert {"x", "y"} <= set(texts(chart))
    one, two = [], []
    for series, kept in enumerate((one, two)):
        drawn = lines(pd.DataFrame({"x": [1, 2], "y": [2, 1]}), "Title")
        kept += [e for e in parts(drawn, "line") if e.attrib["stroke"] == COLOURS[series]]
    assert one[0].attrib["stroke-dasharray"] != two[0].attrib["stroke-dasharray"]


def test_a_line_goes_from_point_to_point() -> None:
    """Over 436 units from 64, and 300 from 356 upwards: 0 at the foot, the ceiling 4 at the top."""
    chart = lines(pd.Series([0, 4, 2], index=[0, 1, 2], name="s"), "Title")
    points = [(float(p.attrib["cx"]), float(p.attrib["cy"])) for p in parts(chart, "circle")]
    assert points == [(64, 356), (282, 56), (500, 206)]


def test_lines_over_instants_are_spaced_by_time() -> None:
    at = pd.to_datetime(["2026-01-01", "2026-01-02", "2026-01-05"], utc=True)
    chart = lines(pd.Series([1, 1, 1], index=at, name="s"), "Title")
    assert [float(p.attrib["cx"]) for p in parts(chart, "circle")] == [64, 173, 500]
    assert "2026-01-05" in texts(chart)


def test_a_gap_is_no_line() -> None:
    chart = lines(pd.Series([1, None, 3, 4], name="s"), "Title")
    drawn = [e for e in parts(chart, "line") if e.attrib["stroke"] == COLOURS[0]]
    assert len(drawn) == 1 + 1  # from the third to the fourth, and the key
    assert len(parts(chart, "circle")) == 3


def test_names_of_lines_do_not_overlap() -> None:
    chart = lines(pd.DataFrame({name: [1, 1] for name in "abcde"}), "Title")
    heights = [float(e.attrib["y"]) for e in parts(chart, "text") if e.text in set("abcde")]
    assert min(b - a for a, b in pairwise(heights)) >= 16


@pytest.mark.parametrize("draw", [bars, lines])
def test_every_text_stays_text(draw) -> None:
    frame = pd.DataFrame({HOSTILE: [1.0, 2.0]}, index=[0, 1])
    if draw is bars:
        frame.index = pd.Index([HOSTILE, f"{HOSTILE}2"])
    shown = draw(frame, HOSTILE, HOSTILE)._repr_html_()
    assert not [e for e in ET.fromstring(shown).iter() if e.tag.endswith("script")]
    assert "\u202e" not in shown


def test_the_twin_without_escaping_would_not_stay_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(charts, "markup", lambda name, limit=0: str(name))
    assert "<script>" in bars(pd.Series({"a": 1}), HOSTILE)._repr_html_()


@pytest.mark.parametrize(
    "values",
    [
        pd.Series([], dtype=float),
        pd.Series([-1.0]),
        pd.Series([math.inf]),
        pd.DataFrame({n: [1] for n in range(len(COLOURS) + 1)}),
    ],
    ids=["empty", "negative", "infinite", "many"],
)
@pytest.mark.parametrize("draw", [bars, lines])
def test_what_is_no_chart_is_refused(draw, values) -> None:
    with pytest.raises(NothingToDraw):
        draw(values, "Title")


def test_the_figures_are_there_in_words() -> None:
    (described,) = parts(bars(pd.Series({"a": 1234.0, "b": None}), "Title"), "desc")
    assert described.text == "a: 1,234; b: unknown"
