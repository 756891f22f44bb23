"""A report as one HTML file: no script, nothing loaded from elsewhere, one page when printed."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from app.escape import markup
from app.report.chart import alternative, trend_svg
from app.report.sheet import MARKS, Figure, Listing, Sheet, Trend

STYLE = Path(__file__).with_name("report.css")
FONT = "system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
# A reader of mail may show the file, too: it is not to fetch anything, whatever stands in it.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
LONG = 2000  # characters of a sentence; the sheet has cut its names already


def html_page(sheet: Sheet) -> str:
    """Return the sheet as an HTML document."""
    return "\n".join(
        (
            "<!DOCTYPE html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="referrer" content="no-referrer">',
            f"<title>{_text(sheet.title)}</title>",
            f"<style>{_style()}</style>",
            "</head>",
            "<body>",
            '<main class="sheet">',
            *_body(sheet),
            "</main>",
            "</body>",
            "</html>",
            "",
        )
    )


@cache
def _style() -> str:
    return STYLE.read_text(encoding="utf-8")


def _text(text: str) -> str:
    return markup(text, LONG)


def _body(sheet: Sheet) -> Iterator[str]:
    yield "<header>"
    yield f'<p class="brand">trustdebt</p><h1>{_text(sheet.title)}</h1>'
    yield from (f'<p class="of">{_text(line)}</p>' for line in sheet.subtitle)
    yield from (f'<p class="warning">! {_text(line)}</p>' for line in sheet.warnings)
    yield "</header>"
    yield '<section class="lead">'
    yield f'<div class="grade grade-{_text(sheet.grade)}"><b>{_text(_letter(sheet))}</b></div>'
    yield f'<div><p class="sentence">{_text(sheet.sentence)}</p>'
    yield f'<p class="because">{_text(sheet.grade_words)}</p>'
    yield f'<p class="move"><b>Fix first:</b> {_text(sheet.move)}</p></div>'
    yield "</section>"
    yield '<section class="figures">'
    yield from map(_figure, sheet.figures)
    yield "</section>"
    yield from _trend(sheet.trend)
    for listing in sheet.lists:
        yield from _listing(listing)
    for left, right in sheet.halves:
        yield '<div class="halves">'
        yield from _listing(left)
        yield from _listing(right)
        yield "</div>"
    yield "<footer>"
    yield from (f"<p>{_text(line)}</p>" for line in sheet.foot)
    yield "</footer>"


def _letter(sheet: Sheet) -> str:
    return "not rated" if sheet.grade == "NR" else sheet.grade


def _figure(figure: Figure) -> str:
    mark = MARKS.get(figure.direction, "")
    change = f"{mark} {figure.change}".strip()
    return (
        f'<div class="figure"><h2>{_text(figure.title)}</h2>'
        f'<p class="value">{_text(figure.value)}</p>'
        f'<p class="note">{_text(figure.note)}</p>'
        f'<p class="change {figure.direction}">{_text(change)}</p></div>'
    )


def _trend(trend: Trend) -> Iterator[str]:
    yield f'<section class="trend"><h2>{_text(trend.title)}</h2><div class="halves">'
    label = _text(alternative(trend))
    yield f'<figure role="img" aria-label="{label}">{trend_svg(trend, FONT)}</figure><div>'
    yield from (f"<p>{_text(line)}</p>" for line in trend.words)
    yield "</div></div></section>"


def _listing(listing: Listing) -> Iterator[str]:
    yield f"<section><h2>{_text(listing.title)}</h2>"
    if listing.rows:
        yield "<table><colgroup>"
        width = sum(listing.widths)
        yield from (f'<col style="width:{100 * w / width:.1f}%">' for w in listing.widths)
        yield "</colgroup><thead><tr>"
        yield from (_cell("th", listing, at, head) for at, head in enumerate(listing.heads))
        yield "</tr></thead><tbody>"
        for row in listing.rows:
            yield "<tr>"
            yield from (_cell("td", listing, at, text) for at, text in enumerate(row))
            yield "</tr>"
        yield "</tbody></table>"
    if listing.note:
        yield f'<p class="note">{_text(listing.note)}</p>'
    yield "</section>"


def _cell(tag: str, listing: Listing, at: int, text: str) -> str:
    right = ' class="number"' if at in listing.numeric else ""
    scope = ' scope="col"' if tag == "th" else ""
    return f"<{tag}{scope}{right}>{_text(text)}</{tag}>"
