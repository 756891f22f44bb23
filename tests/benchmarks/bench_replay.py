"""Policies as code against many recorded uses and decisions."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from analytics.answers.replay import replay
from analytics.engines.reading import policy_set
from analytics.posture import assess
from graph.access import AccessGraph
from tests.benchmarks.bench_evidence import AGENTS, DECISIONS, RESOURCES, USES, facts_of
from tests.benchmarks.measure import Figure, Size, Topic, cpu, peak
from tests.support.estates.small_estates import AS_OF, Estate

POLICIES = 200
ALWAYS = """
@id("deny-orphaned") forbid(principal, action, resource)
  unless { principal has owner_active && principal.owner_active };
@id("deny-expired-grant") forbid(principal, action, resource)
  when { context has grant_expires_at && context.grant_expires_at <= context.now };
@id("needs-justification") @decision("escalate") forbid(principal, action, resource)
  when { resource.sensitivity >= 10 && !(context has justification) };
"""
EXACT = """
@id("recent") permit(principal, action, resource) when { context.now + 60 > 1000000 };
"""


def _set(count: int, more: str) -> str:
    """Return a set of policies: some for all, most of them for one resource at one level."""
    least = int(AS_OF.timestamp()) - 40 * 86_400
    single = (
        f'@id("r{n}") permit(principal, action in [Action::"read", Action::"list"], '
        f'resource == Resource::"r{n}") when {{ context.now > {least + n % 3} }};\n'
        for n in range(count - 3)
    )
    return ALWAYS + "".join(single) + more


def _timed(what: str, more: str, at_most: float | None = None) -> Iterator[Figure]:
    facts = facts_of(AGENTS, RESOURCES)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "set.cedar"
        path.write_text(_set(POLICIES, more), encoding="utf-8")
        policies = policy_set(path)
    replay(Estate().agent("a").resource("r").quick(), policies, 1)  # loads the compiled code
    posture = assess(AccessGraph.of(facts, AS_OF))
    spent = cpu(lambda: replay(posture, policies, 50))
    yield Figure(f"{what}, processor time", spent, "s", 1, at_most)
    yield peak(f"{what}, peak memory")


def usual(_: Size) -> Iterator[Figure]:
    """Time a set that compares the instant with a few others, as sets do."""
    yield from _timed("compares instants", "", at_most=60)


def exact(_: Size) -> Iterator[Figure]:
    """Time a set that calculates with the instant, so that every use is evaluated by itself."""
    yield from _timed("calculates with instants", EXACT)


TOPIC = Topic(
    "Replay of policies",
    f"{POLICIES} policies of Cedar are tried on {USES:,} uses and {DECISIONS:,} decisions, which "
    "are matched too. Reading is not counted.",
    46,
    (usual, exact),
    ("10k",),
    generated=False,
)
