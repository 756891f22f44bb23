"""Records signed for tests: keys from a word, and signatures written from their standards alone."""

import base64
import hashlib
import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ORDER_BITS = 128  # of the numbers from which keys of P-256 are made: far below its order
Private = ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def ed25519_key(word: str) -> ed25519.Ed25519PrivateKey:
    return ed25519.Ed25519PrivateKey.from_private_bytes(hashlib.sha256(word.encode()).digest())


def p256_key(word: str) -> ec.EllipticCurvePrivateKey:
    number = int.from_bytes(hashlib.sha256(word.encode()).digest(), "big") >> ORDER_BITS
    return ec.derive_private_key(number, ec.SECP256R1())


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signature(key: Private, message: bytes) -> bytes:
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(message)
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(message, PKCS1v15(), SHA256())
    r, s = decode_dss_signature(key.sign(message, ec.ECDSA(SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def algorithm(key: Private) -> str:
    names = {ed25519.Ed25519PrivateKey: "EdDSA", rsa.RSAPrivateKey: "RS256"}
    return next((name for kind, name in names.items() if isinstance(key, kind)), "ES256")


def jwk(key: Private, name: str | None = None) -> dict[str, str]:
    public = key.public_key()
    if isinstance(public, ed25519.Ed25519PublicKey):
        made = {"kty": "OKP", "crv": "Ed25519", "x": encoded(public.public_bytes_raw())}
    elif isinstance(public, rsa.RSAPublicKey):
        numbers = public.public_numbers()
        made = {"kty": "RSA", "n": encoded(numbers.n.to_bytes(256, "big")), "e": "AQAB"}
    else:
        point = public.public_numbers()
        made = {"kty": "EC", "crv": "P-256"}
        made |= {axis: encoded(getattr(point, axis).to_bytes(32, "big")) for axis in ("x", "y")}
    return made | ({"kid": name} if name else {})


def pem(key: Private) -> str:
    form = PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(Encoding.PEM, form).decode()


def compact(key: Private, payload: Any, detached: bool = False, **header: Any) -> str:
    """Return a JWS of a value, or of bytes as they are."""
    content = payload if isinstance(payload, bytes) else canonical(payload)
    head = encoded(json.dumps({"alg": algorithm(key), **header}).encode())
    value = encoded(signature(key, f"{head}.{encoded(content)}".encode()))
    return f"{head}.{'' if detached else encoded(content)}.{value}"


def canonical(value: Any) -> bytes:
    """Return JSON of ASCII texts and whole numbers, where all canonical forms are one."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
