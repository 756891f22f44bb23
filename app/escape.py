"""Escaping of names from the data, by the kind of output that will show them.

Names of agents and resources are chosen by whoever creates them, so each is hostile text until it
has passed one of these functions. The function depends on the reader: a text element, a Markdown
string (every label, heading and caption is one), a chart, an SVG or a spreadsheet.
"""

import csv
import html
import io
import re
import unicodedata

import pandas as pd

from graph.files.spreadsheet_cells import guarded

LONGEST = 200  # characters of a name shown; the rest is cut and marked
WORD_JOINER = "\u2060"  # invisible; breaks recognition of addresses

# Controls, formats (text direction among them), surrogates, private and unassigned characters,
# line and paragraph separators: all invisible.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_ADDRESS = re.compile(r"(?i)https?(?=:)|www(?=\.)|@|:(?=streamlit:)")
_MARKUP = re.compile(r"[!-/:-@\[-`{-~]")
# Characters that turn the direction of the text after them: https://trojansource.codes
_TURNING = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def plain(name: object, limit: int = LONGEST) -> str:
    r"""Return `name` as one line in which every character is visible.

    For text elements, cells of `st.dataframe`, options of select boxes and graph labels.

    >>> plain("pay\u202eroll\n")
    'pay⟨U+202E⟩roll⟨U+000A⟩'
    >>> plain(None)
    ''
    """
    if name is None or name is pd.NA:
        return ""
    text = str(name)
    cut = text[:limit]
    # What Python calls printable has no unseen character: most names are told apart at once.
    seen = cut if cut.isprintable() else "".join(map(_visible, cut))
    return seen if len(text) <= limit else f"{seen}…"


def _visible(character: str) -> str:
    if unicodedata.category(character) in _UNSEEN:
        return f"⟨U+{ord(character):04X}⟩"
    return character


def markdown(name: object, limit: int = LONGEST) -> str:
    r"""Return `name` so that Markdown shows it literally and links nothing.

    >>> markdown("![x](a)")
    '\\!\\[x\\]\\(a\\)'
    """
    apart = _ADDRESS.sub(lambda match: match.group() + WORD_JOINER, plain(name, limit))
    return _MARKUP.sub(lambda match: f"\\{match.group()}", apart)


def code(name: object, limit: int = LONGEST) -> str:
    """Return `name` as a Markdown code span, which also copies unchanged.

    >>> code("arn:aws:iam::1:role/x")
    '`arn:aws:iam::1:role/x`'
    """
    text = plain(name, limit).replace("`", "\u02cb")
    return f"`{text}`" if text.strip() else "—"


def markup(name: object, limit: int = LONGEST) -> str:
    """Return `name` for the text or an attribute of HTML or SVG.

    >>> markup('<b title="x">')
    '&lt;b title=&quot;x&quot;&gt;'
    """
    return html.escape(plain(name, limit))


def csv_cell(value: object) -> object:
    r"""Return `value` so that a spreadsheet shows it, in its order, instead of running it.

    An instant is written as everywhere else, in UTC.

    >>> csv_cell("=1+1"), csv_cell("invoice-bot"), csv_cell(-3)
    ("'=1+1", 'invoice-bot', -3)
    >>> csv_cell("pay\u202eroll")
    'pay⟨U+202E⟩roll'
    >>> csv_cell(pd.Timestamp("2026-08-01T02:00", tz="Europe/Berlin"))
    '2026-08-01T00:00:00Z'
    """
    if isinstance(value, pd.Timestamp) and value.tzinfo is not None:
        from graph.values import iso  # loads Arrow, which few commands need

        return iso(value)
    if not isinstance(value, str):
        return value
    return guarded(_TURNING.sub(lambda match: _visible(match.group()), value))


def csv_table(frame: pd.DataFrame) -> str:
    """Return `frame` as CSV with every text cell and heading made safe for spreadsheets."""
    safe = frame.map(csv_cell).rename(columns=csv_cell)
    buffer = io.StringIO()
    safe.to_csv(buffer, index=False, quoting=csv.QUOTE_NONNUMERIC)  # a bare \r would end a row
    return buffer.getvalue()
