"""Exact reach of every identity against libraries, and what is asked of the same network."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from statistics import mean, median

import numpy as np

from analytics.reach.closure import Totals, condense, totals
from analytics.reach.kernels.union import unite
from analytics.reach.paths.all_paths import all_paths
from analytics.reach.paths.dominators import dominators
from analytics.reach.removal import Remaining
from analytics.reach.running.execution import serial
from analytics.reach.spread import spread
from tests.benchmarks import peers
from tests.benchmarks.measure import Case, Figure, Size, Topic, cpu, each, peak, timed, wall
from tests.benchmarks.workload import RUNS_AS, Workload, workload

RUNS = 3  # of which the quickest counts
ASKED = 300  # identities, or edges, that are asked about one by one
SMALL, MIDDLE, LARGE = 10_000, 100_000, 1_000_000
PLAIN, KNOTTED = "W", "Wg"
SAMPLES = {"networkx": 500, "igraph": 2_000, "rustworkx": 2_000}  # identities, then scaled
KNOTTED_SAMPLES = {"networkx": 20, "igraph": 100, "rustworkx": 20, "compiled": 500}
SEEDS, SMALLEST = 20, 2_000  # graphs that are compared with networkx, and how small they are
FEWER = 10  # of a million nodes only one in so many of these is searched
SECONDS, MEMORY = 8.0, 2_500.0  # that all identities of W may take, links to numbers, in MB
FASTER = {
    (PLAIN, "igraph", MIDDLE): 20.0,
    (PLAIN, "networkx", MIDDLE): 400.0,
    (PLAIN, "pyroaring", MIDDLE): 3.0,
    (PLAIN, "pyroaring", LARGE): 1.3,
    (KNOTTED, "compiled", MIDDLE): 500.0,
    (KNOTTED, "igraph", MIDDLE): 2_000.0,
}


def about(size: Size) -> int:
    """Return the number of nodes, as `FASTER` has it."""
    return min((SMALL, MIDDLE, LARGE), key=lambda nodes: abs(nodes - size.nodes))


def loaded(size: Size, name: str) -> Workload:
    """Read a graph that `graphs` wrote."""
    return Workload.load(size.folder / f"{name}.npz")


def best(work: Callable[[], object], runs: int = RUNS) -> float:
    """Return the least processor time of several runs."""
    return min(cpu(work) for _ in range(runs))


def by_us(size: Size, w: Workload) -> tuple[Totals, float]:
    """Return the exact totals, and the least processor time of counting them on one core."""
    exact = in_all(w)
    return exact, best(lambda: in_all(w), 1 if about(size) == LARGE else RUNS)


def in_all(w: Workload) -> Totals:
    """Count on one core: condense, unite, and add up for every identity."""
    return totals(w.network, w.starts, serial)


def graphs(size: Size) -> Iterator[Figure]:
    """Make both graphs and write them down; say how large they are."""
    for name, runs_as in ((PLAIN, 0.0), (KNOTTED, RUNS_AS)):
        made = workload(about(size), runs_as=runs_as)
        made.save(size.folder / f"{name}.npz")
        yield Figure(f"{name}: links", len(made.source), "")
    yield Figure(f"{PLAIN}, {KNOTTED}: identities", len(made.starts), "")
    yield Figure(f"{PLAIN}, {KNOTTED}: resources", int(np.count_nonzero(made.weight)), "")


def compiling(size: Size) -> Iterator[Figure]:
    """Time what no user should wait for: the first call with nothing compiled yet."""
    if about(size) != SMALL:
        return
    with tempfile.TemporaryDirectory() as cache:
        environment = os.environ | {"NUMBA_CACHE_DIR": cache}
        command = [sys.executable, "-m", "analytics.reach.running.warm"]
        run = partial(subprocess.run, command, env=environment, check=True)
        first, again = wall(run), wall(run)
    yield Figure("compiling everything, which `make setup` does once", first - again, "s")


def ours(size: Size) -> Iterator[Figure]:
    """Time every identity, from links to numbers."""
    for name, most in ((PLAIN, SECONDS), (KNOTTED, None)):
        w = loaded(size, name)
        totals(w.network, w.starts)  # loads the compiled code

        def run(w: Workload = w) -> None:
            fresh = Workload(w.source, w.target, w.weight, w.starts, w.kind)
            totals(fresh.network, fresh.starts)

        yield timed(f"{name}: links to numbers, two threads, clock", run, RUNS, most)
        if name == PLAIN:
            yield replace(peak(f"{name}: the same, peak memory"), at_most=MEMORY)
        exact, own = by_us(size, w)
        yield Figure(f"{name}: one thread, processor time", own, "s", RUNS)
        yield Figure(f"{name}: resources reached, mean", float(exact.resources.mean()), "")
    w = loaded(size, PLAIN)
    yield from against_reading(w)


def against_reading(w: Workload) -> Iterator[Figure]:
    """Compare the union of rows with reading the rows that it reads."""
    c = condense(w.network)
    counts = np.zeros((len(c.needed), len(c.classes)), np.int32)
    rows = unite(c.rows, c.word_class, 0, c.words, counts)
    read = partial(peers.read_rows, c.child_ptr, c.child, *rows, c.words)
    read()  # compiles
    ratio = best(lambda: unite(c.rows, c.word_class, 0, c.words, counts)) / best(read)
    yield Figure(f"{PLAIN}: uniting rows against only reading them", ratio, "x", RUNS, 6.0)


def compared(size: Size, name: str, peer: str) -> Iterator[Figure]:
    """Count a sample of identities by a peer's graph, check it, and scale it to all."""
    if about(size) == LARGE and (name, peer) == (KNOTTED, "networkx"):
        return  # a minute for two identities
    w = loaded(size, name)
    exact, own = by_us(size, w)
    graph: list[object] = []
    build = cpu(lambda: graph.append(peers.LIBRARIES[peer].graph(w)))
    if name == PLAIN:
        yield Figure(f"{name}: {peer}, building its graph", build, "s")
    search = partial(peers.LIBRARIES[peer].search, graph[0])
    yield from against(size, name, peer, w, exact, own, partial(peers.by_search, w, search))
    if name == PLAIN:
        yield peak(f"{name}: {peer}, peak memory")


def against(
    size: Size,
    name: str,
    peer: str,
    w: Workload,
    exact: Totals,
    own: float,
    counted: Callable[[np.ndarray], np.ndarray],
) -> Iterator[Figure]:
    """Yield what a peer's count of a sample costs, scaled to all, and that against our own."""
    samples = SAMPLES if name == PLAIN else KNOTTED_SAMPLES
    many = samples[peer] // (FEWER if about(size) == LARGE else 1)
    sample = np.random.default_rng(1).permutation(len(w.starts))[:many]
    found: list[np.ndarray] = []
    took = cpu(lambda: found.append(counted(w.starts[sample])))
    assert np.array_equal(found[0][:, 0], exact.resources[sample]), peer
    assert np.allclose(found[0][:, 1], exact.weighted[sample]), peer
    scaled = took * len(w.starts) / len(sample)
    yield Figure(f"{name}: {peer}, scaled from {samples[peer]:,}", scaled, "s")
    yield ratio(size, name, peer, scaled / own)


def ratio(size: Size, name: str, peer: str, value: float) -> Figure:
    """Return how many times our processor time a peer takes."""
    least = FASTER.get((name, peer, about(size)))
    return Figure(f"{name}: {peer} against ours", value, "x", at_least=least)


def bitmaps(size: Size) -> Iterator[Figure]:
    """Count by roaring bitmaps along the same condensed network, condensing included."""
    for name in (PLAIN, KNOTTED):
        w = loaded(size, name)
        exact, own = by_us(size, w)
        found: list[np.ndarray] = []
        took = cpu(lambda w=w, found=found: found.append(
            peers.by_bitmaps(condense(w.network), w.starts)
        ))  # fmt: skip
        assert np.array_equal(found[0][:, 0], exact.resources)
        assert np.allclose(found[0][:, 1], exact.weighted)
        yield Figure(f"{name}: pyroaring on the same rows", took, "s")
        yield ratio(size, name, "pyroaring", took / own)
        if name == PLAIN:
            yield peak(f"{name}: pyroaring, peak memory")


def compiled(size: Size) -> Iterator[Figure]:
    """Count a sample of Wg by a compiled search from each identity."""
    w = loaded(size, KNOTTED)
    indptr = np.searchsorted(w.source, np.arange(w.nodes + 1))
    peers.by_compiled_search(indptr, w.target, w.weight, w.starts[:1])
    exact, own = by_us(size, w)
    run = partial(peers.by_compiled_search, indptr, w.target, w.weight)
    yield from against(size, KNOTTED, "compiled", w, exact, own, run)


def one_edge(size: Size) -> Iterator[Figure]:
    """Ask what every identity loses when one link is removed, against counting all anew."""
    w = loaded(size, PLAIN)
    network = w.network
    remaining = Remaining(network, w.starts, totals(network, w.starts))
    links = np.random.default_rng(1).choice(len(w.source), ASKED + 1, replace=False)
    is_grant = w.is_resource[w.target]
    none = links[:0]
    edits = [(none, [k]) if is_grant[k] else ([k], none) for k in links]
    edits = [(np.asarray(e, np.int32), np.asarray(g, np.int32)) for e, g in edits]
    remaining.change(*edits.pop())
    times = each(edits, lambda edit: remaining.change(*edit))
    _, full = by_us(size, w)
    yield Figure(f"{PLAIN}: one link removed, all identities, median", median(times), "s", ASKED)
    yield Figure(f"{PLAIN}: one link removed, all identities, mean", mean(times), "s", ASKED)
    least = 100.0 if about(size) == MIDDLE else None
    anew = full / mean(times)
    yield Figure(f"{PLAIN}: counting all anew against one link", anew, "x", ASKED, None, least)


def choke_points(size: Size) -> Iterator[Figure]:
    """Count for every node and link who loses the jewels without it, against dominator trees."""
    w = loaded(size, PLAIN)
    network = w.network
    found = all_paths(network, w.starts, w.jewels, w.is_resource)
    exact = dominators(found)
    ours = best(lambda: dominators(replace(found)), 5)
    finding = best(lambda: all_paths(w.network, w.starts, w.jewels, w.is_resource))
    yield Figure(f"{PLAIN}: collecting the ways to the jewels", finding, "s", RUNS)
    yield Figure(f"{PLAIN}: choke points, all nodes and links", ours, "s", 5)
    middle = about(size) == MIDDLE
    for peer, least in (("networkx", 25.0), ("igraph", 4.0), ("rustworkx", None)):
        if about(size) == LARGE and peer == "networkx":
            continue  # holds two gigabytes for one figure more
        tree, took = peers.dominator_tree(w, peer)
        below = peers.below(tree, w)
        mine = ~found.is_start
        assert np.array_equal(below[found.node[mine]], exact.of_vertex[mine]), peer
        yield Figure(
            f"{PLAIN}: {peer}'s dominator tree against ours", took / ours, "x", 1, None,
            least if middle else None,
        )  # fmt: skip


def of_one(size: Size) -> Iterator[Figure]:
    """Search from one identity, with hops and parents, against breadth-first searches."""
    w = loaded(size, PLAIN)
    network = w.network
    asked = np.random.default_rng(1).choice(w.starts, ASKED + 1, replace=False).tolist()
    spread(network, asked.pop()).used()
    ours = median(each(asked, lambda start: spread(network, start).used()))
    yield Figure(f"{PLAIN}: one identity, hops, parents and grants, median", ours, "s", ASKED)
    for peer, least in (("networkx", 6.0), ("igraph", 8.0), ("rustworkx", None)):
        if about(size) == LARGE and peer == "networkx":
            continue
        means = peers.LIBRARIES[peer]
        took = median(each(asked, partial(means.steps, means.graph(w))))
        limit = least if about(size) == MIDDLE else None
        yield Figure(f"{PLAIN}: {peer}'s search against ours", took / ours, "x", ASKED, None, limit)


def equal(size: Size) -> Iterator[Figure]:
    """Compare every identity of many small graphs of both kinds with networkx."""
    if about(size) != SMALL:
        return
    agreed = 0
    for seed in range(SEEDS):
        for runs_as in (0.0, RUNS_AS):
            w = workload(SMALLEST * (1 + seed % 3), seed, runs_as)
            exact = in_all(w)
            search = partial(peers.networkx_search, peers.networkx_graph(w))
            found = peers.by_search(w, search, w.starts)
            assert np.array_equal(found[:, 0], exact.resources)
            assert np.array_equal(found[:, 1], exact.weighted)
            agreed += len(w.starts)
    yield Figure("identities of W and Wg compared with networkx, all equal", agreed, "")


def _cases() -> Iterator[Case]:
    yield from (graphs, compiling, ours)
    for name in (PLAIN, KNOTTED):
        for peer in peers.LIBRARIES:
            case = partial(compared, name=name, peer=peer)
            yield _named(f"{name}_{peer}", case)
    yield from (bitmaps, compiled, one_edge, choke_points, of_one, equal)


def _named(name: str, case: Case) -> Case:
    case.__name__ = name
    return case


TOPIC = Topic(
    "Reach of every identity, against other means",
    "W is a synthetic identity graph of `tests/benchmarks/workload.py`: users, agents, accounts, "
    "credentials, groups, roles, resources. In Wg one resource in twenty runs as an account, and "
    "nearly everything reaches nearly everything. Ours counts the resources that each identity "
    "reaches, and their weight, exactly; a peer does the same by its own search, for a sample of "
    "the identities (of a million nodes a tenth of it), and its figure is scaled to all. "
    "The counts of the sample are checked to be equal. Peers' graphs are built beforehand, our "
    "own condensing is included, and pyroaring is given the condensed rows. Ratios are of "
    "processor time on one thread, ours the least of three runs (of a million nodes the second "
    "run). The figures of one identity and of one link removed are by the clock. A choke point's "
    "figure starts from the collected ways, a peer's from its graph turned round.",
    35,
    tuple(_cases()),
    sizes=("10k", "100k", "1M"),
    generated=False,
)
