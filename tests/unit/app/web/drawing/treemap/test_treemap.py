"""The treemap: groups, or the identities of one; what does not fit is one tile, and counted."""

import pandas as pd
import pytest
import streamlit as st

from app.web.drawing import treemap
from app.web.drawing.treemap import ALL, Tile, picked, tiles_of

ROWS = pd.DataFrame(
    {
        "key": ["b", "a", "d", "c"],
        "name": ["B", "<b>A</b>", "D", "C"],
        "debt": [3.0, 5.0, float("nan"), 2.0],
        "grade": ["NR", "F", "A", ""],
    }
)


def test_each_row_that_owes_has_a_tile_the_largest_first() -> None:
    tiles = tiles_of(ROWS, "team")
    assert tiles == [
        Tile("team:a", "<b>A</b>", 5.0, "F"),
        Tile("team:b", "B", 3.0, "NR"),
        Tile("team:c", "C", 2.0),
    ]
    assert [tile.words for tile in tiles] == ["5 tp\ngrade F", "3 tp\nnot rated", "2 tp"]


def test_beyond_the_most_one_tile_stands_for_the_rest_at_its_size(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(treemap, "MOST", 1)
    assert tiles_of(ROWS, "team") == [
        Tile("team:a", "<b>A</b>", 5.0, "F"),
        Tile(ALL, "2 more", 5.0),
    ]
    more = tiles_of(ROWS[ROWS["key"] != "a"].assign(debt=[1.0, 0.5, 0.75]), "identity", "team:t")
    assert more == [Tile("team:t", "2 more", 1.25), Tile("identity:b", "B", 1.0, "NR")]


def test_tiles_fill_the_map() -> None:
    tiles = tiles_of(ROWS, "team")
    shares = [s.width * s.height for s in treemap.squares(tiles)]
    assert shares == pytest.approx([5000.0, 3000.0, 2000.0])  # of a hundred by a hundred


@pytest.mark.parametrize(
    ("state", "group"),
    [
        ({"choice": {"place": 1, "view": "", "at": 7}}, ("team:u", 7)),
        ({"choice": {"place": -1, "view": "", "at": 7}}, (ALL, 7)),
        ({"choice": {"place": 2, "view": "", "at": 7}}, None),
        ({"choice": {"place": -2, "view": "", "at": 7}}, None),
        ({"choice": {"place": "1", "view": "", "at": 7}}, None),
        ({"choice": {"place": 1, "view": "t", "at": 7}}, None),
        ({"choice": None}, None),
        ({}, None),
        (None, None),
    ],
)
def test_a_browser_names_no_more_than_a_place(
    monkeypatch: pytest.MonkeyPatch, state: object, group: object
) -> None:
    kept = {"map": state, "map:drawn": ("", ["team:t", "team:u"])}
    monkeypatch.setattr(st, "session_state", kept)
    assert picked("map") == group
