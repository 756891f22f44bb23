"""Tiles of a figure with its denominator and its change, and links to the rows behind it."""

from typing import Any

from streamlit.delta_generator import DeltaGenerator

from analytics.answers.compare.since import Change
from app.web.links import page_link
from app.wording import signed

QUARTER = "in a quarter: "
LESS, MORE, NEITHER = "inverse", "normal", "off"  # what is better, as Streamlit colours a change
LEAST, LEAST_SHARE = 1e-9, 0.0005  # smaller differences, of a count or sum and of a share, are none


def tile(
    place: DeltaGenerator,
    label: str,
    figure: str,
    beside: str | None = None,
    meaning: str = "",
    border: bool = True,
) -> None:
    """Draw a figure in a frame; its texts must not contain names from the data."""
    place.metric(
        label,
        figure,
        delta=beside,
        delta_color="off",
        delta_arrow="off",
        help=meaning or None,
        border=border,
        height="stretch" if border else "content",
    )


def link(place: DeltaGenerator, words: str, page: str, **address: str | list[str]) -> None:
    """Draw a link to a page with parameters; names from the data must be escaped in `words`.

    For whom the page is not open there is none.
    """
    page_link(place, page, words, address, ":material/arrow_forward:")


def signal(
    place: DeltaGenerator,
    label: str,
    figure: str,
    change: Change | None,
    beside: str | None = None,
    meaning: str = "",
    since: str = QUARTER,
    better: str = LESS,
    points: bool = False,
    border: bool = True,
) -> None:
    """Draw a figure with its change `since` an earlier moment; None if it has none to show.

    `better` says which change is an improvement. The colour of the change has its word beside it;
    what cannot be compared, and an improvement that more of the unknown could undo, have no colour.
    With `points` the figure is a share. Texts must not contain names from the data, but `meaning`
    may, escaped.
    """
    if change is None:
        tile(place, label, figure, beside, meaning, border)
        return
    delta, words, colour = worded(change, better, points)
    arrow: Any = "auto" if change.changed else "off"
    place.metric(
        label,
        figure,
        delta=delta,
        delta_color=colour,
        delta_arrow=arrow,
        delta_description=f"{since}{words}" + (f"; {beside}" if beside else ""),
        help=meaning or None,
        border=border,
        height="stretch" if border else "content",
    )


def worded(change: Change, better: str, points: bool = False) -> tuple[str | int, str, Any]:
    """Return a change as a figure, in words, and its colour.

    >>> worded(Change(3.0), LESS)
    ('+3', 'worse', 'inverse')
    >>> worded(Change(-3.0, seen=12.0), LESS)
    ('-3', 'better; +12 more only came into sight', 'inverse')
    >>> worded(Change(-3.0, doubtful=True), LESS)
    ('-3', 'less, but more is unknown', 'off')
    >>> worded(Change(None, because="what is seen changed"), LESS)
    ('not comparable', 'what is seen changed', 'off')
    """
    if change.changed is None:
        return "not comparable", str(change.because), NEITHER
    moved, seen = _shown(change.changed, points), _shown(change.seen, points)
    improved = change.changed * (-1 if better == LESS else 1) > 0
    if not moved:
        words, colour = "the same", better
    elif better == NEITHER:
        words, colour = "it changed", NEITHER
    elif improved and change.doubtful:
        words, colour = f"{'less' if change.changed < 0 else 'more'}, but more is unknown", NEITHER
    else:
        words, colour = "better" if improved else "worse", better
    if seen:
        sight = "came into sight" if change.seen > 0 else "went out of sight"
        words += f"; {seen} more only {sight}"
    return moved or 0, words, colour


def _shown(change: float, points: bool) -> str:
    """Return a difference with its sign; "" for none."""
    if points:
        return "" if abs(change) < LEAST_SHARE else f"{100 * change:+.1f} points"
    return "" if abs(change) < LEAST else signed(change)
