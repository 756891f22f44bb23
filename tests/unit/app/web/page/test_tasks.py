"""Long work: shared, told how far it is, and really ended when nobody waits for it any more."""

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.runtime.scriptrunner import StopException
from streamlit.testing.v1 import AppTest

from analytics.runtime.budget import OverBudget, Stopped
from analytics.runtime.progress import Progress, followed, steps
from app.web.page import tasks
from app.web.page.tasks import Shelf, Task, how_far
from app.web.server import upload
from graph.journal.actor import By

SOON = 2.0  # seconds in which work has ended, or a page is drawn


class Busy:
    """Work that keeps a processor busy until it is let go; it counts how far it came."""

    def __init__(self) -> None:
        self.count, self.let_go = 0, threading.Event()

    def __call__(self) -> str:
        """Work."""
        for _ in steps("rounds done", range(10**9)):
            self.count += 1
            if self.count % 100 == 0:
                time.sleep(0.001)  # so that a page beside it is drawn soon
            if self.let_go.is_set():
                return "done"
        return "never"


@pytest.fixture
def busy() -> Iterator[Busy]:
    work = Busy()
    yield work
    work.let_go.set()


def soon(holds: Callable[[], bool]) -> bool:
    """Return whether something holds within two seconds."""
    end = time.monotonic() + SOON
    while not holds() and time.monotonic() < end:
        time.sleep(0.01)
    return holds()


def resting(work: Busy) -> bool:
    """Return whether nothing is counted any more, for as long as some thousand rounds take."""
    before = work.count
    time.sleep(0.1)
    return work.count == before


def test_work_that_is_stopped_uses_no_processor_any_more(busy: Busy) -> None:
    task = Task(busy).start()
    assert soon(lambda: busy.count > 0)
    task.stop()
    assert task.done(SOON)
    assert resting(busy)
    with pytest.raises(Stopped):
        task.result()


def test_without_the_stop_it_goes_on(busy: Busy) -> None:
    """The twin: whoever only ceases to wait leaves the work running."""
    task = Task(busy).start()
    assert soon(lambda: busy.count > 0)
    assert not task.done(0.2)
    assert not resting(busy)
    busy.let_go.set()
    assert task.done(SOON)
    assert task.result() == "done"


def test_a_task_tells_how_many_steps_of_all_are_done(busy: Busy) -> None:
    task = Task(busy).start()
    assert soon(lambda: bool(task.progress.steps))
    (step,) = task.progress.steps
    assert (step.words, step.count) == ("rounds done", 10**9)
    progress = Progress()
    assert how_far("Judging…", 61.9, progress) == "**Judging** · 61 s"
    with followed(progress):
        assert list(steps("rules judged", "ab")) == ["a", "b"]
    assert how_far("Judging…", 1.0, progress) == "**Judging** · 1 s · 2 of 2 rules judged"


def test_the_steps_of_the_whole_stand_before_those_of_its_parts() -> None:
    progress = Progress()
    with followed(progress):
        for _ in steps("changes tried", range(2)):
            for _ in steps("rules judged", range(3)):
                far = how_far("Planning…", 5.0, progress)
            assert progress.steps[0].words == "changes tried"
    assert far == "**Planning** · 5 s · 1 of 2 changes tried · 2 of 3 rules judged"
    assert how_far("Planning…", 5.0, progress).endswith(" · 2 of 2 changes tried")


# -- on a page ----------------------------------------------------------------------------------


class Shared:
    """What the page of these tests works out, in place of an answer."""

    shelf: Shelf
    work: Callable[[], str]


def page() -> None:
    """Draw an answer that takes long, and what follows it."""
    import streamlit as st

    from app.web.page import tasks
    from tests.unit.app.web.page.test_tasks import Shared

    tasks.place()
    try:
        st.write("The answer: " + Shared.shelf.get("key", "answer", Shared.work))
    except tasks.Cancelled:
        return
    st.write("What follows")


@pytest.fixture
def open_page(busy: Busy, monkeypatch: pytest.MonkeyPatch) -> Callable[[], AppTest]:
    """Open the page in a session of its own, and leave it when it has said how far the work is."""
    monkeypatch.setattr(tasks, "QUIET", 0.05)
    monkeypatch.setattr(tasks, "LONG", 0.0)
    Shared.shelf, Shared.work = Shelf("Counting…", 2), busy

    def leave(*_: object) -> str:
        raise StopException

    monkeypatch.setattr(tasks, "how_far", leave)
    return lambda: AppTest.from_function(page, default_timeout=20).run()


def part_of_a_page() -> None:
    """Draw an answer that takes long in a part that runs again without the rest of the page."""
    import streamlit as st
    from streamlit.runtime.scriptrunner import get_script_run_ctx

    from app.web.page import tasks
    from tests.unit.app.web.page.test_tasks import Shared

    tasks.place()

    @st.fragment
    def part() -> None:
        context = get_script_run_ctx()
        assert context is not None
        context.fragment_ids_this_run = ["part"]  # as Streamlit says of a part that runs alone
        st.write("The answer: " + Shared.shelf.get("key", "answer", Shared.work))

    part()


def part_that_was_cancelled() -> None:
    """Ask for work that was cancelled in a part that runs alone, and go on."""
    import streamlit as st
    from streamlit.runtime.scriptrunner import get_script_run_ctx

    from app.web.page import tasks

    tasks.cancelled()["key"] = 3.0

    @st.fragment
    def part() -> None:
        context = get_script_run_ctx()
        assert context is not None
        context.fragment_ids_this_run = ["part"]
        try:
            tasks.refuse_cancelled("key", "Counting…")
        except tasks.Cancelled:
            st.write("The rest")

    part()


def test_a_part_that_runs_alone_says_what_was_cancelled_and_leaves_the_button_to_the_page() -> None:
    test = AppTest.from_function(part_that_was_cancelled, default_timeout=20).run()
    assert not test.exception
    assert "**Cancelled** after 3 s" in test.info[0].value
    assert "The rest" in words(test)
    assert not test.button


def words(test: AppTest) -> str:
    return " ".join(str(each.value) for kind in ("markdown", "info") for each in test.get(kind))


def test_a_page_that_waits_offers_to_cancel_and_then_says_that_it_did(
    open_page: Callable[[], AppTest], busy: Busy
) -> None:
    test = open_page()
    assert not test.exception
    assert "The answer" not in words(test)
    test.button("tasks:cancel").click().run()
    assert not test.exception
    assert "**Cancelled**" in words(test)
    assert "What follows" not in words(test)
    assert soon(lambda: resting(busy))
    busy.let_go.set()
    test.button("tasks:again").click().run()
    assert "The answer: done" in words(test)
    assert "What follows" in words(test)


def test_a_part_of_a_page_that_runs_alone_waits_where_it_may_draw(
    open_page: Callable[[], AppTest], busy: Busy
) -> None:
    """Such as the search, if nobody asked for the findings before: not over the page."""
    assert open_page().button  # the twin: the whole page may
    Shared.shelf = Shelf("Counting…", 2)
    test = AppTest.from_function(part_of_a_page, default_timeout=20).run()
    assert not test.exception
    assert not test.button
    busy.let_go.set()
    assert "The answer: done" in words(test.run())


def test_a_page_that_is_drawn_anew_takes_its_work_up_again(
    open_page: Callable[[], AppTest], busy: Busy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "GRACE", 0.1)
    test = open_page()
    (task,) = Shared.shelf._running.values()
    busy.let_go.set()
    assert "The answer: done" in words(test.run())
    time.sleep(0.2)
    assert task.result() == "done"


def test_work_of_a_page_that_was_left_is_ended(
    open_page: Callable[[], AppTest], busy: Busy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "GRACE", 0.05)
    open_page()
    assert soon(lambda: not Shared.shelf._running)
    assert soon(lambda: resting(busy))


def test_who_cancels_takes_nothing_away_from_who_waits_for_the_same(
    open_page: Callable[[], AppTest], busy: Busy
) -> None:
    task = Shared.shelf._joined("key", lambda: Task(busy))  # another session
    test = open_page()
    test.button("tasks:cancel").click().run()
    assert "**Cancelled**" in words(test)
    assert not resting(busy)
    busy.let_go.set()
    assert task.done(SOON)
    assert task.result() == "done"


@pytest.mark.parametrize("settled", [True, False])
def test_a_page_over_its_budget_is_drawn_when_its_work_has_ended(
    open_page: Callable[[], AppTest], monkeypatch: pytest.MonkeyPatch, settled: bool
) -> None:
    """The twin: a page that does not wait is drawn while the memory is still held."""
    ended = threading.Event()

    def compiled() -> str:  # runs no Python for a while, as kernels do
        time.sleep(1.0)
        ended.set()
        raise OverBudget

    def over(*_: object) -> str:
        raise OverBudget

    monkeypatch.setattr(tasks, "how_far", over)
    if not settled:
        monkeypatch.setattr(Task, "settle", lambda self: None)
    Shared.work = compiled
    test = open_page()
    assert [each.message for each in test.exception] == [str(OverBudget())]
    assert ended.is_set() is settled


def test_only_a_whole_result_is_kept_and_a_fault_reaches_the_page() -> None:
    shelf = Shelf("Counting…", 2)

    def fail() -> None:
        raise KeyError("none")

    with pytest.raises(KeyError):
        shelf.get("key", "answer", fail)
    assert shelf.get("key", "answer", lambda: 1) == 1
    assert shelf.get("key", "answer", lambda: 2) == 1
    assert [shelf.get(key, key, lambda key=key: key) for key in ("a", "b")] == ["a", "b"]
    assert shelf.get("key", "answer", lambda: 3) == 3  # two are kept
    shelf.clear()
    assert shelf.get("b", "b", lambda: 4) == 4


@pytest.mark.parametrize(("ahead", "times"), [(True, 1), (False, 2)])
def test_what_is_worked_out_ahead_is_worked_out_once(ahead: bool, times: int) -> None:
    """The twin: without the mark, each of two works it out."""
    shelf, began, go = Shelf("Counting", 2), [], threading.Event()

    def work() -> str:
        began.append(1)
        go.wait(SOON)
        return "done"

    def ask() -> None:
        tasks.AHEAD.set(ahead)
        assert shelf.get("key", "name", work) == "done"

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    assert soon(lambda: len(began) == times)
    go.set()
    for thread in threads:
        thread.join(SOON)
    assert shelf.get("key", "name", work) == "done"
    assert len(began) == times


SLEEPY = "import os, sys, time; open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(60)"


def test_a_reader_of_an_upload_that_is_cancelled_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "pid"
    monkeypatch.setattr(upload, "isolated", lambda *_: [sys.executable, "-c", SLEEPY, str(file)])
    by = By("ann", roles=frozenset({"admin"}))
    task = Task(lambda: upload.example(str(tmp_path / "s"), by)).start()
    assert soon(lambda: file.exists() and file.read_text() != "")
    task.stop()
    assert task.done(SOON)
    with pytest.raises(Stopped):
        task.result()
    with pytest.raises(ProcessLookupError):
        os.kill(int(file.read_text()), 0)


def test_the_rest_is_estimated_from_the_steps_that_are_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = iter([100.0, 109.0, 109.0])
    monkeypatch.setattr("analytics.runtime.progress.time.monotonic", lambda: next(clock))
    progress = Progress()
    with followed(progress):
        for done in steps("rules judged", range(12)):
            if done == 3:  # three of twelve took 9 seconds, so nine take 27
                words = how_far("Judging…", 9.0, progress)
                break
    assert words == "**Judging** · 9 s · 3 of 12 rules judged · about 25 s for the others"


@pytest.mark.parametrize(("done", "count"), [(0, 10), (2, 10), (10, 10), (3, 1000)])
def test_too_few_steps_give_no_estimate(done: int, count: int) -> None:
    progress = Progress()
    with followed(progress):
        for at in steps("rules judged", range(count)):
            if at == done:
                break
    assert progress.left() is None
    assert "about" not in how_far("Judging…", 9.0, progress)


def test_the_rest_is_estimated_from_the_last_time_until_that_is_over() -> None:
    assert "about 10 s left, as last time" in how_far("Judging…", 5.0, Progress(), last=14.0)
    assert how_far("Judging…", 15.0, Progress(), last=14.0) == "**Judging** · 15 s"


def test_a_shelf_remembers_how_long_the_same_took_but_not_what_was_only_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tasks, "get_script_run_ctx", lambda **_: object())
    monkeypatch.setattr(tasks, "refuse_cancelled", lambda *_: None)
    waited: list[float | None] = []

    def wait(task: Task[str], *_: object) -> None:
        waited.append(task.last)
        task.done(SOON)

    monkeypatch.setattr(tasks, "wait", wait)
    monkeypatch.setattr(tasks, "LONG", 0.05)
    shelf = Shelf("Judging…", 8)

    def slow() -> str:
        time.sleep(0.1)
        return "done"

    shelf.get("first", "judged", slow)
    shelf.get("second", "judged", lambda: "read")
    shelf.get("third", "judged", slow)
    shelf.get("fourth", "other", slow)
    first, second, third, fourth = waited
    assert first is None
    assert fourth is None
    assert second is not None
    assert second == third
    assert 0.1 <= second < SOON
