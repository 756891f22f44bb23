"""Budgets of memory and time for an answer, and the end of work that exceeds them.

Large allocations are refused before they are made (`reserve`, `room`). All other growth is watched:
a thread looks at the clock and at the memory of the process, and ends the work by an exception
raised in the working thread. Where compiled code does not let that happen, it ends the process in
order, before the system kills it.
"""

import ctypes
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, replace
from math import inf

from graph.machine.memory import available, left_by, limits, resident, starved

VARIABLE = "TRUSTDEBT_BUDGET"
SHARE = 0.8  # of the memory that is available
USUAL_SECONDS = 3600.0
EACH = 0.05  # seconds between two looks
AGAIN = 1.0  # seconds after which an exception that was lost is raised once more
PATIENCE = 10.0  # seconds that compiled code may go on
OVERDRAFT = 1.15  # of the memory, while compiled code goes on
CHECKS = 3  # rounds of a loop, in which Python looks for a pending exception
UNLIMITED = "unlimited"
SIZES = {"kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40}
SIZES |= {"kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}
TIMES = {"s": 1, "m": 60, "h": 3600}
PART = re.compile(r"(\d{1,12}(?:\.\d{1,6})?)\s?([a-z]{1,3})")
RAISE = "Raise the budget (--judging-budget, TRUSTDEBT_BUDGET), or ask for less."


class OverBudget(Exception):
    """The answer takes more memory or time than its budget."""

    exit_code, code = 3, "over-budget"

    def __init__(self, message: str = f"the budget is used up. {RAISE}") -> None:
        super().__init__(message)

    @classmethod
    def of(cls, count: int, each: int, things: str) -> "OverBudget":
        """Return the error for `count` things of `each` bytes that do not fit."""
        watch = _watch.get()
        left = max(watch.left(), 0) if watch else 0
        return cls(
            f"{count:,} {things} would take {_size(count * each)} of memory; "
            f"{_size(left)} of the budget are left. {RAISE}"
        )


class Stopped(OverBudget):
    """The work was ended from outside, because nobody waits for it any more."""

    code = "stopped"

    def __init__(self, message: str = "the work was stopped") -> None:
        super().__init__(message)


class WrongBudget(Exception):
    """A budget that cannot be parsed."""

    exit_code, code = 2, "usage"


@dataclass(frozen=True)
class Budget:
    """The bytes that this process may hold in all, and the seconds that an answer may take."""

    memory: float
    seconds: float


def budget_of(text: str | None) -> Budget:
    """Return the budget that a text declares; parts that it omits are those of this machine.

    Raises
    ------
    WrongBudget

    Examples
    --------
    >>> budget_of("4GiB,10m")
    Budget(memory=4294967296.0, seconds=600.0)
    >>> budget_of("unlimited")
    Budget(memory=inf, seconds=inf)
    """
    if (text or "").strip().lower() == UNLIMITED:
        return Budget(inf, inf)
    budget = usual()
    for part in (text or "").split(",") if text else ():
        amount, unit = _part(part.strip().lower())
        if unit in SIZES:
            budget = replace(budget, memory=amount * SIZES[unit])
        else:
            budget = replace(budget, seconds=amount * TIMES[unit])
    return budget


def _part(text: str) -> tuple[float, str]:
    parsed = PART.fullmatch(text)
    if not parsed or parsed[2] not in (*SIZES, *TIMES) or not float(parsed[1]):
        raise WrongBudget("a budget is an amount of memory, of time or both: 4GiB, 10m or 4GiB,10m")
    return float(parsed[1]), parsed[2]


def usual() -> Budget:
    """Return the default budget of this machine: most of the available memory, and an hour."""
    left = available()
    return Budget(inf if left is None else resident() + SHARE * left, USUAL_SECONDS)


class _Watch:
    """The watch over one thread's work and its budget."""

    def __init__(
        self,
        budget: Budget,
        end: Callable[[OverBudget], None] | None,
        stop: threading.Event | None,
    ) -> None:
        self.budget, self._end, self.ending = budget, end, stop
        self._limits = limits()  # what is set later is another's, who watches it
        self.until = time.monotonic() + budget.seconds
        self.error: OverBudget | None = None
        self._thread, self._done = threading.get_ident(), threading.Event()
        self._lock = threading.Lock()
        self._watcher = threading.Thread(target=self._look, name="budget", daemon=True)

    def left(self) -> float:
        """Return how many more bytes may be held."""
        if self.budget.memory == inf:
            return inf
        return min(self.budget.memory - resident(), left_by(self._limits))

    def start(self) -> None:
        if self.ending is not None or min(self.budget.memory, self.budget.seconds) < inf:
            self._watcher.start()

    def stop(self) -> None:
        """End the watch; an exception that comes meanwhile is dropped, as the work is done.

        One that is pending is awaited, not taken back: Python 3.11 looks for it ever after where
        one was taken back, and under a profiler or a debugger it does nothing else.
        """
        ended = False
        while not ended:
            with suppress(OverBudget):
                with self._lock:
                    self._done.set()
                for _ in range(CHECKS):  # a pending exception comes where a loop begins again
                    pass
                ended = True

    def _look(self) -> None:
        raised = -inf
        while not self._done.wait(EACH):
            error = self._over()
            if error is None:
                continue
            with self._lock:
                if not self._done.is_set() and time.monotonic() - raised > AGAIN:
                    self.error, raised = self.error or error, time.monotonic()
                    _raise_in(self._thread, type(self.error))
            if self._end is not None and self._beyond():
                self._end(self.error or error)

    def _over(self) -> OverBudget | None:
        """Return an error if the memory or the time is used up, or the work is stopped."""
        if self.ending is not None and self.ending.is_set():
            return Stopped()
        if self.left() < 0:
            usage = f"{_size(resident())} of memory are held"
            if resident() < self.budget.memory:
                return OverBudget(
                    f"the memory that the system allows this process is used up: {usage}"
                )
            return OverBudget(
                f"the budget is used up: {usage}, of {_size(self.budget.memory)}. {RAISE}"
            )
        if time.monotonic() > self.until:
            return OverBudget(
                f"the budget is used up: {self.budget.seconds:g} s have passed. {RAISE}"
            )
        return None

    def _beyond(self) -> bool:
        """Return whether the work goes on long after it was asked to end."""
        much = resident() > self.budget.memory * OVERDRAFT
        return much or time.monotonic() > self.until + PATIENCE


def _raise_in(thread: int, error: type[OverBudget]) -> None:
    """Raise an error in a thread, where it next runs Python."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(error))


_watch: ContextVar[_Watch | None] = ContextVar("watch", default=None)


@contextmanager
def within(
    budget: Budget,
    end: Callable[[OverBudget], None] | None = None,
    stop: threading.Event | None = None,
) -> Iterator[None]:
    """Run the body of a `with` statement within a budget of memory and time.

    `end` ends the process where an exception does not help; without it, the work goes on. When
    `stop` is set, the work is ended as it is when the budget is used up.

    Raises
    ------
    OverBudget
        When what is done needs more; also for memory that the system refuses.
    Stopped
        When `stop` was set.
    """
    watch = _Watch(budget, end, stop)
    token = _watch.set(watch)
    watch.start()
    try:
        yield
    except OverBudget as error:
        raise watch.error or error from None
    except Exception as error:
        if starved(error) and not hasattr(error, "exit_code"):  # which is an answer of its own
            raise OverBudget(
                f"the system gives no more memory; {_size(resident())} are held. {RAISE}"
            ) from None
        raise
    finally:
        watch.stop()
        _watch.reset(token)


def stopping() -> threading.Event | None:
    """Return the event that ends the work under way, for code that Python cannot interrupt."""
    watch = _watch.get()
    return None if watch is None else watch.ending


def reserve(count: int, each: int, things: str) -> None:
    """Raise an error if the budget has no room for `count` things of `each` bytes.

    Raises
    ------
    OverBudget
    """
    watch = _watch.get()
    if watch is not None and count * each > watch.left():
        raise OverBudget.of(count, each, things)


def room(each: int) -> int:
    """Return how many things of `each` bytes the budget has room for."""
    watch = _watch.get()
    left = inf if watch is None else watch.left()
    return sys.maxsize if left == inf else max(int(left / each), 0)


def _size(count: float) -> str:
    """Format a number of bytes.

    >>> _size(1536 * 2**20)
    '1.5 GiB'
    """
    unit = "GiB" if count >= SIZES["gib"] else "MiB"
    return f"{count / SIZES[unit.lower()]:.1f} {unit}"
