"""Tables of an answer in a terminal: its figures first, then its tables, then what is unknown."""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rich.console import Console

from app.cli.cards import card_of
from app.cli.output.card import Card
from app.cli.output.columns import DAY, SHARED, Columns, Row, Shown, no_options, words
from app.freshness import day_words, freshness
from app.printable import LINES, printable

HIDDEN = {
    "next",
    "timing",
    "debt_items",
    "confidence",
    "not_shown",
    "owner_evidence",
    "warnings_in_full",
}


class Terminal(Console):
    """A terminal whose reader may go away, which is no fault; without colour it is plain text."""

    def __init__(self) -> None:
        plain = bool(os.environ.get("NO_COLOR"))  # rich would still make text bold and faint
        super().__init__(
            highlight=False, markup=False, emoji=False, color_system=None if plain else "auto"
        )

    def on_broken_pipe(self) -> None:
        """Raise the error, as any other writer does, instead of ending with code 1 (*no*)."""
        self.quiet = True
        raise BrokenPipeError


def draw(
    document: dict[str, Any],
    shown: Shown,
    options: Callable[[str], Sequence[str]] = no_options,
) -> None:
    """Print an answer, its documents last; names from data are shown as plain text.

    `options` returns the words that a command to run next needs besides, to ask the same store.
    """
    console = Terminal()
    if document["snapshot"] and document["as_of"]:
        console.print(f"snapshot {document['snapshot']} as of {document['as_of']}", style="dim")
    _draw_freshness(console, document["coverage"])
    result = document["result"]
    card, draw_card = Card(console, document["left_out"], options), card_of(_name(document))
    if draw_card is not None:
        draw_card(card, result)
    else:
        _draw_result(card, result, shown)
    if document["left_out"]:
        console.print(f"{document['left_out']:,} more; --limit 0 shows all", style="yellow")
    for failed in document["coverage"].get("failed", ()):
        console.print(_not_read(failed), style="yellow")
    for unknown in document["coverage"]["unknown"]:
        console.print(f"not known: {unknown}", style="dim")
    for name in shown.documents:
        _draw_document(console, result.get(name))
    card.following(*shown.following(result))
    card.close()


def _name(document: dict[str, Any]) -> str:
    return str(document.get("schema", "//")).split("/")[1]


def _draw_result(card: Card, answer: dict[str, Any], shown: Shown) -> None:
    """Print the sentence and the figures of an answer, and then its tables."""
    columns, hidden = shown.columns, HIDDEN.union(shown.documents)
    result = {k: v for k, v in answer.items() if k not in hidden}
    result = _spread(_inner_rows(result, columns))
    tables = {k: v for k, v in result.items() if _is_table(v)}
    figures = {k: v for k, v in result.items() if k not in tables and v not in ([], {}, None)}
    sentence = shown.sentence(answer) or figures.get("sentence")
    if sentence:
        card.sentence(str(sentence))
        figures = {k: v for k, v in figures.items() if k != "sentence" and v != sentence}
    for note in figures.pop("notes", ()):
        card.line(note)
    card.facts(*((words(key), value) for key, value in figures.items()))
    for key, rows in tables.items():
        heads, cells = _cells(rows, columns.get(key) or SHARED.get(key))
        if heads:
            card.listing(words(key), heads, cells)
    if not figures and not tables and not sentence:
        card.sentence("Nothing to list.")


def _draw_document(console: Console, value: Any) -> None:
    """Print a text or a JSON document as it would stand in a file."""
    if value is None:
        return
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)
    console.print()
    console.print(printable(text.rstrip(LINES), LINES), soft_wrap=True)


def _draw_freshness(console: Console, coverage: Row) -> None:
    """Print the age of the facts today, and a warning if the day looked at is before any data."""
    words = freshness(coverage["sources"])
    if words:
        console.print(words, style="dim")
    first = coverage.get("no_data_before")
    if first:
        console.print(f"no data before {day_words(first)}: nothing is graded", style="yellow")


def _not_read(failed: Row) -> str:
    name = "/".join(part for part in (failed["source"], failed["scope"]) if part)
    day, reason = failed["failed_at"][:DAY], failed["reason"]
    return printable(
        f"could not be read: {name}, on {day}: {reason}; what was read before is shown"
    )


def _inner_rows(result: dict[str, Any], columns: Mapping[str, Columns]) -> dict[str, Any]:
    """Add the tables inside of rows, as `phases_steps`, where the command declares their columns.

    A row of such a table has the fields of the row that it is in, too.
    """
    added: dict[str, Any] = {}
    for key, rows in result.items():
        added[key] = rows
        for name in columns if _is_table(rows) else ():
            part = name.removeprefix(f"{key}_")
            if name != part:
                added[name] = [row | inner for row in rows for inner in row[part]]
    return added


def _spread(result: dict[str, Any]) -> dict[str, Any]:
    """Lift tables inside a part of the answer: `added_nodes` for added, nodes."""
    lifted: dict[str, Any] = {}
    for key, value in result.items():
        inner = value if isinstance(value, dict) and any(map(_is_table, value.values())) else {}
        lifted |= {f"{key}_{name}": each for name, each in inner.items()} or {key: value}
    return lifted


def _is_table(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _cells(rows: list[Row], columns: Columns | None) -> tuple[list[str], list[list[Any]]]:
    """Return the heads of a table, by default its fields that are no lists, and its cells."""
    if columns is None:
        columns = {words(c): c for c in rows[0] if not isinstance(rows[0][c], list | dict)}
    return list(columns), [[_value(row, column) for column in columns.values()] for row in rows]


def _value(row: Row, field: str | Callable[[Row], Any]) -> Any:
    return row.get(field) if isinstance(field, str) else field(row)
