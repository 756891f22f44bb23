"""Where blocks of columns are counted: in this process, or by an engine that was connected to."""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar

import numpy as np

Block = tuple[int, int]
Work = Callable[[Block], np.ndarray]
Executor = Callable[[Work, list[Block]], Iterable[np.ndarray]]  # arrays that add up to the whole


def serial(work: Work, blocks: list[Block]) -> Iterator[np.ndarray]:
    """Process one block after the other."""
    return map(work, blocks)


def threads(work: Work, blocks: list[Block]) -> Iterable[np.ndarray]:
    """Process blocks in parallel; the compiled code releases the interpreter lock."""
    if len(blocks) < 2:
        yield from serial(work, blocks)
        return
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield from pool.map(work, blocks)


_executor: ContextVar[Executor] = ContextVar("executor", default=threads)


def executor() -> Executor:
    """Return what counts blocks now: threads, unless `counted_by` says otherwise."""
    return _executor.get()


@contextmanager
def counted_by(execute: Executor) -> Iterator[None]:
    """Count blocks by `execute` in the body of a `with` statement."""
    token = _executor.set(execute)
    try:
        yield
    finally:
        _executor.reset(token)
