"""Removal and recount: a slow, plain reading of what it means to take access away."""

from itertools import combinations

from hypothesis import strategies as st

from graph.schema import LEVELS, RELATIONSHIPS
from tests.support.estates.small_estates import TYPES, Estate
from tests.support.references.reach import NODES, Reference, estates

TYPE = {r.name for r in RELATIONSHIPS}
Item = tuple[str, str, str]
FROM = st.sets(st.sampled_from(["a0", "a1", "s0", "k0", "r0", "x0"]), min_size=1, max_size=4)
TO = st.sets(st.sampled_from(["x0", "x1", "x2", "x0", "x1", "x2", "r0", "s1"]), min_size=1)


@st.composite
def supported(draw: st.DrawFn) -> Estate:
    """Draw an estate in which some edges that a source derived name what supports them."""
    e = draw(estates())
    stated = [r["id"] for x, rows in e.rows.items() if x.name in TYPE for r in rows]
    for number in range(draw(st.integers(0, 3)) if stated else 0):
        ids = sorted(draw(st.sets(st.sampled_from(stated), min_size=1, max_size=3)))
        source, target = draw(st.sampled_from([("a0", "s0"), ("s0", "r0"), ("a1", "r0")]))
        facts = {"id": f"d{number}", "derived": "true", "support": ids}
        e.link(source, "CONTROLS", target, ceiling=draw(st.sampled_from([None, *LEVELS])), **facts)
    return e


def items_of(estate: Estate, types: set[str] | None = None) -> set[Item]:
    """Return what can be removed: relationships by their ends and type."""
    return {
        (row["source_id"], element.name, row["target_id"])
        for element, rows in estate.rows.items()
        if element.name in (types or TYPE)
        for row in rows
        if not row.get("support")
    }


def without(estate: Estate, *gone: Item | str) -> Estate:
    """Return the estate without some items or things, and without what they support."""
    fallen, other = set(), Estate()
    for element, rows in estate.rows.items():
        for row in rows if element.name in TYPE else ():
            source, target = row["source_id"], row["target_id"]
            stated = (source, element.name, target) in gone and not row.get("support")
            if stated or {source, target} & set(gone):
                fallen.add(row["id"])
    for element, rows in estate.rows.items():
        away = fallen if element.name in TYPE else set(gone)
        other.rows[element] = [r for r in rows if not {r["id"], *r.get("support", ())} & away]
    return other


def with_access(estate: Estate, mode: str, starts: set[str], targets: set[str]) -> set[str]:
    """Return the starts that reach any target."""
    plain = Reference(estate, mode)
    things = {t for t in targets if NODES[t] != "Resource"}
    found = set()
    for start in (starts - things) & plain.label.keys():
        resources = {r for r, _ in plain.reach(start)}
        if resources & (targets - things) or things & plain.hops(start, 0).keys():
            found.add(start)
    return found


def lost(estate: Estate, mode: str, starts: set[str], targets: set[str], *gone: Item | str) -> int:
    """Count the starts that lose all access, a start that is removed included."""
    before = with_access(estate, mode, starts, targets)
    return len(before - with_access(without(estate, *gone), mode, starts, targets))


class Walks:
    """The pairs of start and target with a walk over each node, and over each item.

    What supports derived steps takes part in as many pairs as the busiest of those steps.
    """

    def __init__(self, estate: Estate, mode: str, starts: set[str], targets: set[str]):
        self.estate, self.plain = estate, Reference(estate, mode)
        self.targets = targets
        self.things = {t for t in targets if NODES[t] != "Resource"}
        self.starts = starts - self.things
        self.rows = {
            r["id"]: (r["source_id"], x.name, r["target_id"])
            for x, rows in estate.rows.items()
            if x.name in TYPE
            for r in rows
        }
        self.node: dict[str, set] = {}
        self.item: dict[Item, set] = {}
        self.step: dict[tuple[str, ...], set] = {}
        for level, name in enumerate(LEVELS):
            self._walk(level, name)

    def of_node(self, node: str) -> int:
        """Count the pairs with a walk over a node."""
        steps = [p for ids, p in self.step.items() if any(node in self.rows[i] for i in ids)]
        return max(map(len, [self.node.get(node, ()), *steps]))

    def of_item(self, item: Item) -> int:
        """Count the pairs with a walk over an item."""
        steps = [p for ids, p in self.step.items() if any(item == self.rows[i] for i in ids)]
        return max(map(len, [self.item.get(item, ()), *steps]))

    def _steps(self):
        """Yield each control edge with its item, or with the ids of what supports it."""
        for source, target, ceiling, row in self.plain.edges:
            if row.get("support"):
                yield source, target, ceiling, (row["id"], *row["support"])
            elif row["id"][0] != "g":
                yield source, target, ceiling, self.rows[row["id"]]
        for holder, levels, store, row in self.plain.grants:
            for kept in self.estate.rows.get(TYPES["STORED_IN"], ()):
                yields = levels & {"read", "admin"} and kept["target_id"] == store
                if yields and self.plain._in_force(kept):
                    yield holder, kept["source_id"], 3, (row["id"], kept["id"])

    def _walk(self, level: int, name: str) -> None:
        far = {n: self.plain.hops(n, level).keys() for n in NODES}
        ends: dict[str, set] = {h: set() for h in NODES}
        for holder, levels, resource, _ in self.plain.grants:
            if name in levels and resource in self.targets - self.things:
                ends[holder].add(resource)
        for thing in self.things if level == 0 else ():
            ends[thing].add(thing)
        after = {n: set().union(*(ends[m] for m in far[n])) for n in NODES}
        for start in self.starts:
            for node in far[start]:
                self._count(self.node, node, start, after[node])
            for source, target, ceiling, what in self._steps():
                if ceiling >= level and source in far[start] and source != target:
                    stated = what in self.rows.values()
                    self._count(self.item if stated else self.step, what, start, after[target])
            for holder, levels, resource, _ in self.plain.grants:
                if name in levels and holder in far[start] and resource in self.targets:
                    self._count(self.item, (holder, "CAN_ACCESS", resource), start, {resource})

    @staticmethod
    def _count(found: dict, what: object, start: str, targets: set[str]) -> None:
        found.setdefault(what, set()).update((start, t) for t in targets)


def fewest(
    estate: Estate,
    mode: str,
    starts: set[str],
    targets: set[str],
    removable: set[Item],
    most: int,
) -> int | None:
    """Return how few of the removable items part all starts from all targets."""
    for size in range(most + 1):
        for gone in combinations(sorted(removable), size):
            if not with_access(without(estate, *gone), mode, starts, targets):
                return size
    return None
