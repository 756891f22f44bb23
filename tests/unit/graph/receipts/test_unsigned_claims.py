"""Records that nobody signed: what they say of themselves is not proven, and no size is a fault."""

import base64
import time
from typing import Any

import pytest

from graph.receipts.claims import CLAIMS
from graph.receipts.keys import KeyRing, key_ring_of
from graph.receipts.verifying import claim_of
from tests.support.signing import ed25519_key, jwk
from tests.unit.graph.receipts.test_referenced import (
    HOLDS,
    A,
    B,
    Record,
    changed,
    custody,
    delegation,
    digest,
    entries,
    execution,
    verdict,
)


def states(record: Record, ring: KeyRing | None = None, **around: Any) -> list[str]:
    (entry,) = entries(record, ring=ring, **around)
    return [claim_of(entry, name).state for name in CLAIMS]


@pytest.mark.parametrize(("made", "form"), HOLDS.values(), ids=list(HOLDS))
def test_what_an_unsigned_record_says_of_itself_is_not_proven(made, form):
    """Whoever emits it can write that it was checked, permitted and done."""
    assert "yes" not in states(made())


def signed_hops(record: Record) -> Record:
    for hop, key in zip(record["chain_artifact"]["hops"], (A, B), strict=True):
        signed = key.sign(hop["delegation_ref"].encode())
        hop["hop_signature"] = base64.b64encode(signed).decode()
    return {**record, "delegation_chain_ref": digest(record["chain_artifact"])}


def test_hops_that_their_delegators_signed_authorise():
    ring = key_ring_of({"keys": [jwk(A, "root"), jwk(B, "mid")]}, "keys.json")
    assert states(signed_hops(delegation()), ring)[:2] == ["yes", "yes"]
    one = key_ring_of({"keys": [jwk(A, "root")]}, "keys.json")
    assert states(signed_hops(delegation()), one)[:2] == ["unknown", "unknown"]


def test_a_key_without_a_name_that_signed_no_hop_refuses():
    """As for any other record: see test_jws."""
    ring = key_ring_of({"keys": [jwk(ed25519_key("c"))]}, "keys.json")
    assert entries(signed_hops(delegation()), ring=ring)[0].verdict == "reject"
    both = key_ring_of({"keys": [jwk(A), jwk(B)]}, "keys.json")
    assert entries(signed_hops(delegation()), ring=both)[0].verdict == "accept"


NOT_SAID = {
    "who acted": (custody(), "preimage/executor_id"),
    "who captured it": (custody(), "preimage/capturer_id"),
}


@pytest.mark.parametrize(("record", "path"), NOT_SAID.values(), ids=list(NOT_SAID))
def test_a_witness_is_independent_of_somebody(record, path):
    missing = changed(record, path, "-")
    missing["custody_ref"] = digest(missing["preimage"])
    assert verdict(missing)[0] == "reject"


def test_a_policy_that_ended_before_the_attempt_permits_nothing():
    """It was in force at 10 s when it was decided, ended at 20 s, and was attempted at 30 s."""
    for attempted, wanted in ((15_000, "accept"), (30_000, "reject")):
        record = execution()
        parts, envelope = record["preimages"], record["envelope"]
        parts["decision_id"] |= {"ts_ms": 10_000 + BASE, "policy_expires_ms": 20_000 + BASE}
        parts["attempt_id"]["ts_ms"] = attempted + BASE
        parts["result_id"]["attempt_id"] = digest(parts["attempt_id"])
        envelope |= {name: digest(part) for name, part in parts.items()}
        assert verdict(record)[0] == wanted


def test_executions_without_ids_are_not_the_same_one():
    parts = {"action_ref": {"actor_id": "bot"}}
    envelope = {"version": "execution-join-ref-v1", "action_ref": digest(parts["action_ref"])}
    records = [{"envelope": envelope, "preimages": parts, "id": name} for name in "ab"]
    assert [entry.verdict for entry in entries(*records)] == ["accept", "accept"]


BASE = 1_750_000_000_000
MANY = 30_000
LARGE = {
    "parents in one line": {
        "parent_chain": [
            {"composition_ref": f"p{n}", "artifact": {"parent_composition_ref": f"p{n + 1}"}}
            for n in range(MANY)
        ]
    },
    "pieces and claims": {
        "receipt": {"retrieved_chunks": [{"chunk_id": f"c{n}"} for n in range(MANY)]},
        "generator_output": {"claims": [{"cited_chunk_id": f"c{n}"} for n in range(MANY)]},
    },
    "parts and digests": {
        "preimage": {"text": "x" * 1_000_000},
        **{f"{n}_preimage": {} for n in range(MANY)},
        **{f"of{n}_ref": "a" * 64 for n in range(MANY)},
    },
}


@pytest.mark.parametrize("record", LARGE.values(), ids=list(LARGE))
def test_large_records_take_time_in_proportion(record):
    begun = time.process_time()
    entries(record)
    assert time.process_time() - begun < 3


@pytest.mark.parametrize("made", [execution, delegation])
def test_a_record_of_no_known_format_beside_one_that_stands_alone_is_open(made):
    """Neither is a link of a chain, which it could break."""
    assert [entry.verdict for entry in entries(made(), {"name": "x"})] == ["accept", "unknown"]
