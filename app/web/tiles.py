"""Tiles of a figure with its denominator, and links to the rows behind it."""

from streamlit.delta_generator import DeltaGenerator

from app.web.links import way
from app.wording import signed


def tile(
    place: DeltaGenerator, label: str, figure: str, beside: str | None = None, meaning: str = ""
) -> None:
    """Draw a figure in a frame; its texts must not contain names from the data."""
    place.metric(
        label,
        figure,
        delta=beside,
        delta_color="off",
        delta_arrow="off",
        help=meaning or None,
        border=True,
        height="stretch",
    )


def link(place: DeltaGenerator, words: str, page: str, **address: str | list[str]) -> None:
    """Draw a link to a page with parameters; `words` must not contain names from the data.

    For whom the page is not open there is none.
    """
    way(place, page, words, address, ":material/arrow_forward:")


def signal(
    place: DeltaGenerator,
    label: str,
    figure: str,
    change: float | None,
    beside: str | None = None,
    meaning: str = "",
    since: str = "in a quarter: ",
) -> None:
    """Draw a figure of which more is worse, with its change `since` an earlier moment.

    The colour of the change has its word beside it. Texts must not contain names from the data,
    but `meaning` may, escaped.
    """
    if change is None:
        tile(place, label, figure, beside, meaning)
        return
    word = "worse" if change > 0 else "better" if change < 0 else "the same"
    place.metric(
        label,
        figure,
        delta=signed(change) if change else 0,
        delta_color="inverse",
        delta_description=f"{since}{word}" + (f"; {beside}" if beside else ""),
        help=meaning or None,
        border=True,
        height="stretch",
    )
