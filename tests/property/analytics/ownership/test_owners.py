"""Ownership against plain loops over what was stated, and laws of orphans."""

import copy
import time

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.findings.evaluation import find_by
from analytics.findings.rules import all_rules
from analytics.ownership.owners import NOBODY, ownership
from analytics.posture import Posture, assess
from graph.access import AccessGraph
from tests.support.estates.side_by_side import END, in_one_scope
from tests.support.estates.small_estates import AS_OF, EVERYTHING, Estate, ago, ids, together
from tests.support.printed import findings, identities
from tests.support.printed import orphans as orphans_answer

AGENTS = ("a0", "a1", "a2", "a3")
PEOPLE = ("p0", "p1", "p2")
OWNERS = (*PEOPLE, "t0", "t1", "g0", "g1", "g2", "a0", "s0")
DAYS = st.sampled_from([None, None, 10, 200, -50])  # before the moment looked at, or after it

PERSON = st.tuples(
    st.sampled_from([None, "active", "left", "disabled"]), st.sampled_from([None, 5, 100, -20])
)
MEMBER = st.one_of(
    st.tuples(st.sampled_from(PEOPLE), st.sampled_from(["t0", "t1", "g0"]), DAYS),
    st.tuples(st.sampled_from(["g0", "g1", "g2"]), st.sampled_from(["g0", "g1", "g2"]), DAYS),
)
OWNED = st.tuples(
    st.sampled_from(OWNERS),
    st.sampled_from(AGENTS),
    st.sampled_from([None, "business", "technical", "sponsor"]),
    DAYS,
    DAYS,
    st.sampled_from([None, None, "declared", "inferred"]),
)
SPAWNED = st.tuples(st.sampled_from(AGENTS), st.sampled_from(AGENTS))


def _at(days: int | None) -> str | None:
    return None if days is None else ago(days)


@st.composite
def estates(draw: st.DrawFn) -> Estate:
    """Draw four agents that may spawn one another, people, two teams, a group and statements."""
    e = Estate().account("s0").thing("Team", "t0", "t1")
    e.thing("Group", "g0", "g1", "g2")
    for name in AGENTS:
        e.agent(name, status=draw(st.sampled_from([None, "active", "active", "retired"])))
    for name in PEOPLE:
        status, left = draw(PERSON)
        e.person(name, status=status, left_at=_at(left))
    for n, (who, team, ended) in enumerate(draw(st.lists(MEMBER, max_size=4))):
        e.link(who, "MEMBER_OF", team, id=f"m{n}", valid_to=_at(ended))
    for n, (owner, thing, role, since, ended, how) in enumerate(draw(st.lists(OWNED, max_size=8))):
        e.link(owner, "OWNS", thing, id=f"o{n}", role=role, since=_at(since),
               valid_to=_at(ended), evidence=how)  # fmt: skip
    for n, (parent, child) in enumerate(draw(st.lists(SPAWNED, max_size=5))):
        e.link(parent, "SPAWNS", child, id=f"c{n}")
    return e


class Reference:
    """Who answers for what, by the words of the definition."""

    def __init__(self, estate: Estate, now: str, leaving: tuple[str, ...] = ()) -> None:
        rows = {e.name: r for e, r in estate.rows.items()}
        self.now = now
        self.here = {p["id"] for p in rows["Human"] if p["id"] not in leaving and self._employed(p)}
        members: dict[str, set[str]] = {}
        for m in rows.get("MEMBER_OF", ()):
            if self._goes_on(m):
                members.setdefault(m["target_id"], set()).add(m["source_id"])
        manned: set[str] = set()
        for _ in members:  # the members of a group in a group are members of both
            manned |= {team for team, who in members.items() if who & (self.here | manned)}
        retired = {a["id"] for a in rows["Agent"] if a["status"] not in (None, "active")}
        self.in_service = set(AGENTS) - retired
        self.stated = [o for o in rows.get("OWNS", ()) if self._begun(o) and self._goes_on(o)]
        self.spawned = [(c["source_id"], c["target_id"]) for c in rows.get("SPAWNS", ())]
        able = self.here | manned
        self.covered = {role: self._covered(role, able) for role in ("business", "technical")}

    def _employed(self, person: dict) -> bool:
        if person["status"] == "disabled":
            return False
        if person["left_at"] is not None:
            return person["left_at"] > self.now
        return person["status"] in (None, "active")

    def _goes_on(self, row: dict) -> bool:
        return row["valid_to"] is None or row["valid_to"] > self.now

    def _begun(self, row: dict) -> bool:
        return row["since"] is None or row["since"] <= self.now

    def _covered(self, role: str, able: set[str]) -> set[str]:
        roles = {"business": (None, "business", "sponsor"), "technical": ("technical",)}[role]
        covered = {
            o["target_id"]
            for o in self.stated
            if o["role"] in roles and o["source_id"] in able and o["evidence"] != "inferred"
        }
        for _ in AGENTS:
            covered |= {c for p, c in self.spawned if p in covered and p in self.in_service}
        return covered

    def orphaned(self) -> set[tuple[str, str]]:
        """Return each identity alive, and the role in which nobody answers for it.

        A retired agent is alive while one that it spawned is in service.
        """
        parents = {p for p, child in self.spawned if child in self.in_service}
        judged = self.in_service | parents | {"s0"}
        return {(a, role) for role, ok in self.covered.items() for a in judged - ok}


@settings(max_examples=25)
@given(estates(), st.sampled_from([0, 50, 150, -40]), st.sampled_from([(), ("p0",), ("p0", "p1")]))
def test_owners_are_who_the_definition_says(estate, days, leaving):
    posture = estate.quick(pd.Timestamp(ago(days)))
    graph, plain = posture.graph, Reference(estate, ago(days))
    found = posture.ownership
    for role in ("business", "technical"):
        covered = {n for n in AGENTS if found.covered[role][graph.number(n)] != NOBODY}
        assert covered == plain.covered[role] & set(AGENTS)
    answer = orphans_answer(posture, tuple(graph.number(p) for p in leaving))
    orphaned = {(r["identity"]["id"], r["role"]) for r in answer["orphaned"]}
    assert orphaned == plain.orphaned()
    then = Reference(estate, ago(days), leaving).orphaned()
    would = {(r["identity"]["id"], r["role"]) for r in answer["would_orphan"]}
    assert would == (then - orphaned if leaving else set())
    for row in answer["orphaned"]:
        last = row["last_owner"]
        assert last is None or last["id"] not in plain.here
    rules = _of_owners(posture)
    both = {a for a, _ in orphaned if {(a, "business"), (a, "technical")} <= orphaned}
    one = {a for a, _ in orphaned} - both
    assert set(rules.loc[rules["rule"] == "OWN-01", "thing"]) == both
    assert set(rules.loc[rules["rule"] == "OWN-04", "thing"]) == one
    assert rules["id"].is_unique


def _of_owners(posture: Posture) -> pd.DataFrame:
    """Return what the rules of ownership find, with the id of each thing as `thing`."""
    rules = [r for r in all_rules().values() if r.id.startswith("OWN-")]
    found = pd.concat([find_by(posture, rule) for rule in rules], ignore_index=True)
    return found.assign(thing=[posture.graph.thing(int(n))["id"] for n in found["subject"]])


@settings(max_examples=10)
@given(estates(), st.sampled_from(AGENTS), st.sampled_from(["business", "technical"]))
def test_an_active_owner_more_never_makes_an_orphan(estate, thing, role):
    more = copy.deepcopy(estate)
    more.person("new").link("new", "OWNS", thing, id="new", role=role)
    rows = orphans_answer(in_one_scope({"before": estate, "after": more}).quick())["orphaned"]
    orphaned: dict[str, set[tuple[str, str]]] = {"before": set(), "after": set()}
    for row in rows:
        case, _, name = row["identity"]["id"].partition(END)
        orphaned[case].add((name, row["role"]))
    assert orphaned["after"] <= orphaned["before"]
    assert (thing, role) not in orphaned["after"]


@settings(max_examples=2)
@given(st.lists(estates(), min_size=3, max_size=3), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_no_finding(drawn, chance):
    estate, other = _beside(drawn), Estate()
    other.rows = {e: chance.sample(rows, len(rows)) for e, rows in estate.rows.items()}
    one, two = estate.quick(), other.quick()
    assert findings(one) == findings(two)
    assert orphans_answer(one) == orphans_answer(two)


@settings(max_examples=2)
@given(st.lists(estates(), min_size=3, max_size=3))
def test_unknown_is_never_broken(drawn):
    """A source that cannot state owners makes nothing an orphan."""
    estate = _beside(drawn)
    estate.declares = tuple(d for d in EVERYTHING if d != "owners")
    estate.rows = {e: rows for e, rows in estate.rows.items() if e.name != "OWNS"}
    posture = estate.quick()
    assert orphans_answer(posture)["orphaned"] == []
    states = {r["owners"]["state"] for r in identities(posture)["identities"]}
    assert states == {"unknown"}
    told = findings(posture)
    assert not [f for f in told["findings"] if f["rule"].startswith("OWN")]
    assert {r["rule"] for r in told["not_evaluable"]} >= {f"OWN-0{n}" for n in range(1, 8)}


def _beside(drawn: list[Estate]) -> Estate:
    return in_one_scope({str(number): estate for number, estate in enumerate(drawn)})


# ---------------------------------------------------------------- single cases that went wrong


def test_a_child_of_two_parents_has_the_one_that_is_owned_whichever_comes_first():
    for parents in (("owned", "bare"), ("bare", "owned")):
        e = Estate().agent("owned", "bare", "child").person("ann").owned("owned", "ann", "ann")
        for parent in parents:
            e.link(parent, "SPAWNS", "child")
        posture = e.posture()
        child = posture.graph.number("child")
        assert posture.ownership.covered["business"][child] == posture.graph.number("ann")


def test_a_long_line_of_agents_inherits_quickly():
    count = 20_000
    e = Estate().person("ann").agent(*(f"a{i}" for i in range(count))).owned("a0", "ann", "ann")
    for i in range(count - 1):
        e.link(f"a{i}", "SPAWNS", f"a{i + 1}")
    graph = e.graph()
    graph.frames[next(iter(graph.frames))]
    begun = time.process_time()
    owned = ownership(graph)
    assert owned.inherited["business"].sum() == count - 1
    assert time.process_time() - begun < 5


def test_a_group_of_people_owns_like_a_team():
    e = Estate().agent("a").thing("Group", "staff").person("ann").link("ann", "MEMBER_OF", "staff")
    posture = e.owned("a", "staff", "staff").posture()
    assert orphans_answer(posture)["orphaned"] == []
    rules = {f["rule"]: f["sentence"] for f in findings(posture)["findings"]}
    assert "OWN-06" not in rules
    assert rules["OWN-03"].startswith("Only the team staff owns a")


def test_a_scope_that_states_owners_does_not_speak_for_another():
    """Owners of what only an IAM export lists are unknown, though a register states others."""
    iam = Estate(declares=("grants",), source="aws").agent("listed", "both")
    register = Estate(source="hr").agent("both")
    posture = assess(AccessGraph.of(together(iam, register)))
    states = {r["id"]: r["owners"]["state"] for r in identities(posture)["identities"]}
    assert states == {"listed": "unknown", "both": "none"}
    assert set(ids(orphans_answer(posture)["orphaned"], "identity")) == {"both"}


def test_a_leaver_is_an_owner_until_the_day():
    e = Estate().agent("a").person("zed", left=ago(5)).owned("a", "zed", "zed", since=ago(300))
    for days, orphans in ((6, 0), (5, 2), (0, 2)):
        rows = orphans_answer(e.posture(AS_OF - pd.Timedelta(days=days)))["orphaned"]
        assert len(rows) == orphans
        assert all(r["since"] == ago(5) and r["last_owner"]["id"] == "zed" for r in rows)


def test_an_orphan_is_one_since_nobody_answers_whichever_rule_explains_it():
    """Its person left, and the team that answered as well lost its last member later."""
    e = Estate().agent("a").person("zed", left=ago(100)).person("tim", left=ago(40)).person("ann")
    e.thing("Team", "ops").link("tim", "MEMBER_OF", "ops")
    e.owned("a", "zed", "ann").owned("a", "ops")
    (row,) = orphans_answer(e.posture())["orphaned"]
    assert (row["rule"], row["since"], row["last_owner"]["id"]) == ("OWN-02", ago(40), "zed")


def test_what_software_owns_is_an_orphan_since_people_went():
    e = Estate().agent("a").account("s").person("ann").owned("s", "ann", "ann")
    e.owned("a", "s", "s", since=ago(700)).owned("a", "ann", "ann", valid_to=ago(10))
    rows = orphans_answer(e.posture())["orphaned"]
    assert {(r["rule"], r["since"]) for r in rows} == {("OWN-06", ago(10))}


def test_a_child_with_an_owner_in_one_role_is_no_orphan_by_its_parent():
    """OWN-05 needs a child without any owner: the finding is OWN-04, and so is what explains it."""
    e = Estate().agent("mum", "kid").person("ann").owned("kid", None, "ann")
    posture = e.link("mum", "SPAWNS", "kid").posture()
    told = {r["rule"] for r in orphans_answer(posture)["orphaned"] if r["identity"]["id"] == "kid"}
    assert told == {f["rule"] for f in findings(posture, about=posture.graph.number("kid"))[
        "findings"] if f["rule"] in ("OWN-04", "OWN-05")} == {"OWN-04"}  # fmt: skip


def test_what_would_be_an_orphan_is_one_from_the_moment_looked_at():
    e = Estate().agent("mum").agent("kid", created_at=ago(300)).person("ann")
    e.owned("mum", "ann", "ann", since=ago(500)).link("mum", "SPAWNS", "kid")
    posture = e.posture()
    rows = orphans_answer(posture, (posture.graph.number("ann"),))["would_orphan"]
    assert {(r["identity"]["id"], r["since"]) for r in rows} == {("mum", ago(0)), ("kid", ago(0))}
