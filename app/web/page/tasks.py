"""Work that may take long, in threads of its own: shared by all who wait, ended when nobody does.

A page waits in its own thread, draws how far the work is, and stays open to clicks. Who cancels, or
leaves the page, waits no more; work for which nobody waits is ended where it next runs Python, and
leaves nothing behind, since only a whole result is kept.
"""

import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from contextlib import suppress
from contextvars import ContextVar, copy_context
from functools import partial
from typing import Any, Generic, TypeVar, cast
from weakref import ref

import streamlit as st
from streamlit.errors import StreamlitAPIException
from streamlit.runtime.scriptrunner import get_script_run_ctx

from analytics.runtime.budget import PATIENCE, VARIABLE, OverBudget, budget_of, within
from analytics.runtime.progress import Progress, followed
from app.web.page.address import arrivals
from app.wording import number

T = TypeVar("T")

QUIET = 0.2  # seconds before a page says that it waits
LONG = 2.0  # seconds before it says how far the work is, and offers to cancel it
EACH = 0.3  # seconds between two looks at the work
SHOWN = 2  # steps of a task that are drawn: of the whole, and of the part under way
ROUGH, MINUTES = 5, 90  # seconds: estimates are so rough, and above are told in minutes
GRACE = 3.0  # seconds in which a page that is drawn anew takes its work up again
PLACE, CANCELLED = "tasks:place", "tasks:cancelled"
# Whether work is done before anybody asks: whoever asks meanwhile waits for the same.
AHEAD = ContextVar("ahead", default=False)


class Cancelled(Exception):
    """The reader cancelled what a page needs; the page has said so."""


class Task(Generic[T]):
    """One piece of work in its own thread: how far it is, and its result."""

    def __init__(
        self,
        work: Callable[[], T],
        keep: Callable[[T], None] = lambda _: None,
        last: float | None = None,
    ) -> None:
        self.last = last  # seconds that the same took, as far as is known
        self.began, self.progress, self.waiting = time.monotonic(), Progress(), 0
        self.took = 0.0  # seconds, once it is done
        self._work, self._keep = work, keep
        self._result: T | None = None
        self._error: BaseException | None = None
        self._stop, self._done = threading.Event(), threading.Event()
        run = partial(copy_context().run, self._run)
        self._thread = threading.Thread(target=run, name="task", daemon=True)

    def start(self) -> "Task[T]":
        """Begin the work."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Have the work end, if it goes on."""
        self._stop.set()

    def done(self, seconds: float = 0.0) -> bool:
        """Wait for the end of the work, and return whether it is there."""
        return self._done.wait(seconds)

    def settle(self) -> None:
        """Wait for work that ends by itself, since it is over the same budget as its page.

        What it holds until then would have the next page refused.
        """
        until = time.monotonic() + PATIENCE
        while not self.done() and time.monotonic() < until:
            with suppress(OverBudget):  # which is raised again and again
                self.done(EACH)

    def seconds(self) -> float:
        """Return for how long the work has gone on."""
        return time.monotonic() - self.began

    def result(self) -> T:
        """Return the result of work that is done, or raise its error."""
        if self._error is not None:
            raise self._error
        return cast(T, self._result)

    def _run(self) -> None:
        AHEAD.set(False)  # what this needs is a part of it
        try:
            budget = budget_of(os.environ.get(VARIABLE))
            with within(budget, stop=self._stop), followed(self.progress):
                result = self._work()
            self._keep(result)
            self._result = result
        except BaseException as error:  # whoever waits is told
            self._error = error
        finally:
            self.took = self.seconds()
            self._done.set()


class Shelf:
    """The latest results of a function, by key, and the tasks that work others out."""

    def __init__(self, doing: str, size: int) -> None:
        self.doing, self._size = doing, size
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()
        self._running: dict[Hashable, Task[Any]] = {}
        self._took: dict[Hashable, float] = {}  # seconds, by name

    def get(self, key: Hashable, name: Hashable, work: Callable[[], T]) -> T:
        """Return the result under `key`; if it is not there, have it worked out.

        `name` tells what is worked out from everything else that this session may have cancelled.

        Raises
        ------
        Cancelled
        """
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return cast(T, self._kept[key])
        keep = partial(self._keep, key)
        if get_script_run_ctx(suppress_warning=True) is None:  # within a task, or without a page
            return self._without_page(key, work)
        refuse_cancelled(name, self.doing)
        task = self._joined(key, partial(Task, work, keep, self._took.get(name)))
        try:
            wait(task, self.doing, partial(self._cancel, name, key, ref(task)))
        except OverBudget:
            task.settle()
            raise
        finally:
            self._leave(key, task)
        result = task.result()
        if task.took >= LONG:  # what was only read is no measure of it
            self._took[name] = task.took
        return cast(T, result)

    def peek(self, key: Hashable) -> Any:
        """Return the result under `key` if it is there already, else None."""
        with self._lock:
            return self._kept.get(key)

    def _without_page(self, key: Hashable, work: Callable[[], T]) -> T:
        if not AHEAD.get():
            result = work()
            self._keep(key, result)
            return result
        task = self._joined(key, partial(Task, work, partial(self._keep, key)))
        try:
            while not task.done(EACH):
                pass
        finally:
            self._leave(key, task)
        return cast(T, task.result())

    def clear(self) -> None:
        """Drop all results."""
        with self._lock:
            self._kept.clear()

    def _keep(self, key: Hashable, result: Any) -> None:
        with self._lock:
            self._kept[key] = result
            while len(self._kept) > self._size:
                self._kept.popitem(last=False)

    def _joined(self, key: Hashable, make: Callable[[], Task[Any]]) -> Task[Any]:
        """Return the task under way, or a new one, with one more who waits for it."""
        with self._lock:
            task = self._running.get(key)
            if task is None:
                task = self._running[key] = make().start()
            task.waiting += 1
            return task

    def _leave(self, key: Hashable, task: Task[Any]) -> None:
        with self._lock:
            task.waiting -= 1
        if task.done():
            self._end(key, task)
        else:
            timer = threading.Timer(GRACE, self._end, (key, task))
            timer.daemon = True
            timer.start()

    def _end(self, key: Hashable, task: Task[Any]) -> None:
        """End a task unless somebody waits for it."""
        with self._lock:
            if not task.waiting:
                task.stop()
                if self._running.get(key) is task:
                    del self._running[key]

    def _cancel(self, name: Hashable, key: Hashable, of: "ref[Task[Any]]") -> None:
        """Cancel a task, unless it is over: the session keeps its button, and nothing by that."""
        task = of()
        if task is not None:
            cancelled()[name] = task.seconds()
            self._end(key, task)


def set_going(key: str, work: Callable[[], Any]) -> None:
    """Begin what changes something, once for this session: it goes on whatever the page does."""
    st.session_state[key] = Task(work).start()


def finished(key: str, doing: str) -> Task[Any] | None:
    """Wait for what this session set going under `key`, if it did; return it when it is done."""
    task: Task[Any] | None = st.session_state.get(key)
    if task is not None:
        wait(task, doing, partial(_stop, ref(task)))
        del st.session_state[key]
    return task


def _stop(of: "ref[Task[Any]]") -> None:
    task = of()
    if task is not None:
        task.stop()


def cancelled() -> dict[Hashable, float]:
    """Return what this session cancelled since it came to this address, and after how long."""
    came, names = st.session_state.get(CANCELLED, (None, {}))
    if came != arrivals():
        came, names = st.session_state[CANCELLED] = arrivals(), {}
    return cast(dict[Hashable, float], names)


def refuse_cancelled(name: Hashable, doing: str) -> None:
    """Draw that work was cancelled, with a way to start it again, and raise; else do nothing.

    A part of the page that runs alone says so, too; the way is the page's.

    Raises
    ------
    Cancelled
    """
    seconds = cancelled().get(name)
    if seconds is None:
        return
    st.info(
        f"**Cancelled** after {number(round(seconds))} s: {doing.rstrip('…').lower()}. Nothing of "
        "it was kept, and nothing was changed. What rests on it is not shown.",
        icon=":material/cancel:",
    )
    if _alone():
        raise Cancelled(doing)
    row = line()
    row.markdown(f"**Cancelled** after {number(round(seconds))} s")
    row.button(
        "Start again",
        key="tasks:again",
        icon=":material/restart_alt:",
        on_click=_again,
        args=(name,),
    )
    raise Cancelled(doing)


def _again(name: Hashable) -> None:
    cancelled().pop(name, None)


def place() -> None:
    """Lay out the place, over the page, where a task says how far it is."""
    st.session_state[PLACE] = st.container(key="tasks", border=True)


def _bar() -> Any:
    """Return the place over the page; a part that runs alone may write to its own place only."""
    return st if _alone() else st.session_state.get(PLACE, st)


def _alone() -> bool:
    """Return whether a part of the page runs without the rest."""
    return bool(getattr(get_script_run_ctx(), "fragment_ids_this_run", None))


def line(bar: Any = None) -> Any:
    """Return a line for words and buttons in the place over the page."""
    bar = _bar() if bar is None else bar
    return bar.container(horizontal=True, vertical_alignment="center", gap="small")


def wait(task: Task[Any], doing: str, cancel: Callable[[], None]) -> None:
    """Wait for the end of a task; say how far it is, and offer to `cancel` it, if that is long."""
    if task.done(QUIET):
        return
    bar, offered = _bar().empty(), False
    words: Any = None
    try:
        with st.spinner(doing, show_time=True):
            while not task.done(EACH):
                if task.seconds() < LONG:
                    bar.empty()  # a click ends the wait where anything is drawn
                    continue
                if not offered:
                    words, offered = _offer(bar, cancel), True
                words.markdown(how_far(doing, task.seconds(), task.progress, task.last))
    finally:
        if task.done():
            bar.empty()


def _offer(bar: Any, cancel: Callable[[], None]) -> Any:
    """Draw the button that cancels, and return the place for words beside it."""
    row = line(bar)
    words = row.empty()
    if _alone():  # to cancel is the page's
        return words
    with suppress(StreamlitAPIException):  # nor does a part that is drawn with the page
        row.button("Cancel", key="tasks:cancel", icon=":material/cancel:", on_click=cancel)
    return words


def how_far(doing: str, seconds: float, progress: Progress, last: float | None = None) -> str:
    """Return what is done, for how long, how many steps of how many, and how long the rest takes.

    The rest is estimated from the `last` time that the same took, else from the steps done so far;
    where neither tells, nothing is said of it.

    >>> how_far("Building the plan…", 12.4, Progress())
    '**Building the plan** · 12 s'
    >>> how_far("Building the plan…", 12.4, Progress(), last=31.0)
    '**Building the plan** · 12 s · about 20 s left, as last time'
    """
    parts = [f"**{doing.rstrip('…')}**", f"{number(int(seconds))} s"]
    for step in progress.steps[:SHOWN]:
        parts.append(f"{number(step.done)} of {number(step.count)} {step.words}")
    rest = progress.left()
    if last is not None and last > seconds:
        parts.append(f"{about(last - seconds)} left, as last time")
    elif rest is not None:  # of what follows these steps nobody knows
        parts.insert(3, f"{about(rest)} for the others")
    return " · ".join(parts)


def about(seconds: float) -> str:
    """Return a duration as roughly as an estimate knows it.

    >>> about(3.2), about(18.6), about(61), about(200)
    ('a few seconds', 'about 20 s', 'about 60 s', 'about 3 min')
    """
    if seconds < ROUGH:
        return "a few seconds"
    if seconds < MINUTES:
        return f"about {ROUGH * round(seconds / ROUGH)} s"
    return f"about {round(seconds / 60)} min"
