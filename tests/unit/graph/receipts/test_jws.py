"""JSON Web Signatures, by the vectors of their standards and signed here; and all ways to cheat."""

import io
import json
from pathlib import Path

import pytest

from graph.receipts.keys import Key, KeyRing, key_ring_of
from graph.receipts.verifying import Entry, verify
from tests.support.signing import compact, ed25519_key, encoded, jwk, p256_key, signature

ED, EC, OTHER = ed25519_key("a"), p256_key("b"), ed25519_key("c")
RFC_8037 = (  # A.4
    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvM"
    "g3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
    {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
)
RFC_7515 = (  # A.3
    "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNv"
    "bS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxf"
    "KTUJqPP3-Kg6NU1Q",
    {
        "kty": "EC",
        "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    },
)
RECORD = {"id": "d-1", "decision": "allow", "issued_at": "2026-07-20T10:00:00Z"}


def keys(*jwks: dict) -> KeyRing:
    return key_ring_of({"keys": list(jwks)}, "keys.json") if jwks else KeyRing()


def judged(*records: object, ring: KeyRing) -> list[Entry]:
    lines = [r if isinstance(r, str) else json.dumps(r) for r in records]
    return verify(io.BytesIO("\n".join(lines).encode()), Path("r.jsonl"), ring).entries


def verdict(record: object, *jwks: dict) -> str:
    (entry,) = judged(record, ring=keys(*jwks))
    return entry.verdict


def authentic(record: object, *jwks: dict) -> tuple[str, str]:
    (entry,) = judged(record, ring=keys(*jwks))
    assert entry.judged is not None
    claim = entry.judged.claims["authentic"]
    return claim.state, claim.reason


@pytest.mark.parametrize(("text", "key"), [RFC_8037, RFC_7515], ids=["RFC 8037", "RFC 7515"])
def test_the_examples_of_the_standards(text, key):
    assert verdict(text, key) == "accept"
    changed = text[:-3] + ("A" if text[-3] != "A" else "B") + text[-2:]
    assert verdict(changed, key) == "reject"


@pytest.mark.parametrize("key", [ED, EC], ids=["EdDSA", "ES256"])
def test_a_signed_record_in_each_form(key):
    text, public = compact(key, RECORD, kid="k"), jwk(key, "k")
    head, payload, value = text.split(".")
    forms = [
        text,
        {"payload": payload, "protected": head, "signature": value},
        {"payload": payload, "signatures": [{"protected": head, "signature": value}]},
        {"record": RECORD, "jws": compact(key, RECORD, detached=True, kid="k")},
        {"record": RECORD, "jws": text},
        {**RECORD, "jws": compact(key, RECORD, detached=True, kid="k")},
    ]
    for form in forms:
        (entry,) = judged(form, ring=keys(public))
        assert (entry.verdict, entry.judged and entry.judged.id) == ("accept", "d-1"), form
    assert verdict({"record": {**RECORD, "decision": "deny"}, "jws": text}, public) == "reject"
    assert verdict({**RECORD, "id": "d-2", "jws": forms[5]["jws"]}, public) == "reject"


def test_a_payload_that_is_not_encoded():
    """RFC 7797: the signature is of the payload itself."""
    head = encoded(json.dumps({"alg": "EdDSA", "b64": False, "crit": ["b64"]}).encode())
    content = json.dumps(RECORD, sort_keys=True, separators=(",", ":")).encode()
    value = encoded(signature(ED, head.encode() + b"." + content))
    assert verdict({"record": RECORD, "jws": f"{head}..{value}"}, jwk(ED)) == "accept"


def test_a_key_that_is_not_given_is_named_and_unknown():
    (entry,) = judged(compact(ED, RECORD, kid="k1"), ring=keys(jwk(OTHER, "k2")))
    assert (entry.verdict, entry.judged and entry.judged.lacks) == ("unknown", ("k1",))
    (entry,) = judged(compact(ED, RECORD), ring=KeyRing())
    assert entry.verdict == "unknown"


def test_a_record_that_names_no_key_and_holds_under_none_is_refused():
    assert verdict(compact(ED, RECORD), jwk(OTHER, "k2")) == "reject"


def test_a_key_without_a_name_is_tried_for_a_record_that_names_one():
    assert verdict(compact(ED, RECORD, kid="k1"), jwk(ED)) == "accept"
    assert verdict(compact(ED, RECORD, kid="k1"), jwk(OTHER)) == "reject"


def test_a_key_without_a_name_that_is_somebody_elses_refuses_nothing():
    ring = keys(jwk(ED))
    entries = judged(compact(OTHER, RECORD, kid="k2"), compact(ED, RECORD, kid="k1"), ring=ring)
    assert [entry.verdict for entry in entries] == ["unknown", "accept"]


def test_two_signers_are_somebody_independent():
    parts = [compact(key, RECORD, kid=name).split(".") for key, name in ((ED, "a"), (EC, "b"))]
    signed = [{"protected": head, "signature": value} for head, _, value in parts]
    document = {"payload": parts[0][1], "signatures": signed}
    (entry,) = judged(document, ring=keys(jwk(ED, "a"), jwk(EC, "b")))
    assert entry.judged is not None
    assert entry.judged.claims["checked"].state == "yes"
    signed[1]["signature"] = signed[0]["signature"]
    (entry,) = judged(document, ring=keys(jwk(ED, "a"), jwk(EC, "b")))
    assert entry.verdict == "reject"


def test_one_key_under_two_names_is_nobody_else():
    parts = [compact(ED, RECORD, kid=name).split(".") for name in ("a", "b")]
    signed = [{"protected": head, "signature": value} for head, _, value in parts]
    document = {"payload": parts[0][1], "signatures": signed}
    (entry,) = judged(document, ring=keys(jwk(ED, "a"), jwk(ED, "b")))
    assert entry.judged is not None
    assert (entry.verdict, entry.judged.claims["checked"].state) == ("accept", "no")


def test_a_text_beside_its_signature_is_signed_as_it_is():
    """RFC 7797, 4.2: the payload is a text, and the signature is of its letters."""
    head = encoded(json.dumps({"alg": "EdDSA", "b64": False, "crit": ["b64"]}).encode())
    value = encoded(signature(ED, f"{head}.$.02".encode()))
    assert verdict({"payload": "$.02", "jws": f"{head}..{value}"}, jwk(ED)) == "accept"
    assert verdict({"payload": "$.03", "jws": f"{head}..{value}"}, jwk(ED)) == "reject"


def test_signatures_that_read_the_payload_in_two_ways_are_refused():
    head, payload, value = compact(ED, RECORD, kid="a").split(".")
    other = encoded(
        json.dumps({"alg": "EdDSA", "kid": "z", "b64": False, "crit": ["b64"]}).encode()
    )
    signed = [{"protected": head, "signature": value}, {"protected": other, "signature": value}]
    state, reason = authentic({"payload": payload, "signatures": signed}, jwk(ED, "a"))
    assert (state, "do not agree" in reason) == ("no", True)


@pytest.mark.parametrize("crit", [[[]], [{}], [5], "b64", ["b64"], {}])
def test_critical_extensions_may_be_anything(crit):
    assert verdict(compact(ED, RECORD, kid="k", crit=crit), jwk(ED, "k")) == "reject"


def test_the_key_it_brings_itself_proves_nothing():
    text = compact(ED, RECORD, jwk=jwk(ED))
    state, reason = authentic(text)
    assert (state, "self-attested" in reason) == ("unknown", True)
    assert authentic(text[:-4] + "AAAA")[0] == "no"


# -- cheating ------------------------------------------------------------------------------------


def unsigned() -> str:
    head = encoded(b'{"alg":"none"}')
    return f"{head}.{encoded(json.dumps(RECORD).encode())}."


def with_public_key_as_secret() -> str:
    import hashlib
    import hmac

    from tests.support.signing import pem

    head = encoded(b'{"alg":"HS256","kid":"k"}')
    start = f"{head}.{encoded(json.dumps(RECORD).encode())}"
    mac = hmac.new(pem(ED).encode(), start.encode(), hashlib.sha256).digest()
    return f"{start}.{encoded(mac)}"


NOT_JSON = encoded(b'{"no}')
CHEATS = {
    "alg none": (unsigned(), "not signed"),
    "HS256": (with_public_key_as_secret(), "shared secret"),
    "an unknown algorithm": (compact(ED, RECORD, alg="XX1"), "not used"),
    "an algorithm of another key": (compact(ED, RECORD, alg="ES256", kid="k"), "not the algorithm"),
    "a critical extension": (compact(ED, RECORD, crit=["exp"]), "critical"),
    "b64 that is not critical": (compact(ED, RECORD, b64=False), "without calling it critical"),
    "a key twice in its payload": (
        compact(ED, b'{"decision":"deny","decision":"allow"}'),
        "repeats",
    ),
    "a header that is no JSON": (f"{NOT_JSON}.e30.AA", "part of it"),
}


@pytest.mark.parametrize(("text", "reason"), CHEATS.values(), ids=list(CHEATS))
def test_each_way_to_cheat_is_refused_with_its_name(text, reason):
    state, told = authentic(text, jwk(ED, "k"))
    assert (state, verdict(text, jwk(ED, "k"))) == ("no", "reject")
    assert reason in told


def test_the_algorithm_of_the_header_would_be_fooled():
    """The twin: a verifier that believes the header takes the public key for a secret."""
    import hashlib
    import hmac

    from tests.support.signing import pem

    head, payload, value = with_public_key_as_secret().split(".")
    mac = hmac.new(pem(ED).encode(), f"{head}.{payload}".encode(), hashlib.sha256).digest()
    assert encoded(mac) == value


def test_a_key_has_one_algorithm():
    (key,) = keys(jwk(EC, "k")).keys
    assert isinstance(key, Key)
    assert key.algorithm == "ES256"
