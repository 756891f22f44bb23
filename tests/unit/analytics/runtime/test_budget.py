"""Budgets of memory and time: what does not fit ends with a sentence, whatever it is."""

import subprocess
import sys
import time
from math import inf
from pathlib import Path

import duckdb
import pytest

from analytics.runtime import budget
from analytics.runtime.budget import (
    Budget,
    OverBudget,
    WrongBudget,
    budget_of,
    reserve,
    room,
    within,
)
from analytics.runtime.faults import guarded
from graph.machine.memory import resident

ROOT = Path(__file__).parents[4]
MIB = 2**20


def test_a_budget_states_memory_time_or_both() -> None:
    usual = budget_of(None)
    assert budget_of("4GiB,10m") == Budget(4 * 2**30, 600)
    assert budget_of("1.5 gb").memory == 1.5e9
    assert budget_of("90s") == Budget(pytest.approx(usual.memory, rel=0.2), 90)
    assert budget_of("512MiB") == Budget(512 * MIB, usual.seconds)
    assert budget_of("Unlimited") == Budget(inf, inf)


@pytest.mark.parametrize(
    "said", ["4", "0GiB", "GiB", "-1s", "4XB", "1e9s", "4GiB;10m", "4GiB,", "∞"]
)
def test_what_is_no_budget_is_refused(said: str) -> None:
    with pytest.raises(WrongBudget, match="4GiB,10m"):
        budget_of(said)


def test_what_is_known_to_be_large_is_refused_before_it_is_made() -> None:
    with within(Budget(resident() + 100 * MIB, inf)):
        reserve(1000, 1000, "things")
        assert 0 < room(MIB) <= 100
        with pytest.raises(OverBudget, match=r"1,000,000 things would take 953\.7 MiB of memory"):
            reserve(1_000_000, 1000, "things")
    reserve(1_000_000, 1_000_000, "things")  # nobody set a budget
    assert room(1) > 10**18


GROWING = """
import sys
from analytics.runtime.budget import Budget, OverBudget, within
from graph.machine.memory import resident
import numpy as np
most = resident() + 200 * 2**20
try:
    with within(Budget(most if sys.argv[1] == "bounded" else float("inf"), 60)):
        kept = []
        for _ in range(1200):
            kept.append(np.ones(2**17))
except OverBudget as error:
    print(error)
print(max(resident(), most) == most)
"""


def _run(code: str, *arguments: str, seconds: float = 120) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


def test_what_grows_unforeseen_is_ended() -> None:
    """1.2 GiB in pieces of a MiB, of which 200 MiB are allowed; without a budget it takes all."""
    ended, free = _run(GROWING, "bounded"), _run(GROWING, "free")
    assert "the budget is used up" in ended.stdout
    assert (ended.returncode, free.stdout) == (0, "False\n")


def test_time_ends_it_too() -> None:
    begun = time.monotonic()
    with pytest.raises(OverBudget, match=r"0\.2 s have passed"):
        _work(Budget(inf, 0.2), swallows=0)
    assert time.monotonic() - begun < 5


def _work(allowed: Budget, swallows: int) -> None:
    """Work without end, and pass over so many errors."""
    with within(allowed):
        while True:
            try:
                time.sleep(0.01)
            except OverBudget:
                swallows -= 1
                if swallows < 0:
                    raise


def test_what_swallows_every_error_is_told_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "AGAIN", 0.1)
    with pytest.raises(OverBudget):
        _work(Budget(inf, 0.1), swallows=3)


def test_nothing_is_raised_after_the_end() -> None:
    """A budget that runs out just when the work is done does not end what comes after."""
    for _ in range(50):
        try:
            with within(Budget(inf, 0.05)):
                time.sleep(0.045)
        except OverBudget:
            pass
        time.sleep(0.02)


PROFILED = """
import cProfile, ctypes, sys, threading
from math import inf
from analytics.runtime.budget import Budget, within
with cProfile.Profile():
    with within(Budget(inf, 60)):
        pass
    if sys.argv[1] == "taken back":
        own = ctypes.c_ulong(threading.get_ident())
        ctypes.pythonapi.PyThreadState_SetAsyncExc(own, None)
    sum(each for each in range(9))
"""


def test_a_profiler_or_debugger_goes_on_after_the_work() -> None:
    assert _run(PROFILED, "as it is").returncode == 0


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="a fault of Python 3.11")
def test_the_twin_an_exception_taken_back_hangs_it() -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        _run(PROFILED, "taken back", seconds=3)


class Late:
    """A lock at which an exception is met that was raised just before."""

    met = 0

    def __enter__(self) -> None:
        self.met += 1
        if self.met == 1:
            raise OverBudget

    def __exit__(self, *_: object) -> None:
        pass


def test_what_is_met_while_the_watch_ends_does_not_keep_it_going(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Watch(budget._Watch):
        def stop(self) -> None:
            self._lock = late  # type: ignore[assignment]
            super().stop()

    late = Late()
    monkeypatch.setattr(budget, "_Watch", Watch)
    with within(Budget(inf, 0.2)):
        pass
    assert late.met == 2
    time.sleep(0.4)  # nothing is raised here
    assert room(1) == sys.maxsize


ENDLESS = """
import sys
from analytics.runtime import budget
from analytics.runtime.compiled import compiled
budget.PATIENCE = 0.5
@compiled
def endless(n):
    x = 1
    while n:
        x = (x * 7 + 1) % 1000003
        n += x & 1
        n -= x & 1
    return x
def end(error):
    print(error, flush=True)
    import os
    os._exit(3)
endless(0)
with budget.within(budget.Budget(float("inf"), 0.5), end):
    endless(1)
"""


def test_compiled_code_that_does_not_end_is_ended_with_the_process() -> None:
    done = _run(ENDLESS)
    assert (done.returncode, done.stderr) == (3, "")
    assert "0.5 s have passed" in done.stdout


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        duckdb.OutOfMemoryException("no"),
        OSError("libx.so: failed to map segment from shared object"),
        OSError(12, "Cannot allocate memory"),
        RuntimeError("can't start new thread"),
    ],
)
def test_want_of_memory_is_over_the_budget_and_no_fault(error: Exception) -> None:
    def fail() -> None:
        raise error

    faults: dict[str, str] = {}
    with pytest.raises(OverBudget, match="no more memory"), within(Budget(inf, inf)):
        guarded(faults, "rule", fail, lambda: None)
    assert not faults


class Bounded(Exception):
    """A bound of its own, met for want of memory."""

    exit_code = 3


def _starve() -> None:
    try:
        raise MemoryError
    except MemoryError:
        raise Bounded("an upload") from None


def test_a_bound_of_its_own_says_so_itself() -> None:
    with pytest.raises(Bounded, match="an upload"), within(Budget(inf, inf)):
        _starve()


def test_an_error_of_another_kind_is_a_fault() -> None:
    faults: dict[str, str] = {}
    assert guarded(faults, "rule", lambda: 1 // 0, lambda: 7) == 7
    assert list(faults) == ["rule"]
