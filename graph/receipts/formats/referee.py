"""Claims of a producer held against what a referee found: levels of evidence, and anchors."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from graph.receipts.claims import AUTHENTIC, CHECKED, Context, Judged
from graph.receipts.dates import instant_of
from graph.receipts.format import Format
from graph.receipts.referenced import first, judged, mapping

JOINS = ("signer_identity", "action_ref", "trail_record", "registry_transition")


def recognises(record: Any) -> bool:
    """Return whether a record holds the findings of a referee, or the joins of a registry."""
    if not isinstance(record, dict):
        return False
    findings = {"producer_record", "referee_record"} <= record.keys()
    return findings or any(name in mapping(record.get("joins")) for name in JOINS)


def judge(record: Mapping[str, Any], context: Context) -> Judged:
    """Judge the level that is claimed, who signed, and when it was anchored."""
    joins = {name: mapping(mapping(record.get("joins")).get(name)) for name in JOINS}
    producer, referee = (mapping(record.get(f"{n}_record")) for n in ("producer", "referee"))
    trail = joins["trail_record"]
    faults = {
        AUTHENTIC: first(*_joined(joins)),
        CHECKED: first(
            *_level(producer, referee),
            *_precedes(producer.get("anchor"), producer.get("outcome_ts_ms")),
            *_precedes(
                trail.get("anchor_point"), joins["registry_transition"].get("outcome_ts_ms")
            ),
        ),
    }
    compared = "declared_claim_level" in producer and bool(referee)
    return judged(
        record, faults, {CHECKED: "a referee found what the producer claims"} if compared else {}
    )


def _joined(joins: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    if joins["signer_identity"].get("key_resolves_to_agent") is False:
        yield "its key is that of another agent"
    action = joins["action_ref"]
    submitted = action.get("action_ref_submitted", action.get("action_ref_recomputed"))
    if action.get("action_ref_recomputed") != submitted:
        yield "its action does not have the digest that was submitted"
    trail = joins["trail_record"].get("action_ref_in_trail")
    if trail is not None and submitted is not None and trail != submitted:
        yield "the trail is of another action"


def _level(producer: Mapping[str, Any], referee: Mapping[str, Any]) -> Iterator[str]:
    claimed, ceiling = producer.get("declared_claim_level"), referee.get("claim_level_ceiling")
    if claimed is not None and claimed != ceiling:
        yield "it claims another level than the referee found"
    hint, mode = producer.get("declared_evidence_mode_hint"), referee.get("evidence_mode")
    if hint is not None and hint != mode:
        yield "it claims another kind of evidence than the referee found"


def _precedes(anchor: Any, outcome: Any) -> Iterator[str]:
    """Yield that an anchor does not show that the record was there before the outcome."""
    if not mapping(anchor):
        return
    anchored, ended = instant_of(mapping(anchor).get("block_time")), instant_of(outcome)
    if anchored is None or ended is None:
        yield "it does not say when it was anchored"
    elif ended - anchored <= timedelta(0):
        yield "it was anchored after its outcome"


FORMAT = Format("referee", "Claims held against the findings of a referee", 46, recognises, judge)
