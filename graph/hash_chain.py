"""Chains of records: each holds the hash of the one before it, so that a change shows.

A hash is SHA-256 of the record's canonical JSON (sorted keys, no spaces) with `prev_hash` and
without `hash`. Taking records off the end leaves a chain that is whole: keep the last hash
somewhere else to see that.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from graph.values import canonical

FIRST_HASH = "0" * 64  # what the first record gives for the one before it


@dataclass(frozen=True, slots=True)
class Verified:
    """How many records were read, and the first that does not fit (0-based), with the reason."""

    records: int
    first_broken: int | None = None
    id: str | None = None
    reason: str | None = None


def chained(records: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Link records into a chain.

    >>> first, second = chained([{"id": "a"}, {"id": "b"}])
    >>> first["prev_hash"] == FIRST_HASH, second["prev_hash"] == first["hash"]
    (True, True)
    """
    previous = FIRST_HASH
    for record in records:
        whole = {**record, "prev_hash": previous}
        previous = hashlib.sha256(canonical(whole).encode()).hexdigest()
        yield {**whole, "hash": previous}


def verify(lines: Iterable[str]) -> Verified:
    """Read records, one a line of JSON, and find the first that breaks the chain.

    Every line is counted, also those after the break. Blank lines are none.
    """
    previous, count, broken = FIRST_HASH, 0, None
    for line in lines:
        if not line.strip():
            continue
        if broken is None:
            record = _record(line)
            reason = _fault(record, previous)
            if reason:
                said = record.get("id") if record else None
                broken = Verified(0, count, said if isinstance(said, str) else None, reason)
            elif record:
                previous = record["hash"]
        count += 1
    if broken is None:
        return Verified(count)
    return Verified(count, broken.first_broken, broken.id, broken.reason)


def _record(line: str) -> dict[str, Any] | None:
    """Parse a record; None where it is none, or where a key is given twice."""
    try:
        record = json.loads(line, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key is repeated")
    return made


def _fault(record: dict[str, Any] | None, previous: str) -> str | None:
    """Say why a record does not follow the one with the hash `previous`; None if it does."""
    if record is None:
        return "is not a JSON object with each key once"
    if not isinstance(record.get("hash"), str):
        return "has no hash"
    if record.get("prev_hash") != previous:
        return "does not follow the record before it"
    return None if record["hash"] in _hashes(record) else "was changed after it was hashed"


def _hashes(record: dict[str, Any]) -> tuple[str, ...]:
    """Return the hashes that a record may have: letters beyond ASCII as they are, or escaped."""
    kept = {k: v for k, v in record.items() if k != "hash"}
    escaped = json.dumps(kept, sort_keys=True, separators=(",", ":"))
    plain = canonical(kept).encode(errors="surrogatepass")
    return tuple(hashlib.sha256(text).hexdigest() for text in (plain, escaped.encode()))
