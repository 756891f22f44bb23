"""Failed reads of a source and scope: the instant, the place and the reason of the last failure.

They change no fact, so no snapshot holds them: they are kept in the journal's file until that
source and scope are read again. Whatever shows the older facts of the scope reports the failure.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

import pandas as pd

from graph.journal.place import JournalPlace, reading, writing
from graph.journal.session import replacing
from graph.stores import StoreError
from graph.values import instant, iso

UPLOAD_FOLDER = "trustdebt-upload-"  # how the name of the temporary folder of an upload begins

LISTED = "SELECT source, scope, at, file, place, reason FROM failed ORDER BY source, scope"
KEEP = replacing("failed", ("source", "scope"), "at", "file", "place", "reason")


@dataclass(frozen=True, slots=True)
class FailedRead:
    """The last failed read of one scope of a source; the scope is "" where it is unknown.

    `at` is the instant of the failure; `file`, `place` and `reason` are those of the error.
    """

    source: str
    scope: str
    at: pd.Timestamp
    file: str
    place: str
    reason: str

    @property
    def key(self) -> tuple[str, str]:
        """Source and scope."""
        return self.source, self.scope

    @property
    def name(self) -> str:
        """Source and scope as one text."""
        return "/".join(part for part in self.key if part)

    @property
    def because(self) -> str:
        """File, place and reason of the failure in one line."""
        where = ", ".join(part for part in (self.file, self.place) if part)
        return f"{where}: {self.reason}" if where else self.reason

    def record(self) -> dict[str, str]:
        """Return the failed read as a dict for JSON."""
        return {
            "source": self.source,
            "scope": self.scope,
            "failed_at": iso(self.at),
            "file": self.file,
            "place": self.place,
            "reason": self.reason,
        }


def failed_reads(
    journal: JournalPlace, until: pd.Timestamp | None = None
) -> tuple[FailedRead, ...]:
    """Return the reads that failed, and have not succeeded since, by source and scope.

    Failures after the instant `until` are left out.

    Raises
    ------
    StoreError
        The file beside the store is damaged, locked, or of another program.
    """
    with reading(journal) as db:
        rows = db.execute(LISTED).fetchall() if db is not None else []
    failures = [FailedRead(s, c, instant(at), *error) for s, c, at, *error in rows]
    return tuple(f for f in failures if until is None or f.at <= until)


def keep_failed(journal: JournalPlace, failed: Iterable[FailedRead]) -> bool:
    """Save failed reads, each replacing the last one of its source and scope.

    They are only shown: if they cannot be saved, the result is False and nothing is raised.
    """
    rows = [(f.source, f.scope, iso(f.at), f.file, f.place, f.reason) for f in failed]
    with suppress(StoreError):
        with writing(journal) as db:
            db.executemany(KEEP, rows)
        return True
    return False


def end_failed(journal: JournalPlace, read: Iterable[tuple[str, str]]) -> bool:
    """Delete the failures of each source and scope in `read`, which was read or given up.

    A read of any scope also ends a failure of its source in an unknown scope. The result is False
    if the file cannot be written: the failures then stay.
    """
    done = {(s, c) for source, scope in read for s, c in ((source, scope), (source, ""))}
    with suppress(StoreError):
        ended = [f.key for f in failed_reads(journal) if f.key in done]
        if ended:
            with writing(journal) as db:
                db.executemany("DELETE FROM failed WHERE source = ? AND scope = ?", ended)
        return True
    return False
