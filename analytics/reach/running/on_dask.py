"""Blocks of columns on the workers of a Dask cluster, where one machine lacks the memory.

Each worker holds the closure once and counts some of the blocks; the counts add up here. The only
shared state is the closure, which never changes, so what a lost worker had not finished is done
again by another: the counts are integers, and the same in whatever order they come.

https://distributed.dask.org/en/stable/resilience.html
"""

import hashlib
import re
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from analytics.reach.running.execution import Block, Executor, Work, serial
from graph.machine.engines import ANSWERS, EngineUnavailable, WrongEngine, first_bytes

if TYPE_CHECKING:
    import distributed

EACH = 0.5  # seconds between two looks, so that a budget can end the wait
GROUPS = 4  # of blocks for each thread of a worker: what is lost with a worker is a part
LONGEST = 1 << 20  # bytes of the greeting of a scheduler
LOSSES = 3  # times that the closure is sent anew, after all workers that held it were lost
ADDRESS = re.compile(
    r"(?P<kind>tcp|tls)://(?P<host>\[[0-9a-fA-F:.]+\]|[^/:\[\]]+):(?P<port>\d{1,5})"
)
EXTRA = "pip install 'trustdebt[dask]'"


@contextmanager
def on_dask(address: str) -> Iterator[Executor]:
    """Connect to the scheduler at an address (`tcp://`, or `tls://` as Dask is configured).

    Raises
    ------
    WrongEngine
    EngineUnavailable
        Dask is not installed, nothing answers, or a worker lacks this code or has another state of
        it.
    """
    try:
        from distributed import Client
    except ImportError:
        raise EngineUnavailable(f"the engine dask needs an extra: {EXTRA}") from None
    _reach(address)
    try:
        client = Client(address, timeout=ANSWERS, set_as_default=False)
    except OSError:
        raise EngineUnavailable(f"no Dask scheduler answers at {address}") from None
    with client:
        _check(client, address)
        yield partial(_count, client)


def _reach(address: str) -> None:
    """Refuse an address that is none, or at which no scheduler speaks: Dask would wait for ever."""
    parts = ADDRESS.fullmatch(address)
    if parts is None:
        raise WrongEngine("the scheduler of Dask is named as tcp://HOST:PORT")
    greets = parts["kind"] == "tcp"  # with the length of what follows; in TLS we speak first
    first = first_bytes(parts["host"].strip("[]"), int(parts["port"]), 8 if greets else 0)
    length = int.from_bytes(first or b"", "little")
    if first is None or (greets and not (len(first) == 8 and length <= LONGEST)):
        raise EngineUnavailable(f"no Dask scheduler answers at {address}")


def _check(client: "distributed.Client", address: str) -> None:
    """Refuse a cluster without workers, or with workers of another state of the code."""
    try:
        client.wait_for_workers(1, timeout=ANSWERS)
    except TimeoutError:
        raise EngineUnavailable(f"the Dask scheduler at {address} has no workers") from None
    own, states = state_of_code(), client.run(state_of_code, on_error="return")
    for worker, state in sorted(states.items()):
        if isinstance(state, Exception):
            raise EngineUnavailable(f"the Dask worker {worker} has no trustdebt: {EXTRA}")
        if state != own:
            raise EngineUnavailable(f"the Dask worker {worker} has another state of trustdebt")


def state_of_code() -> str:
    """Return a hash of the code that counts, and of which numpy packs its arrays."""
    digest = hashlib.sha256(np.__version__.encode())
    for file in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _count(client: "distributed.Client", work: Work, blocks: list[Block]) -> Iterator[np.ndarray]:
    """Yield the sums of groups of blocks, in any order."""
    if len(blocks) < 2:
        yield from serial(work, blocks)
        return
    threads = max(sum(client.nthreads().values()), 1)
    left = _groups(_parts(blocks, threads), GROUPS * threads)
    for _ in range(LOSSES):
        shared = client.scatter(work, broadcast=True, hash=False)
        futures = {client.submit(total_of, shared, group, pure=False): group for group in left}
        left = []
        for future, group in _done(client, futures):
            counts = _result(future)
            if counts is None:
                left.append(group)
            else:
                yield counts
        if not left:
            return
    raise EngineUnavailable(f"the workers of Dask were lost {LOSSES} times in one answer")


def total_of(work: Work, blocks: list[Block]) -> np.ndarray:
    """Return the sum of the counts of blocks; runs on a worker."""
    total = work(blocks[0])
    for block in blocks[1:]:
        total += work(block)
    return total


def _parts(blocks: list[Block], least: int) -> list[Block]:
    """Halve blocks until there are at least so many, or none can be halved.

    >>> _parts([(0, 5), (5, 6)], 3)
    [(0, 2), (2, 5), (5, 6)]
    """
    while len(blocks) < least and any(high - low > 1 for low, high in blocks):
        edges = [(low, (low + high) // 2, high) for low, high in blocks]
        halves = [pair for low, at, high in edges for pair in ((low, at), (at, high))]
        blocks = [(low, high) for low, high in halves if low < high]
    return blocks


def _groups(blocks: list[Block], count: int) -> list[list[Block]]:
    """Share blocks out in runs of nearly equal length.

    >>> _groups([(0, 1), (1, 2), (2, 3)], 2)
    [[(0, 1)], [(1, 2), (2, 3)]]
    """
    count = min(count, len(blocks))
    edges = [len(blocks) * at // count for at in range(count + 1)]
    return [blocks[low:high] for low, high in pairwise(edges)]


def _done(
    client: "distributed.Client", futures: dict[Any, list[Block]]
) -> Iterator[tuple[Any, list[Block]]]:
    """Yield futures that are over as they come, and let go of each."""
    from distributed import wait

    while futures:
        with client.as_current(), suppress(TimeoutError, CancelledError):
            wait(list(futures), timeout=EACH, return_when="FIRST_COMPLETED")
        for future in [each for each in futures if each.done()]:
            yield future, futures.pop(future)
            future.release()


def _result(future: Any) -> np.ndarray | None:
    """Return the counts; None if all workers that held the closure, or the counts, were lost."""
    from distributed.scheduler import KilledWorker

    if future.cancelled():
        return None
    try:
        counts: np.ndarray = future.result()
    except CancelledError:  # it was counted, and lost before it was fetched
        return None
    except KilledWorker:
        reason = "the workers of Dask end while they count; they may lack memory"
        raise EngineUnavailable(reason) from None
    return counts
