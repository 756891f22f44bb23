"""Histories in memory: what a store would keep of several states of small estates."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from analytics.debt.ledger.entries import Entry, Ledger, ledger
from analytics.debt.ledger.moments import Moment, moment_at
from analytics.history import History
from graph.facts import Facts
from graph.journal.journal import Journal
from graph.stores import SnapshotInfo
from tests.support.estates.small_estates import Estate, together


def info_of(facts: Facts, sequence: int, recorded_at: pd.Timestamp | None = None) -> SnapshotInfo:
    """Describe a snapshot as a store would."""
    nodes, relationships = facts.counts()
    return SnapshotInfo(
        f"{sequence:06d}-{facts.hash[:16]}",
        sequence,
        facts.taken_at,
        facts.taken_at if recorded_at is None else recorded_at,
        facts.hash,
        facts.coverage,
        nodes,
        relationships,
    )


def history_of(
    *states: Facts | Estate | Sequence[Estate],
    recorded: Sequence[pd.Timestamp] = (),
    journal: Path | None = None,
) -> History:
    """Keep states, oldest first, as snapshots; each is recorded when it was taken, if not said."""
    kept = {}
    for number, state in enumerate(states, 1):
        if isinstance(state, Estate):
            state = [state]
        facts = state if isinstance(state, Facts) else together(*state)
        info = info_of(facts, number, recorded[number - 1] if recorded else None)
        kept[info.id] = info, facts
    infos = [info for info, _ in kept.values()]
    return History(infos, kept.__getitem__, None if journal is None else Journal(journal))


def books(
    history: History,
    since: pd.Timestamp | None = None,
    until: pd.Timestamp | None = None,
    limit: int = 0,
) -> Ledger:
    """Keep the books of a history between two instants, by default from end to end."""
    first, last = history.infos[0], history.infos[-1]
    start = moment_at(history, since) if since else Moment(first, first.taken_at)
    end = moment_at(history, until) if until else Moment(last, last.taken_at)
    return ledger(history, start, end, limit)


def lines(of: Ledger) -> list[tuple[str, str | None, pd.Timestamp | None, str]]:
    """Return kind, assumption, instant and cause of each entry."""
    return [(e.kind, e.item and e.item.assumption, e.at, e.cause) for e in of.entries]


def only(of: Ledger) -> Entry:
    """Return the only entry."""
    (entry,) = of.entries
    return entry
