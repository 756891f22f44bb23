"""Verdicts of others on an action (verdict-ref, decision-ref): by whom, and whether they follow.

Who judges its own action is nobody independent, whatever else is in order.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from graph.receipts.claims import AUTHENTIC, AUTHORISED, CHECKED, Context, Judged
from graph.receipts.digests import is_digest_of
from graph.receipts.format import Format
from graph.receipts.referenced import changed, first, judged, mapping, rewritten

RUNTIME = "actor-runtime"
PASSED = {  # controls of a decision on a payment, with the verdicts that let it pass
    "pii": ("PII_REDACTED", "CLEAN", "NONE", "ALLOW", "NOT_REQUIRED"),
    "trusted_wallet": ("TRUSTED", "NOT_REQUIRED"),
    "policy": ("ALLOW", "NOT_REQUIRED"),
    "replay": ("FRESH", "NOT_REQUIRED"),
    "mpa": ("APPROVED", "NOT_REQUIRED"),
}


def recognises(record: Any) -> bool:
    """Return whether a record is a verdict on an action, or a decision with its controls."""
    if not isinstance(record, dict):
        return False
    judged_by = mapping(record.get("verdict"))
    controls = mapping(record.get("artifact")).get("controls")
    return "issuer_id" in judged_by or isinstance(controls, dict)


def judge(record: Mapping[str, Any], context: Context) -> Judged:
    """Judge who judged, and whether the verdict follows from what it cites."""
    verdict, artifact = mapping(record.get("verdict")), mapping(record.get("artifact"))
    tampered = first(
        changed(record, "preimage", "expected_action_ref"),
        changed(record, "verdict", "expected_verdict_ref"),
        rewritten(record),
        *_of_action(record, verdict),
    )
    faults = {
        AUTHENTIC: tampered,
        AUTHORISED: first(*_recomputed(artifact)),
        CHECKED: first(*_independent(record, verdict)),
    }
    issuer, agent = verdict.get("issuer_id"), mapping(record.get("preimage")).get("agent_id")
    another = issuer is not None and agent is not None
    return judged(
        record, faults, {CHECKED: "somebody else than who acted judged it"} if another else {}
    )


def _of_action(record: Mapping[str, Any], verdict: Mapping[str, Any]) -> Iterator[str]:
    action = record.get("preimage")
    if verdict and action is not None and not is_digest_of(verdict.get("action_ref"), action):
        yield "the verdict is on another action"


def _independent(record: Mapping[str, Any], verdict: Mapping[str, Any]) -> Iterator[str]:
    action, signer = mapping(record.get("preimage")), mapping(record.get("signer"))
    actor = mapping(mapping(record.get("artifact")).get("actor"))
    if verdict and verdict.get("issuer_id") == action.get("agent_id"):
        yield "self-attested: who acted judged it"
    if signer and (
        signer.get("resolves_to") == RUNTIME or signer.get("key_id") == actor.get("payment_signer")
    ):
        yield "self-attested: who acted signed it"


def _recomputed(artifact: Mapping[str, Any]) -> Iterator[str]:
    """Yield that a decision allows what one of its controls does not let pass."""
    if artifact.get("verdict") != "ALLOW":
        return
    for name, control in mapping(artifact.get("controls")).items():
        if mapping(control).get("verdict") not in PASSED.get(name, ("ALLOW", "NOT_REQUIRED")):
            yield f"it allows what its control {name} does not"


FORMAT = Format("verdict", "Verdict of somebody on an action", 43, recognises, judge)
