"""Limits of a process that reads uploads: its memory, and the life of its parent."""

import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path

from graph.machine.memory import starved

NEEDED = ("pandas", "pyarrow.parquet", "pyarrow.compute", "duckdb", "scipy.sparse.csgraph")
TOO_MUCH = "needs more memory than an upload may have: use the command"
LEFT = 75  # exit code if the parent is gone


class TooMuchMemory(Exception):
    """Reading needs more memory than is allowed."""

    exit_code, code = 3, "too-much-memory"


@contextmanager
def within_memory(mib: int) -> Iterator[None]:
    """Limit this process to so many MiB beyond its libraries; 0 sets no limit.

    The limit counts writable memory, as Linux does (`RLIMIT_DATA`); elsewhere there is none.

    Raises
    ------
    TooMuchMemory
        If the block needs more.
    """
    limited = _limit(mib) if mib else None
    try:
        yield
    except Exception as error:
        if starved(error):
            raise TooMuchMemory(TOO_MUCH) from None
        raise
    finally:
        if limited:
            limited()


def _limit(mib: int) -> Callable[[], None] | None:
    """Set the limit, and return a function that lifts it; None if it cannot be set."""
    for name in NEEDED:  # their memory does not count
        import_module(name)
    try:
        import resource

        mapped = _mapped()
    except (ImportError, OSError, StopIteration):
        return None
    before = soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = mapped + (mib << 20)
    known = [limit for limit in (soft, hard) if limit != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_DATA, (min([wanted, *known]), hard))
    return partial(resource.setrlimit, resource.RLIMIT_DATA, before)


def _mapped() -> int:
    """Return the size of this process's writable memory in bytes."""
    status = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return int(next(line for line in status if line.startswith("VmData:")).split()[1]) << 10


def end_with(descriptor: int, folder: Path) -> None:
    """End this process, and remove `folder`, when the other end of a pipe is closed."""

    def watch() -> None:
        while os.read(descriptor, 1):
            pass
        shutil.rmtree(folder, ignore_errors=True)
        sys.stderr.flush()
        os._exit(LEFT)

    threading.Thread(target=watch, daemon=True).start()
