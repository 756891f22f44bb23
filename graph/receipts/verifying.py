"""Verification of a file of records: each judged by its format, and placed in its chain."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

from graph.receipts.chains import Chain, Chains, Fault
from graph.receipts.claims import (
    ACCEPT,
    AUTHENTIC,
    CLAIMS,
    NO,
    OCCURRED,
    REJECT,
    UNKNOWN,
    Claim,
    Context,
    Judged,
    no,
    unknown,
)
from graph.receipts.dates import is_future
from graph.receipts.formats import all_formats
from graph.receipts.keys import KeyRing
from graph.receipts.reading import Item, UnknownFormat, items

NOT_READ = "is not a JSON object with each key once"
NO_HASH = "has no hash"
SIGNATURE_ENDS = "it is not signed, and records before it in its chain are: anybody could add it"
NOT_UNDER_GIVEN = "the signature does not hold under the keys that were given"


@dataclass(slots=True)
class Entry:
    """One record: its format, None if it has no known one, its judgement, and its faults.

    `broken` is why it is refused although its judgement alone would not: the file shows it.
    """

    record: int
    format: str | None
    judged: Judged | None
    verdict: str
    future: bool = False
    broken: str | None = None
    reasons: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Verified:
    """The records of a file, its chains, and every break in the order of the file."""

    entries: list[Entry]
    chains: list[Chain]
    faults: list[tuple[Chain, Fault]]

    @property
    def first_broken(self) -> int | None:
        """The first record that is refused (0-based); None if none is."""
        return next((each.record for each in self.entries if each.verdict == REJECT), None)

    @property
    def valid(self) -> bool | None:
        """Whether every record is accepted; None if one is open, and none refused."""
        verdicts = {each.verdict for each in self.entries}
        if REJECT in verdicts:
            return False
        return None if UNKNOWN in verdicts else True


def verify(
    stream: BinaryIO,
    path: Path,
    keys: KeyRing | None = None,
    at: datetime | None = None,
    now: datetime | None = None,
) -> Verified:
    """Verify the records of a file.

    Parameters
    ----------
    keys
        Public keys to verify signatures with; without the right one a signature is unknown.
    at
        Instant to judge at, where a record is believed only for a time.
    now
        The present instant: a record dated after it is named.

    Raises
    ------
    UnknownFormat
        No record in it is of a known format.
    InputRefused
    """
    run = _Run(keys or KeyRing(), at, now)
    for number, item in enumerate(items(stream, path)):
        run.take(number, item)
    if run.entries and not any(entry.format for entry in run.entries):
        titles = ", ".join(each.title for each in all_formats().values())
        raise UnknownFormat(f"the format is not known: no record in it is one of these: {titles}")
    return run.ended()


@dataclass
class _Run:
    keys: KeyRing
    at: datetime | None
    now: datetime | None
    entries: list[Entry] = field(default_factory=list)
    chains: Chains = field(default_factory=Chains)
    chained: bool = False  # whether a record of a chain was there
    used_keys: set[int] = field(default_factory=set)
    claims: dict[tuple[Claim, ...], Mapping[str, Claim]] = field(default_factory=dict)
    # By the first record of a chain:
    after_signed: dict[int, list[Entry]] = field(default_factory=dict)

    def take(self, number: int, item: Item) -> None:
        """Judge one record."""
        form = next((f for f in all_formats().values() if f.recognises(item.value)), None)
        if item.value is None or form is None:
            self._strange(number, item.value)
            return
        judged = form.judge(item.value, Context(self.keys, self.at, item.around))
        entry = Entry(number, form.name, self._kept(judged), judged.verdict)
        self.used_keys |= judged.verified_by
        entry.future = is_future(judged.dated, self.now)
        if judged.link is not None:
            self._follow(self.chains.add(number, judged.link, judged.dated).first, entry)
            self.chained |= not judged.link.alone
        elif self.chained and judged.claims[AUTHENTIC].state == NO:
            self.chains.unreadable(number, judged.claims[AUTHENTIC].reason)
        self.entries.append(entry)

    def _kept(self, judged: Judged) -> Judged:
        """Return a judgement as it is kept: without its link, and with claims that many share."""
        key = tuple(judged.claims[name] for name in CLAIMS)
        return replace(judged, claims=self.claims.setdefault(key, judged.claims), link=None)

    def _follow(self, first: int, entry: Entry) -> None:
        """Note an entry without a signature that none of its chain with one follows.

        A signed record vouches for those before it, as it names the last of them by its digest.
        """
        if entry.judged is not None and AUTHENTIC in entry.judged.needs:
            self.after_signed[first] = []
        elif first in self.after_signed:
            self.after_signed[first].append(entry)

    def _strange(self, number: int, value: Any) -> None:
        """Take something of no known format: it breaks a chain, and is unknown elsewhere."""
        reason = NOT_READ if value is None else NO_HASH
        if self.chained or value is None:
            self.chains.unreadable(number, reason)
        self.entries.append(Entry(number, None, None, UNKNOWN, reasons=["is of no known format"]))

    def ended(self) -> Verified:
        """Return what was verified, once all records are known."""
        self.chains.rejoin()
        faults = list(self.chains.faults())
        for entry in self.entries:
            self._settle(entry)
        for entry in chain.from_iterable(self.after_signed.values()):
            if entry.verdict == ACCEPT:
                entry.verdict = UNKNOWN
                entry.reasons.append(f"{AUTHENTIC}: {SIGNATURE_ENDS}")
        for _, fault in faults:
            entry = self.entries[fault.record]
            entry.verdict = REJECT
            entry.broken = entry.broken or f"{fault.kind}: {fault.reason}"
            entry.reasons.append(f"{fault.kind}: {fault.reason}")
        return Verified(self.entries, self.chains.chains, faults)

    def _settle(self, entry: Entry) -> None:
        """Refuse a record that a given key without a name, of nobody else, should have verified."""
        judged = entry.judged
        if judged is None:
            return
        if entry.verdict == UNKNOWN and judged.candidates - self.used_keys:
            entry.verdict, entry.broken = REJECT, NOT_UNDER_GIVEN
            entry.reasons.append(NOT_UNDER_GIVEN)
        if entry.verdict != ACCEPT and not entry.reasons:
            entry.reasons.extend(refusals(judged, entry.verdict))


def refusals(judged: Judged, verdict: str) -> Iterable[str]:
    """Yield why a record is refused or left open: the claims it needs that do not hold."""
    state = NO if verdict == REJECT else UNKNOWN
    for name in CLAIMS:
        if name in judged.needs and judged.claims[name].state == state:
            yield f"{name}: {judged.claims[name].reason}"


def claim_of(entry: Entry, name: str) -> Claim:
    """Return a claim of a record, as it is known once the file was read."""
    if entry.judged is None:
        return unknown("is of no known format")
    claim = entry.judged.claims[name]
    if name == AUTHENTIC and entry.broken is not None and claim.state != NO:
        return no(entry.broken)
    if name == OCCURRED and entry.future and claim.state != NO:
        return unknown("it is dated in the future")
    return claim
