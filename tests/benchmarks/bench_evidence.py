"""Holding uses against decisions, for many of both."""

import statistics
from collections.abc import Iterator

import numpy as np
import pandas as pd

from analytics.evidence.matching import evidence
from analytics.posture import Posture, assess
from graph.access import AccessGraph
from graph.element import Element
from graph.facts import Facts
from graph.frames import PANDAS
from graph.schema import DECISION_RECORD, LEVELS, USE_EVENT
from tests.benchmarks.measure import Figure, Size, Topic, cpu, peak
from tests.support.estates.small_estates import AS_OF, Estate

USES, DECISIONS, DAYS = 1_000_000, 100_000, 90
AGENTS, RESOURCES = 2_000, 500
KINDS = ("allow", "allow", "deny", "escalate")


def _frame(element: Element, count: int, **columns: object) -> pd.DataFrame:
    said = {"source": "estate", "scope": "acme"} | columns
    return pd.DataFrame({c.name: pd.Series([said.get(c.name)] * count, dtype=PANDAS[c.dtype])
                         if isinstance(said.get(c.name), str | type(None))
                         else pd.Series(said[c.name]).astype(PANDAS[c.dtype])
                         for c in element.columns})  # fmt: skip


def _drawn(element: Element, count: int, who: str, agents: int, things: int) -> pd.DataFrame:
    """Draw records at random instants: `who` is the column that names the agent."""
    rng = np.random.default_rng(count)
    at = int(AS_OF.timestamp() * 1000) - rng.integers(0, DAYS * 86_400_000, count)
    names = np.array([f"a{n}" for n in range(agents)], object)
    resources = np.array([f"r{n}" for n in range(things)], object)
    levels = np.array(LEVELS, object)[rng.integers(0, 4, count)]
    columns = {
        "id": np.array([f"{who}{n}" for n in range(count)], object),
        "at": pd.to_datetime(pd.Series(at), unit="ms", utc=True),
        who: names[rng.integers(0, agents, count)],
        "resource": resources[rng.integers(0, things, count)],
        "action": levels,
    }
    if element is USE_EVENT:
        return _frame(element, count, **columns, level=levels, outcome="success")
    kind = np.array(KINDS, object)[rng.integers(0, len(KINDS), count)]
    return _frame(element, count, **columns, decision=kind, policy_id="p", policy_version="1")


def facts_of(agents: int, things: int) -> Facts:
    """Return the facts of an estate with all uses and decisions."""
    e = Estate().agent(*(f"a{n}" for n in range(agents)))
    for n in range(things):
        e.resource(f"r{n}", "confidential")
    graph = e.quick().graph
    frames = {element: graph.facts.frames[element] for element in graph.facts.frames}
    frames[USE_EVENT] = _drawn(USE_EVENT, USES, "principal", agents, things)
    frames[DECISION_RECORD] = _drawn(DECISION_RECORD, DECISIONS, "subject", agents, things)
    return Facts.of(frames, graph.coverage)


def _timed(agents: int, things: int) -> Iterator[Figure]:
    facts = facts_of(agents, things)

    def fresh() -> Posture:
        posture = assess(AccessGraph.of(facts, AS_OF))
        posture.ownership  # noqa: B018 - what others need as well is not counted
        return posture

    evidence(fresh())  # loads the compiled code
    postures = [fresh() for _ in range(3)]
    said = f"{agents} agents on {things} resources" if agents > 1 else "one agent on one resource"
    spent = statistics.median(cpu(lambda p=p: evidence(p)) for p in postures)
    yield Figure(f"{said}, processor time", spent, "s", len(postures), at_most=10)
    yield peak(f"{said}, peak memory")


def many(_: Size) -> Iterator[Figure]:
    """Time many agents, each of which few decisions are about."""
    yield from _timed(AGENTS, RESOURCES)


def one(_: Size) -> Iterator[Figure]:
    """Time one agent with one resource, about which all decisions are."""
    yield from _timed(1, 1)


TOPIC = Topic(
    "Uses against decisions",
    f"{USES:,} uses are held against {DECISIONS:,} decisions, all at random instants within {DAYS} "
    "days; half of the decisions allow. Reading is not counted.",
    45,
    (many, one),
    ("10k",),
    generated=False,
)
