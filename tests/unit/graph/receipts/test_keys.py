"""Public keys of files: read whatever form they are in, and private ones refused unread."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from graph.files.regular import InputRefused
from graph.receipts.keys import ED25519, ES256, RS256, KeyRing, key_ring_of, read_keys
from tests.support.signing import ed25519_key, jwk, p256_key, pem, signature

ED, EC = ed25519_key("a"), p256_key("b")
# RFC 8037, appendix A.
PUBLISHED = {
    "kty": "OKP",
    "crv": "Ed25519",
    "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
}
THUMBPRINT = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def ring(tmp_path, *texts: str) -> KeyRing:
    paths = [tmp_path / f"key{number}.json" for number in range(len(texts))]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text)
    return read_keys(paths)


@pytest.mark.parametrize(("key", "algorithm"), [(ED, ED25519), (EC, ES256)])
@pytest.mark.parametrize("form", ["jwk", "jwks", "pem"])
def test_a_key_in_each_form_verifies_what_its_owner_signed(tmp_path, key, algorithm, form):
    text = {
        "jwk": json.dumps(jwk(key, "k")),
        "jwks": json.dumps({"keys": [jwk(key, "k")]}),
        "pem": pem(key),
    }[form]
    (read,) = ring(tmp_path, text).keys
    assert (read.algorithm, read.name) == (algorithm, None if form == "pem" else "k")
    assert read.verifies(signature(key, b"x"), b"x")
    assert not read.verifies(signature(key, b"x"), b"y")
    assert not read.verifies(b"short", b"x")


def test_a_key_of_rsa(tmp_path):
    key = rsa.generate_private_key(65537, 2048)
    (read,) = ring(tmp_path, json.dumps(jwk(key, "k"))).keys
    assert (read.algorithm, read.verifies(signature(key, b"x"), b"x")) == (RS256, True)


def test_keys_of_several_files_and_blocks(tmp_path):
    both = ring(tmp_path, pem(ED) + pem(EC), json.dumps(jwk(ED, "named")))
    assert [key.algorithm for key in both.keys] == [ED25519, ES256, ED25519]
    assert [key.name for key in both.named("named")] == ["named"]
    assert len(both.unnamed()) == 2


def test_a_key_is_also_named_by_its_thumbprint(tmp_path):
    read = ring(tmp_path, json.dumps(PUBLISHED))
    assert read.keys[0].thumbprint == THUMBPRINT
    assert read.named(THUMBPRINT) == read.keys


def test_named_keys_in_hexadecimal(tmp_path):
    raw = ED.public_key().public_bytes_raw().hex()
    (read,) = ring(tmp_path, json.dumps({"public_keys": {"emitter": raw}})).keys
    assert (read.name, read.algorithm) == ("emitter", ED25519)


PRIVATE_PEM = ED.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
SECRET = "c2VjcmV0LXNlY3JldC1zZWNyZXQ"
REFUSED = {
    "a private PEM": (PRIVATE_PEM, "private"),
    "a private JWK": (json.dumps(jwk(ED) | {"d": SECRET}), "private or shared"),
    "a shared secret": (json.dumps({"kty": "oct", "k": SECRET}), "private or shared"),
    "no key": ("hello", "is no key"),
    "no JWK": ('{"a": 1}', "no public key"),
    "an empty set": ('{"keys": []}', "holds no key"),
    "a curve that is not used": (json.dumps({"kty": "EC", "crv": "P-521"}), "no whole JWK"),
    "a key for encryption": (json.dumps(jwk(ED) | {"use": "enc"}), "not for signatures"),
    "a key for other operations": (json.dumps(jwk(ED) | {"key_ops": ["wrapKey"]}), "not for sig"),
    "a set of keys that are not used": (
        '{"keys": [{"kty": "EC", "crv": "P-521"}]}',
        "no whole JWK",
    ),
    "a set with a private key": (
        json.dumps({"keys": [jwk(EC), jwk(ED) | {"d": SECRET}]}),
        "private",
    ),
    "a point off its curve": (json.dumps(jwk(EC) | {"y": "AAAA"}), "no whole JWK"),
    "an algorithm of another kind": (json.dumps(jwk(ED) | {"alg": "HS256"}), "not that of its key"),
    "a member that is no text": (json.dumps(jwk(ED) | {"x": 5}), "no whole JWK"),
    "a key twice": ('{"kty": "OKP", "kty": "OKP"}', "repeats a key"),
    "an algorithm that is no text": (json.dumps(jwk(ED) | {"alg": []}), "not that of its key"),
    "a PEM cut off beside a whole one": (pem(ED) + pem(EC)[:60], "not whole"),
    "a private PEM with headers": (
        f"{pem(ED)}-----BEGIN EC PRIVATE KEY-----\nDEK-Info: AES-128-CBC\n\n{SECRET}\n"
        "-----END EC PRIVATE KEY-----",
        "not whole",
    ),
    "a broken PEM": ("-----BEGIN PUBLIC KEY-----\nAA\n-----END PUBLIC KEY-----", "no whole"),
}


@pytest.mark.parametrize(("text", "reason"), REFUSED.values(), ids=list(REFUSED))
def test_what_is_no_public_key_is_refused_and_not_shown(tmp_path, text, reason):
    with pytest.raises(InputRefused, match=reason) as refused:
        ring(tmp_path, text)
    assert SECRET not in str(refused.value)


def test_a_small_key_of_rsa_is_refused(tmp_path):
    key = rsa.generate_private_key(65537, 1024)
    text = json.dumps({"kty": "RSA", "e": "AQAB", "n": jwk(key)["n"]})
    with pytest.raises(InputRefused, match="not used"):
        ring(tmp_path, text)


@pytest.mark.parametrize("statement", [None, 5, "x", {}, {"public_keys": {"a": "zz"}}, {"keys": 1}])
def test_a_document_that_states_no_keys_gives_none(statement):
    assert key_ring_of(statement, "the file").keys == ()


def test_keys_of_a_set_that_are_not_used_are_passed_over(tmp_path):
    """RFC 7517, 5: keys of other kinds, without what they need or for another use are ignored."""
    others = [
        {"kty": "EC", "crv": "P-384", "x": "AA", "y": "AA", "kid": "other curve"},
        {"kty": "OKP", "crv": "X25519", "x": "AA", "kid": "no signatures"},
        {"kid": "no kind"},
        jwk(EC, "encryption") | {"use": "enc"},
        jwk(EC, "other algorithm") | {"alg": "ECDH-ES"},
    ]
    good = jwk(ED, "k") | {"use": "sig", "key_ops": ["verify"], "alg": "EdDSA"}
    assert [key.name for key in ring(tmp_path, json.dumps({"keys": [*others, good]})).keys] == ["k"]
