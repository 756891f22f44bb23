"""The judgement of records that are links of a chain, signed or not."""

from collections.abc import Mapping
from typing import Any

from graph.receipts.attached import attached, outcome_of
from graph.receipts.claims import (
    AUTHENTIC,
    AUTHORISED,
    CHECKED,
    OCCURRED,
    Claim,
    Context,
    Judged,
    Link,
    no,
    unknown,
)
from graph.receipts.dates import dated

DENIED = ("deny", "denied", "block", "blocked", "halt", "reject", "rejected", "refuse")
DECISIONS = ("decision", "verdict", "effect", "outcome")
UNSIGNED = "is hashed, not signed: whoever can write it can write the whole chain anew"
ALONE = "nobody vouches for it but whoever wrote it"
NOT_ACKNOWLEDGED = "no acknowledgement of what was done is bound to it"


def judged(record: Mapping[str, Any], context: Context, link: Link | str | None) -> Judged:
    """Judge a record with its link, or with the reason why it has none."""
    part = attached(record)
    outcome = outcome_of(record, part, context) if part is not None else None
    authentic = outcome.claim if outcome is not None else unknown(_unsigned(link))
    broken = link if isinstance(link, str) else link.rewritten if link is not None else None
    if broken is not None:
        authentic = no(broken)
    signed = outcome is not None
    return Judged(
        id=named(record),
        claims=own_word(record, authentic),
        needs=(AUTHENTIC,) if signed or broken is not None else (),
        dated=dated(record),
        link=link if isinstance(link, Link) else None,
        lacks=(outcome.lacks,) if outcome is not None and outcome.lacks else (),
        candidates=outcome.candidates if outcome is not None else frozenset(),
        verified_by=frozenset([outcome.by.number]) if outcome and outcome.by else frozenset(),
    )


def _unsigned(link: Link | str | None) -> str:
    return UNSIGNED if isinstance(link, Link) else "is not signed"


def own_word(record: Mapping[str, Any], authentic: Claim) -> dict[str, Claim]:
    """Return the claims of a record that rests on the word of whoever wrote it."""
    return {
        AUTHENTIC: authentic,
        AUTHORISED: _authorised(record),
        OCCURRED: unknown(NOT_ACKNOWLEDGED),
        CHECKED: no(ALONE),
    }


def _authorised(record: Mapping[str, Any]) -> Claim:
    words = [record[name] for name in DECISIONS if isinstance(record.get(name), str)]
    if not words:
        return unknown("it states no decision")
    if words[0].lower() in DENIED:
        return no(f"it records {words[0]}")
    return unknown(f"it records {words[0]}, on the word of whoever wrote it")


def named(record: Mapping[str, Any]) -> str | None:
    """Return the id of a record, by the names that engines give it."""
    for name in ("id", "record_id", "receipt_id", "event_id", "decision_id", "jti", "test_id"):
        if isinstance(record.get(name), str):
            return str(record[name])
    return None
