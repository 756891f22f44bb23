"""Long lists in a terminal: drawn to the same lines as one text at a time, but quickly."""

from collections.abc import Callable
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from app.cli.output.card import Card
from app.cli.output.running_text import Laid, Rows

WORDS = st.lists(st.sampled_from(["a", "bot", "", "finance-db-0123456789", "名前", "ümläut"]))
TEXT = WORDS.map(" ".join)
STYLES = st.sampled_from(["", "dim", "bold red"])
RUNS = st.lists(st.tuples(TEXT, STYLES), min_size=1, max_size=4)
WIDTH = st.integers(4, 40)


def drawn(width: int, draw: Callable[[Console], None], terminal: bool = True) -> str:
    """Return what is drawn in so many characters, with its styles if it is for a terminal."""
    file = StringIO()
    console = Console(
        file=file, width=width, force_terminal=terminal, color_system="standard",
        highlight=False, markup=False, emoji=False,
    )  # fmt: skip
    draw(console)
    return file.getvalue()


@given(st.lists(st.tuples(RUNS, st.sampled_from([0, 2]), st.booleans()), max_size=3), WIDTH)
def test_lines_are_those_of_one_text_after_the_other(lines, width):
    lines = [(runs, indent if edge else 0, edge) for runs, indent, edge in lines]

    def plainly(console: Console) -> None:
        for runs, indent, to_the_edge in lines:
            text = Text.assemble(*runs)
            console.print(Padding(text, (0, 0, 0, indent)) if to_the_edge else text)

    assert styled(drawn(width, lambda c: c.print(Laid(lines), crop=False))) == styled(
        drawn(width, plainly)
    )


def styled(written: str) -> list[tuple[str, str]]:
    """Return each character with its style, whatever codes set it."""
    text = Text.from_ansi(written)
    styles = [""] * len(text.plain)
    for span in text.spans:
        for at in range(span.start, span.end):
            styles[at] = str(span.style)
    return list(zip(text.plain, styles, strict=True))


@given(
    st.integers(1, 3).flatmap(
        lambda n: st.tuples(
            st.lists(st.lists(TEXT, min_size=n, max_size=n), min_size=1, max_size=4),
            st.lists(st.integers(3, 12), min_size=n, max_size=n),
            st.lists(st.booleans(), min_size=n, max_size=n),
        )
    ),
    st.booleans(),
)
def test_rows_are_those_of_a_table(world, terminal):
    rows, widths, right = world

    def head() -> Table:
        table = Table(show_edge=False, pad_edge=False)
        for at, (width, flush) in enumerate(zip(widths, right, strict=True)):
            side = "right" if flush else "left"
            table.add_column(f"h{at}", overflow="fold", justify=side, width=width)
        return table

    def style(row: list[str]) -> str:
        return "bold" if "bot" in row else ""

    def plainly(console: Console) -> None:
        table = head()
        for row in rows:
            table.add_row(*map(Text, row), style=style(row))
        console.print(table)

    def quickly(console: Console) -> None:
        console.print(head())
        console.print(Rows(rows, widths, right, style))

    assert styled(drawn(80, quickly, terminal)) == styled(drawn(80, plainly, terminal))


def test_no_text_of_a_long_list_is_measured_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """At a millisecond each, 200,000 findings took two minutes."""
    measured, wrap = [], Text.wrap
    monkeypatch.setattr(Text, "wrap", lambda *a, **k: measured.append(a[0].plain) or wrap(*a, **k))
    sentence = "bot may write finance-db, and nobody has seen it use that for 90 days; " * 3

    def draw(console: Console) -> None:
        card = Card(console)
        card.entries(("high", f"LPR-01  Unused {n}", (sentence, f"f-{n}")) for n in range(1000))
        card.listing("a table", ("id", "level"), [(f"bot-{n}", "read") for n in range(1000)])
        card.listing("records", ("id", "why"), [(f"bot-{n}", sentence * 3) for n in range(1000)])

    shown = drawn(100, draw)
    assert all(shown.count(f"bot-{n} ") for n in range(1000))
    assert len(measured) < 10
