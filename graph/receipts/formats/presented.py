"""What was issued, held against what is presented: replays, other scopes, other signers, loops."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from graph.receipts.canonical import NotCanonical, canonical_bytes
from graph.receipts.claims import AUTHENTIC, AUTHORISED, CHECKED, Context, Judged
from graph.receipts.dates import instant_of
from graph.receipts.format import Format
from graph.receipts.referenced import first, judged, listed, mapping, rewritten
from graph.values import WrongValue, strict_document

PAIRS = (  # what was issued, and what is presented of it
    ("issued_action", "presented_action"),
    ("issued_preimage_block", "presented_preimage_block"),
    ("issuance_preimage_block", "verification_preimage_block"),
)
GRANTED, PRESENTED, BYTES = "original_authorization", "presented", "presented_bytes_utf8"
WALLET, BINDING = "wallet_signature", "decision_binding_ref"
ENVELOPES, PARENTS, SAME = "envelopes", "parent_chain", "preimage_block"
ADDRESS = re.compile(r"0x[0-9a-fA-F]+")


def recognises(record: Any) -> bool:
    """Return whether a record holds something issued and something presented."""
    if not isinstance(record, dict):
        return False
    pairs = any(each <= record.keys() for each in ({*pair} for pair in PAIRS))
    marks = (GRANTED, BYTES, WALLET, PARENTS, SAME)
    return pairs or any(name in record for name in marks) or "terminal_receipt" in record


def judge(record: Mapping[str, Any], context: Context) -> Judged:
    """Judge whether what is presented is what was issued, and in time."""
    return judged(
        record,
        {
            AUTHENTIC: first(*_different(record), *_bytes(record), rewritten(record)),
            AUTHORISED: first(*_replayed(record), *_signed(record), *_in_time(record)),
            CHECKED: first(*_disagreeing(record), *_looped(record)),
        },
    )


def _different(record: Mapping[str, Any]) -> Iterator[str]:
    for issued, presented in PAIRS:
        contents = [mapping(record.get(name)).get("preimage") for name in (issued, presented)]
        if issued in record and presented in record and contents[0] != contents[1]:
            yield "what is presented is not what was issued"


def _bytes(record: Mapping[str, Any]) -> Iterator[str]:
    """Yield that what is presented is not written in the canonical form."""
    text = record.get(BYTES)
    if text is None:
        return
    try:
        canonical = canonical_bytes(strict_document(str(text)))
    except (WrongValue, NotCanonical):
        canonical = b""
    if canonical != str(text).encode("utf-8", "surrogatepass"):
        yield "what is presented is not canonical JSON"


def _replayed(record: Mapping[str, Any]) -> Iterator[str]:
    granted, presented = mapping(record.get(GRANTED)), mapping(record.get(PRESENTED))
    same = granted.get("decision_id") == presented.get("decision_id")
    if granted and same and granted.get("request_id") != presented.get("request_id"):
        yield "the decision was for another request"


def _signed(record: Mapping[str, Any]) -> Iterator[str]:
    """Yield that a wallet signed something else than the decision, or is somebody else's."""
    wallet = mapping(record.get(WALLET))
    if wallet and BINDING in record and wallet.get("signed_over", BINDING) != BINDING:
        yield "what was signed does not cover the decision"
    agent = str(mapping(record.get("action_ref_preimage")).get("agent_id", ""))
    own = ADDRESS.search(agent)
    if wallet and own and str(wallet.get("signer")).lower() != own.group().lower():
        yield "it was signed by another than the agent"


def _in_time(record: Mapping[str, Any]) -> Iterator[str]:
    ends = instant_of(mapping(record.get("session")).get("session_valid_until_ms"))
    issued = instant_of(mapping(record.get("terminal_receipt")).get("issued_at_ms"))
    if ends is not None and issued is not None and issued > ends:
        yield "its session had ended"


def _disagreeing(record: Mapping[str, Any]) -> Iterator[str]:
    """Yield that two providers say different things of one action."""
    envelopes = [mapping(each) for each in listed(record.get(ENVELOPES))]
    results = [mapping(each.get("attestation")).get("admissibility_result") for each in envelopes]
    if any(result != results[0] for result in results):
        yield "its providers disagree, and nothing says whose word counts"


def _looped(record: Mapping[str, Any]) -> Iterator[str]:
    """Yield that the parents of a composition lead back to one of them."""
    chain = [mapping(each) for each in listed(record.get(PARENTS))]
    parents: dict[str, Any] = {}
    for each in chain:
        parent = mapping(each.get("artifact")).get("parent_composition_ref")
        parents[str(each.get("composition_ref"))] = parent
    ended: set[str] = set()  # what leads to an end
    for start in parents:
        passed, here = set[str](), start
        while isinstance(here, str) and here in parents and here not in passed:
            if here in ended:
                break
            passed.add(here)
            here = parents[here]
        if isinstance(here, str) and here in passed:
            yield "its parents lead back to itself"
            return
        ended |= passed


FORMAT = Format("presented", "What was issued and what is presented", 47, recognises, judge)
