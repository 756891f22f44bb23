"""The ledger of trust debt: what opened, closed and grew between two moments of a store.

It is derived from the snapshots, so the same history gives the same ledger, entry by entry, in any
store and any order of rows.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pandas as pd

from analytics.assumptions.model import Model, model
from analytics.debt.ledger.balance import Balance, balance
from analytics.debt.ledger.cause import Cause, Causes, Item, items
from analytics.debt.ledger.period import Period, period, total
from analytics.history import History
from graph.access import NEVER
from graph.facts import Coverage
from graph.identity.match import Identities
from graph.once import once
from graph.stores import NoSuchSnapshot, SnapshotInfo
from graph.values import canonical

ACCRUE, SEEN, REPAY, UNSEEN = "accrue", "seen", "repay", "unseen"
KINDS = (ACCRUE, SEEN, REPAY, UNSEEN)
ACCEPT, RESUME = "accept", "resume"


@dataclass(frozen=True)
class Moment:
    """A snapshot, and the instant at which it is judged."""

    info: SnapshotInfo
    at: pd.Timestamp

    @property
    def order(self) -> tuple[pd.Timestamp, pd.Timestamp, int, int]:
        """The sort key of moments: the instant, then the order of publication."""
        return self.at, *self.info.order


@dataclass(frozen=True)
class Entry:
    """One line of the ledger; `amount` is what it adds to debt.

    `at` is when the condition broke or was mended (None if unknown), `recorded` the first moment
    that shows it. `item` is None for an entry that is not about one debt item.
    """

    id: str
    kind: str
    at: pd.Timestamp | None
    recorded: Moment
    item: Item | None
    amount: float
    cause: str
    facts: tuple[str, ...]
    finding: str | None = None
    unverified: float | None = None


@dataclass(frozen=True)
class Step:
    """A period between two moments, with its sums and the number of entries of each kind.

    `unverified` is the exposure at its end that cannot be judged; `not_read` are the scopes that
    were not read again in the period, so that their facts are old.
    """

    start: Moment
    end: Moment
    figures: dict[str, float]
    counts: dict[str, int]
    unverified: float
    not_read: tuple[Coverage, ...]


@dataclass(frozen=True)
class Ledger:
    """The sums between two moments, the steps in between, and the entries, newest first.

    `left_out` counts the entries beyond the limit.
    """

    figures: dict[str, float]
    steps: tuple[Step, ...]
    entries: tuple[Entry, ...]
    left_out: int


def moment_at(history: History, instant: pd.Timestamp) -> Moment:
    """Return the newest snapshot taken at or before an instant, judged at that instant."""
    known = [i for i in history.infos if i.taken_at <= instant]
    if not known:
        raise NoSuchSnapshot(f"no snapshot speaks of {instant.isoformat()} or before")
    return Moment(max(known, key=lambda i: i.order), instant)


def oldest(history: History) -> Moment:
    """Return the oldest moment of the store."""
    first = min(history.infos, key=lambda i: i.order)
    return Moment(first, first.taken_at)


def moments(history: History, start: Moment, end: Moment) -> list[Moment]:
    """Return the two ends and, in between, every snapshot at the instant it was taken."""
    between = [Moment(i, i.taken_at) for i in history.infos]
    between = sorted((m for m in between if start.order < m.order < end.order), key=_order)
    return [start, *between, end]


def _order(moment: Moment) -> tuple[pd.Timestamp, pd.Timestamp, int, int]:
    return moment.order


def ledger(
    history: History, start: Moment, end: Moment, limit: int = 0, by: Model | None = None
) -> Ledger:
    """Return the ledger from one moment to another, with the `limit` newest entries (0: all)."""
    mark = history.journal.mark() if history.journal is not None else ""
    by = model() if by is None else by
    asked = (start.info.id, start.at, end.info.id, end.at, limit, by.hash, mark)
    ledgers = _ledgers(history)
    if asked not in ledgers:
        ledgers[asked] = _kept(history, start, end, limit, by)
    return ledgers[asked]


@once
def _ledgers(history: History) -> dict[tuple[object, ...], Ledger]:
    """Return the cache of ledgers, by arguments."""
    return {}


def _kept(history: History, start: Moment, end: Moment, limit: int, by: Model) -> Ledger:
    ends = moments(history, start, end)
    steps: list[Step] = []
    entries = _accepted(history, start, end)
    room = limit or None
    listed = 0
    between: list[Identities] = []  # of the moments in between, newest first
    for earlier, later in reversed(list(pairwise(ends))):
        interval = _period(history, earlier, later, by)
        lines = _Lines.of(interval)
        listed += len(lines)
        steps.append(_step(interval, earlier, later, lines))
        if earlier != start:
            between.append(interval.start.posture.graph.identities)
        wanted = None if room is None else max(room - len(entries), 0)
        entries += _described(interval, later, lines.first(wanted))
        lost = _lost_sources(interval, later)
        entries += lost
        listed += len(lost)
    figures: Mapping[str, float] = steps[0].figures
    if len(steps) > 1:
        figures = _period(history, start, end, by, between[::-1]).figures
    accepted = len(_accepted(history, start, end))
    shown = sorted(entries, key=_newest)[: room or None]
    return Ledger(dict(figures), tuple(steps[::-1]), tuple(shown), listed + accepted - len(shown))


def _newest(entry: Entry) -> tuple[object, ...]:
    at = entry.recorded.at
    return -at.value, -entry.recorded.info.sequence, -abs(entry.amount), entry.id


def _period(
    history: History, start: Moment, end: Moment, by: Model, between: Iterable[Identities] = ()
) -> Period:
    return period(_balance(history, start, by), _balance(history, end, by), between)


def _balance(history: History, moment: Moment, by: Model) -> Balance:
    moved = None if moment.at == moment.info.taken_at else moment.at
    return balance(history.posture(moment.info.id, moved), by)


# -- entries ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Line:
    """An item that opened or closed: its position in its balance, and what it adds to debt."""

    kind: str
    place: int
    amount: float
    key: int


@dataclass(frozen=True)
class _Lines:
    """The items that opened and closed in a period, as arrays: largest first, equal ones by key."""

    kind: np.ndarray
    place: np.ndarray
    amount: np.ndarray
    key: np.ndarray

    @classmethod
    def of(cls, period: Period) -> "_Lines":
        parts = []
        for places, by_coverage, side, sign, first in (
            (period.new, period.seen, period.end, 1.0, 0),
            (period.retired, period.unseen, period.start, -1.0, 2),
        ):
            kind = first + by_coverage.astype(np.int8)
            parts.append((kind, places, sign * side.amount[places], side.owed[places]))
        columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
        order = np.lexsort((columns[3], columns[0], -np.abs(columns[2])))
        return cls(*(column[order] for column in columns))

    def __len__(self) -> int:
        return len(self.kind)

    def counts(self) -> dict[str, int]:
        counts = np.bincount(self.kind, minlength=len(KINDS)).tolist()
        return dict(zip(KINDS, counts, strict=True))

    def first(self, many: int | None) -> list[_Line]:
        columns = (c[:many].tolist() for c in (self.kind, self.place, self.amount, self.key))
        rows = zip(*columns, strict=True)
        return [_Line(KINDS[kind], place, amount, key) for kind, place, amount, key in rows]


def _step(of: Period, start: Moment, end: Moment, lines: _Lines) -> Step:
    read = {(*c.key, c.taken_at) for c in start.info.coverage}
    moved = end.info.taken_at > start.info.taken_at
    old = tuple(c for c in end.info.coverage if moved and (*c.key, c.taken_at) in read)
    return Step(start, end, dict(of.figures), lines.counts(), total(of.end.unverified), old)


def _described(of: Period, recorded: Moment, lines: list[_Line]) -> list[Entry]:
    """Return an entry for each line: the item, why it opened or closed, and when."""
    if not lines:
        return []
    opened = [line for line in lines if line.amount > 0]
    closed = [line for line in lines if line.amount <= 0]
    new = items(of.end, np.array([line.place for line in opened], np.int64))
    old = items(of.start, np.array([line.place for line in closed], np.int64))
    causes = Causes(of, [*new, *old])
    return [
        *(_opened(of, recorded, causes, *pair) for pair in zip(opened, new, strict=True)),
        *(_closed(of, recorded, causes, *pair) for pair in zip(closed, old, strict=True)),
    ]


def _opened(of: Period, recorded: Moment, causes: Causes, line: _Line, item: Item) -> Entry:
    rows = of.end.debt.rows
    row = int(of.end.row[line.place])
    unit, since = int(of.end.unit_of[rows.entitlement[row]]), int(rows.since[row])
    cause = causes.opened(item, unit, since)
    if line.kind == SEEN:
        cause = replace(cause, words=causes.by_coverage(item, appeared=True))
    return _entry(line, recorded, item, cause)


def _closed(of: Period, recorded: Moment, causes: Causes, line: _Line, item: Item) -> Entry:
    row = int(of.start.row[line.place])
    unit = int(of.start.unit_of[of.start.debt.rows.entitlement[row]])
    cause = causes.closed(item, unit)
    if line.kind == UNSEEN:
        words = causes.by_coverage(item, appeared=False)
        cause = Cause(words, cause.facts, of.end.posture.graph.now)
    return _entry(line, recorded, item, cause)


def _entry(line: _Line, recorded: Moment, item: Item, cause: Cause) -> Entry:
    at = None if cause.at == NEVER else pd.Timestamp(cause.at, unit="ms", tz="UTC")
    name = _name(line.kind, f"{line.key:016x}", recorded)
    return Entry(
        id=name,
        kind=line.kind,
        at=at,
        recorded=recorded,
        item=item,
        amount=line.amount,
        cause=cause.words,
        facts=cause.facts,
    )


def _name(kind: str, about: str, shown: Moment | None = None) -> str:
    """Return the id of an entry: a hash of its content, equal for equal histories."""
    when = [shown.at.isoformat(), shown.info.sequence] if shown else []
    return f"L-{hashlib.sha256(canonical([kind, about, *when]).encode()).hexdigest()[:16]}"


def _lost_sources(of: Period, recorded: Moment) -> list[Entry]:
    """Return an entry for each scope that is gone or declares less, which repays no debt."""
    old, new = of.start.posture.graph.coverage, of.end.posture.graph.coverage
    now = {c.key: c.declares for c in new}
    amount = total(of.start.amount[of.retired[of.unseen]])
    entries = []
    for c in old:
        gone = sorted(set(c.declares) - set(now.get(c.key, ())))
        if c.key in now and not gone:
            continue
        kinds = ", ".join(gone)
        loss = f"ceased to declare {kinds}" if c.key in now else "is no longer read"
        words = f"evidence lost: {c.source}/{c.scope} {loss}; what it showed is not repaid"
        name = _name(UNSEEN, canonical([*c.key, kinds]), recorded)
        entries.append(
            Entry(name, UNSEEN, recorded.at, recorded, None, 0.0, words, (), None, amount)
        )
    return entries


def _accepted(history: History, start: Moment, end: Moment) -> list[Entry]:
    """Return an entry for each acceptance, and for each lapse or withdrawal of one."""
    if history.journal is None:
        return []
    entries = []
    first = start == oldest(history)  # an acceptance at the oldest moment is included
    for acceptance in history.journal.acceptances():
        ends = min(acceptance.until, acceptance.withdrawn_at or acceptance.until)
        word = "withdrawn" if ends < acceptance.until else "the acceptance lapsed"
        for kind, at, words in (
            (ACCEPT, acceptance.since, f"{acceptance.by} accepted it: {acceptance.reason}"),
            (RESUME, ends, word),
        ):
            if start.at < at <= end.at or (first and at == start.at):
                name = _name(kind, f"{acceptance.finding} {acceptance.number}")
                entries.append(
                    Entry(
                        id=name,
                        kind=kind,
                        at=at,
                        recorded=moment_at(history, at),
                        item=None,
                        amount=0.0,
                        cause=words,
                        facts=(),
                        finding=acceptance.finding,
                    )
                )
    return entries
