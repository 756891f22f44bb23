"""The heat map of teams: a number in each cell, and a mark where it is unknown or applies not."""

import pandas as pd

from app.web.drawing.heat_map import heat_map


def test_each_cell_has_its_text_in_a_colour_that_is_legible_on_it() -> None:
    broken = pd.DataFrame({"a": [0.25, 0.9], "b": [None, 0.0]}, dtype="Float64")
    unknown = pd.DataFrame({"a": [0.0, 0.0], "b": [None, 0.5]}, dtype="Float64")
    cells, numbers = heat_map(["x", "y"], ["first", "second"], broken, unknown).data
    assert list(numbers.text) == ["25", "-", "90", "0?"]
    assert list(zip(numbers.x, numbers.y, strict=True)) == [
        (cells.x[0], 0), (cells.x[1], 0), (cells.x[0], 1), (cells.x[1], 1),
    ]  # fmt: skip
    assert list(numbers.textfont.color) == ["#1b1f24", "#8a94a3", "#ffffff", "#1b1f24"]
