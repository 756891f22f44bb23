"""The journal: decisions that people made in the product, kept beside the immutable snapshots.

Its entries are acceptances of findings and their confirmations, attestations of owners, access
reviews, ids kept apart, campaigns and their closings, and withdrawals; they are only ever added.
Each entry holds its author, its reason, the instant it was written (`at`, by the clock) and takes
effect (`since`), and the hash of the entry before it: reading the journal detects an entry that was
changed or removed from the middle.
"""

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from typing import Any

import pandas as pd

from graph.journal.actor import By, system_user
from graph.journal.campaign_steps import Undertaking
from graph.journal.entries import (
    KINDS,
    OTHERS,
    Acceptance,
    Apart,
    Attestation,
    Campaign,
    Closing,
    Confirmation,
    E,
    Entry,
    Review,
    Withdrawal,
    entry_of,
    of_kind,
    open_campaign,
    settled,
    to_confirm,
    to_withdraw,
    under_way,
)
from graph.journal.file import Touched
from graph.journal.hash_chain import FIRST_HASH
from graph.journal.place import JournalPlace, journal_path, reading, touched, writing
from graph.journal.rights import require, require_another, require_own
from graph.journal.session import replacing
from graph.secrets import redact_prose, redact_text
from graph.stores import StoreDamaged, StoreError, open_store
from graph.values import canonical, iso

FINDINGS = "findings"  # the default kind of cached data of a snapshot
EVERY = "SELECT number, body, hash FROM entry ORDER BY number"
KEEP_SEEN = replacing("seen", ("snapshot",), "version", "data", "sha256")
LAST = "SELECT number, hash FROM entry ORDER BY number DESC LIMIT 1"
CACHE_PATIENCE = 0.2  # seconds: a cache is not worth a longer wait

Values = dict[str, Any]


def clock() -> pd.Timestamp:
    """Return the present instant."""
    return pd.Timestamp.now("UTC").floor("ms").as_unit("ms")


class Journal:
    """The journal at `path`, a SQLite file or a PostgreSQL schema, which the first entry creates.

    `now` is the clock that dates the entries; `added` is called after each. Connections live for
    one call, so threads may share a journal. Its entries are read and checked once, and again
    whenever the file was touched. `known` is None, or the instant after which entries are ignored.
    """

    def __init__(
        self,
        path: JournalPlace,
        now: Callable[[], pd.Timestamp] = clock,
        added: Callable[[], None] = lambda: None,
    ) -> None:
        self.path, self.now, self._added = path, now, added
        self.known: pd.Timestamp | None = None
        self._read: dict[JournalPlace, tuple[Touched | None, list[Entry]]] = {}

    def known_at(self, instant: pd.Timestamp) -> "Journal":
        """Return the journal as of an instant, without the entries written later."""
        then = Journal(self.path, self.now)
        then.known, then._read = instant, self._read
        return then

    def entries(self) -> tuple[Entry, ...]:
        """Return all entries, oldest first, with what later ones say of them; see `settled`.

        Raises
        ------
        StoreError
            The file is damaged, locked, or of another program; the message names it.
        """
        entries = self._intact()
        if self.known is not None:
            entries = [e for e in entries if e.at <= self.known]
        return settled(entries)

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
        """Return the acceptances that count, oldest first, each since it does."""
        return tuple(
            replace(a, since=a.begins) for a in of_kind(Acceptance, self.entries()) if a.counts
        )

    def waiting(self, moment: pd.Timestamp) -> tuple[Acceptance, ...]:
        """Return the acceptances that wait at an instant for a second person, oldest first."""
        return tuple(a for a in of_kind(Acceptance, self.entries()) if a.waits(moment))

    def attestations(self) -> tuple[Attestation, ...]:
        """Return the attestations of owners, oldest first."""
        return of_kind(Attestation, self.entries())

    def reviews(self) -> tuple[Review, ...]:
        """Return the reviews, oldest first."""
        return of_kind(Review, self.entries())

    def campaigns(self) -> tuple[Campaign, ...]:
        """Return the campaigns, oldest first."""
        return of_kind(Campaign, self.entries())

    def closings(self) -> tuple[Closing, ...]:
        """Return the closings of campaigns, oldest first."""
        return of_kind(Closing, self.entries())

    def accepted(self, moment: pd.Timestamp) -> dict[str, Acceptance]:
        """Return the acceptance in force of each finding (by its id), the latest of several."""
        return {a.finding: a for a in self.acceptances() if a.holds(moment)}

    def mark(self) -> str:
        """Return a text that changes with every entry."""
        with reading(self.path) as db:
            row = db and db.execute(LAST).fetchone()
        return str(row[1]) if row else FIRST_HASH

    def hashes(self) -> dict[int, str]:
        """Return the hash of each entry by its number; `entries` checks that they form a chain."""
        with reading(self.path) as db:
            rows = db.execute("SELECT number, hash FROM entry ORDER BY number") if db else ()
            return {int(number): str(digest) for number, digest in rows}

    def accept(
        self,
        finding: str,
        until: pd.Timestamp,
        by: "str | By",
        reason: str,
        since: pd.Timestamp | None,
        about: Sequence[str],
        also: Sequence[str] = (),
        second: bool = False,
        answering: Collection[str] = (),
    ) -> Acceptance:
        """Add an acceptance of a finding, in force from `since`, but not later than now.

        If it needs a `second` person, it waits for `confirm`. `answering` are the ids of the people
        who answer for what the finding is about: some roles accept only what is their own.

        Raises
        ------
        NotAllowed
        """
        author = By.of(by)
        require_own(author, Acceptance.kind, answering)
        values = {"finding": finding, "until": iso(until), "also": list(also), "about": list(about)}
        needed = {"second": True} if second else {}
        return self._add(Acceptance, author, reason, since, values | needed)

    def confirm(
        self, number: int, by: "str | By", reason: str, since: pd.Timestamp | None
    ) -> Confirmation:
        """Add the consent of a second person to an acceptance, which counts from then.

        Raises
        ------
        NoSuchEntry
            No acceptance of that number waits for one.
        NotAllowed
            It is the same person, or one who did not sign in where the first did.
        """
        author = By.of(by)

        def begins(entries: Sequence[Entry]) -> pd.Timestamp:
            acceptance = to_confirm(entries, number, self.now() if since is None else since)
            require_another(acceptance, author)
            return acceptance.since

        begins(self.entries())  # otherwise a confirmation that fails would create a journal
        return self._add(Confirmation, author, reason, since, {"confirms": number}, begins)

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
        entries = [e for e in of_kind(Apart, self.entries()) if e.withdrawn_at is None]
        return tuple((e.thing, e.other) for e in entries)

    def set_apart(self, thing: str, other: str, by: "str | By", reason: str) -> Apart:
        """Add a declaration that `thing` and `other` are different nodes."""
        return self._add(Apart, by, reason, None, {"thing": thing, "other": other})

    def start_campaign(
        self,
        campaign: Undertaking,
        by: "str | By",
        reason: str,
        since: pd.Timestamp | None,
        keys_now: Mapping[int, Mapping[str, str]] = {},
    ) -> Campaign:
        """Add a campaign, without the items that another one under way has promised already.

        `keys_now` has, by the number of an earlier campaign, the present keys of its items, by the
        keys that it has for them, where they differ.
        """

        def values(entries: Sequence[Entry]) -> Values:
            promised = {
                keys_now.get(other.number, {}).get(key, key): other.id
                for other in reversed(under_way(entries))
                for step in other.steps
                for key, _ in step.items
            }
            return campaign.without(promised).plain()

        return self._add(Campaign, by, reason, since, values)

    def close_campaign(
        self,
        number: int,
        by: "str | By",
        reason: str,
        as_of: pd.Timestamp,
        outcome: Sequence[Mapping[str, Any]],
    ) -> Closing:
        """Add the close of a campaign, with what became of its steps as judged at `as_of`.

        It counts from then, but not before the campaign takes effect.

        Raises
        ------
        NoSuchEntry
            No campaign under way has that number.
        """

        def begins(entries: Sequence[Entry]) -> pd.Timestamp:
            return open_campaign(entries, number).since

        begins(self.entries())  # otherwise a close that fails would create a journal
        values = {"closes": number, "as_of": iso(as_of), "outcome": list(outcome)}
        return self._add(Closing, by, reason, as_of, values, begins)

    def withdraw(
        self, number: int, by: "str | By", reason: str, since: pd.Timestamp | None
    ) -> Withdrawal:
        """Add a withdrawal of an entry, from `since`, but not before the entry takes effect.

        Raises
        ------
        NoSuchEntry
            No entry has that number, or it was withdrawn already, or nothing withdraws its kind.
        """

        def begins(entries: Sequence[Entry]) -> pd.Timestamp:
            return to_withdraw(entries, number).begins

        entry = to_withdraw(self.entries(), number)  # else a failing one would create a journal
        values = {"withdraws": number}
        return self._add(Withdrawal, by, reason, since, values, begins, right=entry.kind)

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
                    db.execute(KEEP_SEEN, row)
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
        values: Values | Callable[[Sequence[Entry]], Values],
        begins: Callable[[Sequence[Entry]], pd.Timestamp] | None = None,
        right: str | None = None,
    ) -> E:
        """Add an entry of these `values`, in force from `since`, but not before it `begins`.

        This is the one place that writes entries, so it asks whether the author has the `right`,
        by default that to the kind of entry. What depends on the entries before is asked within the
        transaction: of two at once one fails, or sees the other.
        """
        author = By.of(by)
        require(author, right or kind.kind)
        with writing(self.path) as db:
            number, before = db.execute(LAST).fetchone() or (0, FIRST_HASH)
            at = self.now()
            counts = at if since is None else min(since, at)
            needed = begins is not None or callable(values)
            entries = self._checked(db.execute(EVERY)) if needed else []
            counts = max(counts, begins(entries)) if begins is not None else counts
            stated = values(entries) if callable(values) else values
            body = canonical(
                {
                    "kind": kind.kind,
                    "by": redact_text(author.name),
                    "reason": redact_prose(reason),
                    "at": iso(at),
                    "since": iso(counts),
                    "prev_hash": before,
                    **({} if author.verified else {"verified": False}),
                    **({"signed_in": True, "account": author.account} if author.account else {}),
                    "os_user": system_user(),
                    "session": author.session,
                    **{k: v for k, v in stated.items() if k not in OTHERS or v},
                }
            )
            db.execute("INSERT INTO entry VALUES (?, ?, ?)", (number + 1, body, _sha256(body)))
        self._added()
        return entry_of(kind, number + 1, body)

    def _checked(self, rows: Iterable[tuple[int, str, str]]) -> list[Entry]:
        entries: list[Entry] = []
        before = FIRST_HASH
        for number, body, digest in rows:
            try:
                record = json.loads(body)
                intact = _sha256(body) == digest and record["prev_hash"] == before
                entry = entry_of(KINDS[record["kind"]], number, body) if intact else None
            except (ValueError, KeyError, TypeError, AttributeError):
                entry = None
            if entry is None:
                raise StoreDamaged(
                    f"{self.path} is damaged: entry {number} is not as it was written"
                )
            entries.append(entry)
            before = digest
        return entries


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
