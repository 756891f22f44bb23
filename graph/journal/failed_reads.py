"""Reads that failed: what could not be read when it was last tried, since when, and why.

They change no fact, so no snapshot holds them: they are kept beside the store, in the file of the
journal, until that source and scope are read again. Whatever shows what was read before says so.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from graph.journal.file import reading, writing
from graph.stores import StoreError
from graph.values import instant, iso

TOLD = "SELECT source, scope, at, file, place, reason FROM failed ORDER BY source, scope"


@dataclass(frozen=True, slots=True)
class FailedRead:
    """The last try to read one scope of a source; "" is a scope that nobody named.

    `at` is when it failed; `file`, `place` and `reason` are what the refusal said.
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
        """Source and scope in one word."""
        return "/".join(said for said in self.key if said)

    @property
    def because(self) -> str:
        """Where it failed and why, in one line."""
        where = ", ".join(said for said in (self.file, self.place) if said)
        return f"{where}: {self.reason}" if where else self.reason

    def record(self) -> dict[str, str]:
        """Return it as answers show it."""
        return {
            "source": self.source,
            "scope": self.scope,
            "failed_at": iso(self.at),
            "file": self.file,
            "place": self.place,
            "reason": self.reason,
        }


def failed_reads(journal: Path, until: pd.Timestamp | None = None) -> tuple[FailedRead, ...]:
    """Return the reads that failed, and have not succeeded since, by source and scope.

    Those that failed after the instant `until` are left out.

    Raises
    ------
    StoreError
        The file beside the store is damaged, locked, or not ours.
    """
    with reading(journal) as db:
        rows = db.execute(TOLD).fetchall() if db is not None else []
    found = [FailedRead(s, c, instant(at), *said) for s, c, at, *said in rows]
    return tuple(f for f in found if until is None or f.at <= until)


def keep_failed(journal: Path, failed: Iterable[FailedRead]) -> bool:
    """Keep reads that failed, each in the place of the one before it.

    They are only shown, so false, and no error, when they cannot be kept.
    """
    rows = [(f.source, f.scope, iso(f.at), f.file, f.place, f.reason) for f in failed]
    with suppress(StoreError):
        with writing(journal) as db:
            db.executemany("INSERT OR REPLACE INTO failed VALUES (?, ?, ?, ?, ?, ?)", rows)
        return True
    return False


def end_failed(journal: Path, read: Iterable[tuple[str, str]]) -> bool:
    """Forget what failed of each source and scope in `read`, as they are read or given up.

    A read of any scope ends a failure of its source in a scope that nobody named. False when
    that cannot be written: they then stay told.
    """
    done = {(s, c) for source, scope in read for s, c in ((source, scope), (source, ""))}
    with suppress(StoreError):
        ended = [f.key for f in failed_reads(journal) if f.key in done]
        if ended:
            with writing(journal) as db:
                db.executemany("DELETE FROM failed WHERE source = ? AND scope = ?", ended)
        return True
    return False
