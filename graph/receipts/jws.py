"""JSON Web Signatures (RFC 7515): compact, detached (also RFC 7797) and in JSON."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graph.receipts.keys import base64url
from graph.receipts.signed import Signature
from graph.values import WrongValue, strict_document

COMPACT = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]*)\.([A-Za-z0-9_-]*)")
UNDERSTOOD = {"b64"}  # extensions that a header may call critical
NOT_A_JWS = "is no JWS"


class WrongJws(ValueError):
    """A text that cannot be read as a JWS; the message says why."""


@dataclass(frozen=True, slots=True)
class Jws:
    """A JWS: its payload, None where it is detached, and each header with its signature.

    `protected` and `values` are those of each signature, as they are written.
    """

    payload: str | None
    headers: tuple[Mapping[str, Any], ...]
    protected: tuple[str, ...]
    values: tuple[bytes, ...]

    def content(self) -> bytes | None:
        """Return the payload; None where it is detached.

        Raises
        ------
        WrongJws
        """
        if self.payload is None:
            return None
        if any(header.get("b64") is False for header in self.headers):
            return self.payload.encode()
        return _bytes(self.payload, "its payload")

    def signatures(self, detached: Sequence[bytes] = ()) -> tuple[Signature, ...]:
        """Return the signatures; `detached` are forms of the payload where it is not within."""
        return tuple(
            Signature(
                value,
                tuple(self._messages(header, protected, detached)),
                str(header["alg"]),
                _name(header),
            )
            for header, protected, value in zip(
                self.headers, self.protected, self.values, strict=True
            )
        )

    def _messages(
        self, header: Mapping[str, Any], protected: str, detached: Sequence[bytes]
    ) -> Sequence[bytes]:
        start = protected.encode() + b"."
        if self.payload is not None:
            return [start + self.payload.encode()]
        if header.get("b64") is False:
            return [start + payload for payload in detached]
        return [start + _encoded(payload) for payload in detached]


def _name(header: Mapping[str, Any]) -> str | None:
    name = header.get("kid")
    return name if isinstance(name, str) and name else None


def _encoded(data: bytes) -> bytes:
    import base64

    return base64.urlsafe_b64encode(data).rstrip(b"=")


def is_compact(value: Any) -> bool:
    """Return whether a value looks like a compact JWS, detached or not."""
    return (
        isinstance(value, str) and value.startswith(("ey", "ew")) and bool(COMPACT.fullmatch(value))
    )


def is_json(value: Any) -> bool:
    """Return whether a parsed document looks like a JWS in JSON."""
    if not isinstance(value, dict) or not isinstance(value.get("payload", ""), str):
        return False
    return isinstance(value.get("signatures"), list) or {"protected", "signature"} <= value.keys()


def parse(value: Any) -> Jws:
    """Read a JWS: compact text, or a parsed document of the JSON serialisation.

    >>> parse("eyJhbGciOiJFZERTQSJ9.e30.AA").headers[0]
    {'alg': 'EdDSA'}

    Raises
    ------
    WrongJws
    """
    if isinstance(value, str):
        parts = COMPACT.fullmatch(value)
        if parts is None:
            raise WrongJws(NOT_A_JWS)
        protected, payload, signature = parts.groups()
        return _made(payload or None, [(protected, {}, signature)])
    if not is_json(value):
        raise WrongJws(NOT_A_JWS)
    entries = value["signatures"] if isinstance(value.get("signatures"), list) else [value]
    if not entries:
        raise WrongJws("has no signature")
    read = []
    for entry in entries:
        if not isinstance(entry, dict) or not isinstance(entry.get("protected"), str):
            raise WrongJws("has a signature without a protected header")
        header = entry.get("header", {})
        read.append((entry["protected"], header if isinstance(header, dict) else {}, entry))
    return _made(
        value.get("payload"),
        [(protected, header, entry.get("signature")) for protected, header, entry in read],
    )


def _made(payload: str | None, parts: list[tuple[str, Mapping[str, Any], Any]]) -> Jws:
    headers = tuple(_header(protected, header) for protected, header, _ in parts)
    values = tuple(_bytes(signature, "its signature") for *_, signature in parts)
    if len({header.get("b64") is False for header in headers}) > 1:  # RFC 7797, 3
        raise WrongJws("has signatures that do not agree on whether its payload is encoded")
    return Jws(payload, headers, tuple(protected for protected, *_ in parts), values)


def _header(protected: str, unprotected: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a header. The algorithm must be protected; a key may be named outside (7.2.1)."""
    header = json_of(_bytes(protected, "its header"))
    if not isinstance(header, dict) or not isinstance(header.get("alg"), str):
        raise WrongJws("has a header that states no algorithm")
    critical = header.get("crit", [])
    if not isinstance(critical, list) or any(name not in UNDERSTOOD for name in map(str, critical)):
        raise WrongJws("has a critical extension that is not understood")
    if ("b64" in header) != ("b64" in critical):
        raise WrongJws("states b64 without calling it critical, or calls it so without stating it")
    name = unprotected.get("kid")
    return {"kid": name, **header} if isinstance(name, str) else header


def _bytes(text: Any, part: str) -> bytes:
    try:
        return base64url(text)
    except ValueError as wrong:
        raise WrongJws(f"{part} {wrong}") from None


def json_of(data: bytes) -> Any:
    """Parse the JSON of a header or a payload, strictly.

    Raises
    ------
    WrongJws
    """
    try:
        return strict_document(data.decode())
    except (UnicodeDecodeError, WrongValue) as wrong:
        reason = str(wrong) if isinstance(wrong, WrongValue) else "is no text"
        raise WrongJws(f"a part of it {reason}") from None


def compact_fields(record: Mapping[str, Any]) -> list[str]:
    """Return the names of the fields of a record that hold a compact JWS."""
    return [name for name, value in record.items() if is_compact(value)]


def own_key(header: Mapping[str, Any]) -> str | None:
    """Return the key that a header carries itself, as JSON; None if it carries none."""
    jwk = header.get("jwk")
    return json.dumps(jwk) if isinstance(jwk, dict) else None
