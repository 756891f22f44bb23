"""Reach that is counted on a Dask cluster: the same numbers, whatever is lost on the way."""

import os
import signal
import socket
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from itertools import pairwise

import networkx as nx
import numpy as np
import pytest

from analytics.reach import closure
from analytics.reach.closure import condense, count
from analytics.reach.running import on_dask
from analytics.reach.running.execution import Block, Work, counted_by
from graph.machine import engines
from graph.stores import open_store
from tests.benchmarks.workload import Workload, workload
from tests.integration.cli import QUESTIONS, Run, example
from tests.support.search import some

distributed = pytest.importorskip("distributed", reason="NO DASK: trustdebt[dask]")

NODES, SEARCHED = 4_000, 40
HERE = {
    "host": "127.0.0.1",
    "dashboard_address": "127.0.0.1:0",
    "worker_dashboard_address": "127.0.0.1:0",
}


@pytest.fixture(scope="module")
def cluster() -> Iterator[distributed.LocalCluster]:
    """Start a scheduler and two workers, each a process of its own that is started anew if lost."""
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, **HERE) as started:
        yield started


@cache
def _graph() -> Workload:
    return workload(NODES)


@cache
def _resources_searched() -> dict[int, int]:
    """Count the resources that some identities reach, by searching from each."""
    graph = nx.DiGraph()
    graph.add_nodes_from(range(NODES))
    graph.add_edges_from(zip(_graph().source.tolist(), _graph().target.tolist(), strict=True))
    resources = set(np.flatnonzero(_graph().is_resource).tolist())
    starts = _graph().starts[:SEARCHED].tolist()
    return {start: len(nx.descendants(graph, start) & resources) for start in starts}


def _blocks(words: int, parts: int) -> list[Block]:
    edges = [words * at // parts for at in range(parts + 1)]
    return [(low, high) for low, high in pairwise(edges) if low < high]


@pytest.mark.parametrize("parts", [1, 2, 3, 7, 16])
def test_any_number_of_blocks_gives_what_a_search_finds(cluster, parts):
    condensed, starts = condense(_graph().network), np.arange(NODES)
    blocks = _blocks(condensed.words, parts)
    assert len(blocks) == parts
    with on_dask.on_dask(cluster.scheduler_address) as execute:
        counts = count(condensed, starts, execute, blocks)
    resources = counts[:, :, closure.ANY].sum(axis=1)
    expected = _resources_searched()
    assert {start: int(resources[start]) for start in expected} == expected
    assert sum(expected.values()) > SEARCHED
    assert np.array_equal(counts, count(condensed, starts))


def _workers(cluster: distributed.LocalCluster) -> list[int]:
    """Return the processes of the workers that are there."""
    with distributed.Client(cluster, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=30)
        return list(client.run(os.getpid).values())


@contextmanager
def _killing(monkeypatch: pytest.MonkeyPatch, doomed: list[int]) -> Iterator[None]:
    """Kill processes when their work has been handed out, before any of it has come back."""
    done = on_dask._done

    def killed(client: object, futures: dict) -> Iterator[tuple]:
        while doomed:
            os.kill(doomed.pop(), signal.SIGKILL)
        yield from done(client, futures)

    with monkeypatch.context() as patch:
        patch.setattr(on_dask, "_done", killed)
        yield


@pytest.mark.parametrize("lost", [1, 2])
def test_workers_killed_in_the_middle_cost_nothing(cluster, monkeypatch, lost):
    condensed, starts = condense(_graph().network), np.arange(NODES)
    doomed = _workers(cluster)[:lost]
    with (
        _killing(monkeypatch, doomed),
        on_dask.on_dask(cluster.scheduler_address) as execute,
    ):
        counts = count(condensed, starts, execute, _blocks(condensed.words, 16))
    assert not doomed, "nobody was killed"
    assert np.array_equal(counts, count(condensed, starts))


def test_the_twin_that_sends_nothing_anew_loses_the_answer(cluster, monkeypatch):
    monkeypatch.setattr(on_dask, "LOSSES", 1)
    condensed = condense(_graph().network)
    with (
        _killing(monkeypatch, _workers(cluster)),
        on_dask.on_dask(cluster.scheduler_address) as execute,
        pytest.raises(on_dask.EngineUnavailable, match="were lost 1 times"),
    ):
        count(condensed, np.arange(NODES), execute, _blocks(condensed.words, 16))


class _Lost:
    """A count that was made, and of which the worker ends before it is fetched."""

    def cancelled(self) -> bool:
        return False

    def result(self) -> None:
        raise distributed.client.FutureCancelledError("total_of", "already forgotten")


def test_a_count_that_is_lost_before_it_is_fetched_is_counted_anew(cluster, monkeypatch):
    """Workers end at any time; here the first answer of the first round is lost."""
    lost, real = [], on_dask._done

    def losing(client, futures):
        for future, group in real(client, futures):
            yield (future if lost else _Lost()), group
            lost.append(group)

    monkeypatch.setattr(on_dask, "_done", losing)
    condensed, starts = condense(_graph().network), np.arange(NODES)
    with on_dask.on_dask(cluster.scheduler_address) as execute:
        counts = count(condensed, starts, execute, _blocks(condensed.words, 16))
    assert lost
    assert np.array_equal(counts, count(condensed, starts))


@pytest.mark.parametrize("name", some(sorted(QUESTIONS), 3))
def test_a_command_says_the_same(cluster, cli: Run, monkeypatch, name):
    monkeypatch.setenv("TRUSTDEBT_KEPT_ANSWERS", "off")
    monkeypatch.setattr(closure, "BLOCK_WORDS", 1)
    line = [name, *QUESTIONS[name], "--json"]
    here = cli(*line)
    there = cli(*line, "--engine", "dask", "--scheduler", cluster.scheduler_address)
    assert there == here


def test_commands_count_there(cluster, cli: Run, monkeypatch):
    """The test before would pass as well if nothing were sent away."""
    sent = []
    counted = on_dask._count

    def noted(client: object, work: Work, blocks: list[Block]) -> Iterable[np.ndarray]:
        sent.append(len(blocks))
        return counted(client, work, blocks)

    monkeypatch.setattr(on_dask, "_count", noted)
    monkeypatch.setenv("TRUSTDEBT_KEPT_ANSWERS", "off")
    monkeypatch.setattr(closure, "BLOCK_WORDS", 1)
    monkeypatch.setenv("TRUSTDEBT_ENGINE", "dask")
    monkeypatch.setenv("TRUSTDEBT_SCHEDULER", cluster.scheduler_address)
    assert cli("identities").code == 0
    assert max(sent) > 1
    sent.clear()
    assert cli("sources").code == 0  # judges nothing
    assert not sent


def test_few_blocks_are_halved_until_each_thread_has_one():
    assert on_dask._parts([(0, 2048), (2048, 3909)], 4) == [
        (0, 1024),
        (1024, 2048),
        (2048, 2978),
        (2978, 3909),
    ]
    assert on_dask._parts([(0, 1), (1, 2)], 4) == [(0, 1), (1, 2)]


def test_a_worker_of_another_state_is_refused(cluster, monkeypatch):
    monkeypatch.setattr(on_dask.np, "__version__", "0")  # of this process alone
    with (
        pytest.raises(on_dask.EngineUnavailable, match="has another state of trustdebt"),
        on_dask.on_dask(cluster.scheduler_address),
    ):
        pass


def test_a_cluster_without_workers_is_refused(monkeypatch):
    monkeypatch.setattr(on_dask, "ANSWERS", 1.0)
    with (
        distributed.LocalCluster(n_workers=0, **HERE) as empty,
        pytest.raises(on_dask.EngineUnavailable, match="has no workers"),
        on_dask.on_dask(empty.scheduler_address),
    ):
        pass


@contextmanager
def _speaking(greeting: bytes) -> Iterator[str]:
    """Listen as something else does, which says so much at first."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def greet() -> None:
            connection, _ = server.accept()
            with connection, suppress(ConnectionError):
                connection.sendall(greeting)
                connection.recv(1)  # until the other one goes

        thread = threading.Thread(target=greet, daemon=True)
        thread.start()
        yield f"tcp://127.0.0.1:{server.getsockname()[1]}"
        thread.join(10)


@pytest.mark.parametrize("greeting", [b"", b"SSH-2.0-OpenSSH_9.6\r\n"])
def test_what_is_no_scheduler_is_refused_in_time(cli: Run, monkeypatch, greeting):
    monkeypatch.setattr(engines, "ANSWERS", 1.0)
    with _speaking(greeting) as address:
        line = ["identities", "--engine", "dask", "--scheduler", address, "--json"]
        error = cli(*line).refused(4)
    assert error["code"] == "engine-unavailable"
    assert error["message"] == f"no Dask scheduler answers at {address}"


@pytest.mark.parametrize(
    ("options", "code", "reason"),
    [
        (["--engine", "dask"], 2, "needs --scheduler"),
        (["--engine", "ray"], 2, "--engine is dask"),
        (["--scheduler", "tcp://127.0.0.1:1"], 2, "goes with --engine dask"),
        (["--engine", "dask", "--scheduler", "here"], 2, "tcp://HOST:PORT"),
        (["--engine", "dask", "--scheduler", "tcp://127.0.0.1:1"], 4, "no Dask scheduler answers"),
        (["--engine", "dask", "--scheduler", "tcp://127.0.0.1:99999"], 4, "no Dask scheduler"),
    ],
)
def test_options_that_do_not_fit_are_refused(cli: Run, options, code, reason):
    assert reason in cli("identities", *options, "--json").refused(code)["message"]


@pytest.mark.parametrize(
    ("options", "code", "reason"),
    [
        (["--judge"], 4, "no Dask scheduler answers"),
        (["--no-judge"], 2, "goes with --judge"),
        ([], 2, "goes with --judge"),  # nobody sits at a terminal
    ],
)
def test_ingest_publishes_nothing_if_it_cannot_judge_there(
    cli: Run, tmp_path, options, code, reason
):
    estate, store = example().write(tmp_path / "estate"), tmp_path / "store"
    line = ["ingest", "estate", estate, "--store", store, *options]
    there = ["--engine", "dask", "--scheduler", "tcp://127.0.0.1:1"]
    assert reason in cli(*line, *there, "--json").refused(code)["message"]
    assert open_store(str(store)).current() is None
    assert cli(*line, "--no-judge").code == 0  # the twin: the estate is one


def test_without_dask_it_is_named(cli: Run, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    line = ["identities", "--engine", "dask", "--scheduler", "tcp://127.0.0.1:1", "--json"]
    assert "pip install 'trustdebt[dask]'" in cli(*line).refused(4)["message"]


def test_the_executor_is_chosen_for_a_while_only():
    seen = []

    def noted(work: Work, blocks: list[Block]) -> Iterable[np.ndarray]:
        seen.append(len(blocks))
        return map(work, blocks)

    network, starts = _graph().network, np.arange(NODES)
    with counted_by(noted):
        closure.totals(network, starts)
    closure.totals(network, starts)
    assert len(seen) == 1
