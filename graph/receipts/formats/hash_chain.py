"""Chains of records with `hash` and `prev_hash`, as `graph.journal.hash_chain` writes them."""

from collections.abc import Mapping
from typing import Any

from graph.journal.hash_chain import FIRST_HASH
from graph.receipts.attached import attached
from graph.receipts.chained import judged
from graph.receipts.claims import Context, Judged, Link
from graph.receipts.digests import bare, digests, without
from graph.receipts.format import Format


def recognises(record: Any) -> bool:
    """Return whether a record is of a chain, or was."""
    return isinstance(record, dict) and ("hash" in record or "prev_hash" in record)


def judge(record: Mapping[str, Any], context: Context) -> Judged:
    """Judge a record by its hash, and by its signature where it carries one."""
    return judged(record, context, _link(record))


def _link(record: Mapping[str, Any]) -> Link | str:
    stated, previous = record.get("hash"), record.get("prev_hash")
    if not isinstance(stated, str):
        return "has no hash"
    if not isinstance(previous, str):
        return "does not say which record it follows"
    part = attached(record)
    outside = ("hash", part.field) if part is not None else ("hash",)  # hashed before it was signed
    matches = any(
        bare(stated) in digests(without(record, *names))
        for names in dict.fromkeys((("hash",), outside))
    )
    return Link(
        digest=bare(stated),
        previous=None if bare(previous) == FIRST_HASH else bare(previous),
        rewritten=None if matches else "was changed after it was hashed",
    )


FORMAT = Format("hash_chain", "Hash chain (hash, prev_hash)", 50, recognises, judge)
