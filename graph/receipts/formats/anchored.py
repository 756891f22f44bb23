"""Records whose digest was kept elsewhere, in time: anchored, and chains of audit records.

An anchor made after the outcome shows that a record existed, not that it existed before.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from graph.receipts.claims import AUTHENTIC, CHECKED, Context, Judged, Link
from graph.receipts.dates import dated, instant_of
from graph.receipts.digests import bare
from graph.receipts.format import Format
from graph.receipts.referenced import changed, first, is_digest, judged, mapping, rewritten

ANCHOR, OUTCOME = "anchor_block_time", "outcome_ts_ms"
REFERENCES = ("anchored_digest", "event_hash")


def recognises(record: Any) -> bool:
    """Return whether a record has an anchor, or is an audit record with its digest."""
    if not isinstance(record, dict):
        return False
    return ANCHOR in mapping(record.get("envelope")) or (
        isinstance(record.get("record"), dict)
        and any(is_digest(record.get(name)) for name in REFERENCES)
    )


def judge(record: Mapping[str, Any], context: Context) -> Judged:
    """Judge the digest of a record, and when it was anchored."""
    envelope, content = mapping(record.get("envelope")), mapping(record.get("record"))
    tampered = first(
        *(changed(record, "record", name) for name in REFERENCES),
        changed(record, "envelope", "anchoring_precedence_ref"),
        *_profile(content if "anchored_digest" in record else {}),
        rewritten(record),
    )
    stated = {CHECKED: "an anchor of before the outcome has its digest"} if envelope else {}
    if "anchored_digest" in record:
        stated = {CHECKED: "its digest is the one that was kept elsewhere"}
    faults = {AUTHENTIC: tampered, CHECKED: first(*_anchor(record, envelope))}
    return judged(record, faults, stated, dated(content), _link(record, content))


def _anchor(record: Mapping[str, Any], envelope: Mapping[str, Any]) -> Iterator[str]:
    if not envelope:
        return
    anchored, outcome = (instant_of(envelope.get(name)) for name in (ANCHOR, OUTCOME))
    if anchored is None:
        yield "it has no anchor"
    elif outcome is None or outcome - anchored <= timedelta(0):
        yield "it was anchored after its outcome"
    admitted, own = record.get("admission_hash"), record.get("anchoring_precedence_ref")
    if admitted is not None and admitted != own:
        yield "what was admitted is something else"


def _profile(content: Mapping[str, Any]) -> Iterator[str]:
    """Yield the fields whose text is not ASCII: digests of them differ between writers."""
    for name, value in content.items():
        if isinstance(value, str) and not value.isascii():
            yield f"its {name} is outside of what is canonical in its format"


def _link(record: Mapping[str, Any], content: Mapping[str, Any]) -> Link | None:
    """Return the place of an audit record in its chain."""
    stated = record.get("event_hash")
    if not is_digest(stated) or "previous_hash" not in content:
        return None
    previous = content["previous_hash"]
    return Link(bare(str(stated)), bare(previous) if is_digest(previous) else None)


FORMAT = Format("anchored", "Anchored or audit record with its digest", 32, recognises, judge)
