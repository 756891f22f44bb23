"""Tiles fill the map without a gap, each as large as its share."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.web.drawing.treemap.squares import squarified

SIZES = st.lists(st.floats(0.01, 1000.0), max_size=40)


@given(SIZES, st.floats(0.5, 4.0))
def test_areas_are_in_proportion_and_no_tile_lies_on_another(
    sizes: list[float], width: float
) -> None:
    sizes = sorted(sizes, reverse=True)
    tiles = squarified(sizes, width, 1.0)
    assert len(tiles) == len(sizes)
    areas = [tile.width * tile.height for tile in tiles]
    assert areas == pytest.approx([width * size / sum(sizes) for size in sizes])
    for place, one in enumerate(tiles):
        assert one.left >= -1e-9
        assert one.top >= -1e-9
        assert one.left + one.width <= width + 1e-9
        assert one.top + one.height <= 1 + 1e-9
        for other in tiles[:place]:
            beside = min(one.left + one.width, other.left + other.width) - max(one.left, other.left)
            below = min(one.top + one.height, other.top + other.height) - max(one.top, other.top)
            assert min(beside, below) <= 1e-9


def test_tiles_of_one_size_are_near_to_squares() -> None:
    for tile in squarified([1.0] * 30, 1.2, 1.0):
        assert 0.5 < tile.width / tile.height < 2
