"""Signatures checked against given keys: proven, disproved, or open because a key is missing."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from graph.receipts.claims import Claim, no, unknown, yes
from graph.receipts.keys import ALSO, ED25519, ES256, RS256, Key, KeyRing

ALGORITHMS = (ED25519, ES256, RS256)


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature, the algorithm and the name of the key that it states, and what it may cover.

    `messages` are the forms in which the signed content may have been written.
    """

    value: bytes
    messages: tuple[bytes, ...]
    algorithm: str | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a signature.

    `by` is the key that verifies it; `lacks` the name of a key that was not given; `candidates` the
    numbers of given keys without a name that did not verify it.
    """

    claim: Claim
    by: Key | None = None
    lacks: str | None = None
    candidates: frozenset[int] = frozenset()


def checked(signature: Signature, ring: KeyRing) -> Outcome:
    """Check a signature with the keys of a ring.

    A key is used with its own algorithm only. Where the signature names a key that the ring has
    not, keys without a name are tried; if none verifies it, the claim is unknown.
    """
    stated = signature.algorithm
    if stated is not None and ALSO.get(stated, stated) not in ALGORITHMS:
        return Outcome(no(_refused(stated)))
    named = ring.named(signature.key) if signature.key else ()
    tried = named or ring.unnamed() if signature.key else ring.keys
    usable = [key for key in tried if stated is None or ALSO.get(stated, stated) == key.algorithm]
    for key in usable:
        if verifies(signature, key):
            return Outcome(yes(f"the signature holds under the key {label(key)}"), by=key)
    if named and not usable:
        return Outcome(no(f"it states {stated}, which is not the algorithm of its key"))
    if named or (usable and not signature.key):
        names = ", ".join(label(key) for key in usable)
        return Outcome(no(f"the signature does not hold under the key {names}"))
    name = signature.key or "that signed it"
    return Outcome(
        unknown(f"the key {name} is not given"),
        lacks=signature.key or "(none is named)",
        candidates=frozenset(key.number for key in usable),
    )


def verifies(signature: Signature, key: Key) -> bool:
    """Return whether a key verifies a signature, in any form of what it covers."""
    return any(key.verifies(signature.value, message) for message in signature.messages)


def verifying(signature: Signature, keys: Iterable[Key]) -> Iterator[Key]:
    """Yield the keys that verify a signature."""
    return (key for key in keys if verifies(signature, key))


def label(key: Key) -> str:
    """Return the name of a key; that of its file where it has none."""
    return key.name or key.origin


def _refused(stated: str) -> str:
    if stated.lower() == "none":
        return "it states the algorithm none: it is not signed"
    if stated.upper().startswith("HS"):
        return f"it states {stated}, a shared secret: who can verify it could have written it"
    return f"it states the algorithm {stated}, which is not used; used are EdDSA, ES256 and RS256"
