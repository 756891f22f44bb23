"""Records that hold digests of their parts: one of each format, and each way it breaks."""

import base64
import hashlib
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from graph.receipts.claims import CLAIMS
from graph.receipts.keys import KeyRing, key_ring_of
from graph.receipts.verifying import Entry, claim_of, verify
from tests.support.signing import canonical, ed25519_key, jwk

Record = dict[str, Any]
A, B = ed25519_key("a"), ed25519_key("b")


def digest(value: Any) -> str:
    return hashlib.sha256(canonical(value)).hexdigest()


def entries(*records: Record, ring: KeyRing | None = None, **around: Any) -> list[Entry]:
    document = json.dumps({**around, "vectors": list(records)})
    return verify(io.BytesIO(document.encode()), Path("r.json"), ring).entries


def verdict(record: Record, **around: Any) -> tuple[str, str | None, str]:
    (entry,) = entries(record, **around)
    refused = [name for name in CLAIMS if claim_of(entry, name).state == "no"]
    return entry.verdict, entry.format, " ".join(name for name in refused if name != "checked")


# -- one that holds, of each format ----------------------------------------------------------------


def action(**more: Any) -> Record:
    return {
        "action_type": "pay",
        "agent_id": "bot",
        "scope": "pay:route",
        "timestamp": "2026-07-01T10:00:00.000Z",
        **more,
    }


def reference() -> Record:
    return {"id": "x", "preimage": action(), "action_ref": digest(action())}


def custody() -> Record:
    parties = {"capturer_id": "witness", "executor_id": "bot", "deployer_id": "host"}
    content = {"custody_type": "independent_third_party", **parties}
    return {
        "preimage": content,
        "custody_ref": digest(content),
        "paired_signing_trust_ref": {"signer_id": "bot"},
    }


def restraint() -> Record:
    content = {
        "action_ref": "a" * 64,
        "decision_id": "d",
        "reason_code": "r",
        "timestamp_ms": 1,
        "verdict": "denied",
    }
    return {"submitted_receipt": {**content, "restraint_receipt_ref": digest(content)}}


def verdict_of_another() -> Record:
    ref = digest(action())
    told = {"action_ref": ref, "issuer_id": "judge", "verdict": "approve"}
    return {
        "preimage": action(),
        "expected_action_ref": ref,
        "verdict": told,
        "expected_verdict_ref": digest(told),
    }


def decision() -> Record:
    controls = {"policy": {"verdict": "ALLOW"}, "replay": {"verdict": "FRESH"}}
    artifact = {"actor": {"payment_signer": "w"}, "controls": controls, "verdict": "ALLOW"}
    signer = {"key_id": "k", "resolves_to": "policy-issuer"}
    return {"artifact": artifact, "artifact_hash": digest(artifact), "signer": signer}


def composition() -> Record:
    part = {
        "authority_verified_at_ms": 1_750_000_000_000,
        "revocation_check_at_ms": 1_750_000_000_001,
    }
    return {"composition_artifact": part, "expected_composition_ref": digest(part)}


def retrieval() -> Record:
    piece = {"chunk_id": "c-1", "text": "thirty days"}
    return {
        "receipt": {"retrieved_chunks": [{**piece, "source_hash": f"sha256:{digest(piece)}"}]},
        "generator_output": {"claims": [{"cited_chunk_id": "c-1"}]},
    }


def anchored() -> Record:
    envelope = {"anchor_block_time": 1_750_000_000, "outcome_ts_ms": 1_750_000_000_001}
    return {"envelope": envelope, "anchoring_precedence_ref": digest(envelope)}


def kept_elsewhere() -> Record:
    content = {"use_start": "2026-07-01T10:00:00Z", "by": "ann"}
    return {"record": content, "anchored_digest": f"sha256:{digest(content)}"}


def audit(previous: str | None = None, number: int = 1) -> Record:
    content = {"event_id": f"e-{number}", "previous_hash": previous, "outcome": "deferred"}
    return {"record": content, "event_hash": digest(content)}


def execution() -> Record:
    act = {"actor_id": "bot", "scope": "pay"}
    ref = digest(act)
    decided = {"action_ref": ref, "outcome": "permit", "ts_ms": 1_750_000_000_000}
    attempt = {"action_ref": ref, "attempt_seq": 1}
    result = {"attempt_id": digest(attempt), "outcome": "completed"}
    parts = {"action_ref": act, "decision_id": decided, "attempt_id": attempt, "result_id": result}
    envelope = {name: digest(part) for name, part in parts.items()}
    return {"envelope": {"version": "execution-join-ref-v1", **envelope}, "preimages": parts}


def delegation() -> Record:
    hops, artifacts = [], []
    for start, end, scope in (("root", "mid", "pay"), ("mid", "bot", "pay:route")):
        artifacts.append({"delegator": start, "delegatee": end, "scope": scope})
        hops.append({**artifacts[-1], "delegation_ref": digest(artifacts[-1])})
    chain = {
        "chain_id": "c-1",
        "root_delegator": "root",
        "hops": hops,
        "leaf_action_ref": digest(action()),
    }
    return {
        "chain_artifact": chain,
        "delegation_artifacts": artifacts,
        "leaf_preimage": action(),
        "delegation_chain_ref": digest(chain),
    }


def referee() -> Record:
    producer = {
        "declared_claim_level": "high",
        "anchor": {"block_time": 1_750_000_000},
        "outcome_ts_ms": 1_750_000_001_000,
    }
    return {"producer_record": producer, "referee_record": {"claim_level_ceiling": "high"}}


def presented() -> Record:
    block = {"preimage": action()}
    granted = {"request_id": "r-1", "decision_id": "d-1"}
    return {
        "issued_action": block,
        "presented_action": block,
        "original_authorization": granted,
        "presented": granted,
        "presented_bytes_utf8": '{"a":1,"b":2}',
        "wallet_signature": {"signer": "0xAB", "signed_over": "decision_binding_ref"},
        "decision_binding_ref": "of this decision",
        "action_ref_preimage": {"agent_id": "did:pkh:0xab"},
        "session": {"session_valid_until_ms": 1_750_000_000_000},
        "terminal_receipt": {"issued_at_ms": 1_750_000_000_000},
        "envelopes": [{"attestation": {"admissibility_result": "allow"}}] * 2,
        "parent_chain": [
            {"composition_ref": "a", "artifact": {"parent_composition_ref": "b"}},
            {"composition_ref": "b", "artifact": {"parent_composition_ref": "c"}},
        ],
    }


HOLDS: dict[str, tuple[Callable[[], Record], str]] = {
    "reference": (reference, "reference"),
    "custody": (custody, "custody"),
    "restraint": (restraint, "restraint"),
    "verdict": (verdict_of_another, "verdict"),
    "decision": (decision, "verdict"),
    "composition": (composition, "composition"),
    "retrieval": (retrieval, "retrieval"),
    "anchored": (anchored, "anchored"),
    "kept elsewhere": (kept_elsewhere, "anchored"),
    "audit": (audit, "anchored"),
    "execution": (execution, "execution_join"),
    "delegation": (delegation, "delegation_chain"),
    "referee": (referee, "referee"),
    "presented": (presented, "presented"),
}


@pytest.mark.parametrize(("made", "form"), HOLDS.values(), ids=list(HOLDS))
def test_one_that_holds_is_accepted(made, form):
    assert verdict(made()) == ("accept", form, "")


def changed(record: Record, path: str, value: Any) -> Record:
    """Return a record with one value changed at a path of keys; `-` takes it away."""
    made = json.loads(json.dumps(record))  # parts that are one object become several
    *steps, last = path.split("/")
    inner: Any = made
    for step in steps:
        inner = inner[int(step) if step.isdigit() else step]
    if value == "-":
        del inner[last]
    else:
        inner[int(last) if last.isdigit() else last] = value
    return made


BROKEN = {
    "content changed": (reference(), "preimage/scope", "all"),
    "a digest changed": (reference(), "action_ref", "0" * 64),
    "a field missing": (reference(), "preimage/scope", "-"),
    "seconds only": (reference(), "preimage/timestamp", "2026-07-01T10:00:00Z"),
    "the capturer acted": (custody(), "preimage/executor_id", "witness"),
    "the capturer deploys": (custody(), "preimage/deployer_id", "witness"),
    "the capturer signed": (custody(), "paired_signing_trust_ref/signer_id", "witness"),
    "no restraint": (restraint(), "submitted_receipt/verdict", "allow"),
    "no decision": (restraint(), "submitted_receipt/decision_id", "-"),
    "a verifier not bound": (restraint(), "submitted_receipt/audit_checkpoints", {"x": 1}),
    "judged by itself": (verdict_of_another(), "verdict/issuer_id", "bot"),
    "another action judged": (verdict_of_another(), "verdict/action_ref", "0" * 64),
    "a control that forbids": (decision(), "artifact/controls/policy/verdict", "VIOLATION"),
    "signed by who acts": (decision(), "signer/key_id", "w"),
    "checked too early": (composition(), "composition_artifact/revocation_check_at_ms", 1),
    "a piece changed": (retrieval(), "receipt/retrieved_chunks/0/text", "ninety days"),
    "cited, not retrieved": (retrieval(), "generator_output/claims/0/cited_chunk_id", "c-9"),
    "anchored late": (anchored(), "envelope/anchor_block_time", 1_750_000_001),
    "not anchored": (anchored(), "envelope/anchor_block_time", None),
    "edited after": (kept_elsewhere(), "record/by", "bob"),
    "an event changed": (audit(), "record/outcome", "allowed"),
    "decided for another": (execution(), "preimages/decision_id/action_ref", "0" * 64),
    "refused, and done": (execution(), "preimages/decision_id/outcome", "deny"),
    "another call done": (execution(), "envelope/effective_action_ref", "0" * 64),
    "a proof of another": (execution(), "preimages/result_id/attempt_id", "0" * 64),
    "another outcome": (execution(), "envelope/outcome_claim", "failed"),
    "nothing to recompute": (execution(), "preimages", {}),
    "an old policy": (execution(), "preimages/decision_id/policy_expires_ms", 1_740_000_000_000),
    "a wider hop": (delegation(), "chain_artifact/hops/1/scope", "everything"),
    "another hop": (delegation(), "chain_artifact/hops/1/delegator", "rogue"),
    "another root": (delegation(), "chain_artifact/root_delegator", "rogue"),
    "another action": (delegation(), "leaf_preimage/scope", "pay:all"),
    "another delegation": (delegation(), "delegation_artifacts/0/scope", "all"),
    "another content": (presented(), "presented_action/preimage/scope", "all"),
    "another request": (presented(), "presented/request_id", "r-2"),
    "keys out of order": (presented(), "presented_bytes_utf8", '{"b":2,"a":1}'),
    "signed something else": (presented(), "wallet_signature/signed_over", "action_ref"),
    "another signer": (presented(), "wallet_signature/signer", "0xCD"),
    "after its session": (presented(), "terminal_receipt/issued_at_ms", 1_750_000_000_001),
    "two words": (presented(), "envelopes/1/attestation/admissibility_result", "block"),
    "a loop": (presented(), "parent_chain/1/artifact/parent_composition_ref", "a"),
    "claims too much": (referee(), "producer_record/declared_claim_level", "higher"),
    "an anchor without time": (referee(), "producer_record/anchor/block_time", None),
}  # fmt: skip


@pytest.mark.parametrize(("record", "path", "value"), BROKEN.values(), ids=list(BROKEN))
def test_each_way_to_break_one_is_refused(record, path, value):
    assert verdict(changed(record, path, value))[0] == "reject"


def test_digests_alone_would_accept_the_lies_that_recompute():
    """The twin: with the digest made anew, only the rules of the format refuse."""
    lie = custody()
    lie["preimage"]["executor_id"] = "witness"
    lie["custody_ref"] = digest(lie["preimage"])
    assert verdict(lie)[0] == "reject"
    told = verdict_of_another()
    told["verdict"]["issuer_id"] = "bot"
    told["expected_verdict_ref"] = digest(told["verdict"])
    assert verdict(told)[0] == "reject"


def test_audit_records_are_a_chain():
    first = audit()
    second = audit(first["event_hash"], 2)
    third = audit(second["event_hash"], 3)
    assert [entry.verdict for entry in entries(first, second, third)] == ["accept"] * 3
    assert [entry.verdict for entry in entries(first, third)] == ["accept", "reject"]


def test_a_chain_that_is_shown_twice_is_doubled():
    once = delegation()
    assert [entry.verdict for entry in entries(once, once)] == ["accept", "reject"]


def test_hops_are_signed_by_their_delegators():
    record = delegation()
    for hop, key in zip(record["chain_artifact"]["hops"], (A, B), strict=True):
        signed = key.sign(hop["delegation_ref"].encode())
        hop["hop_signature"] = base64.b64encode(signed).decode()
    record["delegation_chain_ref"] = digest(record["chain_artifact"])
    ring = key_ring_of({"keys": [jwk(A, "root"), jwk(B, "mid")]}, "keys.json")
    (entry,) = entries(record, ring=ring)
    assert (entry.verdict, claim_of(entry, "authentic").state) == ("accept", "yes")
    (entry,) = entries(record, ring=key_ring_of({"keys": [jwk(A, "root")]}, "keys.json"))
    assert entry.judged is not None
    assert (entry.verdict, entry.judged.lacks) == ("unknown", ("mid",))
    swapped = key_ring_of({"keys": [jwk(B, "root"), jwk(A, "mid")]}, "keys.json")
    assert entries(record, ring=swapped)[0].verdict == "reject"


def test_a_signed_hop_authorises_the_delegation_that_was_signed():
    """A signature covers the digest of a delegation: the words beside it may be anybody's."""
    ring = key_ring_of({"keys": [jwk(A, "root"), jwk(B, "mid")]}, "keys.json")

    def judged(scope: str, shown: bool) -> tuple[str, str]:
        record = delegation()
        chain = record["chain_artifact"]
        for hop, key in zip(chain["hops"], (A, B), strict=True):
            signed = key.sign(hop["delegation_ref"].encode())
            hop["hop_signature"] = base64.b64encode(signed).decode()
            hop["scope"] = scope
        record["leaf_preimage"]["scope"] = scope
        chain["leaf_action_ref"] = digest(record["leaf_preimage"])
        record["delegation_chain_ref"] = digest(chain)
        if not shown:
            del record["delegation_artifacts"]
        (entry,) = entries(record, ring=ring)
        return entry.verdict, claim_of(entry, "authorised").state

    assert judged("everything", shown=True) == ("reject", "no")
    assert judged("everything", shown=False) == ("accept", "unknown")


def test_a_policy_and_a_context_are_those_that_were_decided_with():
    policy, other = {"effect": "allow", "version": "1"}, {"effect": "allow", "version": "2"}
    content = action(authorization_ref=f"sha256:{digest(policy)}")
    record = {"preimage": content, "action_ref": digest(content), "policy_snapshot_used": "p"}
    for shown, wanted in ((policy, "accept"), (other, "reject")):
        assert verdict(record, policy_snapshots={"p": {"object": shown}})[0] == wanted


def test_signatures_that_are_not_in_a_record_leave_it_open():
    signer = {
        "key_source": "embedded",
        "public_key_hash": "a" * 64,
        "verification_result": "pass",
        "signature_input_hash": "b" * 64,
    }
    assert verdict({"signer_records": [signer, signer]})[0] == "unknown"
    broken = {
        "key_source": None,
        "public_key_hash": None,
        "verification_result": "unverifiable",
        "signature_input_hash": "c",
    }
    for name, value in broken.items():
        assert verdict({"signer_records": [signer, signer | {name: value}]})[0] == "reject"
