"""A figure with its denominator: one tile, the same on every page."""

from streamlit.delta_generator import DeltaGenerator


def tile(
    place: DeltaGenerator, label: str, figure: str, beside: str | None = None, meaning: str = ""
) -> None:
    """Draw a figure in a frame; no name from the data belongs in any of its texts."""
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
