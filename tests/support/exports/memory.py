"""A store without a disk, for tests of what the job makes of a reading."""

from collections.abc import Iterator
from contextlib import contextmanager

import pandas as pd

from graph.facts import Facts
from graph.stores import Lease, SnapshotInfo


class Memory:
    """A store that forgets: what is read goes through the job, and not to a disk."""

    keeps = 1

    def __init__(self, uri: str = "") -> None:
        self.uri = uri  # beside which failed reads are remembered
        self.facts: Facts | None = None

    def current(self) -> SnapshotInfo | None:  # noqa: D102 - those of `graph.stores.Store`
        return self.read()[0] if self.facts else None

    def read(self, snapshot: str | None = None) -> tuple[SnapshotInfo, Facts]:  # noqa: D102
        assert self.facts is not None
        f = self.facts
        info = SnapshotInfo(
            f.hash, 1, f.taken_at, pd.Timestamp.now("UTC"), f.hash, f.coverage, *f.counts()
        )
        return info, f

    @contextmanager
    def lease(self, wait: float = 0.0) -> Iterator[Lease]:  # noqa: D102
        yield Lease(1, "test")

    def publish(self, facts: Facts, lease: Lease, behind: None) -> tuple[SnapshotInfo, bool]:  # noqa: D102
        self.facts = facts  # a log adds up: it never goes behind
        return self.read()[0], True

    def snapshots(self) -> list[SnapshotInfo]:  # noqa: D102
        return [self.read()[0]] if self.facts else []

    def prune(self, keep: int, lease: Lease) -> list[str]:  # noqa: D102
        return []

    def pack(self, lease: Lease) -> None:  # noqa: D102
        return None
