"""The heat map of teams and assumptions as a table: a pure function of frames."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from app.escape import markup

LONGEST = 24  # characters of a name
LEAST = 1e-9  # a smaller share is none
DOUBT = 0.1  # share that is unknown from which a cell has a question mark
SHARES = (0.0, 0.25, 0.5, 1.0)  # with the colours of these, between which others lie
COLOURS = ((243, 245, 248), (246, 201, 168), (229, 138, 95), (163, 22, 33))
DARK = 0.74  # from here on the text on a cell is white


def heat_map(
    rows: Sequence[str], columns: Sequence[str], broken: pd.DataFrame, unknown: pd.DataFrame
) -> str:
    """Draw shares as cells: `broken` gives colour and number, `unknown` a question mark.

    Nothing is green: what is not broken may be unknown. A share that does not apply is a dash.
    """
    shares = broken.to_numpy(float, na_value=np.nan)
    doubts = unknown.to_numpy(float, na_value=np.nan)
    heads = "".join(f'<th scope="col"><span>{markup(name)}</span></th>' for name in columns)
    lines = [
        f'<tr><th scope="row" title="{markup(name)}">{markup(name, LONGEST)}</th>{cells}</tr>'
        for name, cells in zip(rows, _lines(columns, shares, doubts), strict=True)
    ]
    return f'<table class="heat"><tr><td></td>{heads}</tr>{"".join(lines)}</table>'


def _lines(columns: Sequence[str], shares: np.ndarray, doubts: np.ndarray) -> list[str]:
    return [
        "".join(_cell(*cell) for cell in zip(columns, *line, strict=True))
        for line in zip(shares, doubts, strict=True)
    ]


def _cell(column: str, share: float, doubt: float) -> str:
    tip = "" if np.isnan(share) else f' title="{markup(column)}: {share:.0%}"'
    return f'<td style="{look(share)}"{tip}>{_text(share, doubt)}</td>'


def look(share: float) -> str:
    """Return the style of a cell: its colour, and that of the text, legible on it.

    >>> look(1.0), look(float("nan"))
    ('background:rgb(163,22,33);color:#ffffff', 'opacity:0.7')
    """
    if np.isnan(share):
        return "opacity:0.7"
    colour = ",".join(
        f"{np.interp(share, SHARES, part):.0f}" for part in zip(*COLOURS, strict=True)
    )
    return f"background:rgb({colour});color:{'#ffffff' if share >= DARK else '#1b1f24'}"


def _text(share: float, doubt: float) -> str:
    """Return the text of a cell.

    >>> _text(0.25, 0.0), _text(0.0, 0.5), _text(float("nan"), float("nan")), _text(0.004, 0.0)
    ('25', '0?', '-', '&lt;1')
    >>> _text(0.0, 1.0)
    '?'
    """
    if np.isnan(share):
        return "-"
    if share == 0 and doubt >= 1 - LEAST:
        return "?"
    percent = f"{100 * share:.0f}" if share == 0 or share >= 0.005 else "<1"
    return markup(percent + ("?" if doubt >= DOUBT else ""))
