"""Retirement on random families, against a plain reading of what is a tree's own."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.posture import Filter
from analytics.reach.spread import spread
from analytics.remediation.removal.before_and_after import changed
from analytics.remediation.retirement.phases import CREDENTIALS, DELETE, GRANTS, STOP, retirement
from graph.schema import LEVELS
from tests.support.estates.small_estates import Estate
from tests.support.references.reach import Reference
from tests.support.references.retirement import NODES, Family, as_itself, families, less

EXAMPLES, JUDGED = 40, 15  # a judgement of what is left takes longer
MODES = ("standing", "potential")


def parts(estate: Estate):
    posture = estate.quick()
    plan = retirement(posture, posture.graph.number("a0"))
    return posture, plan, [str(i) for i in posture.graph.ids.to_pylist()]


@settings(max_examples=EXAMPLES)
@given(families())
def test_what_ends_is_what_nobody_else_uses(estate):
    _, plan, ids = parts(estate)
    plain = Family(estate, "a0")
    for mask, names in (
        (plan.own.members, plain.members),
        (plan.own.accounts, plain.accounts),
        (plan.own.credentials, plain.credentials),
    ):
        assert {ids[n] for n in np.flatnonzero(mask)} == names


@settings(max_examples=EXAMPLES)
@given(families(), st.sampled_from(MODES))
def test_once_keys_and_bindings_are_gone_nothing_is_reached(estate, mode):
    """Before any identity is deleted: phases 3 and 4 alone leave nothing to reach."""
    _, plan, _ = parts(estate)
    steps = [step for step in plan.steps if step.phase in (CREDENTIALS, GRANTS)]
    facts = {id_ for step in steps for id_ in step.target.ids}
    plain = Family(estate, "a0")
    left = Reference(less(estate, plain.credentials, facts), mode)
    for thing in plain.members | plain.accounts:
        assert left.reach(thing) == {}, thing


@settings(max_examples=JUDGED)
@given(families(), st.sampled_from(MODES))
def test_others_lose_what_went_through_the_tree_and_no_more(estate, mode):
    posture, plan, _ = parts(estate)
    after = changed(posture, plan.targets())
    plain = Family(estate, "a0")
    assert not set(after.graph.ids.to_pylist()) & plain.ending
    left = Reference(less(estate, plain.ending), mode)
    network = after.network(Filter(mode, moved=False))
    for thing in NODES.keys() - plain.ending:
        rows = spread(network, after.graph.number(thing)).reached()
        reached = {
            (str(after.graph.ids[int(row.resource)]), level)
            for row in rows.itertuples()
            for bit, level in enumerate(LEVELS)
            if row.levels >> bit & 1
        }
        assert reached == left.reach(thing).keys(), thing


@settings(max_examples=EXAMPLES)
@given(families())
def test_nobody_in_service_loses_what_it_may_do_as_itself(estate):
    """Unless it is as a member of the tree that it may do it."""
    plain = Family(estate, "a0")
    left = less(estate, plain.ending)
    for thing in NODES.keys() - plain.ending:
        if plain.in_service(thing) and NODES[thing] != "Credential":
            before = as_itself(estate, thing, plain.members)
            assert before == as_itself(left, thing, plain.members), thing


@settings(max_examples=EXAMPLES)
@given(families())
def test_parents_are_stopped_before_and_deleted_after_their_children(estate):
    _, plan, ids = parts(estate)
    plain = Family(estate, "a0")
    order = {
        phase: [ids[s.target.node] for s in plan.steps if s.phase == phase and s.target.node in set(
            np.flatnonzero(plan.own.members))]
        for phase in (STOP, DELETE)
    }  # fmt: skip
    assert sorted(order[STOP]) == sorted(order[DELETE]) == sorted(plain.members)
    below = {a: descendants(plain, a) for a in plain.members}
    for parent, child in plain.links("SPAWNS"):
        if parent in plain.members and parent not in below[child]:
            assert order[STOP].index(parent) < order[STOP].index(child)
            assert order[DELETE].index(parent) > order[DELETE].index(child)


def descendants(plain: Family, start: str) -> set[str]:
    seen: set[str] = set()
    front = {start}
    while front := {t for s, t in plain.links("SPAWNS") if s in front} - seen:
        seen |= front
    return seen
