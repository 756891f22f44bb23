"""Output of an answer: one JSON document, CSV, an exchange format, or tables.

Names come from data, so control characters are shown instead of sent to the terminal.
"""

import json
import os
import sys
from collections.abc import Callable, Sequence
from math import isfinite
from typing import TYPE_CHECKING, Any

from analytics.runtime.faults import REPORT
from app.cli.exchange import CHECKLISTS, TICKETS, checklist_text, tickets_text
from app.cli.output.columns import Shown, no_options
from app.exchange import FINDINGS, written
from app.printable import LINES, printable

if TYPE_CHECKING:
    from analytics.posture import Posture


def print_document(
    document: dict[str, Any],
    answer: Any,
    form: str,
    shown: Shown,
    options: Callable[[str], Sequence[str]] = no_options,
    posture: "Posture | None" = None,
) -> None:
    """Write a document as JSON, an exchange format or tables, or the table of its answer as CSV.

    `options` returns the options by which a command asks the same store. Formats of findings look
    up in the `posture` what the document does not have.
    """
    if document["faults"]:
        document = _finite(document)
    try:
        if form == "json":
            print(json_text(document), flush=True)
        elif form in FINDINGS and posture is not None:
            print(json_text(written(form, document, posture)), flush=True)
        elif form in TICKETS:
            print(tickets_text(form, document, answer), end="", flush=True)
        elif form in CHECKLISTS:
            print(checklist_text(form, document, answer), end="", flush=True)
        elif form == "csv":
            from app.table_csv import table_csv

            name = document["schema"].split("/")[1]
            print(table_csv(getattr(answer, name)), end="", flush=True)
        else:
            from app.cli.output.tables import draw

            draw(document, shown, options)
        if form != "json":
            tell_faults(document["faults"])
    except BrokenPipeError:  # the reader closed the pipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def json_text(document: Any) -> str:
    """Return a document as one line of JSON that standard output can encode and show.

    JSON itself escapes few control characters; the others are escaped here, which a parser reads
    alike.
    """
    encoding = str(getattr(sys.stdout, "encoding", "")).lower()
    ascii_ = encoding not in ("utf-8", "utf8")
    text = json.dumps(document, ensure_ascii=ascii_, allow_nan=False)
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text)


def _finite(value: Any) -> Any:
    """Return an answer with null for figures that depend on a failed part."""
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not isfinite(value) else value


def tell_faults(faults: Sequence[dict[str, str]]) -> None:
    """Report on standard error what failed, and how to report it."""
    for fault in faults:
        message = printable(f"{fault['rule']} failed: {fault['message']}", LINES)
        print(f"trustdebt: {message}", file=sys.stderr)
    if faults:
        print(f"trustdebt: {REPORT}", file=sys.stderr)
