"""Memory that a process may hold: the least that the machine, its group and its limits leave."""

import ctypes
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from graph.machine import memory

MIB = 2**20


def test_the_least_that_is_left_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A control group of 1 GiB, of which 300 MiB are held, within one of 800 MiB, 700 held."""
    own = tmp_path / "groups" / "outer" / "inner"
    own.mkdir(parents=True)
    for folder, most, held in ((own, 1024, 300), (own.parent, 800, 700)):
        (folder / "memory.max").write_text(f"{most * MIB}\n")
        (folder / "memory.current").write_text(f"{held * MIB}\n")
    (tmp_path / "self").write_text("0::/outer/inner\n")
    (tmp_path / "meminfo").write_text("MemTotal: 9 kB\nMemAvailable: 2097152 kB\n")
    monkeypatch.setattr(memory, "GROUP", tmp_path / "self")
    monkeypatch.setattr(memory, "GROUPS", tmp_path / "groups")
    monkeypatch.setattr(memory, "MEMINFO", tmp_path / "meminfo")
    assert memory.available() == 100 * MIB
    (own.parent / "memory.max").write_text("max\n")
    assert memory.available() == 724 * MIB
    monkeypatch.setattr(memory, "GROUP", tmp_path / "none")
    assert memory.available() == 2048 * MIB


def test_a_limit_on_the_address_space_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    held = int(memory.STATM.read_bytes().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    assert memory.limits() == ()
    allowed = {resource.RLIMIT_AS: held + 400 * MIB}
    monkeypatch.setattr(
        resource, "getrlimit", lambda kind: (allowed.get(kind, resource.RLIM_INFINITY),) * 2
    )
    left = memory.left_by(memory.limits())
    kept_free = memory.MARGIN * (held + 400 * MIB)
    assert left == pytest.approx(400 * MIB - kept_free, abs=30 * MIB)
    assert memory.available() == pytest.approx(max(left, 0), abs=30 * MIB)


def test_a_limit_that_is_set_later_is_not_among_those_of_before() -> None:
    before = memory.limits()
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    held = memory.STATM.read_bytes().split()
    try:
        many = (int(held[memory.DATA]) * os.sysconf("SC_PAGE_SIZE") + 10**9, hard)
        resource.setrlimit(resource.RLIMIT_DATA, many)
        assert len(memory.limits()) == len(before) + 1
        assert memory.left_by(before) > memory.left_by(memory.limits())
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


@pytest.mark.skipif(
    not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="not the C library of GNU"
)
@pytest.mark.parametrize("released", [True, False])
def test_free_memory_goes_back_to_the_system(released: bool) -> None:
    """The twin: by itself, the allocator keeps what lies before anything that lives on."""
    code = (
        "import ctypes\n"
        "from graph.machine import memory\n"
        "c = ctypes.CDLL(None)\n"
        "c.malloc.restype, c.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]\n"
        "c.free.argtypes = [ctypes.c_void_p]\n"
        "taken = [c.malloc(100_000) for _ in range(2000)]\n"
        "for each in taken: ctypes.memset(each, 1, 100_000)\n"
        "c.malloc(100_000)\n"  # lives on, at the end of the heap
        "before = memory.resident()\n"
        "for each in taken: c.free(each)\n"
        f"{'memory.release()' if released else ''}\n"
        "print(before - memory.resident())\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    freed = int(ended.stdout)
    assert (freed > 150 * MIB) is released
