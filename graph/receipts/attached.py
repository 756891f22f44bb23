"""The signature that a record carries in one of its own fields, and what it covers."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from graph.receipts.claims import Context, no, unknown
from graph.receipts.digests import without, written
from graph.receipts.jws import WrongJws, is_compact, parse
from graph.receipts.keys import base64url, key_ring_of
from graph.receipts.signed import Outcome, Signature, checked, verifying

FIELDS = ("signature", "sig", "jws", "proof", "envelope_sig", "record_signature")
VALUES = ("value", "sig", "signature", "jws", "signatureValue", "proofValue")
ALGORITHMS = ("alg", "algorithm", "signature_algorithm", "signature_alg", "sig_alg")
NAMES = ("kid", "key_id", "keyid", "signing_key_id", "signer_kid", "signer_id", "signer")
OWN_KEYS = ("public_key", "pubkey", "signer_public_key", "publicKey", "jwk")
HASHES = ("hash", "event_hash", "record_hash")
HEX = re.compile(r"(?:0x)?([0-9a-fA-F]{128})")
PREFIX = re.compile(r"(?:ed25519|es256)[:=]", re.IGNORECASE)
BYTES = 64  # of a signature of Ed25519, or of ES256


@dataclass(frozen=True, slots=True)
class Attached:
    """The field of a record with its signature, and the signature's value and description."""

    field: str
    value: str
    described: Mapping[str, Any]


def attached(record: Mapping[str, Any]) -> Attached | None:
    """Return the signature of a record; None where it carries none."""
    for name in FIELDS:
        value = record.get(name)
        if isinstance(value, str) and value:
            return Attached(name, value, record)
        if isinstance(value, dict):
            for part in VALUES:
                if isinstance(value.get(part), str):
                    return Attached(name, value[part], {**record, **value})
    return None


def outcome_of(record: Mapping[str, Any], part: Attached, context: Context) -> Outcome:
    """Check the signature of a record with the given keys.

    One that holds only under a key that the record or its document carries proves nothing: it is
    self-attested, and so unknown.
    """
    try:
        signatures = _signatures(record, part)
    except WrongJws as wrong:
        return Outcome(no(str(wrong)))
    if not signatures:
        return Outcome(no("it carries a signature that is neither a JWS nor 64 bytes"))
    outcome = checked(signatures[0], context.keys)
    if outcome.by is not None or outcome.lacks is None:
        return outcome
    return _self_attested(signatures[0], record, context, outcome)


def _self_attested(
    signature: Signature, record: Mapping[str, Any], context: Context, outcome: Outcome
) -> Outcome:
    carried = [record[name] for name in OWN_KEYS if name in record]
    stated = {"own": carried[0]} if carried and isinstance(carried[0], str) else None
    rings = [key_ring_of(stated or (carried[0] if carried else None), "the record")]
    rings.append(key_ring_of(context.around, "the document"))
    keys = [key for ring in rings for key in ring.keys]
    if not keys:
        return outcome
    if any(verifying(signature, keys)):
        reason = f"self-attested: {outcome.claim.reason}, and it holds under one it brings itself"
        return replace(outcome, claim=unknown(reason))
    return Outcome(no("the signature does not hold even under the key that it brings itself"))


def _signatures(record: Mapping[str, Any], part: Attached) -> tuple[Signature, ...]:
    covered = [without(record, part.field), without(record, part.field, *HASHES)]
    for name in part.described:
        if name in (*ALGORITHMS, *NAMES, *OWN_KEYS) and name in record:
            covered.append(without(covered[0], *ALGORITHMS, *NAMES, *OWN_KEYS))
            break
    messages = tuple(dict.fromkeys(form for value in covered for form in written(value)))
    if is_compact(part.value):
        jws = parse(part.value)
        content = jws.content()
        if content is not None and content not in messages:
            raise WrongJws("its signature is of other content than it shows")
        return jws.signatures(messages)
    raw = _raw(part.value)
    if raw is None:
        return ()
    described = [_first(part.described, names) for names in (ALGORITHMS, NAMES)]
    return (Signature(raw, messages, *described),)


def _first(described: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    values = (described.get(name) for name in names)
    return next((value for value in values if isinstance(value, str) and value), None)


def _raw(text: str) -> bytes | None:
    """Return a signature of 64 bytes, written in hexadecimal or base64; None for another text."""
    text = PREFIX.sub("", text, count=1)
    if match := HEX.fullmatch(text):
        return bytes.fromhex(match.group(1))
    try:
        data = base64url(text.rstrip("=").replace("+", "-").replace("/", "_"))
    except ValueError:
        return None
    return data if len(data) == BYTES else None
