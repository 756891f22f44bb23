"""Hash chains of records: each record holds the hash of the one before it, so changes show.

A hash is SHA-256 of the record's canonical JSON (sorted keys, no spaces) with `prev_hash` and
without `hash`. Removing records from the end leaves a valid chain: keep the last hash elsewhere
to detect that.
"""

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any

from graph.values import canonical

FIRST_HASH = "0" * 64  # `prev_hash` of the first record


def sha256(data: bytes | memoryview) -> str:
    """Return the SHA-256 of bytes in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def chained(
    records: Iterable[dict[str, Any]], previous: str = FIRST_HASH
) -> Iterator[dict[str, Any]]:
    """Link records into a chain, which may go on from the record with the hash `previous`.

    >>> first, second = chained([{"id": "a"}, {"id": "b"}])
    >>> first["prev_hash"] == FIRST_HASH, second["prev_hash"] == first["hash"]
    (True, True)
    """
    for record in records:
        linked = {**record, "prev_hash": previous}
        previous = hashlib.sha256(canonical(linked).encode()).hexdigest()
        yield {**linked, "hash": previous}
