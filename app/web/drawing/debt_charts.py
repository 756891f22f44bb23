"""Charts of trust debt as figures: pure functions of frames, so that tests can inspect them."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from app.escape import chart_text
from app.wording import day, days

LONGEST = 24  # characters of a name in a tile
DEBT, NEW, RETIRED, ACCRUED, RESCORED = "#8a94a3", "#d6336c", "#2f9e44", "#b7791f", "#7048e8"
BLUE, GREY = "#2b6cb0", "#55657a"
ABOVE = {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0}  # off the days below a chart
GRADES = {  # white text is legible on each; what is not rated is grey, as is what has no grade
    "A": "#2b7a3d",
    "B": "#2f6f7a",
    "C": "#8a5a00",
    "D": "#b23c17",
    "F": "#8c1130",
}
GRADE_WORDS = {letter: f"grade {letter}" for letter in GRADES} | {"NR": "not rated"}
FLAT = ("identity", "assumption")  # groups without identities to draw within
MORE, ALL = "more:", "all"
HATCH = {"shape": "/", "fillmode": "replace", "size": 7, "solidity": 0.5}
SERIES = (
    ("new", "New", NEW, 1),
    ("accrued", "Interest", ACCRUED, 1),
    ("rescored", "Rescored", RESCORED, 1),
    ("retired", "Retired", RETIRED, -1),
)


def burn_down(periods: pd.DataFrame) -> go.Figure:
    """Draw the balance as a line, and below it what each period added and took away as bars.

    `periods` is the readable table of a ledger. Changes by coverage alone are hatched.
    """
    ends = days(periods["until_at"]).tolist()
    first = periods.head(1)
    figure = make_subplots(2, shared_xaxes=True, row_heights=[0.4, 0.6], vertical_spacing=0.06)
    start = days(first["since_at"]).tolist()
    balance = [*first["opening"], *periods["closing"]]
    figure.add_scatter(
        row=1,
        col=1,
        x=start + ends,
        y=balance,
        name="Balance",
        mode="lines+markers",
        line={"color": DEBT},
    )
    for key, words, colour, sign in SERIES:
        amounts = sign * periods[key]
        by_coverage = sign * periods.get(f"coverage_{key}", 0.0 * amounts)
        _bars(figure, ends, amounts - by_coverage, words, {"color": colour})
        if by_coverage.any():
            pattern = {"color": colour, "pattern": HATCH}
            _bars(figure, ends, by_coverage, f"{words}, by coverage", pattern)
    figure.update_layout(
        barmode="relative",
        height=420,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        legend=ABOVE,
    )
    figure.update_xaxes(type="category", categoryorder="array", categoryarray=start + ends)
    figure.update_yaxes(title={"text": "balance (tp)"}, rangemode="tozero", row=1, col=1)
    figure.update_yaxes(title={"text": "moved (tp)"}, row=2, col=1)
    return figure


def _bars(figure: go.Figure, ends: list[str], values: pd.Series, name: str, how: Any) -> None:
    figure.add_bar(row=2, col=1, x=ends, y=values.tolist(), name=name, marker=how)


def treemap(
    members: pd.DataFrame, by: str, grades: Mapping[str, str], most: int = 300
) -> go.Figure:
    """Draw the debt as a treemap: a tile for each group, and within it one for each identity.

    `members` has `id`, `name`, `debt`, `grade`, and for the groups `by` (keys) and `<by>_name`, or
    the keys for names. `grades` are those of the groups, which colour and letter the tiles. Beyond
    the `most` with most debt, the identities of a group are one tile. Inner tiles show once a group
    is clicked. The id of a tile names its group, as `group_of` parses it; groups in `FLAT` have no
    inner tiles.
    """
    owing = members[members["debt"] > 0].sort_values("debt", ascending=False, kind="stable")
    named = f"{by}_name" if f"{by}_name" in members else by
    tops = owing.groupby(by, sort=False).agg(debt=("debt", "sum"), name=(named, "first"))
    columns = (tops.index, tops["debt"], tops["name"])
    tiles = [
        (f"{by}:{key}", debt, name, ALL, grades.get(key, ""))
        for key, debt, name in zip(*columns, strict=True)
    ]
    if by not in FLAT:
        shown = owing.head(most)
        parts = (shown[c] for c in ("id", "debt", "name", by, "grade"))
        tiles += [
            (f"identity:{id_}", debt, name, f"{by}:{key}", grade)
            for id_, debt, name, key, grade in zip(*parts, strict=True)
        ]
        for key, part in owing.iloc[most:].groupby(by, sort=False):
            words = f"{len(part):,} more"
            tiles.append((f"{MORE}{by}:{key}", part["debt"].sum(), words, f"{by}:{key}", ""))
    return _tiles(tiles, tops["debt"].sum())


def _tiles(tiles: Sequence[tuple[str, float, str, str, str]], total: float) -> go.Figure:
    """Draw tiles given as id, debt, name, id of the tile around, and grade."""
    ids, debts, names, parents, letters = zip(*tiles, strict=True) if tiles else [()] * 5
    figure = go.Figure(
        go.Treemap(
            ids=[ALL, *ids],
            labels=["All", *(chart_text(name, LONGEST) for name in names)],
            parents=["", *parents],
            values=[total, *debts],
            text=["", *(GRADE_WORDS.get(letter, letter) for letter in letters)],
            marker={"colors": [GREY, *(GRADES.get(letter, GREY) for letter in letters)]},
            branchvalues="total",
            maxdepth=2,
            texttemplate="%{label}<br>%{value:,.0f}<br>%{text}",
            hovertemplate="%{label}<br>%{value:,.0f} tp<br>%{text}<extra></extra>",
            tiling={"pad": 2},
            pathbar={"thickness": 22},
            textfont={"color": "#ffffff"},
        )
    )
    margin = {"l": 0, "r": 0, "t": 26, "b": 0}  # the path to a tile stands above
    figure.update_layout(height=420, margin=margin, uniformtext={"minsize": 9, "mode": "hide"})
    return figure


def group_of(tile: str) -> str:
    """Return the group of a tile of `treemap`, as in the address.

    >>> group_of("more:team:billing"), group_of("identity:a:b"), group_of(ALL)
    ('team:billing', 'identity:a:b', '')
    """
    return "" if tile == ALL else tile.removeprefix(MORE)


def ratio_trend(past: pd.DataFrame, target: float) -> go.Figure:
    """Draw the trust debt ratio over the snapshots, its range as a band, and the target.

    `past` has `at`, `ratio`, `grade` and `high`: the ratio if all unverified exposure were broken.
    What is not rated has its range only, and no line.
    """
    ends, rated = [day(at) for at in past["at"]], past["ratio"].mask(past["grade"] == "NR")
    figure = go.Figure()
    figure.add_scatter(
        x=ends, y=past["ratio"], mode="lines", line={"width": 0}, showlegend=False, hoverinfo="skip"
    )
    figure.add_scatter(
        x=ends,
        y=past["high"],
        mode="lines",
        line={"color": DEBT, "width": 1, "dash": "dot"},
        fill="tonexty",
        fillcolor="rgba(138,148,163,0.25)",
        name="If all unverified were broken",
    )
    figure.add_scatter(
        x=ends,
        y=rated,
        mode="lines+markers+text",
        text=["" if pd.isna(ratio) else f"{ratio:.1%}" for ratio in rated],
        textposition="bottom center",
        line={"color": BLUE, "width": 3},
        name="Trust debt ratio",
        cliponaxis=False,
    )
    figure.add_scatter(
        x=ends,
        y=[target] * len(ends),
        mode="lines",
        line={"color": RETIRED, "dash": "dash"},
        name=f"Target {target:.1%}",
    )
    figure.update_layout(
        height=300,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        legend=ABOVE,
        yaxis={"rangemode": "tozero", "tickformat": ".0%"},
        xaxis={"type": "category"},
    )
    return figure
