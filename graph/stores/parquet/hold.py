"""File locks of the embedded store; the kernel releases them when the process ends."""

import errno
import fcntl
import os
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from weakref import WeakValueDictionary

from graph.stores import NoSuchSnapshot, StoreBusy, StoreUnavailable

MOST_HOLDS = 128  # files that one reader keeps open at most: the oldest, which are pruned first


class Hold:
    """A lock on the manifest of a snapshot that prevents its pruning while it lives.

    Raises
    ------
    NoSuchSnapshot
        It was pruned meanwhile.
    """

    def __init__(self, uri: str, manifest: Path) -> None:
        handles: list[int] = []
        self._closer = weakref.finalize(self, _close, handles)
        try:
            handles.append(os.open(manifest, os.O_RDONLY))
            fcntl.flock(handles[-1], fcntl.LOCK_SH)  # waits for a prune, which is short
            gone = manifest.stat().st_ino != os.fstat(handles[-1]).st_ino
        except OSError as error:
            gone = error.errno == errno.ENOENT
            if not gone:
                raise StoreUnavailable(f"{uri} cannot be read: {error.strerror}") from error
        if gone:
            self._closer()
            raise NoSuchSnapshot(f"{manifest.parent.name} was pruned")
        self.file = _file_of(os.fstat(handles[-1]))


_LIVING: WeakValueDictionary[tuple[int, int], Hold] = WeakValueDictionary()


def hold_on(uri: str, manifest: Path) -> Hold:
    """Return the lock on a snapshot, one for all readers of this process.

    Raises
    ------
    NoSuchSnapshot
        It was pruned meanwhile.
    """
    with suppress(OSError):
        living = _LIVING.get(_file_of(manifest.stat()))
        if living is not None:
            return living
    made = Hold(uri, manifest)
    _LIVING[made.file] = made
    return made


def _file_of(stat: os.stat_result) -> tuple[int, int]:
    return stat.st_dev, stat.st_ino


def _close(handles: list[int]) -> None:
    for handle in handles:
        os.close(handle)


def wait_for(lock: int, wait: float, uri: str) -> None:
    """Take the lock of ingests, or raise `StoreBusy` after `wait` seconds."""
    end = time.monotonic() + wait
    while True:
        try:
            return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= end:
                raise StoreBusy(f"{uri}: another ingest holds the store") from None
            time.sleep(0.05)


@contextmanager
def unread(manifest: Path) -> Iterator[bool]:
    """Yield whether a snapshot has no holders; if so, it gets none until the block ends."""
    handle = os.open(manifest, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        free = True
    except BlockingIOError:
        free = False
    try:
        yield free
    finally:
        os.close(handle)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a folder's own lock, which every change of the anchor takes briefly."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
