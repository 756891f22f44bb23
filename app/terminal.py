"""Draw an answer in a terminal: its figures, then its tables."""

from typing import Any

from rich.console import Console
from rich.table import Table

WIDE = ("sentence", "steps", "evidence", "references", "support")  # too wide for a cell


def draw(name: str, document: dict[str, Any]) -> None:
    """Print the answer of the command `name`; names from data are shown as plain text."""
    console = Console(highlight=False, markup=False, soft_wrap=False)
    result = document["result"]
    if document["snapshot"]:
        as_of = f" as of {document['as_of']}" if document["as_of"] else ""
        console.print(f"snapshot {document['snapshot']}{as_of}", style="dim")
    for key, value in result.items():
        if not (isinstance(value, list) and value and isinstance(value[0], dict)):
            console.print(f"{_words(key)}: {_cell(value)}")
    for key, value in result.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            _table(console, key, value)
    if document["left_out"]:
        console.print(f"{document['left_out']} more left out; --limit 0 shows all", style="yellow")
    for unknown in document["coverage"]["unknown"]:
        console.print(f"unknown: {unknown}", style="dim")


def _table(console: Console, key: str, rows: list[dict[str, Any]]) -> None:
    table = Table(title=_words(key), title_justify="left", show_edge=False)
    columns = [c for c in rows[0] if c not in WIDE]
    for column in columns:
        table.add_column(_words(column), overflow="fold")
    for row in rows:
        table.add_row(*(_cell(row.get(c)) for c in columns))
    console.print(table)
    for row in rows:
        if row.get("sentence"):
            console.print(f"  {_plain(row['sentence'])}")


def _words(key: str) -> str:
    return key.replace("_", " ")


def _cell(value: Any) -> str:
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.2f}".rstrip("0").rstrip(".")
    if isinstance(value, dict):
        if {"id", "label", "name"} <= set(value):
            return _plain(
                f"{value['name']} ({value['id']})" if value["name"] != value["id"] else value["id"]
            )
        return ", ".join(f"{_words(k)} {_cell(v)}" for k, v in value.items())
    if isinstance(value, list):
        return ", ".join(_cell(v) for v in value)
    return _plain(str(value))


def _plain(text: str) -> str:
    """Show control characters instead of obeying them."""
    return "".join(c if c.isprintable() else f"<U+{ord(c):04X}>" for c in text)
