"""Records signed as JSON Web Signatures: compact, in JSON, or beside the payload that they sign."""

from collections.abc import Mapping, Sequence
from typing import Any

from graph.receipts.chained import named, own_word
from graph.receipts.claims import (
    AUTHENTIC,
    CHECKED,
    NO,
    YES,
    Claim,
    Context,
    Judged,
    no,
    unknown,
    yes,
)
from graph.receipts.dates import dated
from graph.receipts.digests import written
from graph.receipts.format import Format
from graph.receipts.jws import Jws, WrongJws, is_compact, is_json, json_of, parse
from graph.receipts.keys import Key, key_ring_of
from graph.receipts.signed import Outcome, Signature, checked, label, verifying

BESIDE = ("payload", "record", "receipt")


def recognises(record: Any) -> bool:
    """Return whether a record is a JWS, or a payload with its JWS beside it."""
    return is_compact(record) or is_json(record) or _beside(record) is not None


def _beside(record: Any) -> tuple[Any, Any] | None:
    """Return a payload and the JWS beside it."""
    jws = record.get("jws") if isinstance(record, dict) else None
    if not is_compact(jws) and not is_json(jws):
        return None
    return next(((record[name], jws) for name in BESIDE if name in record), None)


def judge(record: Any, context: Context) -> Judged:
    """Judge each signature of a JWS, and compare its payload with what stands beside it."""
    shown, value = _beside(record) or (None, record)
    try:
        jws = parse(value)
        content = jws.content()
        forms = _forms(shown) if shown is not None else ()
        if content is not None and shown is not None and content not in forms:
            raise WrongJws("what it shows is not the content that was signed")
        payload = _payload(shown, content)
    except WrongJws as wrong:
        return Judged(None, own_word({}, no(str(wrong))), needs=(AUTHENTIC,))
    if content is None and shown is None:
        open_ = unknown("its payload is detached, and not beside it")
        return Judged(None, own_word({}, open_), needs=(AUTHENTIC,))
    signatures = jws.signatures(forms)
    outcomes = [checked(signature, context.keys) for signature in signatures]
    claims = own_word(payload, _authentic(jws, signatures, outcomes))
    if independent := _independent(outcomes):
        claims[CHECKED] = independent
    return Judged(
        id=named(payload),
        claims=claims,
        needs=(AUTHENTIC,),
        dated=dated(payload),
        lacks=tuple(dict.fromkeys(each.lacks for each in outcomes if each.lacks)),
        candidates=frozenset().union(*(each.candidates for each in outcomes)),
        verified_by=frozenset(each.by.number for each in outcomes if each.by is not None),
    )


def _forms(shown: Any) -> tuple[bytes, ...]:
    """Return the ways in which what stands beside a JWS may have been signed; a text as it is."""
    plain = (shown.encode(),) if isinstance(shown, str) else ()
    return (*plain, *written(shown))


def _payload(shown: Any, content: bytes | None) -> Mapping[str, Any]:
    """Return the fields of a payload; none where it is detached and not beside its JWS."""
    if content is not None and not content.lstrip().startswith(b"{"):
        return {}  # signed, but no record
    payload = json_of(content) if content is not None else shown
    return payload if isinstance(payload, dict) else {}


def _authentic(jws: Jws, signatures: Sequence[Signature], outcomes: Sequence[Outcome]) -> Claim:
    claims = [outcome.claim for outcome in outcomes]
    for state in (NO, YES):
        for claim in claims:
            if claim.state == state:
                return claim
    rings = [key_ring_of(header.get("jwk"), "its header").keys for header in jws.headers]
    for signature, keys in zip(signatures, rings, strict=True):
        if keys and not any(verifying(signature, keys)):
            return no("the signature does not hold even under the key that it brings itself")
    if any(rings):
        return unknown(f"self-attested: {claims[0].reason}, and it brings its own")
    return claims[0]


def _independent(outcomes: list[Outcome]) -> Claim | None:
    """Return that several parties signed, if several keys verify: one under two names is one."""
    several: list[Key] = []
    for key in (outcome.by for outcome in outcomes if outcome.by is not None):
        if all(key.public != known.public for known in several):
            several.append(key)
    if len(several) < 2:
        return None
    return yes(f"it is signed with {len(several)} keys: {', '.join(map(label, several))}")


FORMAT = Format("jws", "JSON Web Signature (RFC 7515)", 20, recognises, judge)
