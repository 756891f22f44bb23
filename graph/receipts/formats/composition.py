"""Compositions of authority (composition-ref): delegation, revocation and key of one action."""

from collections.abc import Iterator, Mapping
from typing import Any

from graph.receipts.claims import AUTHENTIC, AUTHORISED, Context, Judged
from graph.receipts.dates import instant_of
from graph.receipts.format import Format
from graph.receipts.referenced import first, judged, rewritten

PART = "composition_artifact"


def recognises(record: Any) -> bool:
    """Return whether a record is such a composition."""
    return isinstance(record, dict) and isinstance(record.get(PART), dict)


def judge(record: Mapping[str, Any], context: Context) -> Judged:
    """Judge where the key came from, and whether revocation was checked after the authority."""
    faults = {AUTHENTIC: rewritten(record), AUTHORISED: first(*_faults(record[PART]))}
    return judged(record, faults)


def _faults(part: Mapping[str, Any]) -> Iterator[str]:
    verified, checked = (
        instant_of(part.get(name))
        for name in ("authority_verified_at_ms", "revocation_check_at_ms")
    )
    if verified is None or checked is None:
        yield "it does not say when authority and revocation were checked"
    elif checked < verified:
        yield "revocation was checked before the authority"
    source = part.get("key_source")
    if source == "cache" and "cache_parent_ref" not in part:
        yield "its key is from a cache that nothing is known to have filled"
    if source == "resolver" and part.get("resolver_url") is not None:
        yield "its key is from a resolver that nobody allowed"
    if source == "inline" and "key_origin_proof" not in part:
        yield "it brings its own key, without a proof of where that is from"


FORMAT = Format("composition", "Composition of authority", 42, recognises, judge)
