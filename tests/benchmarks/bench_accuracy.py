"""Precision and recall of the rules on planted estates of ten seeds."""

from collections.abc import Iterator

from ingest.generator import generate
from tests.benchmarks.measure import Figure, Size, Topic
from tests.support.estates.accuracy import accuracy

SEEDS, AGENTS = 10, 150


def planted(_: Size) -> Iterator[Figure]:
    """Count what was planted, found and right over all seeds, and the worst rule of any seed."""
    rows = [row for seed in range(SEEDS) for row in accuracy(generate(AGENTS, seed))]
    precision, recall = (min(getattr(r, of) for r in rows) for of in ("precision", "recall"))
    yield Figure("classes of defect", len({r.rule for r in rows if r.planted}), "", SEEDS)
    yield Figure("defects planted", sum(r.planted for r in rows), "", SEEDS)
    yield Figure("defects found", sum(r.found for r in rows), "", SEEDS)
    yield Figure("precision, worst rule and seed", 100 * precision, "%", SEEDS, at_least=100)
    yield Figure("recall, worst rule and seed", 100 * recall, "%", SEEDS, at_least=100)


TOPIC = Topic(
    "Planted defects",
    f"Generated estates of {AGENTS} agents with ten seeds, each with its labels: every rule has "
    "to find every defect planted for it, and nothing else.",
    25,
    (planted,),
    ("10k",),
    generated=False,
)
