"""Retirement read plainly: what is a tree's own, by trying every set of accounts."""

from itertools import chain, combinations

from hypothesis import strategies as st

from graph.schema import LEVELS
from tests.support.estates.small_estates import TYPES, Estate, ago
from tests.support.references.reach import Reference

NODES = {
    **dict.fromkeys(("a0", "a1", "a2", "a3"), "Agent"),
    **dict.fromkeys(("s0", "s1", "s2"), "ServiceAccount"),
    **dict.fromkeys(("k0", "k1", "k2"), "Credential"),
    **dict.fromkeys(("r0", "r1"), "Role"),
    **dict.fromkeys(("x0", "x1"), "Resource"),
    **{"g0": "Group", "t0": "Tool", "h0": "Human"},
}
IDENTITY = ("USES", "AUTHENTICATES_AS", "RUNS_AS", "MEMBER_OF", "ASSUMES")
OFTEN = ("SPAWNS", "USES", "AUTHENTICATES_AS", "RUNS_AS", "ASSUMES")
ENDS = [
    (kind, source, target)
    for kind in (*OFTEN * 2, "MEMBER_OF", "CALLS", "ACTS_FOR", "CONTROLS", "TRUSTS")
    for source, mine in NODES.items()
    for target, theirs in NODES.items()
    if mine in {n.name for n in TYPES[kind].sources}
    and theirs in {n.name for n in TYPES[kind].targets}
]
WHEN = st.sampled_from([{}] * 8 + [{"valid_from": ago(-1)}, {"valid_to": ago(1)}])
FACTS = st.sampled_from([{}] * 5 + [{"eligible": "true"}, {"derived": "true"}])
STATE = st.sampled_from([None] * 5 + ["disabled"])


@st.composite
def families(draw: st.DrawFn) -> Estate:
    """Draw an estate of agents that spawn each other, in cycles too, and share what they use."""
    e = Estate()
    for name, label in NODES.items():
        has_state = label in ("Agent", "ServiceAccount", "Role", "Credential") and name != "a0"
        e.thing(label, name, **({"status": draw(STATE)} if has_state else {}))
    edges = st.tuples(st.sampled_from(ENDS), FACTS, WHEN)
    for at, ((kind, source, target), facts, when) in enumerate(draw(st.lists(edges, max_size=26))):
        facts = when if kind == "TRUSTS" else facts | when
        e.link(source, kind, target, id=f"e{at}", **facts)
    holders = st.sampled_from([n for n in NODES if n[0] in "asrgkt"])
    grants = st.tuples(holders, st.sampled_from(LEVELS), st.sampled_from(["x0", "x1"]), WHEN)
    for at, (holder, level, resource, when) in enumerate(draw(st.lists(grants, max_size=9))):
        e.can(holder, level, resource, id=f"g{at}", **when)
    if draw(st.booleans()):
        e.link("k0", "STORED_IN", "x0", id="kept")
    return e


class Family:
    """The tree of a root, and what is its own, by the words of docs/decommission.md."""

    def __init__(self, estate: Estate, root: str) -> None:
        self.rows = {e.name: rows for e, rows in estate.rows.items()}
        self.state = {
            row["id"]: row.get("status")
            for rows in self.rows.values()
            for row in rows
            if "id" in row
        }
        self.members = {root}
        while more := {t for s, t in self.links("SPAWNS") if s in self.members} - self.members:
            self.members |= more
        self.accounts = self._own_accounts()
        self.credentials = self._own_credentials(self.accounts)

    def links(self, kind: str) -> set[tuple[str, str]]:
        """Return the ends of what is in force, or will be."""
        rows = self.rows.get(kind, ())
        alive = [r for r in rows if r.get("valid_to") is None or r["valid_to"] > ago(0)]
        return {(r["source_id"], r["target_id"]) for r in alive}

    def in_service(self, thing: str) -> bool:
        """Say whether it is one that acts, and is not disabled."""
        return NODES[thing] == "Credential" or self.state[thing] is None

    def acts_as(self) -> set[tuple[str, str]]:
        """Return who acts as whom: by running as it, by its key, or by taking it."""
        live = {k for k, label in NODES.items() if label == "Credential" and self.state[k] is None}
        by_key = {
            (user, opened)
            for user, key in self.links("USES")
            for opener, opened in self.links("AUTHENTICATES_AS")
            if key == opener and key in live
        }
        return self.links("RUNS_AS") | self.links("ASSUMES") | by_key

    def candidates(self) -> set[str]:
        """Return the accounts and roles that the tree runs as, or holds a key of."""
        runs = {t for s, t in self.links("RUNS_AS") if s in self.members}
        keys = {k for s, k in self.links("USES") if s in self.members}
        opened = {t for k, t in self.links("AUTHENTICATES_AS") if k in keys}
        return {t for t in runs | opened if NODES[t] in ("ServiceAccount", "Role")}

    def _own_accounts(self) -> set[str]:
        every = sorted(self.candidates())
        sizes = (combinations(every, n) for n in range(len(every) + 1))
        closed = [set(some) for some in chain(*sizes) if self._nobody_else(set(some))]
        return set().union(*closed)

    def _nobody_else(self, accounts: set[str]) -> bool:
        inside = self.members | accounts | self._own_credentials(accounts)
        users = {s for s, t in self.acts_as() if t in accounts and self.in_service(s)}
        return users <= inside

    def _own_credentials(self, accounts: set[str]) -> set[str]:
        own = set()
        for key in (k for k, label in NODES.items() if label == "Credential"):
            users = {s for s, k in self.links("USES") if k == key}
            opens = {t for k, t in self.links("AUTHENTICATES_AS") if k == key}
            ours = self.members | accounts
            if not (users & self.members or opens & ours):
                continue
            more = opens - ours
            others = {u for u in users - self.members if self.in_service(u)}
            theirs = {t for t in more if NODES[t] in ("Agent", "Human") and self.in_service(t)}
            foreign = others or theirs or not users & self.members
            if not (foreign and (more or not opens)):
                own.add(key)
        return own

    @property
    def ending(self) -> set[str]:
        """All that ends."""
        return self.members | self.accounts | self.credentials


def less(estate: Estate, things: set[str], facts: set[str] = frozenset()) -> Estate:
    """Return the estate without these things, and relationships by their ids."""
    other = Estate()
    for element, rows in estate.rows.items():
        other.rows[element] = [
            row
            for row in rows
            if row["id"] not in things | facts
            and not {row.get("source_id"), row.get("target_id")} & things
        ]
    return other


def as_itself(estate: Estate, start: str, avoiding: set[str]) -> set[tuple[str, str]]:
    """Return what a node may do over steps that stay with one identity, without passing some."""
    plain = Reference(estate, "potential")
    seen, front = {start}, [start]
    kinds = {row["id"]: kind for kind in IDENTITY for row in plain.rows.get(kind, ())}
    while front:
        node = front.pop()
        for source, target, _, row in plain.edges:
            identity = row["id"] in kinds
            if identity and source == node and target not in seen | avoiding:
                seen.add(target)
                front.append(target)
    return {
        (r, level) for holder, levels, r, _ in plain.grants if holder in seen for level in levels
    }
