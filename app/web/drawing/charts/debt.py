"""Charts of trust debt over time: what each period moved, and the ratio against its target."""

import pandas as pd

from app.web.drawing.charts import dashes, fill, legend
from app.web.drawing.charts.plot import Plot
from app.wording import brief, day, days

BALANCE, NEW, RETIRED, ACCRUED, RESCORED = "#8a94a3", "#d6336c", "#2f9e44", "#b7791f", "#7048e8"
RATIO, BAND = "#3b82c4", "rgba(138,148,163,0.25)"
SERIES = (
    ("new", "New", NEW, 1),
    ("accrued", "Interest", ACCRUED, 1),
    ("rescored", "Rescored", RESCORED, 1),
    ("retired", "Retired", RETIRED, -1),
)


def burn_down(periods: pd.DataFrame) -> str:
    """Draw the balance as a line, and below it what each period added and took away as bars.

    `periods` is the readable table of a ledger. Changes by coverage alone are hatched.
    """
    first = periods.head(1)
    ends = [*days(first["since_at"]), *days(periods["until_at"])]
    balance = [*first["opening"].astype(float), *periods["closing"].astype(float)]
    above = Plot(ends, 0.0, max(balance, default=0.0), brief, 150, "balance (tp)")
    above.line(balance, BALANCE)
    above.dots(balance, BALANCE, brief)
    series = moves(periods)
    low, high = _ends(series)
    below = Plot(ends, low, high, brief, 220, "moved (tp)")
    for words, (amounts, colour, hatched) in series.items():
        gap = [0.0] * (len(ends) - len(amounts))  # before the first period nothing moved
        below.bars([*gap, *amounts], words, colour, brief, hatched=hatched)
    signs = [(words, fill(colour, hatched)) for words, (_, colour, hatched) in series.items()]
    return legend([("Balance", fill(BALANCE)), *signs]) + above.html() + below.html()


def moves(periods: pd.DataFrame) -> dict[str, tuple[list[float], str, bool]]:
    """Return the amounts of each series by its words, with its colour and whether it is hatched."""
    series: dict[str, tuple[list[float], str, bool]] = {}
    for key, words, colour, sign in SERIES:
        amounts = sign * periods[key].astype(float)
        by_coverage = sign * periods.get(f"coverage_{key}", 0.0 * amounts).astype(float)
        series[words] = ((amounts - by_coverage).tolist(), colour, False)
        if by_coverage.any():
            series[f"{words}, by coverage"] = (by_coverage.tolist(), colour, True)
    return series


def _ends(series: dict[str, tuple[list[float], str, bool]]) -> tuple[float, float]:
    """Return the lowest and the highest end of the stacked bars."""
    rows = pd.DataFrame({words: amounts for words, (amounts, _, _) in series.items()})
    low, high = rows.clip(upper=0).sum(axis=1).min(), rows.clip(lower=0).sum(axis=1).max()
    return (float(low), float(high)) if len(rows) else (0.0, 0.0)


def ratio_trend(past: pd.DataFrame, target: float) -> str:
    """Draw the trust debt ratio over the snapshots, its range as a band, and the target.

    `past` has `at`, `ratio`, `grade` and `high`: the ratio if all unverified exposure were broken.
    What is not rated has its range only, and no line.
    """
    low, high = past["ratio"].astype(float), past["high"].astype(float)
    rated = low.mask(past["grade"] == "NR").tolist()
    top = float(pd.concat([low, high, pd.Series([target])]).max())  # a missing one is none
    plot = Plot([day(at) for at in past["at"]], 0.0, top, lambda value: f"{value:.0%}", 240)
    plot.band(low.tolist(), high.tolist(), BAND)
    plot.line(high.tolist(), BALANCE, width=1, dashed=True)
    plot.line([target] * len(past), RETIRED, dashed=True)
    plot.line(rated, RATIO, width=3)
    plot.dots(rated, RATIO, lambda value: f"{value:.1%}", figures=True)
    signs = [
        ("Trust debt ratio", fill(RATIO)),
        ("If all unverified were broken", dashes(BALANCE)),
        (f"Target {target:.1%}", dashes(RETIRED)),
    ]
    return legend(signs) + plot.html()
