"""Signatures in a field of a record: in each form, and with the keys that documents bring along."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from graph.receipts.keys import KeyRing, key_ring_of
from graph.receipts.verifying import claim_of, verify
from tests.support.signing import canonical, ed25519_key, jwk, signature

NO_KEYS = KeyRing()
SIGNED = {"id": "x", "decision": "allow"}


def signed(key: Any, **more: Any) -> dict[str, Any]:
    record = {**SIGNED, **more}
    return {**record, "signature": signature(key, canonical(record)).hex()}


def authentic(record: dict[str, Any], ring: KeyRing = NO_KEYS, **around: Any) -> str:
    stream = io.BytesIO(json.dumps({**around, "records": [record]}).encode())
    (entry,) = verify(stream, Path("r.json"), ring).entries
    return claim_of(entry, "authentic").state


PDP, STRANGER = ed25519_key("pdp"), ed25519_key("stranger")
PDP_RING = key_ring_of({"keys": [jwk(PDP, "pdp")]}, "keys.json")


@pytest.mark.parametrize("name", ["EdDSA", "Ed25519", "ed25519", "ED25519", "eddsa"])
def test_an_algorithm_is_known_in_either_case_outside_of_jose(name):
    record = signed(PDP, alg=name, kid="pdp")
    assert authentic(record, PDP_RING) == "yes"
    assert authentic({**record, "decision": "deny"}, PDP_RING) == "no"


def test_a_signature_of_rsa_in_a_field():
    key = rsa.generate_private_key(65537, 2048)
    ring = key_ring_of({"keys": [jwk(key, "k")]}, "keys.json")
    record = signed(key, alg="RS256", kid="k")
    assert authentic(record, ring) == "yes"
    assert authentic({**record, "id": "y"}, ring) == "no"


def test_a_signature_in_a_form_that_is_not_known_is_open():
    """DER, or a text of another alphabet: nothing shows that it is broken."""
    for value in ("30" * 70, "z3FXQ!", "short"):
        assert authentic({**SIGNED, "signature": value}) == "unknown"
        assert authentic({**SIGNED, "alg": "EdDSA", "signature": value}) == "no"


def test_other_digests_in_a_document_are_no_keys():
    """Any 32 bytes would be taken for a key of Ed25519, under which nothing holds."""
    record = signed(PDP, kid="pdp")
    assert authentic(record, head="ab" * 32) == "unknown"


def test_the_keys_of_others_in_a_document_refute_nothing():
    record = signed(PDP, kid="pdp")
    raw = {key: key.public_key().public_bytes_raw().hex() for key in (PDP, STRANGER)}
    assert authentic(record, public_keys={"stranger": raw[STRANGER]}) == "unknown"
    assert authentic(record, public_keys={"stranger": raw[PDP], "pdp": raw[STRANGER]}) == "no"
    assert authentic(record, public_keys={"pdp": raw[PDP]}) == "unknown"  # self-attested


@pytest.mark.parametrize("alg", [[], {}, 5, None, "x"])
def test_a_key_that_a_record_brings_may_be_anything(alg):
    record = signed(PDP, jwk={**jwk(PDP), "alg": alg})
    assert authentic(record) == "unknown"
