"""How an answer is written: one JSON document, CSV, an exchange format, or tables.

Names come from data: what a terminal would obey is shown instead.
"""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

from analytics.runtime.faults import REPORT
from app.cli.exchange import FORMATS as EXCHANGE
from app.cli.exchange import written

LINES = "\n"  # the one control character that messages and cells of CSV may have


def print_document(document: dict[str, Any], form: str, columns: Mapping[str, Any]) -> None:
    """Write an answer in its envelope as JSON, CSV, an exchange format, or tables."""
    if document["faults"]:
        document = _finite(document)
    try:
        if form == "json":
            print(json_text(document), flush=True)
        elif form in EXCHANGE:
            print(json_text(written(form, document)), flush=True)
        elif form == "csv":
            name = document["schema"].split("/")[1]
            print(_csv(document["result"][name]), end="", flush=True)
        else:
            from app.cli.tables import draw

            draw(document, columns)
        if form != "json":
            tell_faults(document["faults"])
    except BrokenPipeError:  # whoever read it has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _csv(rows: list[dict[str, Any]]) -> str:
    """Write the rows of an answer as CSV: things by id, no cell that a spreadsheet runs.

    A terminal may read it too, so control characters are shown and not written.
    """
    from pandas import DataFrame

    from app.escape import csv_table

    def flat(value: Any) -> Any:
        if isinstance(value, dict):
            value = value.get("id", json.dumps(value))
        if isinstance(value, list):
            return "; ".join(str(flat(v)) for v in value)
        return printable(value, LINES) if isinstance(value, str) else value

    return csv_table(DataFrame([{k: flat(v) for k, v in row.items()} for row in rows]))


def json_text(document: Any) -> str:
    """Write a document in one line, of letters that standard output can write and show.

    JSON itself escapes few control characters; a terminal obeys more, and all are one to a reader.
    """
    encoding = str(getattr(sys.stdout, "encoding", "")).lower()
    ascii_ = encoding not in ("utf-8", "utf8")
    said = json.dumps(document, ensure_ascii=ascii_, allow_nan=False)
    if said.isprintable():
        return said
    return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in said)


def _finite(value: Any) -> Any:
    """Return an answer with null for the figures that rest on something that failed."""
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not isfinite(value) else value


def tell_faults(faults: Sequence[dict[str, str]]) -> None:
    """Say on standard error what failed, and how to report it."""
    for one in faults:
        said = printable(f"{one['rule']} failed: {one['message']}", LINES)
        print(f"trustdebt: {said}", file=sys.stderr)
    if faults:
        print(f"trustdebt: {REPORT}", file=sys.stderr)


def printable(text: str, obeyed: str = "") -> str:
    """Show control characters, which ids from data may hold, instead of obeying them."""
    return "".join(c if c.isprintable() or c in obeyed else f"<U+{ord(c):04X}>" for c in text)
