"""Chains of delegation (delegation-chain-ref): who handed what on to whom, down to one action.

Each hop narrows the scope, or keeps it; the action is that of the last hop's scope. Where hops are
signed, each delegator signs the reference of its own delegation.
"""

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

from graph.receipts.claims import (
    AUTHENTIC,
    AUTHORISED,
    NO,
    YES,
    Context,
    Judged,
    Link,
    no,
    unknown,
    yes,
)
from graph.receipts.digests import bare, digests, is_digest_of
from graph.receipts.format import Format
from graph.receipts.keys import ED25519, KeyRing, key_ring_of
from graph.receipts.referenced import changed, first, judged, listed, mapping
from graph.receipts.signed import Outcome, Signature, checked, verifying

CHAIN = "chain_artifact"
HANDED = ("delegator", "delegatee", "scope")  # what a hop repeats of its delegation
NOT_SHOWN = "the delegations are not shown: what was signed is known by its digest only"
HANDED_ON = "each hop hands on what it was given, down to the action"


def recognises(record: Any) -> bool:
    """Return whether a record is such a chain with the action at its end."""
    return isinstance(record, dict) and isinstance(mapping(record.get(CHAIN)).get("hops"), list)


def judge(record: Mapping[str, Any], context: Context) -> Judged:
    """Judge the hops, the action at their end, and each signature."""
    chain = record[CHAIN]
    hops = [mapping(hop) for hop in chain["hops"]]
    leaf = mapping(record.get("leaf_preimage"))
    unlinked = first(*_faults(chain, hops, leaf), *_artifacts(record, hops))
    tampered = first(
        changed(record, CHAIN, "delegation_chain_ref"),
        "its action does not have the digest that the chain states"
        if leaf and not is_digest_of(chain.get("leaf_action_ref"), leaf)
        else None,
    )
    result = judged(
        record,
        {AUTHENTIC: tampered, AUTHORISED: unlinked},
        {AUTHORISED: HANDED_ON},
        link=Link(next(digests(chain)), None, chain=_name(chain), alone=True),
    )
    return _signed(result, record, hops, context)


def _name(chain: Mapping[str, Any]) -> str | None:
    name = chain.get("chain_id")
    return name if isinstance(name, str) else None


def _faults(
    chain: Mapping[str, Any], hops: list[Mapping[str, Any]], leaf: Mapping[str, Any]
) -> Iterator[str]:
    if not hops:
        yield "it has no hop"
        return
    if hops[0].get("delegator") != chain.get("root_delegator"):
        yield "its first hop is not by the root"
    for number, (before, after) in enumerate(pairwise(hops), 1):
        if before.get("delegatee") != after.get("delegator"):
            yield f"hop {number} is by another than hop {number - 1} handed on to"
        if not _narrows(before.get("scope"), after.get("scope")):
            yield f"hop {number} widens the scope"
    if leaf and leaf.get("scope") != hops[-1].get("scope"):
        yield "the action is of another scope than the last hop"
    if leaf and leaf.get("agent_id") != hops[-1].get("delegatee"):
        yield "the action is by another than the last hop handed on to"


def _narrows(before: Any, after: Any) -> bool:
    """Return whether a scope is equal to another, or within it."""
    if not isinstance(before, str) or not isinstance(after, str):
        return False
    if before.endswith("*"):
        return after.startswith(before[:-1])
    return after == before or after.startswith(f"{before}:")


def _artifacts(record: Mapping[str, Any], hops: list[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the delegations that do not have the digests that the hops state."""
    artifacts = listed(record.get("delegation_artifacts"))
    for number, (hop, artifact) in enumerate(zip(hops, artifacts, strict=False)):
        if not is_digest_of(hop.get("delegation_ref"), artifact):
            yield f"the delegation of hop {number} does not have the digest that it states"
        for name in HANDED:
            if name in mapping(artifact) and mapping(artifact)[name] != hop.get(name):
                yield f"the delegation of hop {number} is of another {name} than the hop"


def _shown(record: Mapping[str, Any], hops: list[Mapping[str, Any]]) -> bool:
    """Return whether the record has the delegation of each hop, with all that the hop repeats."""
    artifacts = [mapping(each) for each in listed(record.get("delegation_artifacts"))]
    return len(artifacts) >= len(hops) and all(
        name in each for name in HANDED for each in artifacts
    )


def _signed(
    result: Judged, record: Mapping[str, Any], hops: list[Mapping[str, Any]], context: Context
) -> Judged:
    """Add the signatures of the hops to a judgement, if they are signed."""
    signatures = [_signature(hop) for hop in hops]
    if not any(signature is not None for signature in signatures):
        return result
    brought, claims = _brought(context.around), dict(result.claims)
    outcomes: list[Outcome] = []
    state = yes("every hop is signed by its delegator")
    for number, signature in enumerate(signatures):
        if signature is None:
            state = no(f"hop {number} is not signed")
            break
        outcome = checked(signature, context.keys)
        outcomes.append(outcome)
        own = [key for key in brought.keys if key.name == signature.key]
        if outcome.by is None and own and not any(verifying(signature, own)):
            state = no(f"the signature of hop {number} does not hold")
            break
        if outcome.by is None and outcome.lacks is None:
            state = no(f"hop {number}: {outcome.claim.reason}")
            break
        if outcome.by is None:
            state = unknown(f"hop {number}: {outcome.claim.reason}")
    if result.claims[AUTHENTIC].state != NO:
        claims[AUTHENTIC] = state
    if claims[AUTHENTIC].state == YES and claims[AUTHORISED].state != NO:
        claims[AUTHORISED] = yes(HANDED_ON) if _shown(record, hops) else unknown(NOT_SHOWN)
    return replace(
        result,
        claims=claims,
        needs=tuple(dict.fromkeys((*result.needs, AUTHENTIC))),
        lacks=tuple(dict.fromkeys(each.lacks for each in outcomes if each.lacks)),
        candidates=frozenset().union(*(each.candidates for each in outcomes)),
        verified_by=frozenset(each.by.number for each in outcomes if each.by is not None),
    )


def _signature(hop: Mapping[str, Any]) -> Signature | None:
    """Return the signature of a hop, over the text or the bytes of its reference."""
    reference, name = hop.get("delegation_ref"), hop.get("delegator")
    try:
        value = base64.b64decode(str(hop["hop_signature"]), validate=True)
        raw = bytes.fromhex(bare(str(reference)))
    except (KeyError, ValueError, binascii.Error):
        return None
    messages = (str(reference).encode(), raw)
    return Signature(value, messages, ED25519, name if isinstance(name, str) else None)


def _brought(around: Mapping[str, Any]) -> KeyRing:
    """Return the keys that the document brings itself, in base64 by name."""
    stated = {}
    for name, value in mapping(around.get("pubkeys")).items():
        try:
            stated[name] = base64.b64decode(str(value), validate=True).hex()
        except (ValueError, binascii.Error):
            continue
    return key_ring_of({"public_keys": stated}, "the document")


FORMAT = Format("delegation_chain", "Chain of delegation", 30, recognises, judge)
