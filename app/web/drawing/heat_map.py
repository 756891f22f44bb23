"""The heat map of teams and assumptions as a figure: a pure function of frames."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from app.escape import chart_text

LONGEST = 24  # characters of a name
LEAST = 1e-9  # a smaller share is none
DOUBT = 0.1  # share that is unknown from which a cell has a question mark
SCALE = [[0.0, "#f3f5f8"], [0.25, "#f6c9a8"], [0.5, "#e58a5f"], [1.0, "#a31621"]]
DARK = 0.74  # from here on the text on a cell is white
ROW, HEAD = 28, 130  # pixels of a row, and of the words above


def heat_map(
    rows: Sequence[str], columns: Sequence[str], broken: pd.DataFrame, unknown: pd.DataFrame
) -> go.Figure:
    """Draw shares as cells: `broken` gives colour and number, `unknown` a question mark.

    Nothing is green: what is not broken may be unknown. A share that does not apply is a dash.
    """
    shares = broken.to_numpy(float, na_value=np.nan)
    doubts = unknown.to_numpy(float, na_value=np.nan)
    texts = [
        [_text(*cell) for cell in zip(*line, strict=True)]
        for line in zip(shares, doubts, strict=True)
    ]
    figure = go.Figure(
        go.Heatmap(
            z=shares,
            x=[chart_text(name, LONGEST) for name in columns],
            y=list(range(len(rows))),
            zmin=0.0,
            zmax=1.0,
            colorscale=SCALE,
            showscale=False,
            xgap=2,
            ygap=2,
            hovertemplate="%{x}: %{z:.0%}<extra></extra>",
        )
    )
    figure.add_trace(_numbers(shares, texts, list(figure.data[0].x)))
    figure.update_layout(
        height=HEAD + ROW * len(rows),
        margin={"l": 8, "r": 8, "t": HEAD - 10, "b": 8},
        xaxis={"side": "top", "tickangle": -40, "showgrid": False, "zeroline": False},
        yaxis={
            "autorange": "reversed",
            "tickvals": list(range(len(rows))),
            "ticktext": [chart_text(name, LONGEST) for name in rows],
            "showgrid": False,
            "zeroline": False,
        },
    )
    return figure


def _numbers(shares: np.ndarray, texts: list[list[str]], columns: list[str]) -> go.Scatter:
    """Draw the text of each cell: one trace, as hundreds of annotations take seconds to make."""
    height, width = shares.shape
    light = np.where(shares >= DARK, "#ffffff", "#1b1f24")
    return go.Scatter(
        x=columns * height,
        y=np.repeat(np.arange(height), width),
        text=[text for line in texts for text in line],
        mode="text",
        textfont={"size": 12, "color": np.where(np.isnan(shares), "#8a94a3", light).ravel()},
        hoverinfo="skip",
        showlegend=False,
    )


def _text(share: float, doubt: float) -> str:
    """Return the text of a cell.

    >>> _text(0.25, 0.0), _text(0.0, 0.5), _text(float("nan"), float("nan")), _text(0.004, 0.0)
    ('25', '0?', '-', '<1')
    >>> _text(0.0, 1.0)
    '?'
    """
    if np.isnan(share):
        return "-"
    if share == 0 and doubt >= 1 - LEAST:
        return "?"
    percent = f"{100 * share:.0f}" if share == 0 or share >= 0.005 else "<1"
    return percent + ("?" if doubt >= DOUBT else "")
