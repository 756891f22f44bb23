"""A report as PDF: tagged, PDF/A, one page, and the same bytes for the same contents.

Typst sets it with the fonts that come with it: none of the machine's, and nothing from a network.
"""

import json
import re
from dataclasses import asdict
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from app.escape import plain
from app.report.chart import alternative, trend_svg
from app.report.sheet import MARKS, Sheet

TEMPLATE = Path(__file__).with_name("report.typ")
FONT = "Libertinus Serif"
# What the fonts of typst draw, all of it in Libertinus Serif or in DejaVu Sans Mono: Latin, Greek
# and Cyrillic, and signs. PDF/A refuses a page with a letter that no font draws, so each other one
# is shown by its code, as an invisible one is.
DRAWN = re.compile(
    "[^ -~\u00a0-\u017f\u0391-\u03a1\u03a3-\u03a9\u03b1-\u03c9\u0410-\u044f"
    "\u2013\u2014\u2018\u2019\u201c\u201d\u2022\u2026\u20ac\u2192\u2212\u2264\u2265\u25b2\u25bc]"
)
LONG = 2000  # characters of a sentence


def pdf_page(sheet: Sheet) -> bytes:
    """Return the sheet as a PDF of one page."""
    import typst

    return typst.compile(
        _template(),
        sys_inputs=inputs_of(sheet),
        font_paths=_fonts(),
        ignore_system_fonts=True,
        format="pdf",
        pdf_standards=["a-2a", "ua-1"],  # for the archive, and for readers who do not see
        timestamp=sheet.drawn_at,
    )


def inputs_of(sheet: Sheet) -> dict[str, str]:
    """Return the inputs of the template."""
    return {"sheet": json.dumps(_contents(sheet), ensure_ascii=False)}


@cache
def _template() -> bytes:
    return TEMPLATE.read_bytes()


@cache
def _fonts() -> Any:
    """Return the fonts that come with typst."""
    import typst

    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=True)


def _contents(sheet: Sheet) -> dict[str, Any]:
    made: dict[str, Any] = _visible(asdict(sheet))
    moment = datetime.fromtimestamp(sheet.drawn_at, UTC)
    made["date"] = [moment.year, moment.month, moment.day]
    made["trend"] |= {
        "svg": trend_svg(sheet.trend, FONT),
        "alternative": alternative(sheet.trend),
    }
    for figure in made["figures"]:
        figure["change"] = f"{MARKS.get(figure['direction'], '')} {figure['change']}".strip()
    return made


def _visible(value: Any) -> Any:
    """Return the contents with every character of every text visible."""
    if isinstance(value, dict):
        return {key: _visible(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_visible(each) for each in value]
    return drawable(value) if isinstance(value, str) else value


def drawable(text: str) -> str:
    r"""Return a text of letters that the fonts have; others are shown by their code.

    >>> drawable("Zoë\u202e 日")
    'Zoë[U+202E] [U+65E5]'
    """
    shown = plain(text, LONG).replace("⟨", "[").replace("⟩", "]")
    return DRAWN.sub(lambda match: f"[U+{ord(match.group()):04X}]", shown)
