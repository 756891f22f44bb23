"""Ingest of the native estate: files that are read, checked, redacted and published."""

import itertools
from collections.abc import Iterator

from graph.stores import open_store
from ingest.job.run import ingest
from ingest.source import Request
from ingest.sources import all_sources
from tests.benchmarks.measure import Figure, Size, Topic, peak, timed


def from_files(size: Size) -> Iterator[Figure]:
    """Time files to a published snapshot, each time into an empty store."""
    numbers = itertools.count()
    jobs = [(all_sources()["estate"], Request([size.estate]))]

    def run() -> None:
        done = ingest(open_store(str(size.folder / f"ingest-{next(numbers)}")), jobs)
        assert done.published
        assert not done.quarantined

    yield timed("files to a published snapshot", run)
    yield peak()


TOPIC = Topic(
    "Ingest",
    "A native estate of CSV and JSON lines, read, checked, redacted and published to an empty "
    "embedded store.",
    10,
    (from_files,),
)
