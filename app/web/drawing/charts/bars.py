"""Charts of bars: of names with a value each, of steps, and of the pillars."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from app.escape import markup
from app.web.drawing.charts import fill, legend
from app.web.drawing.charts.plot import Plot
from app.wording import number

BLUE, GREY, CRIMSON = "#2f6fab", "#5f6875", "#c02a5e"  # white text on each is legible
LONGEST = 28  # characters of a name beside a bar
WIDEST = 85  # percent of the room that the longest bar takes, beside its figure
LEGIBLE = 0.06  # share that a bar has room for the text of
PARTS = (
    ("shown", "In evidence", BLUE),
    ("broken", "Broken", CRIMSON),
    ("unknown", "Unknown", GREY),
)


def bars(frame: pd.DataFrame, name: str, value: str, axis: str) -> str:
    """Draw a bar for each row, in their order; things of equal names stay separate bars.

    A negative value is drawn as long as a positive one, and has its sign.
    """
    sizes = frame[value].astype(float).abs()
    longest = float(sizes[np.isfinite(sizes)].max()) if (sizes > 0).any() else 1.0
    rows = []
    for words, size in zip(frame[name], frame[value], strict=True):
        text = number(size)
        bar = f'<b style="width:{WIDEST * min(1.0, abs(size) / longest):.2f}%;{fill(BLUE)}"></b>'
        rows.append(_row(words, f"{bar}<span>{markup(text)}</span>", f"{words}: {text}"))
    return f'<div class="bars">{"".join(rows)}</div><div class="title">{markup(axis)}</div>'


def _row(words: object, track: str, tip: str) -> str:
    name = f'<span class="name">{markup(words, LONGEST)}</span>'
    return f'{name}<div class="track" title="{markup(tip)}">{track}</div>'


def steps(profile: pd.DataFrame, axis: str) -> str:
    """Draw the growth of reach with each step: `hops` against `weighted`."""
    values = profile["weighted"].astype(float).tolist()
    hops = [str(hop) for hop in profile["hops"]]
    plot = Plot(hops, 0.0, max([*values, 0.0]), number, 140, f"{axis}, within so many hops")
    plot.bars(values, "", BLUE, number, figures=True)
    return plot.html()


def pillars(rows: pd.DataFrame) -> str:
    """Draw the shares of each pillar in evidence, broken and unknown, as stacked bars.

    `rows` has `title`, and the shares `shown`, `broken` and `unknown`. A pillar that cannot be
    measured has an empty bar.
    """
    drawn = []
    for title, *shares in rows[["title", *(part for part, _, _ in PARTS)]].itertuples(index=False):
        parts = "".join(_parts(shares))
        words = (word.lower() for _, word, _ in PARTS)
        tip = ", ".join(f"{share:.1%} {word}" for share, word in zip(shares, words, strict=True))
        drawn.append(_row(title, parts, f"{title}: {tip}"))
    signs = [(words, fill(colour, part == "unknown")) for part, words, colour in PARTS]
    return f'{legend(signs)}<div class="bars stacked">{"".join(drawn)}</div>'


def _parts(shares: Iterable[float]) -> Iterable[str]:
    for share, (part, _, colour) in zip(shares, PARTS, strict=True):
        hatched = part == "unknown"  # on hatching no text is legible
        text = "" if hatched or share < LEGIBLE else f"{share:.0%}"
        if share:
            yield f'<b style="width:{100 * share:.2f}%;{fill(colour, hatched)}">{text}</b>'
