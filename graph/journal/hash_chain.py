"""Hash chains of records: each record holds the hash of the one before it, so changes show.

A hash is SHA-256 of the record's canonical JSON (sorted keys, no spaces) with `prev_hash` and
without `hash`. Removing records from the end leaves a valid chain: keep the last hash elsewhere
to detect that.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

from graph.values import canonical

_HASHED = {"hash", "prev_hash"}
NOT_BLANK = re.compile(r"\S")
FIRST_HASH = "0" * 64  # `prev_hash` of the first record


def sha256(data: bytes) -> str:
    """Return the SHA-256 of bytes in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


@dataclass(frozen=True, slots=True)
class Verified:
    """The number of records, and the first that breaks the chain (0-based), with the reason."""

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
        linked = {**record, "prev_hash": previous}
        previous = hashlib.sha256(canonical(linked).encode()).hexdigest()
        yield {**linked, "hash": previous}


class UnknownFormat(ValueError):
    """The text is no list of chained records; the message says why."""


def verify(lines: Iterable[str]) -> Verified:
    """Read records and find the first that breaks the chain.

    The records may be JSON lines, an array, consecutive objects over several lines, or the only
    list in a document. Every record is counted, also those after the break; a line that is no JSON
    breaks the chain.

    Raises
    ------
    UnknownFormat
        It is no JSON, or no record in it has a hash.
    """
    previous, count, broken, hashed = FIRST_HASH, 0, None, False
    for record in _records(iter(lines)):
        hashed = hashed or bool(_HASHED & (record or {}).keys())
        if broken is None:
            reason = _fault(record, previous)
            if reason:
                id_ = record.get("id") if record else None
                broken = Verified(0, count, id_ if isinstance(id_, str) else None, reason)
            elif record:
                previous = record["hash"]
        count += 1
    if count and not hashed:
        raise UnknownFormat("the format is not known: no record in it has a hash")
    if broken is None:
        return Verified(count)
    return Verified(count, broken.first_broken, broken.id, broken.reason)


def _records(lines: Iterator[str]) -> Iterator[dict[str, Any] | None]:
    """Yield the records of a text; None for a value that is no record."""
    first = next((line for line in lines if line.strip()), "")
    if not first:
        return
    if not first.lstrip().startswith(("{", "[")):
        raise UnknownFormat("the format is not known: it is no JSON")
    if _HASHED & (_record(first) or {}).keys():
        yield from (_record(line) for line in chain([first], lines) if line.strip())
        return
    for document in _documents("".join(chain([first], lines))):
        listed = document if isinstance(document, list) else _listed(document)
        yield from (value if isinstance(value, dict) else None for value in listed)


def _documents(text: str) -> Iterator[Any]:
    """Yield the consecutive JSON documents of a text; None for an object with a repeated key."""
    decoder = json.JSONDecoder(object_pairs_hook=_once_or_none)
    at = 0
    while (match := NOT_BLANK.search(text, at)) is not None:
        at = match.start()
        try:
            document, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            raise UnknownFormat("the format is not known: it is no whole JSON") from None
        yield document


def _listed(document: Any) -> list[Any]:
    """Return the records of an object: the only list of objects in it, or itself."""
    if isinstance(document, dict) and "hash" not in document:
        lists = [v for v in document.values() if isinstance(v, list) and v]
        lists = [v for v in lists if all(e is None or isinstance(e, dict) for e in v)]
        if len(lists) == 1:
            return lists[0]
    return [document]


def _record(line: str) -> dict[str, Any] | None:
    """Parse a record; return None if it is no JSON object, or has a repeated key."""
    try:
        record = json.loads(line, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def _once_or_none(pairs: list[tuple[str, Any]]) -> dict[str, Any] | None:
    made = dict(pairs)
    return made if len(made) == len(pairs) else None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key is repeated")
    return made


def _fault(record: dict[str, Any] | None, previous: str) -> str | None:
    """Return why a record does not follow the one with the hash `previous`; None if it does."""
    if record is None:
        return "is not a JSON object with each key once"
    if not isinstance(record.get("hash"), str):
        return "has no hash"
    if record.get("prev_hash") != previous:
        return "does not follow the record before it"
    return None if record["hash"] in _hashes(record) else "was changed after it was hashed"


def _hashes(record: dict[str, Any]) -> tuple[str, ...]:
    """Return the valid hashes of a record: with non-ASCII letters as they are, or escaped."""
    kept = {k: v for k, v in record.items() if k != "hash"}
    escaped = json.dumps(kept, sort_keys=True, separators=(",", ":"))
    plain = canonical(kept).encode(errors="surrogatepass")
    return tuple(hashlib.sha256(text).hexdigest() for text in (plain, escaped.encode()))
