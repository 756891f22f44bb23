"""What-if against the same estate stated without the item; the fast way against the full one."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from analytics.answers.what_if import posture_without
from analytics.findings.evaluation import find_all
from analytics.posture import MODES, Filter
from analytics.reach import removal
from analytics.reach.closure import totals
from analytics.reach.removal import Remaining
from analytics.remediation.removal.changed_reach import changed_reach
from analytics.remediation.removal.ended_uses import ended
from analytics.remediation.removal.what_if import removals
from graph.frames import records
from graph.schema import LEVELS
from tests.support.estates.small_estates import TYPES, Estate
from tests.support.printed import what_if
from tests.support.references.moved_access import moved
from tests.support.references.reach import NODES, Reference, estates

PICK = st.integers(0, 10_000)
USED = st.tuples(st.sampled_from([n for n in NODES if n != "m0"]), st.sampled_from(LEVELS))


def without(estate: Estate, *things: str, links: tuple[tuple[str, str, str], ...] = ()) -> Estate:
    """State the same estate again, less some things and all relationships between some ends."""
    left = Estate()
    for element, rows in estate.rows.items():
        for row in rows:
            ends = (row.get("source_id"), element.name, row.get("target_id"))
            if not {row["id"], *ends} & set(things) and ends not in links:
                left.add(element, **row)
    return left


def links_of(estate: Estate) -> list[tuple[str, str, str]]:
    """Return the ends and the type of every relationship, parallel ones once."""
    found = [
        (row["source_id"], element.name, row["target_id"])
        for element, rows in estate.rows.items()
        if element.name in TYPES
        for row in rows
    ]
    return list(dict.fromkeys(found))


def figures(posture) -> tuple[float, int]:
    return float(posture.totals().weighted.sum()), len(find_all(posture))


@settings(max_examples=5)
@given(estates(), st.lists(PICK, min_size=1, max_size=3))
def test_removing_relationships_is_never_having_had_them(estate, picks):
    links = links_of(estate)
    assume(links)
    gone = tuple(dict.fromkeys(links[p % len(links)] for p in picks))
    posture = estate.quick()
    answer = what_if(posture, [",".join(link) for link in gone])
    left = without(estate, links=gone)
    plain = Reference(moved(estate, left))
    names = [posture.graph.thing(int(n))["id"] for n in posture.accountable]
    reach = sum(plain.weigh(plain.reach(name)) for name in names)
    assert answer["after"]["reach"] == pytest.approx(reach)
    if not answer["moved"]:
        assert answer["after"]["findings"] == figures(left.quick())[1]
    heavy = {name: plain.weigh((r["resource"]["id"], r["level"]) for r in answer[name])
             for name in ("lost", "gained")}  # fmt: skip
    before = answer["before"]["reach"] - heavy["lost"] + heavy["gained"]
    assert answer["after"]["reach"] == pytest.approx(before)
    assert (answer["before"]["reach"], answer["before"]["findings"]) == figures(posture)


@settings(max_examples=5)
@given(estates(), st.lists(st.sampled_from(list(NODES)), min_size=1, max_size=2, unique=True))
def test_removing_things_is_never_having_had_them(estate, gone):
    answer = what_if(estate.quick(), gone)
    left = without(estate, *gone)
    reach, found = figures(left.quick())
    assert answer["after"]["reach"] == pytest.approx(reach)
    assert answer["after"]["findings"] == found
    before, after = Reference(estate), Reference(left)
    for row in answer["identities"]:
        kept = after.reach(row["id"]) if row["id"] not in gone else {}
        if row["after"]["weighted"] or row["id"] in gone:
            assert row["after"]["weighted"] == pytest.approx(after.weigh(kept))
        if row["before"]["weighted"]:
            assert row["before"]["weighted"] == pytest.approx(before.weigh(before.reach(row["id"])))


@settings(max_examples=100)
@given(estates(), PICK)
def test_every_identity_that_loses_is_listed_and_no_other(estate, pick):
    links = links_of(estate)
    assume(links)
    link = links[pick % len(links)]
    posture = estate.quick()
    after_it = posture_without(posture, [",".join(link)])
    listed = set(changed_reach(posture, after_it, 0, None).identities["id"])
    before = Reference(estate)
    after = Reference(moved(estate, without(estate, links=(link,))))
    names = {posture.graph.thing(int(n))["id"] for n in posture.accountable}
    lose = {n for n in names if before.reach(n).keys() != after.reach(n).keys()}
    assert lose == listed


@settings(max_examples=40)
@given(estates(), st.sampled_from(MODES), st.lists(PICK, min_size=1, max_size=4))
def test_the_fast_way_counts_as_the_full_one(estate, mode, picks):
    posture = estate.quick()
    network, starts = posture.network(Filter(mode)), np.arange(len(NODES))
    edges, grants = len(network.edge), len(network.grant)
    assume(edges + grants)
    fast = Remaining(network, starts, totals(network, starts))
    nothing = np.zeros(0, np.int64)
    for pick in picks:  # one after the other, each asked for before it is done
        at = pick % (edges + grants)
        one = network.edge[at : at + 1] if at < edges else nothing
        other = nothing if at < edges else network.grant[at - edges :][:1]
        asked = fast.change(one, other)
        before = fast.totals.weighted.sum()
        done = fast.remove(one, other)
        full = totals(fast.left, starts)
        for name, figure in vars(full).items():
            assert getattr(fast.totals, name) == pytest.approx(figure), name
        assert asked.place.tolist() == done.place.tolist()
        assert before - full.weighted.sum() == pytest.approx(asked.weighted)


@settings(max_examples=10)
@given(estates(), PICK)
def test_counting_everything_anew_agrees_with_recounting_a_few(estate, pick):
    network, starts = estate.quick().network(), np.arange(len(NODES))
    assume(len(network.edge))
    edge, nothing = network.edge[pick % len(network.edge) :][:1], np.zeros(0, np.int64)
    few, many = (Remaining(network, starts, totals(network, starts)) for _ in range(2))
    many.concerned = lambda *_: np.arange(len(starts) + 9)  # as if more than the bound were
    one = few.change(edge, nothing)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(removal, "STARTS_A_PAIR", 1_000)  # nobody is charged
        other = many.change(edge, nothing)
    lost = [
        dict(zip(c.place, c.before.weighted - c.after.weighted, strict=True)) for c in (one, other)
    ]
    assert lost[0] == pytest.approx(lost[1])  # in whatever order a search finds them


@settings(max_examples=12)
@given(estates(), st.lists(st.tuples(USED, st.sampled_from(["x0", "x1", "x2"])), max_size=6), PICK)
def test_the_uses_that_break_are_those_out_of_reach_afterwards(estate, seen, pick):
    for k, ((who, level), what) in enumerate(seen):
        if NODES[who] in ("Agent", "ServiceAccount", "Role", "Group", "Human", "Credential"):
            estate.link(who, "USED", what, level=level, last_at="2026-07-30T00:00:00Z", id=f"u{k}")
    links = [link for link in links_of(estate) if link[1] != "USED"]
    assume(links)
    link = links[pick % len(links)]
    posture, item = estate.quick(), ",".join(link)
    gone = removals(posture, [item])
    rows = records(ended(posture, posture_without(posture, [item]), gone))
    left = without(estate, links=(link,))
    expected = set()
    for mode in MODES:
        before, after = Reference(estate, mode), Reference(left, mode)
        expected |= {
            (row["source_id"], row["target_id"], row["level"])
            for row in estate.rows.get(TYPES["USED"], [])
            if (row["target_id"], row["level"]) in before.reach(row["source_id"])
            and (row["target_id"], row["level"]) not in after.reach(row["source_id"])
        }
    ids = posture.graph.ids.to_pylist()
    found = {(ids[r.identity], ids[r.thing], LEVELS[r.level]) for r in rows}
    assert found == expected
