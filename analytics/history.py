"""History: the snapshots of a store, each assessed on demand."""

import itertools
import threading
from bisect import bisect_right
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import NamedTuple
from weakref import WeakSet

import pandas as pd

from analytics.posture import Posture, assess
from graph.access import AccessGraph
from graph.facts import Facts
from graph.instants import milliseconds
from graph.journal.entries import timeline
from graph.journal.failed_reads import failed_reads
from graph.journal.file import Touched
from graph.journal.hash_chain import sha256
from graph.journal.journal import Journal, journal_of
from graph.journal.place import touched
from graph.journal.statements import apply
from graph.machine.kept_switch import keeping
from graph.stores import (
    NoSuchSnapshot,
    SnapshotInfo,
    Store,
    in_history,
    listed_and_held,
    open_store,
)
from graph.stores.kept_files import KeptFiles, kept_files
from graph.values import canonical

# Postures in memory: the last few of each history (every snapshot that somebody looks at has one),
# and others up to so many nodes of all together: what is worked out is some ten kilobytes a node.
KEPT, KEPT_NODES = 2, 60_000

Read = Callable[[str], tuple[SnapshotInfo, Facts]]
_Key = tuple[str, pd.Timestamp | None]
_LOCK, _ASKED = threading.Lock(), itertools.count()
_HISTORIES: WeakSet["History"] = WeakSet()


class _Kept(NamedTuple):
    """A posture in memory, and the number of the question that asked for it last."""

    asked: int
    posture: Posture


class History:
    """The snapshots of one store by the instants of their facts, and the posture at each.

    `infos` are the snapshots of the history; `every` has also those that a later one replaces, as
    facts that were read later belong to them.

    A snapshot never changes; the postures asked for last stay in memory. Statements of `journal`
    are among the facts of every snapshot whose instant they cover. `hold` keeps the snapshots from
    being pruned, as long as it lives. `kept` are the answers kept beside the snapshots.
    """

    def __init__(
        self,
        infos: list[SnapshotInfo],
        read: Read,
        journal: Journal | None = None,
        hold: object = None,
        kept: KeptFiles | None = None,
    ) -> None:
        self._hold, self.kept = hold, kept
        self.every, self.journal = tuple(infos), journal
        self.infos = tuple(in_history(infos))
        self._read = read
        self._decisions: tuple[Touched | None, str] | None = None
        self._decided: tuple[str, list[pd.Timestamp], list[str]] = "", [], []
        self._kept: dict[_Key, _Kept] = {}
        with _LOCK:
            _HISTORIES.add(self)

    def posture(self, snapshot: str, as_of: pd.Timestamp | None = None) -> Posture:
        """Return the posture of a snapshot, at the instant of its facts or at another one."""
        kept = self._kept.get((snapshot, as_of))
        posture = kept.posture if kept else posture_of(*self._read(snapshot), as_of, self)
        self._remember((snapshot, as_of), posture)
        return posture

    def facts(self, snapshot: str) -> Facts:
        """Return the facts of a snapshot as its sources state them; the journal adds none."""
        return self._read(snapshot)[1]

    def _remember(self, key: _Key, posture: Posture) -> None:
        """Keep a posture as the last one asked for, and drop others until all fit the limits."""
        with _LOCK:
            self._kept[key] = _Kept(next(_ASKED), posture)
            _forget()

    def keep(self, posture: Posture) -> None:
        """Remember a posture that was assessed elsewhere."""
        graph = posture.graph
        if graph.snapshot is not None:
            at = None if graph.as_of == graph.facts.taken_at else graph.as_of
            self._remember((graph.snapshot.id, at), posture)

    def at(self, instant: pd.Timestamp) -> Posture:
        """Return the posture at `instant`, from the newest snapshot of that instant or before.

        Raises
        ------
        NoSuchSnapshot
            No snapshot is that old.
        """
        known = [info for info in self.infos if info.taken_at <= instant]
        if not known:
            raise NoSuchSnapshot(f"no snapshot is of {instant.isoformat()} or before")
        last = max(known, key=lambda info: info.order)
        return self.posture(last.id, None if instant == last.taken_at else instant)

    def recorded_by(self, instant: pd.Timestamp) -> "History":
        """Return the history as known at an instant: the snapshots published by then."""
        known = [info for info in self.every if info.recorded_at <= instant]
        journal = self.journal.known_at(instant) if self.journal is not None else None
        return History(known, self._read, journal, self._hold, self.kept)

    def decisions(self) -> str:
        """Return a text that changes with every decision of people, and every failed read."""
        if self.journal is None:
            return ""
        mark = touched(self.journal.path)  # before it is read, so that a later write differs
        if mark is None or self._decisions is None or self._decisions[0] != mark:
            failed = [each.record() for each in failed_reads(self.journal.path, self.journal.known)]
            known = str(self.journal.known)
            self._decisions = mark, canonical([self.journal.mark(), known, failed])
        return self._decisions[1]

    def decided_by(self, instant: pd.Timestamp) -> str:
        """Return a text that changes with every decision that what holds at an instant rests on.

        It stays the same when somebody decides something that counts only later.
        """
        if self.journal is None:
            return ""
        decisions = self.decisions()
        if self._decided[0] != decisions:
            self._decided = decisions, *_chained(self.journal)
        _, instants, texts = self._decided
        return texts[bisect_right(instants, instant)]

    def until(self, info: SnapshotInfo) -> tuple[SnapshotInfo, ...]:
        """Return the snapshots up to and including `info`, oldest first.

        Those read later with facts of an earlier instant are among them.
        """
        return (*(i for i in self.infos if i.order < info.order), info)


def _forget() -> None:
    """Drop what nobody asked for the longest, in all histories, but leave each its last few."""
    beyond = []
    for each in _HISTORIES:
        entries = sorted((kept.asked, key) for key, kept in each._kept.items())
        beyond += [(asked, each, key) for asked, key in entries[: max(len(entries) - KEPT, 0)]]
    beyond.sort(key=lambda entry: entry[0])
    nodes = sum(_size(each._kept[key].posture) for _, each, key in beyond)
    for _, each, key in beyond:
        if nodes <= KEPT_NODES:
            return
        nodes -= _size(each._kept.pop(key).posture)


def _chained(journal: Journal) -> tuple[list[pd.Timestamp], list[str]]:
    """Return the instants at which decisions count, and a hash of those before and after each."""
    steps, text = timeline(journal.entries()), _first(journal)
    texts = [text]
    for _, record in steps:
        text = sha256((text + canonical(record)).encode(errors="surrogatepass"))
        texts.append(text)
    return [at for at, _ in steps], texts


def _first(journal: Journal) -> str:
    apart = [list(pair) for pair in journal.apart()]
    return sha256(canonical([apart, str(journal.known)]).encode(errors="surrogatepass"))


def _size(posture: Posture) -> int:
    """Return the number of nodes, as the store says: to count them would match all identities."""
    info = posture.graph.snapshot
    return len(posture.graph.ids) if info is None else sum(info.nodes.values())


@dataclass(frozen=True)
class Unread:
    """A snapshot of a history at an instant, which is read and assessed only if it has to be."""

    history: History
    info: SnapshotInfo
    at: pd.Timestamp

    @property
    def posture(self) -> Posture:
        """The posture, read now unless it is in memory."""
        moved = None if self.at == self.info.taken_at else self.at
        return self.history.posture(self.info.id, moved)

    @property
    def now(self) -> int:
        """The instant in milliseconds, as `AccessGraph.now`."""
        return int(milliseconds(pd.Series([self.at]))[0])

    @property
    def ends(self) -> tuple["Unread"]:
        """What an answer about it depends on."""
        return (self,)

    @property
    def postures(self) -> tuple[Posture]:
        """What is judged for an answer about it."""
        return (self.posture,)


def posture_of(
    info: SnapshotInfo, facts: Facts, as_of: pd.Timestamp | None, history: History | None
) -> Posture:
    """Assess the facts of a snapshot; `history` is that of the store it comes from."""
    journal = history.journal if history is not None else None
    keeps = history is not None and history.kept is not None
    decisions = history.decisions() if history and keeps else ""  # before they are read
    apart = journal.apart() if journal is not None else ()
    posture = assess(AccessGraph.of(apply(facts, journal, as_of), as_of, info, apart))
    posture.history, posture.journal, posture.decisions = history, journal, decisions
    return posture


def open_posture(
    uri: str | None = None, snapshot: str | None = None, as_of: pd.Timestamp | None = None
) -> Posture:
    """Read a snapshot of the store at `uri` and assess it, with the history of that store.

    Raises
    ------
    StoreError, NoSuchSnapshot
    """
    opened = open_store(uri)  # opens its connections anew after it was closed

    def read(wanted: str) -> tuple[SnapshotInfo, Facts]:
        with closing(opened):
            opened.hold(history.every)  # a database holds them for a time only
            return opened.read(wanted)

    with closing(opened):
        info, facts, history = _read_with_history(opened, snapshot, read)
    posture = posture_of(info, facts, as_of, history)
    history.keep(posture)
    return posture


def posture_in(store: Store, snapshot: str, as_of: pd.Timestamp | None = None) -> Posture:
    """Read and assess a snapshot of a store that stays open."""
    info, facts, history = _read_with_history(store, snapshot, store.read)
    posture = posture_of(info, facts, as_of, history)
    history.keep(posture)
    return posture


def _read_with_history(
    store: Store, snapshot: str | None, read: Read
) -> tuple[SnapshotInfo, Facts, History]:
    """Read a snapshot and list all others, held in the store as long as the result lives."""
    while True:
        infos, hold = listed_and_held(store)
        info, facts = store.read(snapshot)
        if info in infos:  # else another was published in between
            return (
                info,
                facts,
                History(
                    infos,
                    read,
                    journal_of(store.uri),
                    hold,
                    kept_files(store.uri) if keeping() else None,
                ),
            )
