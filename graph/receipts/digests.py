"""Digests of records in the ways that engines write JSON before they hash or sign it."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from graph.journal.hash_chain import sha256
from graph.receipts.canonical import NotCanonical, canonical_bytes
from graph.values import canonical

ALGORITHM = ("sha256:", "sha256-", "0x")


def written(value: Any) -> Iterator[bytes]:
    """Yield a value as sorted JSON without spaces, plain and escaped, and as canonical JSON."""
    yield canonical(value).encode(errors="surrogatepass")
    yield json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
    try:
        yield canonical_bytes(value)
    except NotCanonical:
        return


def digests(value: Any) -> Iterator[str]:
    """Yield the SHA-256 of a value in each form of `written`, in hexadecimal."""
    return map(sha256, written(value))


def is_digest_of(stated: Any, value: Any) -> bool:
    """Return whether a stated digest is that of a value; `sha256:` or `sha256-` may precede it.

    >>> nothing = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    >>> is_digest_of(f"sha256:{nothing}", {}), is_digest_of(nothing, {"a": 1})
    (True, False)
    """
    return isinstance(stated, str) and bare(stated) in digests(value)


def bare(stated: str) -> str:
    """Return a digest without the name of its algorithm, in lower case unless it is mixed.

    A digest in both cases is none that an engine writes: somebody changed it.
    """
    for prefix in ALGORITHM:
        stated = stated.removeprefix(prefix)
    return stated.lower() if stated.isupper() else stated


def without(record: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Return a record without some of its fields."""
    return {name: value for name, value in record.items() if name not in names}
