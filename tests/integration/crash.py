"""Publishes that end in the middle: run in a process of their own, which they take down."""

import multiprocessing
import os
import sys
from collections.abc import Callable
from multiprocessing.context import ForkServerProcess
from multiprocessing.synchronize import Barrier
from pathlib import Path

from graph.facts import Facts
from graph.seal import sealing
from graph.seal.key import VARIABLE, using
from graph.stores import open_store
from graph.stores.neo4j import rows as neo4j_rows
from graph.stores.neo4j import store as neo4j_store
from ingest.job.run import ingest
from tests.integration.disturbed import decide
from tests.support.estates.small_estates import AS_OF, Estate

TOUCHES = ("open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "sqlite3.connect")
PLACES = ("AWS_", "XDG_")
KILLED = 137  # what a shell reports of a process ended by SIGKILL
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.integration.crash"])
# The server is started by whichever test comes first, and would hand its key to all that follow.
os.environ.pop(VARIABLE, None)


def in_process(target: Callable[..., None], *args: object) -> ForkServerProcess:
    """Start a process, which finds what this one has of services and folders in its environment.

    The server of the forks has that of the test which was first.
    """
    process = FORKS.Process(target=_with, args=(_place(), target, *args))
    process.start()
    return process


def _place() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.startswith(PLACES)}


def _with(place: dict[str, str], target: Callable[..., None], *args: object) -> None:
    os.environ.update(place)
    target(*args)


def publish_and_die(uri: str, facts: Facts, calls: int) -> None:
    """Publish, and end without a word after the given number of steps; end well if they are few."""
    neo4j_store.LEASE_SECONDS = 0.3  # the parent need not wait long for what we leave behind
    neo4j_rows.BATCH = 3
    seen = 0

    def die(_: int) -> None:
        nonlocal seen
        seen += 1
        if seen == calls:
            os._exit(KILLED)

    store = open_store(uri)
    with store.lease(10) as lease:
        store.publish(facts, lease, after_step=die)
    store.close()


def killed_after(uri: str, facts: Facts, calls: int) -> bool:
    """Run `publish_and_die`; say whether it died before its end."""
    process = in_process(publish_and_die, uri, facts, calls)
    process.join(60)
    code = process.exitcode
    process.close()
    assert code in (0, KILLED), code
    return code == KILLED


def ingest_and_die(folder: str, estate: Estate, calls: int) -> None:
    """Ingest, and end just before the given call that opens, makes or renames in a folder."""
    _die_before(folder, calls)
    ingest(open_store(folder), [estate.job()])


def act_and_die(what: str, folder: str, calls: int, key: str) -> None:
    """Write to a store with a key, and end just before a call that touches its folder."""
    acts = {
        "ingest": lambda: ingest(open_store(folder), [Estate(at=AS_OF).agent("killed").job()]),
        "decide": lambda: decide(Path(folder), "F-killed"),
        "seal": lambda: sealing.seal(folder, Path(key)),
    }
    with using(key):
        _die_before(folder, calls)
        acts[what]()


def _die_before(folder: str, calls: int) -> None:
    seen = 0

    def watch(event: str, given: tuple[object, ...]) -> None:
        nonlocal seen
        if event in TOUCHES and any(str(one).startswith(folder) for one in given):
            seen += 1
            if seen == calls:
                os._exit(KILLED)

    sys.addaudithook(watch)


def ingest_when_all_are_ready(folder: str, estate: Estate, ready: Barrier) -> None:
    """Ingest at the same moment as others do."""
    ready.wait(60)
    ingest(open_store(folder), [estate.job()])


def ended(process: ForkServerProcess) -> int | None:
    """Wait for the end of a process, and return its exit code."""
    process.join(120)
    code = process.exitcode
    process.close()
    return code
