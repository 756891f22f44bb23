"""Memory of this process and of the machine, as the operating system counts it."""

import contextlib
import ctypes
import gc
import os
import re
from math import inf
from pathlib import Path

STATM = Path("/proc/self/statm")
MEMINFO = Path("/proc/meminfo")
GROUP = Path("/proc/self/cgroup")
GROUPS = Path("/sys/fs/cgroup")
REFUSED = re.compile("annot allocate memory|failed to map segment|start new thread")
ADDRESS_SPACE, RESIDENT, DATA = 0, 1, 5  # columns of `STATM`
Limits = tuple[tuple[int, int], ...]  # bytes that may be held, and the column that counts them
MARGIN = 0.05  # share of a limited address space kept free, as failed allocations crash


def resident() -> int:
    """Return how many bytes of memory this process holds, 0 where unknown."""
    return _pages(RESIDENT)


def available() -> int | None:
    """Return how many more bytes this process could hold; None where unknown.

    That is the least of the machine's available memory (`MemAvailable`), the allowance of the
    control group (`memory.max`, version 2), and the rest of a limit on address space or data.
    """
    known = [left for left in (_machine(), _group(), left_by(limits())) if left is not None]
    least = min(known)
    return None if least == inf else max(int(least), 0)


def limits() -> Limits:
    """Return the limits that are set on address space and data of this process now."""
    try:
        import resource
    except ImportError:
        return ()
    kinds = (resource.RLIMIT_AS, ADDRESS_SPACE), (resource.RLIMIT_DATA, DATA)
    known = [(resource.getrlimit(kind)[0], column) for kind, column in kinds]
    return tuple(
        (int(most * (1 - MARGIN)), column)
        for most, column in known
        if most != resource.RLIM_INFINITY
    )


def left_by(bounds: Limits) -> float:
    """Return how many bytes some limits leave; infinite without limits."""
    return min((most - _pages(column) for most, column in bounds), default=inf)


def release() -> None:
    """Free objects that hang together in circles, and return free memory to the system.

    The allocator of glibc returns by itself only what is free at the end of its heaps; small
    objects that live on keep what lies before them (`malloc_trim(3)`). Elsewhere this is a
    collection only.
    """
    gc.collect()
    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


def starved(error: BaseException | None) -> bool:
    """Return whether lack of memory led to an error."""
    while error is not None:
        if isinstance(error, MemoryError) or "OutOfMemory" in type(error).__name__:
            return True
        if isinstance(error, OSError | ImportError | RuntimeError) and REFUSED.search(str(error)):
            return True
        error = error.__cause__ or error.__context__
    return False


def _pages(column: int) -> int:
    try:
        return int(STATM.read_bytes().split()[column]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0


def _machine() -> int | None:
    with contextlib.suppress(OSError, ValueError, IndexError, StopIteration):
        lines = MEMINFO.read_text(encoding="ascii").splitlines()
        return int(next(x for x in lines if x.startswith("MemAvailable:")).split()[1]) << 10
    # Elsewhere than on Linux: half of what is built in.
    with contextlib.suppress(OSError, ValueError, AttributeError):
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    return None


def _group() -> int | None:
    """Return the memory that the control group of this process, and its parents, leave."""
    left = []
    with contextlib.suppress(OSError, ValueError, StopIteration):
        lines = GROUP.read_text(encoding="utf-8").splitlines()
        own = GROUPS / next(x for x in lines if x.startswith("0::"))[3:].strip().lstrip("/")
        for folder in (own, *own.parents):
            if not folder.is_relative_to(GROUPS):
                break
            with contextlib.suppress(OSError, ValueError):  # the topmost has none, "max" is none
                most = int((folder / "memory.max").read_bytes())
                left.append(most - int((folder / "memory.current").read_bytes()))
    return min(left) if left else None
