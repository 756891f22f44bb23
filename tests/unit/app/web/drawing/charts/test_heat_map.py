"""The heat map of teams: a number in each cell, and a mark where it is unknown or applies not."""

import pandas as pd

from app.web.drawing.charts.heat_map import heat_map
from tests.support.drawn import parts


def test_each_cell_has_its_text_in_a_colour_that_is_legible_on_it() -> None:
    broken = pd.DataFrame({"a": [0.25, 0.9], "b": [None, 0.0]}, dtype="Float64")
    unknown = pd.DataFrame({"a": [0.0, 0.0], "b": [None, 0.5]}, dtype="Float64")
    chart = heat_map(["x", "<i>y</i>"], ["first", "second"], broken, unknown)
    cells = parts(chart, "td")[1:]  # after the corner
    assert [cell.text for cell in cells] == ["25", "-", "90", "0?"]
    assert [cell.style.get("color") for cell in cells] == ["#1b1f24", None, "#ffffff", "#1b1f24"]
    assert cells[0].style["background"] == "rgb(246,201,168)"
    assert [cell.title for cell in cells] == ["first: 25%", "", "first: 90%", "second: 0%"]
    assert [part.text for part in parts(chart, "th") if not part.title] == ["", ""]
    assert [part.text for part in parts(chart, "span")] == ["first", "second"]
    assert [part.title for part in parts(chart, "th")][2:] == ["x", "<i>y</i>"]
