"""Exports read late, several in a job: each instant has what was read of each scope by then."""

import tempfile
from pathlib import Path

import pandas as pd
from hypothesis import example, given, settings
from hypothesis import strategies as st

from graph.schema import AGENT
from graph.stores import in_history
from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from tests.support.estates.small_estates import AS_OF, Estate
from tests.support.search import worlds

SCOPES, LAST = "abc", 6
READS = st.permutations([(scope, day) for scope in SCOPES for day in range(1, LAST)])
SIZES = st.lists(st.integers(1, 4), min_size=2, max_size=3)


def jobs(reads: list[tuple[str, int]], sizes: list[int]) -> list[dict[str, int]]:
    """Deal reads out to jobs of these sizes, each scope at most once in a job."""
    dealt: list[dict[str, int]] = []
    for size in sizes:
        own = dict(reads[:size])
        reads = [each for each in reads if each not in own.items()]
        dealt.append(own)
    return dealt


@settings(max_examples=worlds(2, 60), deadline=None)
@given(READS, SIZES)
@example([("c", 5), ("a", 5), ("a", 1), ("b", 5)], [1, 1, 2])
def test_each_instant_has_what_was_read_of_each_scope(
    reads: list[tuple[str, int]], sizes: list[int]
) -> None:
    made = [dict.fromkeys(SCOPES, LAST), *jobs(reads, sizes)]
    with tempfile.TemporaryDirectory() as folder:
        store = ParquetStore(Path(folder) / "store")
        for each in made:
            ingest(store, [_state(*read).job() for read in each.items()])
        shown = {i.taken_at: _agents(store, i.id) for i in in_history(store.snapshots())}
    known = {read for each in made for read in each.items()}
    expected = {
        _at(day): {s: f"{s}{max(d)}" for s in SCOPES if (d := _days(known, s, day))}
        for _, day in known
    }
    assert shown == expected


def _days(known: set[tuple[str, int]], scope: str, until: int) -> list[int]:
    return [day for of, day in known if of == scope and day <= until]


def _at(day: int) -> pd.Timestamp:
    return AS_OF + pd.Timedelta(days=day)


def _state(scope: str, day: int) -> Estate:
    return Estate(_at(day), scope=scope).agent(f"{scope}{day}")


def _agents(store: ParquetStore, snapshot: str) -> dict[str, str]:
    frame = store.read(snapshot)[1].frames[AGENT]
    return dict(zip(frame["scope"], frame["id"], strict=True))
