"""Blast radius: of one identity as it is answered, and of all at once against other means."""

import statistics
from collections import deque
from collections.abc import Iterator

import networkx as nx
import numpy as np

from analytics.posture import Posture, assess
from analytics.reach.network import Network
from graph.access import AccessGraph
from graph.stores import open_store
from tests.benchmarks.measure import Figure, Size, Topic, cpu, each, peak, timed, wall
from tests.support.printed import blast_radius, stale
from tests.support.printed import findings as findings_answer

ASKED = 200  # identities that are asked about one by one
SAMPLE = 1_000  # identities that the slow means are run on, and scaled
CEILINGS = 4


def opened(size: Size) -> Posture:
    """Open the estate as a command does."""
    info, facts = open_store(str(size.store)).read()
    return assess(AccessGraph.of(facts, snapshot=info))


def of_one(size: Size) -> Iterator[Figure]:
    """Time the first answer in a fresh process, then many."""
    posture = opened(size)
    first = "first answer of a process, reading included"
    agent = str(posture.graph.frames[next(iter(posture.graph.frames))]["id"].iloc[0])

    def ask() -> None:
        fresh = opened(size)
        blast_radius(fresh, fresh.graph.find(agent))

    yield Figure(first, wall(ask), "s")
    yield timed("first answer of a snapshot, the process being warm", ask)
    chosen = np.random.default_rng(1).choice(posture.accountable, ASKED)
    times = each(chosen.tolist(), lambda one: blast_radius(posture, one))
    yield Figure("answer about one identity", statistics.median(times), "s", ASKED)
    widest = int(posture.accountable[np.argmax(posture.totals().weighted)])
    yield timed("the same, the widest identity", lambda: blast_radius(posture, widest), 5)
    yield peak()


def of_all(size: Size) -> Iterator[Figure]:
    """Time the exact totals of all identities, and the same by networkx and by plain Python."""
    posture = opened(size)
    network, starts = posture.network(), posture.accountable
    exact = posture.totals()  # loads the compiled code
    ours = statistics.median(cpu(fresh(posture).totals) for _ in range(5))
    yield Figure("totals of all identities, processor time", ours, "s", 5)
    yield peak("totals of all identities, peak memory")
    sample = np.random.default_rng(1).permutation(len(starts))[:SAMPLE]
    scale = len(starts) / len(sample)
    for name, count in (
        ("networkx.descendants", by_networkx(network)),
        ("a plain Python search", by_search(network)),
    ):
        counted: list[int] = []
        took = scale * cpu(lambda count=count, counted=counted: counted.extend(
            count(4 * int(starts[place]) + CEILINGS - 1) for place in sample
        ))  # fmt: skip
        assert counted == exact.resources[sample].tolist(), name
        yield Figure(f"the same by {name}, scaled from {SAMPLE:,}", took, "s")
        yield Figure(f"{name} against ours", took / ours, "x")


def fresh(posture: Posture) -> Posture:
    """Return a posture that has its network and has added up nothing."""
    made = Posture(posture.graph)
    made.network()
    assert len(made.accountable)
    return made


def steps(network: Network) -> Iterator[tuple[int, int]]:
    """Yield every step between states (node times 4 plus ceiling); a resource is below zero."""
    for source, target, ceiling in zip(
        network.sources.tolist(), network.target.tolist(), network.ceiling.tolist(), strict=True
    ):
        for limit in range(CEILINGS):
            yield 4 * source + limit, 4 * target + min(limit, ceiling)
    for holder, resource, levels in zip(
        network.holders.tolist(), network.resource.tolist(), network.levels.tolist(), strict=True
    ):
        for limit in range(CEILINGS):
            if levels & ((2 << limit) - 1):
                yield 4 * holder + limit, -1 - resource


def by_networkx(network: Network):
    """Return a function that counts the resources reached from a state."""
    graph = nx.DiGraph(steps(network))
    graph.add_nodes_from(range(4 * network.nodes))
    return lambda start: sum(state < 0 for state in nx.descendants(graph, start))


def by_search(network: Network):
    """Return a function that does the same with a dictionary of lists and a queue."""
    ways: dict[int, list[int]] = {}
    for source, target in steps(network):
        ways.setdefault(source, []).append(target)

    def count(start: int) -> int:
        seen, queue = {start}, deque([start])
        while queue:
            for target in ways.get(queue.popleft(), ()):
                if target not in seen:
                    seen.add(target)
                    queue.append(target)
        return sum(state < 0 for state in seen)

    return count


def findings(size: Size) -> Iterator[Figure]:
    """Time every rule over everything."""
    yield timed("every finding", lambda: findings_answer(opened(size)))
    yield timed("stale access, and the blast radius one gets back",
                lambda: stale(opened(size), limit=50))  # fmt: skip
    yield peak("findings and stale access, peak memory")


TOPIC = Topic(
    "Blast radius",
    "An answer has levels, hops, certainty and every resource, as `trustdebt blast-radius --json` "
    "prints it. Totals are exact, of every accountable identity. networkx and the "
    "plain search walk the same graph, expanded by ceiling, for a sample of the identities, and "
    "their counts are checked to be equal; the time to build their graphs is left out. Findings "
    "and stale access include reading the snapshot.",
    30,
    (of_one, of_all, findings),
)
