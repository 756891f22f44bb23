"""The signature that a record carries in one of its own fields, and what it covers."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from graph.receipts.claims import Claim, Context, no, unknown
from graph.receipts.digests import without, written
from graph.receipts.jws import WrongJws, is_compact, parse
from graph.receipts.keys import ED25519, ES256, RS256, Key, base64url, key_ring_of
from graph.receipts.signed import Outcome, Signature, checked, verifying

FIELDS = ("signature", "sig", "jws", "proof", "envelope_sig", "record_signature")
VALUES = ("value", "sig", "signature", "jws", "signatureValue", "proofValue")
ALGORITHMS = ("alg", "algorithm", "signature_algorithm", "signature_alg", "sig_alg")
NAMES = ("kid", "key_id", "keyid", "signing_key_id", "signer_kid", "signer_id", "signer")
OWN_KEYS = ("public_key", "pubkey", "signer_public_key", "publicKey", "jwk")
AROUND = ("keys", "public_keys")  # where a document brings keys
HASHES = ("hash", "event_hash", "record_hash")
HEX = re.compile(r"(?:0x)?((?:[0-9a-fA-F]{2}){64,})")
PREFIX = re.compile(r"(?:ed25519|es256)[:=]", re.IGNORECASE)
SHORT, LONG = 64, range(256, 2049)  # bytes of a signature of Ed25519 or ES256, and of RS256
# Outside of JOSE the names of algorithms are written in either case.
ALGORITHM = {name.lower(): name for name in (ED25519, ES256, RS256)} | {"ed25519": ED25519}
NO_FORM = "it carries a signature in a form that is not known"


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
        return Outcome(_unread(part))
    outcome = checked(signatures[0], context.keys)
    if outcome.by is not None or outcome.lacks is None:
        return outcome
    return _self_attested(signatures[0], record, context, outcome)


def _self_attested(
    signature: Signature, record: Mapping[str, Any], context: Context, outcome: Outcome
) -> Outcome:
    keys = [*_own_keys(record), *_keys_around(signature, context)]
    if not keys:
        return outcome
    if any(verifying(signature, keys)):
        reason = f"self-attested: {outcome.claim.reason}, and it holds under one it brings itself"
        return replace(outcome, claim=unknown(reason))
    return Outcome(no("the signature does not hold even under the key that it brings itself"))


def _own_keys(record: Mapping[str, Any]) -> tuple[Key, ...]:
    """Return the keys that a record brings for its own signature."""
    carried = next((record[name] for name in OWN_KEYS if name in record), None)
    stated = {"own": carried} if isinstance(carried, str) else carried
    return key_ring_of(stated, "the record").keys


def _keys_around(signature: Signature, context: Context) -> tuple[Key, ...]:
    """Return the keys of the document that may be the signer's: others refute nothing."""
    stated = {name: context.around[name] for name in AROUND if name in context.around}
    ring = key_ring_of(stated, "the document")
    return ring.keys if signature.key is None else ring.named(signature.key)


def _unread(part: Attached) -> Claim:
    """Return what a signature shows that cannot be read: of a known algorithm it is damaged."""
    stated = _algorithm(part.described)
    if stated in ALGORITHM.values():
        return no(f"it carries a signature that is none of {stated}")
    return unknown(NO_FORM)


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
    return (Signature(raw, messages, _algorithm(part.described), _first(part.described, NAMES)),)


def _algorithm(described: Mapping[str, Any]) -> str | None:
    """Return the algorithm that is stated for a signature, by the name that keys have it by."""
    stated = _first(described, ALGORITHMS)
    return ALGORITHM.get(stated.lower(), stated) if stated is not None else None


def _first(described: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    values = (described.get(name) for name in names)
    return next((value for value in values if isinstance(value, str) and value), None)


def _raw(text: str) -> bytes | None:
    """Return a signature in hexadecimal or base64; None for a text that is too short or long."""
    text = PREFIX.sub("", text, count=1)
    if match := HEX.fullmatch(text):
        data = bytes.fromhex(match.group(1))
    else:
        try:
            data = base64url(text.rstrip("=").replace("+", "-").replace("/", "_"))
        except ValueError:
            return None
    return data if len(data) == SHORT or len(data) in LONG else None
