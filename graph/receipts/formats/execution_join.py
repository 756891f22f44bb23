"""Executions joined to their decision (execution-join-ref): action, decision, attempt and result.

Each reference is the digest of what it names, and names the one before it: a decision its action,
an attempt its action, a result and a proof their attempt.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from graph.receipts.claims import AUTHENTIC, AUTHORISED, OCCURRED, Context, Judged, Link
from graph.receipts.dates import instant_of
from graph.receipts.digests import is_digest_of
from graph.receipts.format import Format
from graph.receipts.referenced import first, is_digest, judged, mapping

VERSION = "execution-join-ref"
# The digests of descriptions of canonical JSON (RFC 8785) that are understood.
PROFILES = ("82b5df2a487988d5ba773cf40ffa92a614769de6fbea6f4b2745794125e1c9fa",)
NAMES = {  # what each part must name, and where that stands in the envelope
    "decision_id": "action_ref",
    "attempt_id": "action_ref",
    "result_id": "attempt_id",
    "proof_ref": "attempt_id",
}


def recognises(record: Any) -> bool:
    """Return whether a record is such an execution."""
    envelope = mapping(record.get("envelope")) if isinstance(record, dict) else {}
    return str(envelope.get("version", "")).startswith(VERSION)


def judge(record: Mapping[str, Any], context: Context) -> Judged:
    """Judge the references of an execution, and whether the decision covers what was done."""
    envelope, parts = record["envelope"], mapping(record.get("preimages"))
    decision = mapping(parts.get("decision_id"))
    attempted = instant_of(mapping(parts.get("attempt_id")).get("ts_ms"))
    missing = None if parts else "nothing of what it refers to is there to recompute"
    return judged(
        record,
        {
            AUTHENTIC: first(*_profile(decision), *_digests(envelope, parts), missing),
            AUTHORISED: first(*_decided(envelope, decision, attempted)),
            OCCURRED: first(*_done(envelope, parts)),
        },
        {AUTHORISED: "the decision names the action, and was in force"} if decision else {},
        attempted,
        _link(envelope),
    )


def _link(envelope: Mapping[str, Any]) -> Link | None:
    """Return what an execution is known by: shown twice, it is doubled."""
    ids = [envelope.get(name) for name in ("decision_id", "attempt_id")]
    return Link("/".join(map(str, ids)), None, alone=True) if all(ids) else None


def _profile(decision: Mapping[str, Any]) -> Iterator[str]:
    profile = decision.get("canonicalization_profile_id")
    if profile is not None and profile not in PROFILES:
        yield "it is written in a form that is not known"


def _digests(envelope: Mapping[str, Any], parts: Mapping[str, Any]) -> Iterator[str]:
    for name, part in parts.items():
        stated = envelope.get(name)
        if is_digest(stated) and not is_digest_of(stated, part):
            yield f"its {name} is not the digest of what it names"


def _decided(
    envelope: Mapping[str, Any], decision: Mapping[str, Any], attempted: datetime | None
) -> Iterator[str]:
    if decision and "action_ref" not in decision:
        yield "the decision names no action"
    elif decision and decision["action_ref"] != envelope.get("action_ref"):
        yield "the decision is of another action"
    effective = envelope.get("effective_action_ref")
    if effective is not None and effective != envelope.get("action_ref"):
        yield "what was done is another action than the one decided"
    if decision and decision.get("outcome") not in (None, "permit", "allow"):
        yield f"the decision is {decision['outcome']}"
    expires, at = (instant_of(decision.get(n)) for n in ("policy_expires_ms", "ts_ms"))
    if expires is not None and at is not None and expires <= at:
        yield "the policy had expired when it decided"
    if expires is not None and attempted is not None and expires <= attempted:
        yield "the policy had expired when it was attempted"


def _done(envelope: Mapping[str, Any], parts: Mapping[str, Any]) -> Iterator[str]:
    for name in ("attempt_id", "result_id", "proof_ref"):
        part, wanted = mapping(parts.get(name)), NAMES[name]
        if part and part.get(wanted) != envelope.get(wanted):
            yield f"its {name} is of another {wanted}"
    claimed, result = envelope.get("outcome_claim"), mapping(parts.get("result_id"))
    if claimed is not None and result.get("outcome") != claimed:
        yield "it claims another outcome than its result"


FORMAT = Format("execution_join", "Execution joined to its decision", 31, recognises, judge)
