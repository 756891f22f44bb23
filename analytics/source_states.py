"""The state of each source and scope of a store, without reading a snapshot."""

from collections.abc import Iterable
from contextlib import closing
from typing import Any

import pandas as pd

from graph.facts import Coverage
from graph.journal.failed_reads import FailedRead, end_failed, failed_reads
from graph.journal.place import journal_path
from graph.journal.rejected_rows import RejectedRows, rejected_rows
from graph.stores import open_store
from graph.values import iso

COMPLETE, PARTIAL, FAILED = "complete", "partial", "failed"


def covered(
    coverage: Iterable[Coverage], failed: Iterable[FailedRead], now: pd.Timestamp
) -> list[dict[str, Any]]:
    """Return the row of each source and scope, with its state and its age."""
    lost = {failure.key: failure for failure in failed}
    return [c.record() | _state(c, lost.get(c.key), now) for c in coverage]


def age_days(taken_at: pd.Timestamp, now: pd.Timestamp) -> int:
    """Return the whole days since `taken_at`; 0 where a clock runs ahead.

    >>> age_days(pd.Timestamp("2026-02-05", tz="UTC"), pd.Timestamp("2026-02-07T23:00Z"))
    2
    """
    return max((now - taken_at).days, 0)


def _state(coverage: Coverage, failed: FailedRead | None, now: pd.Timestamp) -> dict[str, Any]:
    state = FAILED if failed else COMPLETE if coverage.complete else PARTIAL
    return {
        "state": state,
        "age_days": age_days(coverage.taken_at, now),
        "failed_at": iso(failed.at) if failed else None,
        "failed_because": failed.because if failed else None,
    }


def scopes_of(
    now: pd.Timestamp, uri: str | None = None, forget: str | None = None
) -> list[dict[str, Any]]:
    """Return the current coverage by the sources of a store, also those that were never read.

    `unread` lists the files that the last read could not read: for them it is partial. `forget`
    names a source and scope, as `SOURCE/SCOPE`, whose failure is no longer reported. The list is
    empty where there is no store yet.

    Raises
    ------
    StoreError
        The store, or the journal beside it, is damaged or cannot be reached.
    """
    journal = journal_path(uri)
    if forget is not None:
        with closing(open_store(uri)) as opened:
            opened.require_key()
        source, _, scope = forget.partition("/")
        end_failed(journal, [(source, scope)])
    with closing(open_store(uri)) as opened:
        current = opened.current()
    failed = failed_reads(journal)
    known = covered(current.coverage, failed, now) if current else []
    rejected = rejected_rows(current.id, uri) if current else ()
    unread = {(rows.source, rows.scope): _files(rows) for rows in rejected}
    known = [row | {"unread": unread.get((row["source"], row["scope"]), [])} for row in known]
    read = {(row["source"], row["scope"]) for row in known}
    return known + [_never_read(failure) for failure in failed if failure.key not in read]


def _files(rejected: RejectedRows) -> list[dict[str, str]]:
    return [dict(zip(("file", "place", "reason"), entry, strict=True)) for entry in rejected.unread]


def _never_read(failed: FailedRead) -> dict[str, Any]:
    scope = {"source": failed.source, "scope": failed.scope, "state": FAILED}
    absent = dict.fromkeys(("taken_at", "age_days", "taken_at_assumed", "usage_window_start"))
    failure = {"failed_at": iso(failed.at), "failed_because": failed.because, "unread": []}
    return scope | {"complete": False, "declares": []} | absent | failure
