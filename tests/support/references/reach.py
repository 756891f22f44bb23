"""Random estates, and a slow, plain reading of what reach means.

The reference works level by level: at level L it keeps the edges whose ceiling is at least L and
searches them breadth first. The product searches states of (node, ceiling); both must agree.
"""

from collections import deque
from collections.abc import Iterator

from hypothesis import strategies as st

from analytics.posture import Filter
from analytics.reach.spread import spread
from graph.schema import LEVELS
from tests.support.estates.small_estates import TYPES, Estate, ago

LEVEL_WEIGHT = {"list": 0.3, "read": 1.0, "write": 3.0, "admin": 10.0}
SENSITIVITY = {"public": 1.0, "internal": 3.0, "confidential": 10.0, "restricted": 30.0}
ACTING = ("Agent", "ServiceAccount", "Role", "Human", "Credential")
CONTROL = [
    "USES",
    "AUTHENTICATES_AS",
    "RUNS_AS",
    "MEMBER_OF",
    "ASSUMES",
    "CONTROLS",
    "SPAWNS",
    "CALLS",
    "ACTS_FOR",
]

NODES = {
    "a0": "Agent",
    "a1": "Agent",
    "s0": "ServiceAccount",
    "s1": "ServiceAccount",
    "k0": "Credential",
    "k1": "Credential",
    "r0": "Role",
    "g0": "Group",
    "m0": "Team",
    "t0": "Tool",
    "h0": "Human",
    "x0": "Resource",
    "x1": "Resource",
    "x2": "Resource",
}
ENDS = [
    (kind, source, target)
    for kind in CONTROL
    for source, mine in NODES.items()
    for target, theirs in NODES.items()
    if mine in {n.name for n in TYPES[kind].sources}
    and theirs in {n.name for n in TYPES[kind].targets}
]
HOLDERS = [n for n, label in NODES.items() if label != "Team"]
RESOURCES = [n for n, label in NODES.items() if label == "Resource"]
WHEN = st.sampled_from(
    [{}] * 6 + [{"valid_from": ago(9)}, {"valid_from": ago(-1)}, {"valid_to": ago(0)}]
)
FLAGS = st.fixed_dictionaries(
    {},
    optional={
        "eligible": st.just("true"),
        "condition": st.just("aws:SourceIp"),
        "assumed": st.just("true"),
        "derived": st.just("true"),
    },
)
DOUBTS = st.one_of(st.just({}), FLAGS)
EDGE = st.tuples(st.sampled_from(ENDS), st.sampled_from([None, None, None, *LEVELS]), DOUBTS, WHEN)
GRANT = st.tuples(
    st.sampled_from(HOLDERS),
    st.sets(st.sampled_from(LEVELS), max_size=3),
    st.sampled_from(RESOURCES),
    st.one_of(st.just({}), FLAGS),
    WHEN,
)
STORED = st.tuples(st.sampled_from(["k0", "k1"]), st.sampled_from(RESOURCES), WHEN)
START = st.sampled_from(["a0", "a0", "s0", "k0", "r0", "x0"])
MODE = st.sampled_from(["standing", "potential"])
KEYS = st.sampled_from(
    [
        {},
        {},
        {"status": "active"},
        {"status": "disabled"},
        {"status": "leaked"},
        {"expires_at": ago(0)},
        {"expires_at": ago(-5)},
    ]
)


@st.composite
def estates(draw: st.DrawFn) -> Estate:
    """Draw an estate of 14 things: cycles, self edges, parallel edges and dead keys included."""
    e = Estate()
    for name, label in NODES.items():
        facts = draw(KEYS) if label == "Credential" else {}
        if label == "Resource":
            facts = {"sensitivity": draw(st.sampled_from([None, *SENSITIVITY]))}
        e.thing(label, name, **facts)
    number = iter(range(10_000))
    for (kind, source, target), ceiling, flags, when in draw(st.lists(EDGE, max_size=22)):
        e.link(source, kind, target, ceiling=ceiling, id=f"e{next(number)}", **flags, **when)
    for holder, levels, resource, flags, when in draw(st.lists(GRANT, max_size=9)):
        e.can(holder, " ".join(sorted(levels)), resource, id=f"g{next(number)}", **flags, **when)
    for key, store, when in draw(st.lists(STORED, max_size=3)):
        e.link(key, "STORED_IN", store, id=f"k{next(number)}", **when)
    return e


# ---------------------------------------------------------------- the reference


class Reference:
    """The definition of reach, over the rows that an estate states."""

    def __init__(self, estate: Estate, mode: str = "standing", without: tuple[str, ...] = ()):
        self.rows = {e.name: rows for e, rows in estate.rows.items()}
        self.label = {r["id"]: name for name, rows in self.rows.items() for r in rows if "id" in r}
        self.mode, self.without = mode, without
        self.edges = [e for e in self._edges() if self._kept(e[3])]
        self.grants = [g for g in self._grants() if self._kept(g[3])]

    def _in_force(self, row: dict) -> bool:
        begins, ends = row.get("valid_from"), row.get("valid_to")
        return (begins is None or begins <= ago(0)) and (ends is None or ends > ago(0))

    def _alive(self, thing: str) -> bool:
        keys = {r["id"]: r for r in self.rows.get("Credential", ())}
        key = keys.get(thing, {})
        expired = key.get("expires_at") is not None and key["expires_at"] <= ago(0)
        return (
            key.get("status") not in ("disabled", "revoked", "expired", "deleted") and not expired
        )

    def _kept(self, row: dict) -> bool:
        if self.mode == "standing" and row.get("eligible"):
            return False
        names = {"conditional": "condition", "assumed": "assumed", "derived": "derived"}
        return not any(row.get(names[w]) for w in self.without)

    def _grants(self) -> Iterator[tuple[str, set[str], str, dict]]:
        for row in self.rows.get("CAN_ACCESS", ()):
            if self._in_force(row) and self._alive(row["source_id"]) and row["levels"]:
                yield row["source_id"], set(row["levels"]), row["target_id"], row

    def _edges(self) -> Iterator[tuple[str, str, int, dict]]:
        for kind in CONTROL:
            for row in self.rows.get(kind, ()):
                source, target = row["source_id"], row["target_id"]
                alive = self._alive(source) and self._alive(target)
                if self._in_force(row) and alive and self.label[target] != "Team":
                    yield source, target, LEVELS.index(row.get("ceiling") or "admin"), row
        for holder, levels, store, row in self._grants():
            for kept in self.rows.get("STORED_IN", ()):
                if (
                    levels & {"read", "admin"}
                    and kept["target_id"] == store
                    and self._in_force(kept)
                    and self._alive(kept["source_id"])
                ):
                    yield holder, kept["source_id"], 3, row | {"derived": "true"}

    def hops(self, start: str, level: int) -> dict[str, int]:
        """Return how far each node is over edges that pass `level` on."""
        far, front = {start: 0}, deque([start])
        while front:
            node = front.popleft()
            for source, target, ceiling, _ in self.edges:
                if source == node and ceiling >= level and target not in far:
                    far[target] = far[node] + 1
                    front.append(target)
        return far

    def reach(self, start: str, max_hops: int | None = None) -> dict[tuple[str, str], int]:
        """Return the fewest hops to each (resource, level) within reach."""
        found: dict[tuple[str, str], int] = {}
        for rank, level in enumerate(LEVELS):
            far = self.hops(start, rank)
            for holder, levels, resource, _ in self.grants:
                if level in levels and holder in far:
                    if max_hops is not None and far[holder] > max_hops:
                        continue
                    least = found.get((resource, level), far[holder])
                    found[resource, level] = min(least, far[holder])
        return found

    def weigh(self, pairs) -> float:
        """Add up weights; what nobody classified weighs as internal."""
        stated = {r["id"]: r["sensitivity"] for r in self.rows["Resource"]}
        return sum(SENSITIVITY[stated[r] or "internal"] * LEVEL_WEIGHT[level] for r, level in pairs)


def pairs_of(answer: dict) -> set[tuple[str, str]]:
    return {(r["id"], level) for r in answer["resources"] for level in r["levels"]}


def reached_of(posture, start: str, mode: str = "standing", max_hops: int | None = None):
    """Return the (resource, level) pairs in reach, without the rest of an answer."""
    rows = spread(posture.network(Filter(mode)), number_of(posture, start), max_hops).reached()
    return {
        (posture.graph.thing(int(r))["id"], level)
        for level in LEVELS
        for r in rows["resource"][rows[level] >= 0]
    }


def number_of(posture, name: str) -> int:
    return posture.graph.number(name)
