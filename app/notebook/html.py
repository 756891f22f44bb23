"""Tables of notebooks: static HTML without scripts, in which every text is escaped."""

from collections.abc import Iterable, Sequence
from typing import Any

from app.escape import markup


def table(rows: Iterable[Sequence[Any]], heads: Sequence[str] = ()) -> str:
    """Return rows of cells as an HTML table; a cell that is a list is joined by commas.

    >>> table([["<b>", ["read", "write"]]])
    '<table><tbody><tr><td>&lt;b&gt;</td><td>read, write</td></tr></tbody></table>'
    """
    head = f"<thead>{_row(heads, 'th')}</thead>" if heads else ""
    return f"<table>{head}<tbody>{''.join(_row(row, 'td') for row in rows)}</tbody></table>"


def _row(cells: Sequence[Any], tag: str) -> str:
    return f"<tr>{''.join(f'<{tag}>{markup(_text(cell))}</{tag}>' for cell in cells)}</tr>"


def _text(cell: Any) -> Any:
    if isinstance(cell, float):
        return f"{cell:,.12g}"
    return ", ".join(map(str, cell)) if isinstance(cell, list | tuple) else cell
