"""Rows of tiles with the change of each figure since a quarter ago, drawn when the page is there.

The change needs an earlier snapshot, which may take longer to judge than the page: so the tiles are
drawn without it, and again once the rest of the page is drawn.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import partial
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from analytics.posture import Posture
from analytics.runtime.budget import OverBudget
from app.web.answers.since import Measure, Since, comparable, ready, since
from app.web.tiles import LESS, signal
from app.wording import day
from graph.stores import NoSuchSnapshot, StoreError

WAITING = "deltas:waiting"  # rows of this page that wait for their changes


@dataclass(frozen=True)
class Row:
    """A row of tiles: what changed in each, as far as that is known yet."""

    since: Since | None = None

    def tile(
        self,
        place: DeltaGenerator,
        name: str,
        label: str,
        figure: str,
        beside: str | None = None,
        meaning: str = "",
        better: str = LESS,
        points: bool = False,
        border: bool = True,
    ) -> None:
        """Draw a figure with its change, by the name under which it is measured."""
        change = None if self.since is None else self.since.changes.get(name)
        if self.since is not None and change is not None:
            meaning = f"{meaning} The change is since {day(self.since.at)}.".strip()
        asked: Any = {"better": better, "points": points, "border": border}
        signal(place, label, figure, change, beside, meaning, **asked)


def begin() -> None:
    """Forget the rows of the page that was drawn before."""
    st.session_state[WAITING] = []


def tiles(
    posture: Posture, draw: Callable[[Row], None], measure: Measure, *asked: Hashable
) -> None:
    """Draw a row of tiles, with their changes if they are known already, else once more later."""
    place, known = st.empty(), ready(posture, measure, *asked)
    with place.container():
        draw(Row(known))
    if known is None and comparable(posture):
        again = partial(_again, place, draw, partial(since, posture, measure, *asked))
        st.session_state[WAITING].append(again)


def _again(
    place: DeltaGenerator, draw: Callable[[Row], None], work: Callable[[], Since | None]
) -> None:
    known = work()
    with place.container():
        draw(Row(known))


def finish() -> None:
    """Draw the tiles that wait once more, with their changes.

    What cannot be compared leaves the page as it is.

    Raises
    ------
    Cancelled
    """
    for again in st.session_state.pop(WAITING, []):
        try:
            again()
        except (OverBudget, NoSuchSnapshot, StoreError):
            return
