"""Records of several signers with where each key came from (verifier-key-source-ref)."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from graph.receipts.claims import CHECKED, Context, Judged, unknown
from graph.receipts.dates import instant_of
from graph.receipts.format import Format
from graph.receipts.referenced import first, is_digest, judged, mapping

NOT_HERE = "the signatures are not in it, so that they are the signers' own is not shown"
SIGNERS, CERTIFIED = "signer_records", "fixture_certification_time"


def recognises(record: Any) -> bool:
    """Return whether a record lists its signers."""
    return isinstance(record, dict) and isinstance(record.get(SIGNERS), list)


def judge(record: Mapping[str, Any], context: Context) -> Judged:
    """Judge whether each signature can be verified anew, of the same content."""
    signers = [mapping(signer) for signer in record[SIGNERS]]
    result = judged(record, {CHECKED: first(*_faults(record, signers))})
    if result.needs:
        return result
    return replace(result, claims={**result.claims, CHECKED: unknown(NOT_HERE)}, needs=(CHECKED,))


def _faults(record: Mapping[str, Any], signers: list[Mapping[str, Any]]) -> Iterator[str]:
    certified = instant_of(record.get(CERTIFIED))
    for number, signer in enumerate(signers):
        if not signer.get("key_source"):
            yield f"where the key of signer {number} came from is not said"
        if not is_digest(signer.get("public_key_hash")):
            yield f"the key of signer {number} is not there"
        if signer.get("verification_result") != "pass":
            yield f"the signature of signer {number} was not verified"
        resolved = instant_of(signer.get("key_resolution_time"))
        if certified is not None and (resolved is None or resolved > certified):
            yield f"the key of signer {number} was looked up after the record was made"
    content = [signer.get("signature_input_hash") for signer in signers]
    if any(value != content[0] for value in content):
        yield "its signers signed different content"


FORMAT = Format("signers", "Signers with the origin of their keys", 45, recognises, judge)
