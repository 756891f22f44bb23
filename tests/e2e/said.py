"""What a page says, as a reader would see it."""

from streamlit.testing.v1 import AppTest


def texts(test: AppTest) -> str:
    """Return all that a page says, tables included."""
    kinds = ["title", "markdown", "caption", "info", "warning", "error", "subheader", "code"]
    parts = [str(element.value) for kind in kinds for element in getattr(test, kind)]
    parts += [f"{m.label}: {m.value} ({m.delta})" for m in test.metric]
    parts += [frame.value.to_csv() for frame in test.dataframe]
    return "\n".join(parts)


def figures(test: AppTest) -> dict[str, str]:
    """Return what the tiles of a page say, by their labels."""
    return {metric.label: metric.value for metric in test.metric}
