"""Receipts of restraint (restraint-receipt): that an action was denied or deferred, and why."""

from collections.abc import Iterator, Mapping
from typing import Any

from graph.receipts.claims import AUTHENTIC, CHECKED, Context, Judged
from graph.receipts.digests import is_digest_of
from graph.receipts.format import Format
from graph.receipts.referenced import first, judged, mapping, rewritten

REFERENCE, SURFACE = "restraint_receipt_ref", "audit_checkpoints"
FIELDS = ("action_ref", "decision_id", "reason_code", "timestamp_ms", "verdict")
VERDICTS = ("denied", "deferred")


def recognises(record: Any) -> bool:
    """Return whether a record is such a receipt."""
    if not isinstance(record, dict):
        return False
    return REFERENCE in record or isinstance(record.get("submitted_receipt"), dict)


def judge(record: Mapping[str, Any], context: Context) -> Judged:
    """Judge the fields of a receipt, its digest, and the verifier that it names."""
    receipt = mapping(record.get("submitted_receipt", record.get("preimage", record)))
    faults = {
        AUTHENTIC: first(*_fields(receipt), rewritten(record)),
        CHECKED: first(*_surface(record, receipt)),
    }
    return judged(record, faults)


def _fields(receipt: Mapping[str, Any]) -> Iterator[str]:
    for name in FIELDS:
        if name not in receipt:
            yield f"it has no {name}"
    if receipt.get("verdict") not in VERDICTS:
        yield "its verdict is no restraint"
    content = {name: receipt[name] for name in FIELDS if name in receipt}
    if REFERENCE in receipt and not is_digest_of(receipt[REFERENCE], content):
        yield "its digest is that of other content"


def _surface(record: Mapping[str, Any], receipt: Mapping[str, Any]) -> Iterator[str]:
    """Yield that the named verifier and its policies are not those of the decision."""
    surface = mapping(receipt.get(SURFACE))
    if not surface:
        return
    bundle, decision = record.get("presented_policy_bundle"), mapping(record.get("decision_record"))
    if bundle is not None and not is_digest_of(surface.get("policy_bundle"), bundle):
        yield "its policies do not have the digest that it states"
    elif decision and decision.get("verifier_id") != surface.get("verifier_id"):
        yield "it names another verifier than the decision"
    elif bundle is None:
        yield "the verifier that it names is not bound to it"


FORMAT = Format("restraint", "Receipt of restraint", 41, recognises, judge)
