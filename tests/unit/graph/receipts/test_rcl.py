"""Receipts with claims of others: each claim must be its authority's, and of this very action."""

import copy
import io
import json
from pathlib import Path
from typing import Any

import pytest

from graph.receipts.claims import CLAIMS
from graph.receipts.keys import KeyRing, key_ring_of
from graph.receipts.verifying import Entry, claim_of, verify
from tests.support.signing import canonical, ed25519_key, jwk, signature

ROLES = ("emitter", "authz", "exec", "checker")
KEYS = {role: ed25519_key(role) for role in ROLES}
NOW = 1_750_000_000
TOOLS = "ab" * 32


def digest(value: Any) -> str:
    import hashlib

    return hashlib.sha256(canonical(value)).hexdigest()


def signed(value: dict[str, Any], role: str, field: str = "sig") -> dict[str, Any]:
    return value | {field: signature(KEYS[role], canonical(value)).hex()}


def receipt(**changed: Any) -> dict[str, Any]:
    action = {"tool": "transfer", "params": {"to": "acct-A", "amount": 100}}
    claims: dict[str, Any] = {
        "authorization": signed(
            {"action_digest": digest(action), "params_digest": digest(action["params"])}, "authz"
        ),
        "occurrence": signed(
            {"action_digest": digest(action), "outcome_digest": "cd" * 32}, "exec"
        ),
        "check": signed(
            {"input_digest": TOOLS, "output": "pass", "issued_at": NOW - 100}, "checker"
        ),
    }
    made = {"action": action, "action_digest": digest(action), "tool_set_digest": TOOLS}
    return signed(made | {"claims": {**claims, **changed}}, "emitter", "envelope_sig")


def ring(*roles: str, **names: str) -> KeyRing:
    jwks = [jwk(KEYS[role], names.get(role, role)) for role in roles]
    return key_ring_of({"keys": jwks}, "keys.json")


ALL_KEYS = ring(*ROLES)


def entry_of(record: Any, keys: KeyRing = ALL_KEYS, **around: Any) -> Entry:
    bundle = {"evaluation_time": NOW, "freshness_window_seconds": 300} | around
    document = json.dumps(bundle | {"fixtures": [{"id": "x", "receipt": record}]})
    (entry,) = verify(io.BytesIO(document.encode()), Path("r.json"), keys).entries
    return entry


def states(entry: Entry) -> list[str]:
    return [claim_of(entry, name).state for name in CLAIMS]


def test_what_each_authority_signed_is_accepted():
    entry = entry_of(receipt())
    assert (entry.verdict, states(entry)) == ("accept", ["yes"] * 4)


def test_names_of_keys_need_not_be_their_roles():
    names = {role: f"k{number}" for number, role in enumerate(ROLES)}
    assert entry_of(receipt(), ring(*ROLES, **names)).verdict == "accept"


TOO_OLD = {"input_digest": TOOLS, "output": "pass", "issued_at": NOW - 301}
EARLY = {"input_digest": TOOLS, "output": "pass", "issued_at": NOW + 3600}
FAILED = {"input_digest": TOOLS, "output": "fail", "issued_at": NOW}
OTHERS = {"input_digest": "00" * 32, "output": "pass", "issued_at": NOW}
PASSED = {"input_digest": TOOLS, "output": "pass", "issued_at": NOW}
ELSEWHERE = {"action_digest": "00" * 32, "params_digest": "00" * 32}
PARAMS = receipt()["claims"]["authorization"] | {"params_digest": "00" * 32}
REFUSED = {
    "no authorisation": ({"authorization": None}, 1, "no evidence"),
    "no occurrence": ({"occurrence": None}, 2, "no evidence"),
    "no check": ({"check": None}, 3, "no evidence"),
    "a stale check": ({"check": signed(TOO_OLD, "checker")}, 3, "more than 300 s"),
    "a check of later": ({"check": signed(EARLY, "checker")}, 3, "dated after"),
    "a check that failed": ({"check": signed(FAILED, "checker")}, 3, "did not pass"),
    "a check of other tools": ({"check": signed(OTHERS, "checker")}, 3, "another set of tools"),
    "a check by the emitter": ({"check": signed(PASSED, "emitter")}, 3, "self-attested"),
    "a check by another authority": ({"check": signed(PASSED, "exec")}, 3, "not what the key"),
    "an unsigned check": ({"check": PASSED}, 3, "not signed"),
    "a forged check": ({"check": PASSED | {"sig": "00" * 64}}, 3, "not what the key"),
    "another action authorised": (
        {"authorization": signed(ELSEWHERE, "authz")},
        1,
        "another action",
    ),
    "parameters changed": ({"authorization": PARAMS}, 1, "not what the key"),
    "another action done": ({"occurrence": signed(ELSEWHERE, "exec")}, 2, "another action"),
}


@pytest.mark.parametrize(("changed", "place", "reason"), REFUSED.values(), ids=list(REFUSED))
def test_each_claim_that_fails_is_named(changed, place, reason):
    """The envelope is signed anew, as an emitter that lies can do: only the claim shows it."""
    entry = entry_of(receipt(**changed))
    expected = ["yes"] * 4
    expected[place] = "no"
    assert (entry.verdict, states(entry)) == ("reject", expected)
    assert reason in entry.reasons[0]


def test_the_envelope_alone_would_accept_every_lie():
    """The twin: in each of them the signature of the emitter holds."""
    for changed, *_ in REFUSED.values():
        record = receipt(**changed)
        content = {name: value for name, value in record.items() if name != "envelope_sig"}
        KEYS["emitter"].public_key().verify(
            bytes.fromhex(record["envelope_sig"]), canonical(content)
        )


def test_a_changed_envelope_is_not_authentic():
    record = copy.deepcopy(receipt())
    record["tool_set_digest"] = "ee" * 32
    assert states(entry_of(record))[0] == "no"
    record = copy.deepcopy(receipt())
    record["action"]["params"]["amount"] = 1_000_000
    assert states(entry_of(record)) == ["no", "no", "no", "yes"]


def test_a_key_that_is_not_given_leaves_its_claim_open():
    entry = entry_of(receipt(), ring("emitter", "authz", "exec"))
    assert (entry.verdict, states(entry)) == ("unknown", ["yes", "yes", "yes", "unknown"])
    assert entry.judged is not None
    assert entry.judged.lacks == ("checker",)


def test_the_keys_that_a_file_brings_itself_prove_nothing_but_can_refuse():
    public = {role: key.public_key().public_bytes_raw().hex() for role, key in KEYS.items()}
    assert states(entry_of(receipt(), KeyRing(), public_keys=public)) == ["unknown"] * 4
    forged = receipt(check=PASSED | {"sig": "00" * 64})
    assert states(entry_of(forged, KeyRing(), public_keys=public))[3] == "no"


def test_freshness_needs_an_instant():
    assert entry_of(receipt(), evaluation_time=None).verdict == "unknown"


@pytest.mark.parametrize("window", [1e300, 10**30])
def test_any_window_is_one(window):
    assert entry_of(receipt(), freshness_window_seconds=window).verdict == "accept"


def test_a_check_of_tools_that_nobody_names_is_none():
    """Neither the receipt nor the check says of which tools it is: that is no agreement."""
    unnamed = {"output": "pass", "issued_at": NOW}
    record = receipt(check=signed(unnamed, "checker"))
    del record["tool_set_digest"], record["envelope_sig"]
    entry = entry_of(signed(record, "emitter", "envelope_sig"))
    assert states(entry) == ["yes", "yes", "yes", "no"]


@pytest.mark.parametrize(
    ("name", "role", "claim"),
    [
        ("authorization", "authz", "authorised"),
        ("occurrence", "exec", "occurred"),
        ("check", "checker", "checked"),
    ],
)
def test_the_key_of_one_authority_does_not_speak_for_another(name, role, claim):
    """Whoever carries out an action does not permit it, nor does a checker say that it happened."""
    others = [each for each in ROLES if each not in (role, "emitter")]
    for other in others:
        made = receipt()
        unsigned = {k: v for k, v in made["claims"][name].items() if k != "sig"}
        entry = entry_of(receipt(**{name: signed(unsigned, other)}), ring("emitter", *others))
        assert claim_of(entry, claim).state == "unknown"
        assert entry.judged is not None
        assert role in entry.judged.lacks
