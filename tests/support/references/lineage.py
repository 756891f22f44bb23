"""Lineage in plain Python: closures level by level, and set differences of them."""

from collections.abc import Iterable, Iterator

from hypothesis import strategies as st

from graph.schema import LEVELS
from tests.support.estates.small_estates import Estate, ago

IDENTITY = ("USES", "AUTHENTICATES_AS", "RUNS_AS", "MEMBER_OF", "ASSUMES")
RANK = {"public": 1, "internal": 3, "confidential": 10, "restricted": 30}
AGENTS = ("a0", "a1", "a2", "a3")
ENDS = {
    "SPAWNS": (AGENTS, AGENTS),
    "ACTS_FOR": (AGENTS, (*AGENTS, "h0")),
    "CALLS": (AGENTS, (*AGENTS, "t0")),
    "RUNS_AS": ((*AGENTS, "t0"), ("s0", "s1")),
    "MEMBER_OF": (("s0", "s1", "h0"), ("g0",)),
    "ASSUMES": (("s0", "s1", "h0", "a0"), ("r0",)),
    "USES": (AGENTS, ("k0",)),
    "AUTHENTICATES_AS": (("k0",), ("s0", "s1", "a1")),
}
HOLDERS = (*AGENTS, "s0", "s1", "g0", "r0", "h0")
RESOURCES = ("x0", "x1", "x2")

Pair = tuple[str, str]


@st.composite
def families(draw: st.DrawFn) -> Estate:
    """Draw an estate of 14 things with every kind of link, cycles among them."""
    e = Estate()
    for name in AGENTS:
        e.agent(
            name,
            blueprint_id=draw(st.sampled_from([None, None, None, *AGENTS])),
            declared_scope=draw(st.sampled_from([None, [], [{"resource": "x0", "level": "read"}]])),
            env=draw(st.sampled_from([None, "prod", "dev"])),
        )
    e.account("s0", env=draw(st.sampled_from([None, "prod", "dev"]))).account("s1")
    e.thing("Group", "g0").thing("Role", "r0").person("h0").thing("Tool", "t0")
    e.thing("Credential", "k0", status=draw(st.sampled_from([None, "active", "revoked"])))
    for name in RESOURCES:
        e.resource(name, draw(st.sampled_from(sorted(RANK))))
    kinds = sorted((kind, s, t) for kind, (ss, ts) in ENDS.items() for s in ss for t in ts)
    ceilings = st.sampled_from([None, None, None, *LEVELS])
    edges = draw(st.lists(st.tuples(st.sampled_from(kinds), ceilings), max_size=16))
    for number, ((kind, source, target), ceiling) in enumerate(edges):
        e.link(source, kind, target, ceiling=ceiling, id=f"e{number}")
    grants = st.tuples(
        st.sampled_from(HOLDERS),
        st.sets(st.sampled_from(LEVELS), min_size=1, max_size=2),
        st.sampled_from(RESOURCES),
        st.sampled_from([None, 1, 9]),
        st.sampled_from([None, 5]),
    )
    for number, (holder, levels, resource, granted, reviewed) in enumerate(
        draw(st.lists(grants, max_size=9))
    ):
        facts = {"granted_at": granted, "reviewed_at": reviewed}
        dated = {name: ago(days) for name, days in facts.items() if days is not None}
        e.can(holder, " ".join(sorted(levels)), resource, id=f"g{number}", **dated)
    return e


class Family:
    """The definitions, over the rows that an estate states."""

    def __init__(self, estate: Estate) -> None:
        self.rows = {element.name: rows for element, rows in estate.rows.items()}
        self.dead = {k["id"] for k in self.rows["Credential"] if k.get("status") == "revoked"}
        self.sensitivity = {r["id"]: r["sensitivity"] for r in self.rows["Resource"]}

    def edges(self, kinds: Iterable[str]) -> Iterator[tuple[str, str, int]]:
        """Yield source, target and rank of the ceiling of the edges of some kinds."""
        for kind in kinds:
            for row in self.rows.get(kind, ()):
                if row["source_id"] not in self.dead:
                    rank = LEVELS.index(row.get("ceiling") or "admin")
                    yield row["source_id"], row["target_id"], rank

    def blueprints(self) -> list[tuple[str, str]]:
        """Return each blueprint with an agent made from it."""
        made = [(a["blueprint_id"], a["id"]) for a in self.rows["Agent"] if a.get("blueprint_id")]
        return [(plan, agent) for plan, agent in made if plan != agent]

    def reached(self, start: str, rank: int, kinds: Iterable[str], made: bool) -> set[str]:
        """Return the nodes that `start` can be, at a level."""
        edges = [(s, t) for s, t, ceiling in self.edges(kinds) if ceiling >= rank]
        edges += self.blueprints() if made else []
        seen, front = {start}, [start]
        while front:
            node = front.pop()
            for source, target in edges:
                if source == node and target not in seen:
                    seen.add(target)
                    front.append(target)
        return seen

    def pairs(self, start: str, kinds: Iterable[str], made: bool = False) -> set[Pair]:
        """Return what `start` may do over edges of some kinds."""
        kinds = tuple(kinds)
        pairs = set()
        for rank, level in enumerate(LEVELS):
            nodes = self.reached(start, rank, kinds, made)
            for row in self.rows.get("CAN_ACCESS", ()):
                if row["source_id"] in nodes and level in row["levels"]:
                    pairs.add((row["target_id"], level))
        return pairs

    def own(self, start: str) -> set[Pair]:
        """Return what a node may do as itself."""
        return self.pairs(start, IDENTITY)

    def authority(self, start: str) -> set[Pair]:
        """Return what a node may do as itself, and with what was handed on to it."""
        return self.pairs(start, (*IDENTITY, "ACTS_FOR"), made=True)

    def born(self) -> set[tuple[str, str]]:
        """Return each parent with a child."""
        rows = self.rows.get("SPAWNS", ())
        return {(r["source_id"], r["target_id"]) for r in rows if r["source_id"] != r["target_id"]}

    def widenings(self) -> set[tuple[str, str, str, str]]:
        """Return what each child may do and its parent may not."""
        return {
            (parent, child, *pair)
            for parent, child in self.born()
            for pair in self.authority(child) - self.authority(parent)
        }

    def laundered(self) -> set[tuple[str, str, str, str]]:
        """Return low, through, resource and level of all laundering by clearance alone."""
        return {
            (low, through, *pair)
            for kind in ("CALLS", "ACTS_FOR")
            for low, through, ceiling in self.edges([kind])
            if low != through and through != "h0"
            for pair in self._used(low, through, ceiling, kind)
            if (through != "t0" or RANK[self.sensitivity[pair[0]]] >= RANK["confidential"])
            and not self._declares(low, pair)
            and pair not in self.own(low)
            and not self._cleared(low, pair)
        }

    def _used(self, low: str, through: str, ceiling: int, kind: str) -> set[Pair]:
        """Return what is used through a node as neither `low` nor, if delegated, that node."""
        used = set()
        for rank, level in enumerate(LEVELS[: ceiling + 1]):
            nodes = self.reached(through, rank, (*IDENTITY, "ACTS_FOR", "CALLS"), made=False)
            for row in self.rows.get("CAN_ACCESS", ()):
                barred = {low} if kind == "CALLS" else {low, through}
                if row["source_id"] in nodes - barred and level in row["levels"]:
                    used.add((row["target_id"], level))
        return used

    def _declares(self, agent: str, pair: Pair) -> bool:
        scope = next(a for a in self.rows["Agent"] if a["id"] == agent).get("declared_scope") or []
        return {"resource": pair[0], "level": pair[1]} in scope

    def _cleared(self, agent: str, pair: Pair) -> bool:
        rank, level = RANK[self.sensitivity[pair[0]]], LEVELS.index(pair[1])
        return any(
            RANK[self.sensitivity[resource]] >= rank and LEVELS.index(at) >= level
            for resource, at in self.own(agent)
        )

    def descends(self) -> list[tuple[str, str]]:
        """Return all links, from parent to child."""
        links = [(r["source_id"], r["target_id"]) for r in self.rows.get("SPAWNS", ())]
        links += [(r["target_id"], r["source_id"]) for r in self.rows.get("ACTS_FOR", ())]
        return links + self.blueprints()

    def below(self, start: str) -> set[str]:
        """Return what descends from a node over one link or more."""
        seen: set[str] = set()
        front = [start]
        while front:
            node = front.pop()
            for parent, child in self.descends():
                if parent == node and child not in seen:
                    seen.add(child)
                    front.append(child)
        return seen
