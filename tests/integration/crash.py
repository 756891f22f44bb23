"""Publishes that end in the middle: run in a process of their own, which they take down."""

import multiprocessing
import os

from graph.facts import Facts
from graph.stores import neo4j_rows, neo4j_store, open_store

KILLED = 137  # what a shell reports of a process ended by SIGKILL
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.integration.crash"])


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
    process = FORKS.Process(target=publish_and_die, args=(uri, facts, calls))
    process.start()
    process.join(60)
    code = process.exitcode
    process.close()
    assert code in (0, KILLED), code
    return code == KILLED
