"""A name from the data reaches a page as text, whatever it is made of."""

import csv
import io
import sys
import unicodedata

import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from app.escape import (
    WORD_JOINER,
    code,
    csv_cell,
    csv_table,
    markdown,
    markup,
    plain,
)

MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable("strikethrough").enable("table")
HOSTILE = (
    "<script>alert(1)</script>",
    '<img src="http://127.0.0.1/x" onerror="alert(1)">',
    "![x](http://127.0.0.1/x)",
    "[x](javascript:alert(1))",
    "<http://127.0.0.1/x>",
    "**bold** _it_ ~~no~~ `code` $x$",
    "# heading",
    "| a | b |",
    "&lt;b&gt; &#60;",
    "a\\",
)
names = st.text(min_size=1, max_size=60).map(str.strip).filter(bool)


def kinds(said: str) -> set[str]:
    """Return what Markdown makes of a text, other than a paragraph of plain text."""
    tokens = [t for block in MARKDOWN.parse(said) for t in (block, *(block.children or ()))]
    ordinary = {"paragraph_open", "paragraph_close", "inline", "text", "text_special"}
    return {t.type for t in tokens} - ordinary


def shown(said: str) -> str:
    """Return the text that a reader of a Markdown string sees."""
    inline = [b for b in MARKDOWN.parse(said) if b.type == "inline"]
    return "".join(t.content for b in inline for t in b.children or ())


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_only_text_in_markdown(name: str) -> None:
    assert kinds(markdown(name)) == set()


@pytest.mark.parametrize("name", [n for n in HOSTILE if kinds(n)])
def test_the_same_name_is_more_than_text_when_it_is_not_escaped(name: str) -> None:
    assert kinds(plain(name))


@given(names)
@example("a:streamlit:b")
@example("x@y.example")
def test_markdown_shows_the_name_letter_by_letter(name: str) -> None:
    said = markdown(name)
    assert kinds(said) == set()
    assert shown(said).replace(WORD_JOINER, "") == plain(name)


@pytest.mark.parametrize("name", ["http://a.test", "HTTPS://a.test", "www.a.test", "a@b.test"])
def test_an_address_is_broken_where_it_would_be_recognised(name: str) -> None:
    assert WORD_JOINER in markdown(name)


def test_an_arn_is_not_touched_by_the_joiner() -> None:
    assert WORD_JOINER not in markdown("arn:aws:iam::123456789012:role/deploy")


@given(st.text(max_size=300))
def test_every_character_of_a_plain_name_can_be_seen(name: str) -> None:
    seen = plain(name)
    unseen = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert not [c for c in seen if unicodedata.category(c) in unseen]


def test_a_direction_override_is_shown_and_not_obeyed() -> None:
    assert plain("exe\u202egpj") == "exe⟨U+202E⟩gpj"


def test_a_long_name_is_cut_and_says_so() -> None:
    assert plain("x" * 10_000) == "x" * 200 + "…"


@pytest.mark.parametrize("absent", [None, pd.NA])
def test_an_absent_name_is_empty(absent: object) -> None:
    assert plain(absent) == ""


def test_a_code_span_cannot_be_left() -> None:
    assert kinds(code("`![x](http://a.test)`")) == {"code_inline"}


def test_markup_cannot_leave_a_text_or_an_attribute() -> None:
    assert not set('<>"') & set(markup('"><script>'))


FORMULAS = (
    '=HYPERLINK("http://x.test")',
    "+1",
    "-2+3",
    "@SUM(1)",
    "\t=1",
    "\r=1",
    "  =1+1",
    "\uff1d1+1",
)


@pytest.mark.parametrize("cell", FORMULAS)
def test_a_cell_that_a_spreadsheet_would_run_is_defused(cell: str) -> None:
    frame = pd.DataFrame({cell: [cell], "n": [-3]})
    bare = csv.reader(io.StringIO(frame.to_csv(index=False, quoting=csv.QUOTE_ALL), newline=""))
    assert next(bare)[0] == cell
    rows = list(csv.reader(io.StringIO(csv_table(frame), newline="")))
    assert [row[0] for row in rows] == [f"'{cell}"] * 2
    assert rows[1][1] == "-3"


def test_instants_in_csv_are_those_of_json() -> None:
    seen = pd.to_datetime(
        ["2026-08-01T10:00:00Z", None, "2026-08-01T10:00:00.250Z"], format="ISO8601"
    )
    text = csv_table(pd.DataFrame({"agent": ["a", "b", "c"], "seen": seen}))
    assert list(csv.reader(io.StringIO(text, newline="")))[1:] == [
        ["a", "2026-08-01T10:00:00Z"],
        ["b", ""],
        ["c", "2026-08-01T10:00:00.250Z"],
    ]


@pytest.mark.parametrize("cell", ["invoice-bot", "", "a=b", -3, 0.5, None])
def test_an_innocent_cell_stays_as_it_is(cell: object) -> None:
    assert csv_cell(cell) == cell


def test_what_is_printable_has_no_character_that_is_unseen() -> None:
    """The short way for printable names leaves out no character that is made visible."""
    unseen = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    for at in range(sys.maxunicode + 1):
        if chr(at).isprintable():
            assert unicodedata.category(chr(at)) not in unseen
