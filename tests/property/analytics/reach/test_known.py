"""Random scopes that declare or do not declare grants, against a plain walk from each identity."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.posture import Posture, assess
from graph.access import AccessGraph
from tests.support.estates.small_estates import Estate, ago, together
from tests.support.printed import blast_radius, identities

AGENTS, ACCOUNTS, KEYS, TOOLS = ("a", "b"), ("s", "t"), ("k", "l"), ("x",)
THINGS = {"Agent": AGENTS, "ServiceAccount": ACCOUNTS, "Credential": KEYS, "Tool": TOOLS}
EDGES = [("USES", a, k) for a in AGENTS for k in KEYS]
EDGES += [("AUTHENTICATES_AS", k, s) for k in KEYS for s in ACCOUNTS]
EDGES += [("RUNS_AS", n, s) for n in (*AGENTS, *TOOLS) for s in ACCOUNTS]
EDGES += [("CALLS", a, t) for a in AGENTS for t in TOOLS]
GRANTS = [(holder, "r") for holder in (*AGENTS, *ACCOUNTS)]
DEAD = {"expires_at": ago(3)}


@st.composite
def scopes(draw: st.DrawFn) -> list[dict]:
    """Draw two scopes: what each declares, which things, edges and grants it states."""
    ended = draw(st.sets(st.sampled_from(KEYS), max_size=1))
    found = []
    for name in ("one", "two"):
        found.append(
            {
                "name": name,
                "declares": draw(st.booleans()),
                "things": draw(st.sets(st.sampled_from([i for v in THINGS.values() for i in v]))),
                "edges": draw(st.sets(st.sampled_from(EDGES), max_size=5)),
                "grants": draw(st.sets(st.sampled_from(GRANTS), max_size=1)),
                "ended": ended,
            }
        )
    there = {i for f in found for i in f["things"]}
    for f in found:
        f["edges"] = {e for e in f["edges"] if {e[1], e[2]} <= there}
        f["grants"] = {g for g in f["grants"] if g[0] in there}
    return found


def estate(scope: dict) -> Estate:
    kinds = ("grants", "inventory") if scope["declares"] else ("inventory",)
    e = Estate(declares=kinds, source=scope["name"]).resource("r", "confidential")
    for label, ids in THINGS.items():
        for one in sorted(scope["things"] & set(ids)):
            dead = DEAD if one in scope["ended"] else {}
            e.thing(label, one, **dead)
    for kind, source, target in sorted(scope["edges"]):
        e.link(source, kind, target)
    for holder, resource in sorted(scope["grants"]):
        e.can(holder, "read", resource)
    return e


def judged(found: list[dict]) -> Posture:
    return assess(AccessGraph.of(together(*map(estate, found))))


class Plain:
    """The definition, word by word, for one thing at a time."""

    def __init__(self, found: list[dict]) -> None:
        self.telling = [f for f in found if f["declares"] or f["grants"]]
        self.edges = {e for f in found for e in f["edges"]}
        self.grants = {g for f in found for g in f["grants"]}
        self.ended = found[0]["ended"]

    def out(self, thing: str, *kinds: str) -> set[str]:
        """Return what a thing leads to."""
        return {t for k, s, t in self.edges if s == thing and (not kinds or k in kinds)}

    def followed(self, thing: str) -> bool:
        """Say whether what a thing itself can do could have been stated."""
        if thing in KEYS:
            opens = bool(self.out(thing))
            return opens or thing in self.ended or self.stated(thing)
        return self.stated(thing) or bool(self.out(thing, "USES", "RUNS_AS"))

    def stated(self, thing: str) -> bool:
        """Say whether a scope that tells of grants states it."""
        return any(thing in f["things"] for f in self.telling)

    def walk(self, start: str) -> set[str]:
        """Return all that a thing acts through, itself included."""
        met, todo = {start}, [start]
        while todo:
            one = todo.pop()
            if one in self.ended:
                continue
            todo += [n for n in self.out(one) if n not in met]
            met |= self.out(one)
        return met

    def reaches(self, start: str) -> bool:
        """Say whether it reaches anything."""
        return any(h in self.walk(start) - self.ended for h, _ in self.grants)

    def whole(self, start: str) -> bool:
        """Say whether all that it acts through is followed."""
        return all(self.followed(one) for one in self.walk(start))


@settings(max_examples=20)
@given(scopes())
def test_figures_are_there_where_grants_could_be_known_and_never_a_zero_otherwise(found):
    posture, plain = judged(found), Plain(found)
    for row in identities(posture)["identities"]:
        reach, one = row["blast_radius"], row["id"]
        known = plain.whole(one) or plain.reaches(one)
        assert (reach["resources"] is not None) == known, one
        assert reach["resources"] != 0 or plain.whole(one), one
        interval = blast_radius(posture, posture.graph.number(one))["interval"]
        assert (interval["possible"] is not None) == plain.whole(one), one
        assert (interval["confirmed"] is not None) == known, one
        assert row["debt"] is not None or row["grade"] == "NR", one


@settings(max_examples=5)
@given(scopes())
def test_an_unrelated_scope_changes_nobody_elses_answer(found):
    other = Estate(declares=("inventory",), source="other").agent("z").thing("Tool", "zt")
    other.link("z", "CALLS", "zt")
    before = {r["id"]: r for r in identities(judged(found))["identities"]}
    beside = assess(AccessGraph.of(together(*map(estate, found), other)))
    after = {r["id"]: r for r in identities(beside)["identities"]}
    assert after.pop("z")["blast_radius"] == {"resources": None, "weighted": None}
    for one, row in before.items():
        for figure in ("blast_radius", "debt", "tdr", "grade"):
            assert after[one][figure] == pytest.approx(row[figure], nan_ok=True), (one, figure)
    assert after.keys() == before.keys()
