"""How far a read is, file by file: whoever opens a file says so, and whoever asked may listen.

It goes round the connectors, so that none of them has to pass it on.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

Tell = Callable[[str], None]
Listener = Callable[[Path], None]

EACH = 20  # files of a source that are told one by one
PAUSE = 1.0  # seconds between two words on the files after them


_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


def opened(path: Path) -> None:
    """Say that a file is about to be read."""
    listener = _listener.get()
    if listener is not None:
        listener(path)


@contextmanager
def file_by_file(name: str, tell: Tell) -> Iterator[None]:
    """Tell of each file that is read within, as one of the source `name`; of many, of some."""
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
