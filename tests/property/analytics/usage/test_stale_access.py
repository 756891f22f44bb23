"""Stale access against a reading that walks every simple path of a small graph."""

from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.posture import Filter, Posture, assess
from graph.access import AccessGraph
from graph.element import Relationship
from graph.instants import NEVER
from graph.schema import CAN_ACCESS, LEVELS
from tests.support.estates.small_estates import AS_OF, TYPES, Estate, ago
from tests.support.printed import stale as stale_answer

LEVEL_WEIGHT = {"list": 0.3, "read": 1.0, "write": 3.0, "admin": 10.0}
DAYS = 90
STEPS = [
    ("a", "RUNS_AS", "s"),
    ("a", "RUNS_AS", "r"),
    ("a", "USES", "k"),
    ("b", "RUNS_AS", "s"),
    ("b", "USES", "k"),
    ("a", "SPAWNS", "b"),
    ("b", "SPAWNS", "a"),
    ("k", "AUTHENTICATES_AS", "s"),
    ("k", "AUTHENTICATES_AS", "r"),
    ("s", "ASSUMES", "r"),
    ("r", "ASSUMES", "s"),
    ("r", "ASSUMES", "r"),
]
AGES = st.sampled_from([None, 1, 90, 91, 400, -30])  # days ago; -30 is a clock ahead of ours
EDGE = st.tuples(
    st.sampled_from(STEPS),
    st.sampled_from([None, None, *LEVELS]),
    AGES,
    st.sampled_from([None, "true", "false"]),
    st.sampled_from([None, 10, 300]),
)
GRANT = st.tuples(
    st.sampled_from(["a", "b", "s", "r", "k"]),
    st.sampled_from(["read", "write", "read write", "list admin"]),
    st.sampled_from(["x", "y"]),
    st.lists(AGES, min_size=4, max_size=4),
    st.sampled_from([None, "true", "false"]),
    st.sampled_from([None, 10, 300]),
)


@st.composite
def estates(draw: st.DrawFn) -> Estate:
    """Draw an estate of seven things, two of them agents, some of whose uses are seen."""
    usage = draw(st.booleans())
    e = Estate(declares=("grants", "owners", "usage") if usage else ("grants", "owners"))
    e.agent("a", "b").account("s").thing("Role", "r").thing("Credential", "k")
    e.resource("x", "restricted").resource("y", "public")
    for n, ((source, kind, target), ceiling, used, seen, made) in enumerate(
        draw(st.lists(EDGE, max_size=9))
    ):
        e.link(source, kind, target, id=f"e{n}", ceiling=ceiling, telemetry=seen,
               last_used_at=None if used is None else ago(used),
               valid_from=None if made is None else ago(made))  # fmt: skip
    for n, (holder, levels, resource, used, seen, made) in enumerate(
        draw(st.lists(GRANT, max_size=5))
    ):
        uses = {b: ago(d) for b, d in zip(LEVELS, used, strict=True) if d is not None}
        e.can(holder, levels, resource, id=f"g{n}", telemetry=seen, last_used_at=uses,
              granted_at=None if made is None else ago(made))  # fmt: skip
    if draw(st.booleans()):
        e.link("k", "STORED_IN", "y", id="k0")
    return e


class Reference:
    """Edges and grants with what can be told of their use.

    When each was last used is taken from the activity, which `test_use` is about.
    """

    def __init__(self, estate: Estate, posture: Posture, days: int = DAYS) -> None:
        self.now, self.days, self.posture = AS_OF, days, posture
        self.rows = {e.name: rows for e, rows in estate.rows.items()}
        self.usage = usage = "usage" in estate.declares
        self.grants = []  # (holder, level, resource, stale, seen)
        for g in self.rows.get("CAN_ACCESS", ()):
            seen = usage if g["telemetry"] is None else g["telemetry"] == "true"
            for level in g["levels"]:
                used = self._used(CAN_ACCESS, g["id"])[LEVELS.index(level)]
                stale = seen and self._unused(used, g["granted_at"])
                told = seen or (used is not None and not self._unused(used, None))
                self.grants.append((g["source_id"], level, g["target_id"], stale, told, g["id"]))
        self.edges = list(self._edges())  # (source, target, ceiling, stale)

    def _edges(self) -> Iterator[tuple[str, str, int, bool]]:
        for _, kind, _ in dict.fromkeys(STEPS):
            for e in self.rows.get(kind, ()):
                used = self._used(TYPES[kind], e["id"])
                seen = e["telemetry"] == "true" or (e["telemetry"] is None and used is not None)
                stale = seen and self._unused(used, e["valid_from"])
                ceiling = LEVELS.index(e["ceiling"] or "admin")
                yield e["source_id"], e["target_id"], ceiling, stale
        for kept in self.rows.get("STORED_IN", ()):
            reading = {}
            for holder, level, resource, _, _, grant in self.grants:
                stale = self._stated_stale(grant, level)
                if resource == kept["target_id"] and level in ("read", "admin"):
                    reading.setdefault((holder, grant), []).append(stale)
            for (holder, _), stale in reading.items():
                yield holder, kept["source_id"], 3, all(stale)

    def _stated_stale(self, grant: str, level: str) -> bool:
        """Whether the grant itself says that it was not used: what a derived edge goes by."""
        (g,) = (g for g in self.rows["CAN_ACCESS"] if g["id"] == grant)
        seen = self.usage if g["telemetry"] is None else g["telemetry"] == "true"
        return seen and self._unused(g["last_used_at"].get(level), g["granted_at"])

    def _used(self, kind: Relationship, id_: str) -> Any:
        act, frame = self.posture.activity, self.posture.graph.frames[kind]
        row = frame["id"].tolist().index(id_)
        if kind is CAN_ACCESS:
            return [_stamp(at) for at in act.grant_latest[row].tolist()]
        return _stamp(int(act.step_latest[act.steps_of(kind)][row]))

    def _unused(self, used: str | None, since: str | None) -> bool:
        times = [pd.Timestamp(t) for t in (used, since) if t is not None]
        return not times or min(max(times), self.now) < self.now - pd.Timedelta(days=self.days)

    def ways(
        self, start: str, level: int, seen: tuple[str, ...] = ()
    ) -> Iterator[tuple[str, bool]]:
        """Walk every simple path; yield where it is and whether a step of it was stale."""
        yield start, False
        for source, target, ceiling, stale in self.edges:
            if source == start and ceiling >= level and target not in (*seen, start):
                for end, staler in self.ways(target, level, (*seen, start)):
                    yield end, stale or staler

    def pairs(self, start: str) -> dict[str, set[tuple[str, str]]]:
        """Sort what is reached into fresh, only unseen and only stale."""
        reached, fresh, seen_fresh = set(), set(), set()
        for rank, level in enumerate(LEVELS):
            for node, stale in set(self.ways(start, rank)):
                for holder, at, resource, grant_stale, seen, _ in self.grants:
                    if (holder, at) == (node, level):
                        reached.add((resource, level))
                        if not stale and not grant_stale:
                            fresh.add((resource, level))
                            if seen:
                                seen_fresh.add((resource, level))
        return {"all": reached, "stale": reached - fresh, "unseen": fresh - seen_fresh}

    def over_stale(self, start: str) -> set[tuple[str, str]]:
        """Return what is reached if nothing but stale edges and grants is there."""
        found = set()
        for rank, level in enumerate(LEVELS):
            front, been = [start], {start}
            while front:
                node = front.pop()
                for source, target, ceiling, stale in self.edges:
                    if source == node and stale and ceiling >= rank and target not in been:
                        been.add(target)
                        front.append(target)
            found |= {
                (resource, level)
                for holder, at, resource, stale, _, _ in self.grants
                if holder in been and at == level and stale
            }
        return found


def _stamp(at: int) -> str | None:
    return None if at == NEVER else str(pd.Timestamp(at, unit="ms", tz="UTC"))


def _weight(pairs) -> float:
    return sum({"x": 30.0, "y": 1.0}[r] * LEVEL_WEIGHT[level] for r, level in pairs)


@settings(max_examples=60)
@given(estates())
def test_reach_over_stale_edges_alone_is_that_of_a_graph_of_nothing_else(estate):
    posture = estate.quick()
    plain = Reference(estate, posture)
    reached = [plain.over_stale(name) for name in ("a", "b")]
    alone = posture.totals(Filter(stale=DAYS, only_stale=True))
    by_name = dict(zip(posture.accountable.tolist(), alone.weighted.tolist(), strict=True))
    for name, pairs in zip(("a", "b"), reached, strict=True):
        assert abs(by_name[posture.graph.number(name)] - _weight(pairs)) < 1e-9
    others = sum(by_name.values()) - sum(map(_weight, reached))
    found = stale_answer(posture, DAYS)["over_stale"]
    told = found["weighted"] or 0.0  # None where nobody sees any use
    assert abs(told - sum(map(_weight, reached)) - others) < 1e-9
    assert (found["identities"] or 0) >= sum(map(bool, reached))


@settings(max_examples=35)
@given(estates())
def test_stale_and_regained_are_what_every_path_says(estate):
    posture = estate.quick()
    plain = Reference(estate, posture)
    found = stale_answer(posture, DAYS)
    of = {"a", "b", *({"s"} & {posture.graph.thing(int(n))["id"] for n in posture.accountable})}
    expected = {name: plain.pairs(name) for name in of}
    told = {
        kind: {
            (p["identity"]["id"], p["resource"]["id"], p["level"])
            for p in found["paths"]
            if (p["state"] == "unobservable") == (kind == "unseen")
        }
        for kind in ("stale", "unseen")
    }
    for kind, rows in told.items():
        assert rows == {(n, *pair) for n, by in expected.items() for pair in by[kind]}, kind
    gone = sum(_weight(by["stale"]) for by in expected.values())
    whole, dark = (sum(_weight(by[k]) for by in expected.values()) for k in ("all", "unseen"))
    blind = whole > 0 and dark == pytest.approx(whole)  # nobody sees any of it used
    assert found["regained"] == {
        "weighted": None if blind else pytest.approx(gone),
        "of": pytest.approx(whole),
        "unobserved": pytest.approx(dark),
    }
    seen = [p["weight"] for p in found["paths"] if p["state"] != "unobservable"]
    assert sum(seen) == pytest.approx(found["regained"]["weighted"] or 0.0)
    assert found["left_out"] == 0


@settings(max_examples=18)
@given(estates())
def test_the_first_stale_step_is_where_to_cut(estate):
    posture = estate.quick()
    for path in stale_answer(posture, DAYS)["paths"]:
        first = path["first_stale"]
        if path["state"] == "unobservable":
            assert first is None
            continue
        place = path["steps"].index(first)
        assert all(not _told_stale(s) for s in path["steps"][:place] if s["id"])
        if path["state"] == "unused_since_granted":
            assert path["steps"][-1]["last_used_at"] is None
        if path["state"] == "partly_used":
            assert any(s["telemetry"] for s in path["steps"][:place])
        assert path["unused_days"] is None or path["unused_days"] > DAYS


def _told_stale(step: dict) -> bool:
    """Whether what a step shows of its use is old; one that began lately may still be fresh."""
    used, old = step["last_used_at"], AS_OF - pd.Timedelta(days=400)
    return step["telemetry"] and used is not None and pd.Timestamp(used) < old


@settings(max_examples=12)
@given(estates())
def test_a_later_moment_or_a_shorter_window_never_regains_less(estate):
    for element, rows in estate.rows.items():
        estate.rows[element] = [r | {"valid_from": None} if "valid_from" in r else r for r in rows]
    facts = estate.quick().graph.facts
    last = 0.0
    for days in (-31, -50, -100, -300):  # uses are told up to 30 days ahead, and known from then on
        posture = assess(AccessGraph.of(facts, pd.Timestamp(ago(days))))
        now = stale_answer(posture, DAYS)["regained"]["weighted"] or 0.0
        assert now >= last - 1e-9
        last = now
    posture = assess(AccessGraph.of(facts))
    found = [stale_answer(posture, days)["regained"]["weighted"] for days in (500, 90, 30, 1)]
    windows = [weight or 0.0 for weight in found]
    assert windows == sorted(windows)


@settings(max_examples=12)
@given(estates())
def test_what_is_cut_is_counted_and_about_keeps_to_one(estate):
    posture = estate.quick()
    whole = stale_answer(posture, DAYS)["paths"]
    for limit in (1, 2):
        cut = stale_answer(posture, DAYS, limit)
        assert cut["paths"] == whole[:limit]
        assert cut["left_out"] == max(len(whole) - limit, 0)
    mine = stale_answer(posture, DAYS, about=posture.graph.number("a"))["paths"]
    assert mine == [p for p in whole if p["identity"]["id"] == "a"]


def test_a_store_that_nobody_reads_gives_its_keys_back_with_it():
    """Removing a stale grant on a secret store also removes what the keys in it open."""
    e = Estate().account("s", "t").thing("Credential", "k").resource("vault").resource("db")
    e.can("s", "read", "vault", granted_at=ago(400), telemetry="true")
    e.link("k", "STORED_IN", "vault").link("k", "AUTHENTICATES_AS", "t")
    e.can("t", "read", "db", granted_at=ago(400), last_used_at={"read": ago(1)}, telemetry="true")
    found = stale_answer(e.posture())
    rows = {(p["identity"]["id"], p["resource"]["id"]): p["state"] for p in found["paths"]}
    assert rows[("s", "vault")] == "unused_since_granted"
    assert rows[("s", "db")] == "stale"
    assert found["regained"]["weighted"] == 6


@pytest.mark.parametrize(
    ("used", "made", "state"),
    [
        (400, 500, "stale"),
        (None, 500, "unused_since_granted"),
        (None, None, "unused_since_granted"),
        (90, 500, None),
        (91, 500, "stale"),
        (None, 90, None),
        (400, 10, None),
        (-5, 500, None),
    ],
)
def test_states_of_one_grant(used, made, state):
    e = Estate().agent("a").resource("x")
    uses = {} if used is None else {"read": ago(used)}
    e.can("a", "read", "x", granted_at=None if made is None else ago(made), last_used_at=uses)
    states = [p["state"] for p in stale_answer(e.posture())["paths"]]
    assert states == ([] if state is None else [state])


def test_one_level_of_a_grant_may_be_stale_alone():
    e = Estate().agent("a").resource("x", "public")
    e.can("a", "read write", "x", granted_at=ago(400), last_used_at={"read": ago(1)})
    rows = stale_answer(e.posture())["paths"]
    assert [(p["level"], p["state"]) for p in rows] == [("write", "unused_since_granted")]


def test_a_path_used_up_to_its_last_step_is_partly_used():
    e = Estate().agent("a").account("s").resource("x")
    e.link("a", "RUNS_AS", "s", last_used_at=ago(1))
    e.can("s", "read", "x", granted_at=ago(400), last_used_at={"read": ago(200)})
    path = next(p for p in stale_answer(e.posture())["paths"])
    assert (path["state"], path["unused_days"]) == ("partly_used", 200)
    assert path["first_stale"]["relationship"] == "CAN_ACCESS"


def test_what_nobody_could_see_is_unobservable_not_stale():
    e = Estate(declares=("grants",)).agent("a").resource("x")
    found = stale_answer(e.can("a", "read", "x", granted_at=ago(400)).posture())
    assert [p["state"] for p in found["paths"]] == ["unobservable"]
    assert found["regained"] == {"weighted": None, "of": 3, "unobserved": 3}
