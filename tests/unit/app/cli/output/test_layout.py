"""Rows in a terminal of any width: no column too narrow to read, and no row lost."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table

from app.cli.output.layout import FEW, laid_out, shared_out

HEADS = ("severity", "finding", "since", "who answers")
ROW = ("critical", "svc-invoice may administer db:ledger " * 3, "2026-08-01", "Nobody does.")
IDS = ("from", "relationship", "to")
EDGE = ("group/payments-prod-pipeline-2", "AUTHENTICATES_AS", "role/payments-staging-operator")


def drawn(renderable: object, width: int) -> list[str]:
    file = io.StringIO()
    Console(file=file, width=width, highlight=False, markup=False).print(renderable)
    return file.getvalue().splitlines()


def widths(lines: list[str]) -> list[int]:
    """Return how wide the columns of a drawn table are; none where there is no table."""
    rules = [line for line in lines if set(line.strip()) <= {"━", "╇"} and line.strip()]
    return [len(part) - 2 for part in f" {rules[0].strip()} ".split("╇")] if rules else []


@pytest.mark.parametrize("width", [20, 40, 60, 80, 120, 200])
@pytest.mark.parametrize(("heads", "row"), [(HEADS, ROW), (IDS, EDGE)])
def test_no_column_is_too_narrow_to_read(
    heads: tuple[str, ...], row: tuple[str, ...], width: int
) -> None:
    lines = drawn(laid_out("rows", heads, [row] * 3, width), width)
    assert all(len(line) <= width for line in lines)
    for taken, cell in zip(widths(lines), row, strict=False):
        assert taken >= min(cell_len(cell), FEW)


def test_the_twin_a_table_that_is_squeezed_has_a_column_of_a_few_letters() -> None:
    table = Table(show_edge=False, pad_edge=False)
    for head in IDS + HEADS:
        table.add_column(head, overflow="fold")
    table.add_row(*EDGE, *ROW)
    assert min(widths(drawn(table, 60))) <= 5


def test_what_fits_is_a_table_and_what_does_not_is_records() -> None:
    assert widths(drawn(laid_out("rows", IDS, [EDGE], 90), 90)) == [30, 16, 30]
    narrow = drawn(laid_out("rows", IDS, [EDGE], 60), 60)
    assert [line.rstrip() for line in narrow] == [
        "rows",
        "from group/payments-prod-pipeline-2",
        "  relationship AUTHENTICATES_AS",
        "  to role/payments-staging-operator",
    ]


def test_a_sentence_that_would_be_a_tower_is_a_record() -> None:
    severity, sentence, *others = ROW
    lines = drawn(laid_out("rows", HEADS, [(severity, sentence * 2, *others)], 80), 80)
    assert lines[1].rstrip() == "severity critical"
    assert lines[2].rstrip() == "  since 2026-08-01; who answers Nobody does."


def test_what_is_empty_is_no_column() -> None:
    lines = drawn(laid_out("rows", ("a", "b"), [("x", "-"), ("y", "")], 80), 80)
    assert lines[1].rstrip() == "a"


@given(
    st.lists(st.tuples(st.integers(1, 40), st.integers(0, 40)), min_size=1, max_size=6),
    st.integers(1, 200),
)
def test_room_is_shared_out_whole_and_to_nobody_more_than_he_wants(
    columns: list[tuple[int, int]], room: int
) -> None:
    least = [first for first, _ in columns]
    wanted = [first + more for first, more in columns]
    shared = shared_out(wanted, least, room)
    if shared is None:
        assert sum(least) > room
        return
    assert all(low <= got <= high for low, got, high in zip(least, shared, wanted, strict=True))
    assert sum(shared) == min(room, sum(wanted)) or sum(least) > room
