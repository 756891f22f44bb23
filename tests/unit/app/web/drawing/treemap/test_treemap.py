"""The treemap: groups, or the identities of one; what does not fit is one tile, and counted."""

import pandas as pd
import pytest
import streamlit as st

from app.web.drawing import treemap
from app.web.drawing.treemap import ALL, Tile, group_tiles, identity_tiles, picked

ROWS = pd.DataFrame(
    {
        "id": ["a", "b", "c", "d"],
        "name": ["<b>A</b>", "B", "C", "D"],
        "debt": [5.0, 3.0, 2.0, 0.0],
        "team": ["t", "t", "u", "v"],
        "team_name": ["T", "T", "U", "V"],
        "grade": ["F", "NR", "A", "A"],
    }
)


def test_groups_add_up_and_who_owes_nothing_has_no_tile() -> None:
    tiles = group_tiles(ROWS, "team", {"t": "D", "u": "NR"})
    assert tiles == [Tile("team:t", "T", 8.0, "D"), Tile("team:u", "U", 2.0, "NR")]
    assert [tile.words for tile in tiles] == ["8\ngrade D", "2\nnot rated"]


def test_a_group_is_made_of_its_identities() -> None:
    tiles = identity_tiles(ROWS, "team", "t")
    assert tiles == [
        Tile("identity:a", "<b>A</b>", 5.0, "F"),
        Tile("identity:b", "B", 3.0, "NR"),
    ]
    assert identity_tiles(ROWS, "team", "v") == []


def test_beyond_the_most_one_tile_stands_for_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(treemap, "MOST", 1)
    assert group_tiles(ROWS, "team", {})[1] == Tile(ALL, "1 more", 2.0)
    assert identity_tiles(ROWS, "team", "t")[1] == Tile("team:t", "1 more", 3.0)


def test_tiles_fill_the_map() -> None:
    tiles = group_tiles(ROWS, "team", {})
    shares = [s.width * s.height for s in treemap.squares(tiles)]
    assert shares == pytest.approx([8000.0, 2000.0])  # of a hundred by a hundred


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
    kept = {"map": state, "map:drawn:": ["team:t", "team:u"]}
    monkeypatch.setattr(st, "session_state", kept)
    assert picked("map") == group
