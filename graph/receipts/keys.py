"""Public keys from files: JWK and JWKS (RFC 7517), PEM, and named Ed25519 keys in hexadecimal.

A key decides which algorithm it is used with, never the header of what it verifies: so a public
key is never taken for the secret of an HMAC. Private and shared keys are refused unread.
"""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from graph.files.bounds import MIB
from graph.files.regular import InputRefused, sized_file
from graph.values import WrongValue, strict_document

PublicKey = ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey | rsa.RSAPublicKey
MOST_BYTES = MIB
LEAST_RSA_BITS = 2048
BEGIN = "-----BEGIN "
PEM = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----[^-]*-----END \1-----")
HEX_KEY = re.compile(r"[0-9a-fA-F]{64}")
PRIVATE = ("d", "p", "q", "dp", "dq", "qi", "oth", "k")  # members of a JWK that hold a secret
ED25519, ES256, RS256 = "EdDSA", "ES256", "RS256"
ALSO = {"Ed25519": ED25519}  # RFC 9864 names the curve


class _NotUsed(InputRefused):
    """A key that verifies nothing here; a set of keys is read without it (RFC 7517, 5)."""


@dataclass(frozen=True, slots=True)
class Key:
    """A public key, the only algorithm it is used with, and its name where it has one.

    `number` tells the keys of a ring apart; `origin` is the file that it came from. A key is also
    named by its `thumbprint` (RFC 7638), None for RSA.
    """

    number: int
    name: str | None
    algorithm: str
    public: PublicKey
    origin: str
    thumbprint: str | None

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Return whether a signature of a message was made with this key."""
        try:
            if isinstance(self.public, ed25519.Ed25519PublicKey):
                self.public.verify(signature, message)
            elif isinstance(self.public, rsa.RSAPublicKey):
                self.public.verify(signature, message, padding.PKCS1v15(), SHA256())
            else:
                self.public.verify(_der(signature), message, ec.ECDSA(SHA256()))
        except (InvalidSignature, ValueError):
            return False
        return True


def _der(signature: bytes) -> bytes:
    """Return an ES256 signature, two numbers of 32 bytes (RFC 7518, 3.4), as DER."""
    if len(signature) != 64:
        raise ValueError("an ES256 signature has 64 bytes")
    return encode_dss_signature(
        int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    )


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The keys that signatures are checked with."""

    keys: tuple[Key, ...] = ()

    def named(self, name: str) -> tuple[Key, ...]:
        """Return the keys with a name, or with a thumbprint that is one."""
        return tuple(key for key in self.keys if name in (key.name, key.thumbprint))

    def unnamed(self) -> tuple[Key, ...]:
        """Return the keys without a name."""
        return tuple(key for key in self.keys if key.name is None)


def read_keys(paths: Iterable[Path]) -> KeyRing:
    """Read the public keys of files; those of a set that are not used are passed over.

    Raises
    ------
    InputRefused
        A file holds no public key of a known kind, or holds a private or a shared one.
    """
    keys: list[Key] = []
    for path in paths:
        with sized_file(path, MOST_BYTES) as stream:
            data = stream.read()
        for name, algorithm, public in _of_file(data, path):
            made = Key(len(keys), name, algorithm, public, path.name, _thumbprint(public))
            keys.append(made)
    return KeyRing(tuple(keys))


def key_ring_of(statement: Any, origin: str) -> KeyRing:
    """Return the keys that a document states of itself: a JWKS, or keys in hexadecimal by name.

    What is no such statement gives no keys; nothing of it is trusted.
    """
    try:
        stated = list(_of_json(statement, Path(origin)))
    except InputRefused:
        return KeyRing()
    keys = (Key(n, *parts, origin, _thumbprint(parts[2])) for n, parts in enumerate(stated))
    return KeyRing(tuple(keys))


def _of_file(data: bytes, path: Path) -> Iterator[tuple[str | None, str, PublicKey]]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputRefused(path, "", "is no key: neither JSON nor PEM") from None
    if text.lstrip().startswith(("{", "[")):
        try:
            document = strict_document(text)
        except WrongValue as wrong:
            raise InputRefused(path, "", str(wrong)) from None
        yield from _of_json(document, path)
        return
    blocks = list(PEM.finditer(text))
    if not blocks:
        raise InputRefused(path, "", "is no key: neither JSON nor PEM")
    if len(blocks) < text.count(BEGIN):
        raise InputRefused(path, "", "holds a key that is not whole, or that is no PUBLIC KEY")
    for number, block in enumerate(blocks, 1):
        yield None, *_of_pem(block, path, f"key {number}")


def _of_pem(block: re.Match[str], path: Path, place: str) -> tuple[str, PublicKey]:
    kind = block.group(1)
    if "PRIVATE" in kind:
        raise InputRefused(path, place, "is a private key; give the public one")
    if kind != "PUBLIC KEY":
        raise InputRefused(path, place, "is no PUBLIC KEY")
    try:
        public = load_pem_public_key(block.group().encode())
    except (ValueError, UnsupportedAlgorithm):
        raise InputRefused(path, place, "is no whole public key") from None
    return _known(public, path, place)


def _known(public: Any, path: Path, place: str) -> tuple[str, PublicKey]:
    """Return a key with its algorithm, if it is of a kind and size that is used."""
    if isinstance(public, ed25519.Ed25519PublicKey):
        return ED25519, public
    if isinstance(public, ec.EllipticCurvePublicKey) and isinstance(public.curve, ec.SECP256R1):
        return ES256, public
    if isinstance(public, rsa.RSAPublicKey) and public.key_size >= LEAST_RSA_BITS:
        return RS256, public
    kinds = "Ed25519, P-256 and RSA of at least 2048 bits"
    raise _NotUsed(path, place, f"is a key of a kind that is not used; used are {kinds}")


def _of_json(document: Any, path: Path) -> Iterator[tuple[str | None, str, PublicKey]]:
    if isinstance(document, dict) and isinstance(document.get("keys"), list):
        document = document["keys"]
    elif isinstance(document, dict) and isinstance(document.get("public_keys"), dict):
        document = document["public_keys"]
    if isinstance(document, dict) and "kty" not in document:
        yield from _of_hex(document, path)
        return
    stated = document if isinstance(document, list) else [document]
    if not stated:
        raise InputRefused(path, "", "holds no key")
    passed_over: list[_NotUsed] = []
    for number, jwk in enumerate(stated, 1):
        try:
            yield _of_jwk(jwk, path, f"key {number}")
        except _NotUsed as unused:
            passed_over.append(unused)
    if len(passed_over) == len(stated):
        raise passed_over[0]


def _of_hex(document: Mapping[str, Any], path: Path) -> Iterator[tuple[str, str, PublicKey]]:
    for name, value in document.items():
        if not isinstance(value, str) or not HEX_KEY.fullmatch(value):
            raise InputRefused(path, "", "holds no public key: no JWK, JWKS or named keys in hex")
        raw = bytes.fromhex(value)
        yield name, ED25519, ed25519.Ed25519PublicKey.from_public_bytes(raw)
    if not document:
        raise InputRefused(path, "", "holds no key")


def _of_jwk(jwk: Any, path: Path, place: str) -> tuple[str | None, str, PublicKey]:
    if not isinstance(jwk, dict):
        raise InputRefused(path, place, "is no JWK")
    if jwk.get("kty") == "oct" or any(member in jwk for member in PRIVATE):
        raise InputRefused(path, place, "is a private or shared key; give the public one")
    if not isinstance(jwk.get("kty"), str):
        raise _NotUsed(path, place, "is no JWK")
    try:
        algorithm, public = _known(_public(jwk), path, place)
    except (KeyError, TypeError, ValueError):
        raise _NotUsed(path, place, "is no whole JWK of a known kind") from None
    stated = jwk.get("alg")
    if stated is not None and algorithm not in (stated, ALSO.get(str(stated))):
        raise _NotUsed(path, place, "states an algorithm that is not that of its key")
    operations = jwk.get("key_ops", ["verify"])
    if jwk.get("use", "sig") != "sig" or "verify" not in _listed(operations):
        raise _NotUsed(path, place, "is not for signatures, by its own word")
    name = jwk.get("kid")
    return (name if isinstance(name, str) and name else None), algorithm, public


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _public(jwk: Mapping[str, Any]) -> Any:
    """Return the public key of a JWK.

    Raises
    ------
    KeyError, TypeError, ValueError
        A member is missing or wrong.
    """
    if jwk["kty"] == "OKP" and jwk["crv"] == "Ed25519":
        return ed25519.Ed25519PublicKey.from_public_bytes(base64url(jwk["x"]))
    if jwk["kty"] == "EC" and jwk["crv"] == "P-256":
        x, y = (int.from_bytes(base64url(jwk[part]), "big") for part in ("x", "y"))
        return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    if jwk["kty"] == "RSA":
        n, e = (int.from_bytes(base64url(jwk[part]), "big") for part in ("n", "e"))
        return rsa.RSAPublicNumbers(e, n).public_key()
    raise ValueError("a kind of key that is not known")


def base64url(text: Any) -> bytes:
    """Return the bytes of base64url without padding (RFC 7515), strictly.

    Raises
    ------
    ValueError
        It is no such text, or not the only text of its bytes.
    """
    if not isinstance(text, str) or not re.fullmatch(r"[A-Za-z0-9_-]*", text):
        raise ValueError("is no base64url")
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error:
        raise ValueError("is no base64url") from None
    if base64.urlsafe_b64encode(data).rstrip(b"=").decode() != text:
        raise ValueError("is no base64url")
    return data


def _thumbprint(public: PublicKey) -> str | None:
    if isinstance(public, ed25519.Ed25519PublicKey):
        members = {"crv": "Ed25519", "kty": "OKP", "x": _base64url(public.public_bytes_raw())}
    elif isinstance(public, ec.EllipticCurvePublicKey):
        numbers = public.public_numbers()
        x, y = (_base64url(part.to_bytes(32, "big")) for part in (numbers.x, numbers.y))
        members = {"crv": "P-256", "kty": "EC", "x": x, "y": y}
    else:
        return None
    text = json.dumps(members, sort_keys=True, separators=(",", ":"))
    return _base64url(hashlib.sha256(text.encode()).digest())


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
