"""Records with a signature of Ed25519, ES256 or RS256 in one of their own fields, and no chain."""

from collections.abc import Mapping
from typing import Any

from graph.receipts.attached import attached
from graph.receipts.chained import judged
from graph.receipts.claims import Context, Judged
from graph.receipts.format import Format


def recognises(record: Any) -> bool:
    """Return whether a record carries a signature."""
    return isinstance(record, dict) and attached(record) is not None


def judge(record: Mapping[str, Any], context: Context) -> Judged:
    """Judge a record by its signature."""
    return judged(record, context, None)


FORMAT = Format("signed", "Record with a signature in a field", 90, recognises, judge)
