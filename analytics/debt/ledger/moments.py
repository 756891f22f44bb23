"""Moments of a ledger: snapshots, each at an instant."""

from dataclasses import dataclass

import pandas as pd

from analytics.history import History, Unread
from graph.stores import NoSuchSnapshot, SnapshotInfo, last_of_each_instant


@dataclass(frozen=True)
class Moment:
    """A snapshot, and the instant at which it is judged."""

    info: SnapshotInfo
    at: pd.Timestamp

    @property
    def order(self) -> tuple[pd.Timestamp, pd.Timestamp, int, int]:
        """The sort key of moments: the instant, then the order of publication."""
        return self.at, *self.info.order

    def of(self, history: History) -> Unread:
        """Return its posture in the history that it belongs to, not read yet."""
        return Unread(history, self.info, self.at)


def moment_at(history: History, instant: pd.Timestamp) -> Moment:
    """Return the newest snapshot taken at or before an instant, judged at that instant."""
    known = [i for i in history.infos if i.taken_at <= instant]
    if not known:
        raise NoSuchSnapshot(f"no snapshot is of {instant.isoformat()} or before")
    return Moment(max(known, key=lambda i: i.order), instant)


def oldest(history: History) -> Moment:
    """Return the oldest moment of the store."""
    first = last_of_each_instant(history.infos)[0]
    return Moment(first, first.taken_at)


def moments(history: History, start: Moment, end: Moment) -> list[Moment]:
    """Return the two ends and, in between, the snapshots at the instants they were taken.

    Those after the snapshot of the end are left out: it is judged later without them. Of several
    with the same instant, the last one published counts.
    """
    known = last_of_each_instant(i for i in history.infos if i.order <= end.info.order)
    between = [Moment(i, i.taken_at) for i in known]
    return [start, *(m for m in between if start.order < m.order < end.order), end]
