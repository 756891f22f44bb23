"""A year of daily snapshots of which 1 % changes: its size, packing, reading and questions."""

import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from analytics.answers.board.trend import trend
from analytics.answers.drift import drift
from analytics.answers.kpis import kpis
from analytics.answers.ledger import since_the_oldest
from analytics.answers.revocation import revocation
from analytics.history import open_posture
from analytics.posture import Posture
from graph.element import Element, Relationship
from graph.facts import Facts
from graph.schema import ELEMENTS, RELATIONSHIPS
from graph.stores.parquet.store import ParquetStore
from tests.benchmarks.estate_of_grants import EACH, estate_of_grants
from tests.benchmarks.measure import Figure, Size, Topic, cpu, peak

DAYS, CHANGED = 365, 0.01
ALTERED, ADDED, REMOVED = 0.6, 0.2, 0.2  # parts of what changes
PER_AGENT = 13.45  # relationships of the estate
QUESTIONS: dict[str, Callable[[Posture], object]] = {
    "ledger": since_the_oldest,
    "drift": lambda posture: drift(posture, None, 50),
    "kpis": kpis,
    "revocation": lambda posture: revocation(posture, None, 50),
    "trend": trend,
}
ASKED_ABOUT = 3_000  # relationships
SIDE_READS = 12  # days that are read back


def year(size: Size) -> Iterator[Figure]:
    """Publish and pack day by day, as the ingest job does."""
    yield from figures(round(size.nodes * PER_AGENT / 4), DAYS)
    yield from asking(ASKED_ABOUT, DAYS)


def figures(relationships: int, days: int) -> Iterator[Figure]:
    """Measure so many days of an estate of about so many relationships."""
    with tempfile.TemporaryDirectory() as folder:
        store, rng = ParquetStore(folder), np.random.default_rng(7)
        facts = estate_of_grants(round(relationships / PER_AGENT * EACH))
        packing, sizes = [], []
        for day in range(days + 1):
            facts = dated(changed(facts, day, rng) if day else facts, day)
            with store.lease() as lease:
                info, _ = store.publish(facts, lease)
                sizes.append(size_of(Path(folder) / "snapshots" / info.id))
                packing.append(cpu(lambda lease=lease: store.pack(lease)))
        count = sum(info.relationships.values())
        yield Figure("relationships", count, "")
        yield Figure("days", days, "")
        yield Figure("one snapshot", sizes[-1] / 1e6, "MB")
        everything = size_of(Path(folder))
        yield Figure("all of them, packed", everything / 1e6, "MB")
        yield Figure("all of them against one", everything / sizes[-1], "x", 1, 10.0)
        yield Figure("files", sum(p.is_file() for p in Path(folder).rglob("*")), "")
        yield Figure("packing a day, processor time", statistics.median(packing[2:]), "s", days)
        yield Figure("the same, longest", max(packing), "s", days)
        yield from reading(folder)
        yield peak()


def reading(folder: str) -> Iterator[Figure]:
    """Read days back, and the current one, to the last column."""
    ids = [info.id for info in ParquetStore(folder).snapshots()]
    some = [ids[at * (len(ids) - 2) // (SIDE_READS - 1)] for at in range(SIDE_READS)]
    current = statistics.median(cpu(lambda: read(folder, ids[-1])) for _ in range(5))
    older = [cpu(lambda id_=id_: read(folder, id_)) for id_ in some]
    yield Figure("reading the current snapshot, processor time", current, "s", 5)
    yield Figure("reading an older one, median", statistics.median(older), "s", SIDE_READS)
    yield Figure("the same against the current one", statistics.median(older) / current, "x")
    yield Figure("the longest against it", max(older) / current, "x", 1, 3.0)


def asking(relationships: int, days: int) -> Iterator[Figure]:
    """Ask what rests on the history, for the first time, and once a further day is there."""
    with tempfile.TemporaryDirectory() as folder:
        store, rng = ParquetStore(folder), np.random.default_rng(7)
        facts = dated(estate_of_grants(round(relationships / PER_AGENT * EACH)), 0)
        for day in range(1, days + 1):
            publish(store, facts)
            facts = dated(changed(facts, day, rng), day)
        first = asked(folder)
        publish(store, facts)
        yield Figure("relationships of the estate asked about", sum(facts.counts()[1].values()), "")
        for name, again in asked(folder).items():
            yield Figure(f"{name}, nothing kept, processor time", first[name], "s")
            yield Figure(f"{name}, after a further day", again, "s", 1, 10.0)


def publish(store: ParquetStore, facts: Facts) -> None:
    """Publish a day and pack the one before."""
    with store.lease() as lease:
        store.publish(facts, lease)
        store.pack(lease)


def asked(folder: str) -> dict[str, float]:
    """Return the processor time of each question, one after the other."""
    return {name: cpu(lambda ask=ask: ask(open_posture(folder))) for name, ask in QUESTIONS.items()}


def read(folder: str, id_: str) -> None:
    """Read all frames of a snapshot."""
    facts = ParquetStore(folder).read(id_)[1]
    for element in ELEMENTS:
        assert facts.frames[element] is not None


def changed(facts: Facts, day: int, rng: np.random.Generator) -> Facts:
    """Return facts of which a hundredth of the rows is another: altered, added or removed."""
    frames = {}
    for element, frame in facts.frames.items():
        frames[element] = _changed(frame, element, day, rng) if len(frame) else frame
    return Facts(frames, facts.coverage)


def _changed(
    frame: pd.DataFrame, element: Element, day: int, rng: np.random.Generator
) -> pd.DataFrame:
    count = len(frame)
    rows = rng.choice(count, round(count * CHANGED * ALTERED), replace=False)
    frame = frame.copy()
    if "name" in frame:
        frame.iloc[rows, frame.columns.get_loc("name")] = [f"renamed {day} {n}" for n in rows]
    else:
        frame.iloc[rows, frame.columns.get_loc("valid_from")] = frame["last_seen"].iloc[0]
    if not isinstance(element, Relationship):
        return frame
    gone = rng.choice(count, round(count * CHANGED * REMOVED), replace=False)
    copied = rng.choice(count, round(count * CHANGED * ADDED), replace=False)
    more = frame.iloc[copied].copy()
    more["id"] = more["id"] + f"-{day}"
    more["first_seen"] = frame["last_seen"].iloc[0]
    more.index = more.index + 0.5  # beside the row that it was copied from
    kept = frame.drop(index=gone)
    return pd.concat([kept, more]).sort_index(kind="stable").reset_index(drop=True)


def dated(facts: Facts, day: int) -> Facts:
    """Return facts as a complete reading of a day has them, with the line of each row."""
    coverage = tuple(
        replace(c, taken_at=(c.taken_at + pd.Timedelta(days=1 if day else 0)).as_unit("ms"))
        for c in facts.coverage
    )
    at = coverage[0].taken_at
    frames = {
        e: f.assign(last_seen=pd.Series(at, f.index, dtype=f["last_seen"].dtype))
        if "last_seen" in f and len(f)
        else f
        for e, f in facts.frames.items()
    }
    origins = {r: lines(r, len(frames[r]), day) for r in RELATIONSHIPS if len(frames[r])}
    return Facts(frames, coverage, origins=origins)


def lines(relationship: Relationship, count: int, day: int) -> pd.DataFrame:
    """Return the line of each row in the file of a day."""
    place = "line " + pd.Series(np.arange(2, count + 2)).astype("string")
    file = pd.Series(f"{relationship.name}-{day:03d}.csv", place.index, dtype="string")
    return pd.DataFrame({"file": file, "place": place})


def size_of(folder: Path) -> int:
    """Return the bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


TOPIC = Topic(
    "A year of history",
    "Each day 1 % of all rows change: six of ten of them are altered, two added in the middle, two "
    "removed; every row is seen again, and is from a file of that day. A snapshot is published and "
    "the one before is packed, as an ingest does. Sizes are those of all files of the store. "
    "Questions are asked of a smaller estate one after another, so that each finds what those "
    "before it kept; then once more after one further day.",
    22,
    (year,),
    generated=False,
)

if __name__ == "__main__":
    ask = asking if sys.argv[3:] == ["asking"] else figures
    for figure in ask(int(sys.argv[1]), int(sys.argv[2])):
        print(figure.what, round(figure.value, 3), figure.unit, flush=True)
