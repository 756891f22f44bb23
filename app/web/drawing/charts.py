"""Charts as figures: pure functions of frames, so that tests can inspect them."""

import pandas as pd
import plotly.graph_objects as go

from app.escape import chart_text

BLUE, GREY, CRIMSON = "#2f6fab", "#5f6875", "#c02a5e"  # white text on each is legible
LONGEST = 28  # characters of a name on an axis


def bars(frame: pd.DataFrame, name: str, value: str, axis: str) -> go.Figure:
    """Draw horizontal bars, largest on top; nodes of equal names stay separate bars."""
    shown = frame.iloc[::-1]
    names = [chart_text(n, LONGEST) for n in shown[name]]
    figure = go.Figure(
        go.Bar(
            x=shown[value],
            y=[str(i) for i in range(len(shown))],
            orientation="h",
            marker_color=BLUE,
            text=[f"{v:,.0f}" for v in shown[value]],
            textposition="outside",
            cliponaxis=False,
            hovertext=names,
            hoverinfo="text+x",
        )
    )
    figure.update_layout(
        height=76 + 30 * len(shown),
        margin={"l": 8, "r": 40, "t": 8, "b": 56},
        xaxis={"title": {"text": axis}, "rangemode": "tozero"},
        yaxis={"tickvals": [str(i) for i in range(len(shown))], "ticktext": names},
        showlegend=False,
    )
    return figure


def steps(profile: pd.DataFrame, axis: str) -> go.Figure:
    """Draw the growth of reach with each step: `hops` against `weighted`."""
    figure = go.Figure(
        go.Bar(
            x=[str(h) for h in profile["hops"]],
            y=profile["weighted"],
            marker_color=BLUE,
            text=[f"{v:,.0f}" for v in profile["weighted"]],
            textposition="outside",
            cliponaxis=False,
        )
    )
    figure.update_layout(
        height=200,
        margin={"l": 8, "r": 8, "t": 24, "b": 40},
        xaxis={"title": {"text": "within so many hops"}, "type": "category"},
        yaxis={"title": {"text": axis}, "rangemode": "tozero"},
        showlegend=False,
    )
    return figure


def pillars(rows: pd.DataFrame) -> go.Figure:
    """Draw the shares of each pillar in evidence, broken and unknown, as stacked bars.

    `rows` has `title`, and the shares `shown`, `broken` and `unknown`. A pillar that cannot be
    measured has an empty bar.
    """
    titles = [chart_text(title, LONGEST) for title in rows["title"]]
    figure = go.Figure()
    for column, words, marker in (
        ("shown", "In evidence", {"color": BLUE}),
        ("broken", "Broken", {"color": CRIMSON}),
        ("unknown", "Unknown", {"color": GREY, "pattern": {"shape": "/", "fgcolor": "#6d7683"}}),
    ):
        figure.add_bar(
            y=titles,
            x=rows[column],
            name=words,
            orientation="h",
            marker=marker,
            text=[
                "" if share < 0.06 or column == "unknown" else f"{share:.0%}"
                for share in rows[column]
            ],  # on hatching no text is legible
            textfont={"color": "#ffffff"},
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            hovertemplate=f"%{{y}}: %{{x:.1%}} {words.lower()}<extra></extra>",
        )
    figure.update_layout(
        barmode="stack",
        height=80 + 38 * len(rows),
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        legend={"orientation": "h", "y": 1.18, "traceorder": "normal"},
        xaxis={"range": [0, 1], "tickformat": ".0%"},
        yaxis={"autorange": "reversed"},
    )
    return figure
