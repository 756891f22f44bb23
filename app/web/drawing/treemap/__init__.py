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
        grade = GRADE_WORDS.get(self.grade, self.grade)
        return "\n".join(filter(None, (f"{brief(self.debt)} tp", grade)))


def tiles_of(rows: pd.DataFrame, grouping: str, around: str = ALL) -> list[Tile]:
    """Return a tile for each row that owes, the largest first; beyond `MOST` one for the rest.

    `rows` has `key`, `name`, `debt` and `grade`; what leads to them is the group of `grouping` with
    this key. The tile for the rest leads to the group `around` all of them.
    """
    owing = rows[rows["debt"] > 0].sort_values("debt", ascending=False, kind="stable")
    shown, rest = owing.head(MOST), owing.iloc[MOST:]
    columns = (shown[column] for column in ("key", "name", "debt", "grade"))
    tiles = [
        Tile(f"{grouping}:{key}", str(name), float(debt), str(grade))
        for key, name, debt, grade in zip(*columns, strict=True)
    ]
    if len(rest):
        tiles.append(Tile(around, f"{number(len(rest))} more", float(rest["debt"].sum())))
    return sorted(tiles, key=lambda tile: -tile.debt)


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
    """Return the group of the tile chosen of those drawn, and what tells this choice from others.

    It is None if none was; call it before drawing. Nothing from the browser but the place of a
    tile is believed.
    """
    state = st.session_state.get(key)
    choice = state.get(CHOICE) if isinstance(state, Mapping) else None
    if not isinstance(choice, Mapping):
        return None
    view, drawn = st.session_state.get(f"{key}:drawn", ("", ()))
    place = choice.get("place")
    if choice.get("view") != view or not isinstance(place, int) or not -1 <= place < len(drawn):
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
        What is looked at: a choice among what was drawn before does not count.
    path : str
        The name of the group whose identities these are; empty for the groups themselves.
    chosen : str
        The group that is chosen.
    alt : str
        A sentence on what the map shows.
    """
    st.session_state[f"{key}:drawn"] = (view, [tile.group for tile in tiles])
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
