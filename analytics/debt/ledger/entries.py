"""The ledger of trust debt: what opened, closed and grew between two moments of a store.

It is derived from the snapshots, so the same history gives the same ledger, entry by entry, in any
store and any order of rows.
"""

import hashlib
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pandas as pd

from analytics.assumptions.model import Model, model
from analytics.debt.ledger.cause import Cause, Causes, Item, items
from analytics.debt.ledger.lines import SEEN, UNSEEN, Line, Lines
from analytics.debt.ledger.moments import Moment, moment_at, moments, oldest
from analytics.debt.ledger.period import Period
from analytics.debt.ledger.sums import Between, Lost, Sums, compared, period_sums
from analytics.history import History
from graph.facts import Coverage
from graph.instants import NEVER
from graph.journal.entries import Acceptance
from graph.once import once
from graph.values import canonical

ACCEPT, RESUME = "accept", "resume"


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
    steps: list[Step] = []
    entries = _accepted(history, start, end)
    listed, room = len(entries), limit or None
    for earlier, later in reversed(list(pairwise(moments(history, start, end)))):
        between = Between(history, earlier, later)
        sums = period_sums(between, by)
        steps.append(_step(sums, earlier, later))
        listed += sum(sums.counts.values()) + len(sums.lost)
        wanted = None
        if room is not None:  # older acceptances take no room
            newer = sum(_newest(entry) < _newest_of(later) for entry in entries)
            wanted = max(room - newer, 0)
        if wanted != 0:
            entries += _described(compared(between, by), later, wanted)
        entries += [_lost_source(lost, later) for lost in sums.lost]
    figures = steps[0].figures
    if len(steps) > 1:
        figures = period_sums(Between(history, start, end), by).figures
    shown = sorted(entries, key=_newest)[: room or None]
    return Ledger(figures, tuple(steps[::-1]), tuple(shown), listed - len(shown))


def _newest(entry: Entry) -> tuple[object, ...]:
    return *_newest_of(entry.recorded), -abs(entry.amount), entry.id


def _newest_of(moment: Moment) -> tuple[int, int]:
    return -moment.at.value, -moment.info.sequence


# -- entries ------------------------------------------------------------------------------------


def _step(sums: Sums, start: Moment, end: Moment) -> Step:
    read = {(*c.key, c.taken_at) for c in start.info.coverage}
    moved = end.info.taken_at > start.info.taken_at
    old = tuple(c for c in end.info.coverage if moved and (*c.key, c.taken_at) in read)
    return Step(start, end, sums.figures, sums.counts, sums.unverified, old)


def _described(of: Period, recorded: Moment, many: int | None) -> list[Entry]:
    """Return an entry for each of the `many` largest lines (None: all): what happened, and when."""
    lines = Lines.of(of).first(many)
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


def _opened(of: Period, recorded: Moment, causes: Causes, line: Line, item: Item) -> Entry:
    rows = of.end.debt.rows
    row = int(of.end.row[line.place])
    unit, since = int(of.end.unit_of[rows.entitlement[row]]), int(rows.since[row])
    cause = causes.opened(item, unit, since)
    if line.kind == SEEN:
        cause = replace(cause, words=causes.by_coverage(item, appeared=True))
    return _entry(line, recorded, item, cause)


def _closed(of: Period, recorded: Moment, causes: Causes, line: Line, item: Item) -> Entry:
    row = int(of.start.row[line.place])
    unit = int(of.start.unit_of[of.start.debt.rows.entitlement[row]])
    cause = causes.closed(item, unit)
    if line.kind == UNSEEN:
        words = causes.by_coverage(item, appeared=False)
        cause = Cause(words, cause.facts, of.end.posture.graph.now)
    return _entry(line, recorded, item, cause)


def _entry(line: Line, recorded: Moment, item: Item, cause: Cause) -> Entry:
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


def _lost_source(lost: Lost, recorded: Moment) -> Entry:
    """Return the entry for a scope that is gone or declares less, which repays no debt."""
    kinds = ", ".join(lost.kinds)
    loss = "is no longer read" if lost.gone else f"ceased to declare {kinds}"
    words = f"evidence lost: {lost.source}/{lost.scope} {loss}; what it showed is not repaid"
    name = _name(UNSEEN, canonical([lost.source, lost.scope, kinds]), recorded)
    return Entry(name, UNSEEN, recorded.at, recorded, None, 0.0, words, (), None, lost.unseen)


def _accepted(history: History, start: Moment, end: Moment) -> list[Entry]:
    """Return an entry for each acceptance, and for each lapse or withdrawal of one.

    There is none for the end of one while another accepts the same finding, as nothing goes on.
    """
    if history.journal is None:
        return []
    entries = []
    first = start == oldest(history)  # an acceptance at the oldest moment is included
    acceptances = history.journal.acceptances()
    by_finding: dict[str, list[Acceptance]] = {}
    for acceptance in acceptances:
        for finding in (acceptance.finding, *acceptance.also):
            by_finding.setdefault(finding, []).append(acceptance)
    for acceptance in acceptances:
        ends, names = acceptance.ends, (acceptance.finding, *acceptance.also)
        word = "withdrawn" if ends < acceptance.until else "the acceptance lapsed"
        still = any(other.holds(ends) for name in names for other in by_finding[name])
        for kind, at, words in (
            (ACCEPT, acceptance.since, f"{acceptance.by} accepted it: {acceptance.reason}"),
            (RESUME, ends, word),
        ):
            passed = start.at < at <= end.at or (first and at == start.at)
            if passed and not (still and kind == RESUME):
                id_ = _name(kind, f"{acceptance.finding} {acceptance.number}")
                entries.append(
                    Entry(
                        id=id_,
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
