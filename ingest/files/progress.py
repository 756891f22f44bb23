"""Progress of a read, file by file: readers report each file to a listener, if there is one.

The listener is a context variable, so that connectors need not pass it on.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

Tell = Callable[[str], None]
Listener = Callable[[Path], None]

EACH = 20  # files of a source that are reported singly
PAUSE = 1.0  # seconds between reports of further files


_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


def opened(path: Path) -> None:
    """Report that a file is about to be read."""
    listener = _listener.get()
    if listener is not None:
        listener(path)


@contextmanager
def file_by_file(name: str, tell: Tell) -> Iterator[None]:
    """Report each file read in the block, for the source `name`; of many files, only some."""
    seen: set[Path] = set()
    last = 0.0

    def listen(path: Path) -> None:
        nonlocal last
        if path in seen:
            return
        seen.add(path)
        now = time.monotonic()
        if len(seen) <= EACH or now - last >= PAUSE:
            last = now
            tell(f"reading {name}, file {len(seen)}: {path.name}")

    token = _listener.set(listen)
    try:
        yield
    finally:
        _listener.reset(token)
