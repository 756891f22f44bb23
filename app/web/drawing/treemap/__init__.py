"""The treemap of debt: a small component of our own, whose tiles are buttons.

The page works out where each tile lies, so the browser draws no more than it shows: the groups, or
the identities of one group. A general chart draws both at once and takes seconds where there are
many.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from app.escape import plain
from app.web.drawing.treemap.squares import Square, squarified
from app.wording import brief, number

HEIGHT, WIDE, HIGH = 420, 1.2, 1.0  # pixels; the shape of the map, about
LONGEST = 40  # characters of a name in a tile
MOST = 300  # tiles: more could not be told apart
GREY = "#55657a"
GRADES = {  # white text is legible on each; what is not rated is grey, as is what has no grade
    "A": "#2b7a3d",
    "B": "#2f6f7a",
    "C": "#8a5a00",
    "D": "#b23c17",
    "F": "#8c1130",
}
GRADE_WORDS = {letter: f"grade {letter}" for letter in GRADES} | {"NR": "not rated"}
FLAT = ("identity", "assumption")  # groups without identities to draw within
ALL = ""  # the group that is everything
CHOICE = "choice"  # the state that the browser sets


@dataclass(frozen=True, slots=True)
class Tile:
    """A tile: the group that it leads to, what is owed, and its words."""

    group: str
    name: str
    debt: float
    grade: str = ""

    @property
    def words(self) -> str:
        """What stands below the name."""
        return "\n".join(filter(None, (brief(self.debt), GRADE_WORDS.get(self.grade, self.grade))))


def group_tiles(members: pd.DataFrame, by: str, grades: Mapping[str, str]) -> list[Tile]:
    """Return a tile for each group, those that owe most first; beyond `MOST` one for the rest.

    `members` has `id`, `name`, `debt`, `grade`, and for the groups `by` (keys) and `<by>_name`, or
    the keys for names. `grades` are those of the groups.
    """
    named = f"{by}_name" if f"{by}_name" in members else by
    owing = members[members["debt"] > 0]
    sums = owing.groupby(by, sort=False).agg(debt=("debt", "sum"), name=(named, "first"))
    tiles = [
        Tile(f"{by}:{key}", str(name), float(debt), grades.get(str(key), ""))
        for key, debt, name in zip(sums.index, sums["debt"], sums["name"], strict=True)
    ]
    return _largest(tiles, ALL)


def identity_tiles(members: pd.DataFrame, by: str, key: str) -> list[Tile]:
    """Return a tile for each identity of one group, as `group_tiles` does."""
    within = members[(members["debt"] > 0) & (members[by] == key)]
    columns = (within[column] for column in ("id", "name", "debt", "grade"))
    tiles = [
        Tile(f"identity:{id_}", str(name), float(debt), str(grade))
        for id_, name, debt, grade in zip(*columns, strict=True)
    ]
    return _largest(tiles, f"{by}:{key}")


def _largest(tiles: list[Tile], around: str) -> list[Tile]:
    tiles.sort(key=lambda tile: -tile.debt)
    rest = tiles[MOST:]
    if not rest:
        return tiles
    more = Tile(around, f"{number(len(rest))} more", sum(tile.debt for tile in rest))
    return sorted([*tiles[:MOST], more], key=lambda tile: -tile.debt)


def squares(tiles: Sequence[Tile]) -> list[Square]:
    """Return where each tile lies, in percent of the width and the height of the map."""
    return [
        Square(100 * s.left / WIDE, 100 * s.top / HIGH, 100 * s.width / WIDE, 100 * s.height / HIGH)
        for s in squarified([tile.debt for tile in tiles], WIDE, HIGH)
    ]


@cache
def _component() -> Any:
    """Declare the component, by the texts of its files."""
    here = Path(__file__).parent
    script = (here / "treemap.js").read_text(encoding="utf-8")
    styles = (here / "treemap.css").read_text(encoding="utf-8")
    return st.components.v2.component("trustdebt_treemap", js=script, css=styles)


def picked(key: str) -> tuple[str, Any] | None:
    """Return the group of the tile chosen last, and what tells this choice from one before.

    It is None if none was; call it before drawing. Nothing from the browser but the place of a
    tile is believed.
    """
    state = st.session_state.get(key)
    choice = state.get(CHOICE) if isinstance(state, Mapping) else None
    if not isinstance(choice, Mapping):
        return None
    drawn: Sequence[str] = st.session_state.get(f"{key}:drawn:{choice.get('view')}", ())
    place = choice.get("place")
    if not isinstance(place, int) or not -1 <= place < len(drawn):
        return None
    return (ALL if place < 0 else drawn[place]), choice.get("at")


def draw(tiles: Sequence[Tile], key: str, *, view: str, path: str, chosen: str, alt: str) -> None:
    """Draw tiles, of which one can be chosen.

    Parameters
    ----------
    tiles : sequence of Tile
        Those of one level, the largest first.
    key : str
        The place on the page; `picked` takes the same.
    view : str
        What is looked at: choices of another one do not count.
    path : str
        The name of the group whose identities these are; empty for the groups themselves.
    chosen : str
        The group that is chosen.
    alt : str
        A sentence on what the map shows.
    """
    st.session_state[f"{key}:drawn:{view}"] = [tile.group for tile in tiles]
    drawn = [
        {
            "at": [round(side, 3) for side in (s.left, s.top, s.width, s.height)],
            "name": plain(tile.name, LONGEST),
            "words": tile.words,
            "colour": GRADES.get(tile.grade, GREY),
            "chosen": bool(chosen) and tile.group == chosen,
        }
        for tile, s in zip(tiles, squares(tiles), strict=True)
    ]
    data = {"tiles": drawn, "view": view, "path": plain(path, LONGEST), "alt": alt, "high": HEIGHT}
    _component()(key=key, data=data, on_choice_change=lambda: None)
