"""Statements of who captured a record (custody-ref): who acted, its deployer, or a third party.

A third party is one that neither acted, nor deployed who acted, nor signed.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from graph.receipts.claims import AUTHENTIC, CHECKED, Context, Judged
from graph.receipts.dates import instant_of
from graph.receipts.format import Format
from graph.receipts.referenced import first, judged, mapping, rewritten

SAME, DEPLOYER, INDEPENDENT = "same_domain", "deployer_domain", "independent_third_party"
PHASES = ("pre_execution", "post_execution")


def recognises(record: Any) -> bool:
    """Return whether a record states custody, or the boundary of what was captured."""
    return isinstance(record, dict) and ("custody_ref" in record or "boundary_ref" in record)


def judge(record: Mapping[str, Any], context: Context) -> Judged:
    """Judge whether the parties are those that the type of custody asks for."""
    content = mapping(record.get("preimage"))
    fault = first(*_parties(content, record), *_phase(record, context), *_boundary(record, content))
    independent = content.get("custody_type") == INDEPENDENT and fault is None
    stated = {CHECKED: "who captured it neither acted, deployed nor signed"} if independent else {}
    return judged(record, {AUTHENTIC: rewritten(record), CHECKED: fault}, stated)


def _parties(content: Mapping[str, Any], record: Mapping[str, Any]) -> Iterator[str]:
    kind = content.get("custody_type")
    if kind is None:
        return
    capturer, executor, deployer = (
        content.get(f"{party}_id") for party in ("capturer", "executor", "deployer")
    )
    signer = mapping(record.get("paired_signing_trust_ref")).get("signer_id")
    if kind == SAME and (capturer is None or capturer != executor):
        yield "it was captured by another than who acted"
    elif kind == DEPLOYER and (capturer == executor or capturer != deployer):
        yield "it was not captured by the deployer of who acted"
    elif kind == INDEPENDENT and (capturer is None or executor is None):
        yield "it does not say who captured it, or who acted"
    elif kind == INDEPENDENT and capturer in (executor, deployer, signer):
        yield "self-attested: who captured it also acted, deployed or signed"
    elif kind not in (SAME, DEPLOYER, INDEPENDENT):
        yield "its type of custody is not known"


def _phase(record: Mapping[str, Any], context: Context) -> Iterator[str]:
    """Yield that a record was not captured before or after the outcome, as it says."""
    phase = record.get("capture_phase")
    if phase is None:
        return
    captured = instant_of(mapping(record.get("preimage")).get("timestamp_ms"))
    committed = instant_of(record.get("execution_commit_ts"))
    if phase not in PHASES:
        yield "its phase is not known"
    elif phase == PHASES[1] and (captured is None or committed is None):
        yield "nothing shows that it was captured after the outcome"
    elif captured is None or committed is None:
        return
    elif (captured < committed) != (phase == PHASES[0]):
        yield "it was captured on the other side of the outcome"


def _boundary(record: Mapping[str, Any], content: Mapping[str, Any]) -> Iterator[str]:
    if "boundary_ref" in record and not (
        content.get("captured_scope") or content.get("excluded_scope")
    ):
        yield "it says neither what was captured nor what was left out"


FORMAT = Format("custody", "Custody of a record", 40, recognises, judge)
