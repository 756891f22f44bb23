"""What a benchmark is made of: topics, cases, figures, and how they are taken."""

import gc
import importlib
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

PREFIX = "bench_"
SHARE_OF_AGENTS = 0.15  # of the nodes of an estate


@dataclass(frozen=True)
class Size:
    """A generated estate: as files in `estate`, and published in the embedded store `store`."""

    agents: int
    folder: Path

    @property
    def nodes(self) -> int:
        """About so many nodes it has."""
        return round(self.agents / SHARE_OF_AGENTS)

    @property
    def estate(self) -> Path:
        """The folder of its files."""
        return self.folder / "estate"

    @property
    def store(self) -> Path:
        """The embedded store that holds it."""
        return self.folder / "store"


@dataclass(frozen=True)
class Figure:
    """One figure: the median of so many `runs`, and what it may be at most, or has to be at least.

    A limit given at every size is that of the largest; a smaller one has to keep it, too.
    """

    what: str
    value: float
    unit: str
    runs: int = 1
    at_most: float | None = None
    at_least: float | None = None


Case = Callable[[Size], Iterator[Figure]]


@dataclass(frozen=True)
class Topic:
    """Cases that belong together, in this order; each runs in a process of its own.

    `generated` says whether they need the generated estate of their size.
    """

    title: str
    about: str
    order: int
    cases: tuple[Case, ...]
    sizes: tuple[str, ...] = ("10k", "100k")
    generated: bool = True


class Skipped(Exception):
    """A case that cannot run on this machine; the text says what is missing."""


def all_topics() -> dict[str, Topic]:
    """Find the topics: the constant `TOPIC` of each module `bench_*` of this folder."""
    names = sorted(p.stem for p in Path(__file__).parent.glob(f"{PREFIX}*.py"))
    found = {name: importlib.import_module(f"tests.benchmarks.{name}").TOPIC for name in names}
    return dict(sorted(found.items(), key=lambda item: item[1].order))


def wall(work: Callable[[], object]) -> float:
    """Return how long `work` took by the clock, in seconds."""
    gc.collect()
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def each(things: Iterable[T], work: Callable[[T], object]) -> list[float]:
    """Return how long `work` took by the clock for each of many things, in seconds."""
    gc.collect()
    times = []
    for thing in things:
        begun = time.perf_counter()
        work(thing)
        times.append(time.perf_counter() - begun)
    return times


def cpu(work: Callable[[], object]) -> float:
    """Return how much processor time `work` took in this process, in seconds."""
    gc.collect()
    begun = time.process_time()
    work()
    return time.process_time() - begun


def timed(
    what: str, work: Callable[[], object], runs: int = 3, at_most: float | None = None
) -> Figure:
    """Time `work` by the clock, several times."""
    return Figure(what, statistics.median(wall(work) for _ in range(runs)), "s", runs, at_most)


def peak(of: str = "peak memory", who: int = resource.RUSAGE_SELF) -> Figure:
    """Return the most memory that this process ever held."""
    unit = 1 if sys.platform == "darwin" else 1024
    return Figure(of, resource.getrusage(who).ru_maxrss * unit / 1e6, "MB")
