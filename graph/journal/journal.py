"""The journal: decisions that people made in the product, kept beside the immutable snapshots.

Its entries are acceptances of findings, attestations of owners, access reviews, ids kept apart,
and withdrawals of any of these; they are only ever added. Each entry holds its author, its
reason, the instant it was written (`at`, by the clock) and takes effect (`since`), and the hash
of the entry before it: reading the journal detects an entry that was changed or removed from
the middle.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import pandas as pd

from graph.journal.actor import By, system_user
from graph.journal.file import Touched, journal_path, reading, touched, writing
from graph.journal.hash_chain import FIRST_HASH
from graph.secrets import redact_prose, redact_text
from graph.stores import StoreDamaged, StoreError, open_store
from graph.values import canonical, instant, iso

ROLES = ("business", "technical", "sponsor")
DECISIONS = ("approve", "revoke", "modify")
OTHERS = ("also", "owner_also")  # other ids, absent if empty
LISTS = (*OTHERS, "about")  # fields of several texts
OMITTED = (*LISTS, "session")  # fields that JSON omits if empty
FINDINGS = "findings"  # the default kind of cached data of a snapshot
EVERY = "SELECT number, body, hash FROM entry ORDER BY number"
CACHE_PATIENCE = 0.2  # seconds: a cache is not worth a longer wait


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One decision: its `number` in the journal, its author `by`, its `reason` and its instants.

    `at` is when it was written; it is in force from `since` until `withdrawn_at`, if any. `by` is
    the id of a person whom a source declares; if no source declares any person, it is a name as
    given, and not `verified`. Nobody signs in, so `by` is asserted by the operating-system account
    `os_user`, in a `session` of the app or, if that is None, by a command.
    """

    kind: ClassVar[str]
    number: int
    by: str
    reason: str
    at: pd.Timestamp
    since: pd.Timestamp
    withdrawn_at: pd.Timestamp | None = None
    verified: bool = True
    signed_in: bool = False
    os_user: str
    session: str | None

    def holds(self, moment: pd.Timestamp) -> bool:
        """Return whether the entry is in force at an instant."""
        return self.since <= moment and (self.withdrawn_at is None or moment < self.withdrawn_at)

    def record(self) -> dict[str, Any]:
        """Return the entry as a dict for JSON."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        present = {k: v for k, v in values.items() if k not in OMITTED or v}
        shown = {k: iso(v) if isinstance(v, pd.Timestamp) else v for k, v in present.items()}
        return {"entry": shown.pop("number"), "kind": self.kind} | shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance(Entry):
    """A finding that somebody accepts until an instant.

    `also` are the other ids of the finding then, from merged ids of its nodes. `about` holds the
    parts of its id: rule, identity, other node or "", and the parts of its key, if any. They
    describe the accepted finding after the finding itself is gone.
    """

    kind: ClassVar[str] = "acceptance"
    finding: str
    until: pd.Timestamp
    about: tuple[str, ...]
    also: tuple[str, ...] = ()

    def holds(self, moment: pd.Timestamp) -> bool:
        """Return whether the acceptance is in force at an instant; it lapses at `until`."""
        return Entry.holds(self, moment) and moment < self.until

    @property
    def ends(self) -> pd.Timestamp:
        """The instant it ends: `until`, or its withdrawal if that is earlier."""
        return self.until if self.withdrawn_at is None else min(self.until, self.withdrawn_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attestation(Entry):
    """An attestation that `owner` is responsible for `thing` (ids) in a role.

    `also` and `owner_also` are the other ids of both at that time.
    """

    kind: ClassVar[str] = "attestation"
    thing: str
    owner: str
    role: str
    also: tuple[str, ...] = ()
    owner_also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Review(Entry):
    """A review of the access of `thing` (an id; `also` are its others), or of one of its grants."""

    kind: ClassVar[str] = "review"
    thing: str
    grant: str | None
    decision: str
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Apart(Entry):
    """A declaration that `thing` and `other` (ids as sources use them) are different nodes.

    It corrects the matching of ids, so it applies at any instant, until it is withdrawn.
    """

    kind: ClassVar[str] = "apart"
    thing: str
    other: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal(Entry):
    """The end of the entry with the number `withdraws`."""

    kind: ClassVar[str] = "withdrawal"
    withdraws: int


KINDS: dict[str, type[Entry]] = {
    k.kind: k for k in (Acceptance, Attestation, Review, Apart, Withdrawal)
}
E = TypeVar("E", bound=Entry)


class NoSuchEntry(LookupError):
    """The journal has no entry of that number that could be withdrawn."""

    exit_code, code = 2, "unknown-entry"


def clock() -> pd.Timestamp:
    """Return the present instant."""
    return pd.Timestamp.now("UTC").floor("ms").as_unit("ms")


class Journal:
    """The journal in the SQLite file `path`, which the first entry creates.

    `now` is the clock that dates the entries; `added` is called after each. Connections live for
    one call, so threads may share a journal. Its entries are read and checked once, and again
    whenever the file was touched. `known` is None, or the instant after which entries are ignored.
    """

    def __init__(
        self,
        path: Path,
        now: Callable[[], pd.Timestamp] = clock,
        added: Callable[[], None] = lambda: None,
    ) -> None:
        self.path, self.now, self._added = path, now, added
        self.known: pd.Timestamp | None = None
        self._read: dict[Path, tuple[Touched | None, list[Entry]]] = {}

    def known_at(self, instant: pd.Timestamp) -> "Journal":
        """Return the journal as of an instant, without the entries written later."""
        then = Journal(self.path, self.now)
        then.known, then._read = instant, self._read
        return then

    def entries(self) -> tuple[Entry, ...]:
        """Return all entries, oldest first, with `withdrawn_at` set where one was withdrawn.

        Raises
        ------
        StoreError
            The file is damaged, locked, or of another program; the message names it.
        """
        entries = self._intact()
        if self.known is not None:
            entries = [e for e in entries if e.at <= self.known]
        ended = {e.withdraws: e.since for e in reversed(entries) if isinstance(e, Withdrawal)}
        ends = [(e, ended.get(e.number)) for e in entries]
        return tuple(replace(e, withdrawn_at=end and max(end, e.since)) for e, end in ends)

    def _intact(self) -> list[Entry]:
        """Return the entries as written; those of before if the file was not touched since."""
        mark = touched(self.path)  # before the file is read, so a later write differs from it
        kept = self._read.get(self.path)
        if mark is None or kept is None or kept[0] != mark:
            with reading(self.path) as db:
                kept = mark, self._checked(db.execute(EVERY) if db else ())
            self._read[self.path] = kept
        return kept[1]

    def acceptances(self) -> tuple[Acceptance, ...]:
        """Return the acceptances, oldest first."""
        return _of(Acceptance, self.entries())

    def attestations(self) -> tuple[Attestation, ...]:
        """Return the attestations of owners, oldest first."""
        return _of(Attestation, self.entries())

    def reviews(self) -> tuple[Review, ...]:
        """Return the reviews, oldest first."""
        return _of(Review, self.entries())

    def accepted(self, moment: pd.Timestamp) -> dict[str, Acceptance]:
        """Return the acceptance in force of each finding (by its id), the latest of several."""
        return {a.finding: a for a in self.acceptances() if a.holds(moment)}

    def mark(self) -> str:
        """Return a text that changes with every entry."""
        with reading(self.path) as db:
            row = (
                db and db.execute("SELECT hash FROM entry ORDER BY number DESC LIMIT 1").fetchone()
            )
        return str(row[0]) if row else FIRST_HASH

    def accept(
        self,
        finding: str,
        until: pd.Timestamp,
        by: "str | By",
        reason: str,
        since: pd.Timestamp | None,
        about: Sequence[str],
        also: Sequence[str] = (),
    ) -> Acceptance:
        """Add an acceptance of a finding, in force from `since`, but not later than now."""
        values = {"finding": finding, "until": iso(until), "also": list(also), "about": list(about)}
        return self._add(Acceptance, by, reason, since, values)

    def attest(
        self,
        thing: str,
        owner: str,
        role: str,
        by: "str | By",
        note: str,
        since: pd.Timestamp | None,
        also: tuple[Sequence[str], Sequence[str]] = ((), ()),
    ) -> Attestation:
        """Add an attestation of `owner` for `thing`; `also` are the other ids of both."""
        values = {"thing": thing, "owner": owner, "role": role}
        others = {"also": list(also[0]), "owner_also": list(also[1])}
        return self._add(Attestation, by, note, since, values | others)

    def review(
        self,
        thing: str,
        decision: str,
        by: "str | By",
        reason: str,
        since: pd.Timestamp | None,
        grant: str | None = None,
        also: Sequence[str] = (),
    ) -> Review:
        """Add a review of the access of `thing`, or of one of its grants."""
        values = {"thing": thing, "decision": decision, "grant": grant, "also": list(also)}
        return self._add(Review, by, reason, since, values)

    def apart(self) -> tuple[tuple[str, str], ...]:
        """Return the pairs of ids that people keep apart; the first id of each is not merged."""
        entries = [e for e in _of(Apart, self.entries()) if e.withdrawn_at is None]
        return tuple((e.thing, e.other) for e in entries)

    def set_apart(self, thing: str, other: str, by: "str | By", reason: str) -> Apart:
        """Add a declaration that `thing` and `other` are different nodes."""
        return self._add(Apart, by, reason, None, {"thing": thing, "other": other})

    def withdraw(
        self, number: int, by: "str | By", reason: str, since: pd.Timestamp | None
    ) -> Withdrawal:
        """Add a withdrawal of an entry, from `since`, but not before the entry takes effect.

        Raises
        ------
        NoSuchEntry
            No entry has that number, or it was withdrawn already, or is itself a withdrawal.
        """
        _begun(self.entries(), number)  # otherwise a withdrawal that fails would create a journal
        return self._add(Withdrawal, by, reason, since, {"withdraws": number})

    def seen(self, snapshot: str, version: str, kind: str = FINDINGS) -> bytes | None:
        """Return the cached data of a snapshot under `version`, or None if absent or damaged."""
        with reading(self.path) as db:
            asked = "SELECT data, sha256 FROM seen WHERE snapshot = ? AND version = ?"
            row = db and db.execute(asked, (_kept_as(snapshot, kind), version)).fetchone()
        if not row or hashlib.sha256(row[0]).hexdigest() != row[1]:
            return None
        return bytes(row[0])

    def keep_seen(
        self, rows: dict[str, tuple[str, bytes]], known: Iterable[str], kind: str = FINDINGS
    ) -> bool:
        """Cache data of snapshots as (version, data), and delete that of snapshots not in `known`.

        It only saves time: if it cannot be written, the result is False and nothing is raised.
        """
        named = set(known)
        try:
            with writing(self.path, CACHE_PATIENCE) as db:
                for snapshot, (version, data) in rows.items():
                    digest = hashlib.sha256(data).hexdigest()
                    row = (_kept_as(snapshot, kind), version, data, digest)
                    db.execute("INSERT OR REPLACE INTO seen VALUES (?, ?, ?, ?)", row)
                kept = {s for (s,) in db.execute("SELECT snapshot FROM seen")}
                gone = {key for key in kept if key.split()[0] not in named}
                gone = gone if self.known is None else set()
                db.executemany("DELETE FROM seen WHERE snapshot = ?", [(s,) for s in gone])
        except StoreError:
            return False
        return True

    def _add(
        self,
        kind: type[E],
        by: "str | By",
        reason: str,
        since: pd.Timestamp | None,
        values: dict[str, Any],
    ) -> E:
        author = by if isinstance(by, By) else By(by)
        with writing(self.path) as db:
            asked = "SELECT number, hash FROM entry ORDER BY number DESC LIMIT 1"
            number, before = db.execute(asked).fetchone() or (0, FIRST_HASH)
            at = self.now()
            counts = at if since is None else min(since, at)
            if "withdraws" in values:  # within the transaction: of two at once one fails
                counts = max(counts, _begun(self._checked(db.execute(EVERY)), values["withdraws"]))
            body = canonical(
                {
                    "kind": kind.kind,
                    "by": redact_text(author.name),
                    "reason": redact_prose(reason),
                    "at": iso(at),
                    "since": iso(counts),
                    "prev_hash": before,
                    **({} if author.verified else {"verified": False}),
                    "os_user": system_user(),
                    "session": author.session,
                    **{k: v for k, v in values.items() if k not in OTHERS or v},
                }
            )
            db.execute("INSERT INTO entry VALUES (?, ?, ?)", (number + 1, body, _sha256(body)))
        self._added()
        return _entry(kind, number + 1, body)

    def _checked(self, rows: Iterable[tuple[int, str, str]]) -> list[Entry]:
        entries: list[Entry] = []
        before = FIRST_HASH
        for number, body, digest in rows:
            try:
                record = json.loads(body)
                intact = _sha256(body) == digest and record["prev_hash"] == before
                entry = _entry(KINDS[record["kind"]], number, body) if intact else None
            except (ValueError, KeyError, TypeError, AttributeError):
                entry = None
            if entry is None:
                raise StoreDamaged(
                    f"{self.path} is damaged: entry {number} is not as it was written"
                )
            entries.append(entry)
            before = digest
        return entries


def _begun(entries: Sequence[Entry], number: int) -> pd.Timestamp:
    """Return the instant from which an entry is in force; raise if it cannot be withdrawn."""
    entry = next((e for e in entries if e.number == number), None)
    if entry is None or isinstance(entry, Withdrawal):
        raise NoSuchEntry(f"the journal has no entry {number} that could be withdrawn")
    if any(isinstance(e, Withdrawal) and e.withdraws == number for e in entries):
        raise NoSuchEntry(f"entry {number} was withdrawn already")
    return entry.since


def _entry(kind: type[E], number: int, body: str) -> E:
    record = json.loads(body)
    names = {f.name for f in fields(kind)}
    values = {k: v for k, v in record.items() if k in names}
    times = {k: instant(values[k]) for k in ("at", "since", "until") if k in values}
    others = {k: tuple(values[k]) for k in LISTS if k in values}
    return kind(number=number, **(values | times | others))


def _of(kind: type[E], entries: Iterable[Entry]) -> tuple[E, ...]:
    return tuple(e for e in entries if isinstance(e, kind))


def _kept_as(snapshot: str, kind: str) -> str:
    """Return the cache key of a kind of data of a snapshot."""
    return snapshot if kind == FINDINGS else f"{snapshot} {kind}"


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def journal_of(uri: str | None = None) -> Journal:
    """Return the journal of the store at `uri`; each entry is anchored in the store."""

    def added() -> None:
        with suppress(StoreError), closing(open_store(uri)) as store:
            store.anchor_journal()  # the next decision or publish anchors it

    return Journal(journal_path(uri), added=added)
