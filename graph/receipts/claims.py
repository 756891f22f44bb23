"""What is judged of a record: four claims, each yes, no or unknown, with the reason."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from graph.receipts.keys import KeyRing

YES, NO, UNKNOWN = "yes", "no", "unknown"
ACCEPT, REJECT = "accept", "reject"
AUTHENTIC, AUTHORISED, OCCURRED, CHECKED = CLAIMS = (
    "authentic",
    "authorised",
    "occurred",
    "checked",
)


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim: yes, no or unknown, and why."""

    state: str
    reason: str


@lru_cache(maxsize=1024)
def yes(reason: str) -> Claim:
    """Return a claim that is proven."""
    return Claim(YES, reason)


@lru_cache(maxsize=1024)
def no(reason: str) -> Claim:
    """Return a claim that is disproved."""
    return Claim(NO, reason)


@lru_cache(maxsize=1024)
def unknown(reason: str) -> Claim:
    """Return a claim that is neither proven nor disproved."""
    return Claim(UNKNOWN, reason)


@dataclass(frozen=True, slots=True)
class Link:
    """The place of a record in a chain.

    `digest` is its own, as it states it; `previous` that of the record before, None for the first
    of a chain. `rewritten` says why its content does not have the digest, None if it does. `chain`
    names the chain, None where the format has no name for it. `alone`: nothing follows it, and its
    digest shows only whether it comes twice.
    """

    digest: str
    previous: str | None
    rewritten: str | None = None
    chain: str | None = None
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Context:
    """What a record is judged with.

    `keys` are the given ones, `around` the fields of the document that holds the record, and `at`
    the instant to judge at, None where nobody gave one.
    """

    keys: KeyRing
    at: datetime | None = None
    around: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Judged:
    """The judgement of one record.

    `claims` holds the four by name; those in `needs` must all be yes for it to be accepted, and
    one that is no refuses it. `dated` is the instant it bears. `lacks` are the names of keys that
    were not given. `candidates` are the numbers of given keys without a name that did not verify
    it, `verified_by` those of keys that did.
    """

    id: str | None
    claims: Mapping[str, Claim]
    needs: tuple[str, ...] = CLAIMS
    dated: datetime | None = None
    link: Link | None = None
    lacks: tuple[str, ...] = ()
    candidates: frozenset[int] = frozenset()
    verified_by: frozenset[int] = frozenset()

    @property
    def verdict(self) -> str:
        """Accept, reject or unknown."""
        states = {self.claims[name].state for name in self.needs}
        if NO in states:
            return REJECT
        return UNKNOWN if UNKNOWN in states else ACCEPT
