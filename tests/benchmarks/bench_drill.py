"""Drills at the scale of two breaches: a million and a half keys, and the stores of a fleet."""

from collections.abc import Callable, Iterator

from analytics.answers.drill import drill
from analytics.posture import assess
from analytics.remediation.leak.selection import Selection
from graph.access import AccessGraph
from graph.facts import Facts
from ingest.generator.breaches import AGENTS, NETWORK, SERVER, SERVERS, agent_keys, secret_stores
from tests.benchmarks.measure import Figure, Size, Topic, cpu, peak

FULL = 1_000_000  # nodes of the size at which a breach has its own scale
SHOWN = 50  # rows of each list, as the command shows


def all_keys(size: Size) -> Iterator[Figure]:
    """Leak the keys of every agent of a network at once."""
    _leak(agent_keys(1_000), Selection(providers=(NETWORK,)))  # loads the compiled code
    count = min(AGENTS, size.nodes * AGENTS // FULL)
    yield from _played(lambda: agent_keys(count), Selection(providers=(NETWORK,)), "agent keys")


def all_stores(size: Size) -> Iterator[Figure]:
    """Leak all that is kept on any server of a fleet."""
    _leak(secret_stores(100), Selection(stores=(SERVER,)))
    count = min(SERVERS, size.nodes * SERVERS // FULL)
    yield from _played(lambda: secret_stores(count), Selection(stores=(SERVER,)), "servers")


def _played(make: Callable[[], Facts], selection: Selection, name: str) -> Iterator[Figure]:
    """Take the figures of one breach."""
    facts: list[Facts] = []
    yield Figure(f"{name}: the estate is made", cpu(lambda: facts.append(make())), "s")
    yield peak(f"{name}: memory that the facts take")
    counts: list[dict[str, int]] = []
    took = cpu(lambda: counts.append(_leak(facts[0], selection)))
    yield Figure(f"{name}: nodes", sum(facts[0].counts()[0].values()), "")
    yield Figure(f"{name}: credentials that leak", counts[0]["credentials"], "")
    yield Figure(f"{name}: possible footholds", counts[0]["alive_after_kill"], "")
    yield Figure(f"{name}: the whole drill, from the facts", took, "s")
    yield peak(f"{name}: peak memory, the facts included")


def _leak(facts: Facts, selection: Selection) -> dict[str, int]:
    return drill(assess(AccessGraph.of(facts)), selection, limit=SHOWN).counts


TOPIC = Topic(
    "Drills",
    "Two breaches on estates made for them, in memory: 1.5 million agent keys exposed at once, and "
    "87,000 servers as stores of secrets (the smaller size has a hundredth). A drill reads the "
    "facts, derives what follows from them, and answers all that `trustdebt drill` does: joint "
    "reach, kill set, what breaks with each single key, order of rotation, and what outlives the "
    "kill. Times are processor seconds.",
    47,
    (all_keys, all_stores),
    ("10k", "1M"),
    generated=False,
)
