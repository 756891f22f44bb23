"""Memory of this process and of the machine, as the operating system counts it."""

import contextlib
import os
from pathlib import Path

STATM = Path("/proc/self/statm")
MEMINFO = Path("/proc/meminfo")
GROUP = Path("/proc/self/cgroup")
GROUPS = Path("/sys/fs/cgroup")
MARGIN = 0.05  # share of a limited address space kept free, as failed allocations crash


def resident() -> int:
    """Return how many bytes of memory this process holds, 0 where unknown."""
    return _pages(1)


def available() -> int | None:
    """Return how many more bytes this process could hold; None where unknown.

    That is the least of the machine's available memory (`MemAvailable`), the allowance of the
    control group (`memory.max`, version 2), and the rest of a limit on address space or data.
    """
    known = [left for left in (_machine(), _group(), *_limits()) if left is not None]
    return max(min(known), 0) if known else None


def limited() -> int | None:
    """Return how many bytes limits on address space and data leave now; None without limits."""
    left = _limits()
    return min(left) if left else None


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


def _limits() -> list[int]:
    """Return the rest of each limit on this process's address space and data."""
    try:
        import resource
    except ImportError:
        return []
    left = []
    for kind, column in ((resource.RLIMIT_AS, 0), (resource.RLIMIT_DATA, 5)):
        most = resource.getrlimit(kind)[0]
        if most != resource.RLIM_INFINITY:
            left.append(int(most * (1 - MARGIN)) - _pages(column))
    return left
