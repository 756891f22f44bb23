"""The bus factor against every choice of people, and laws of it."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.ownership.bus_factor import BusFactor, Kept, bus_factor, kept_by
from analytics.ownership.owners import NOBODY, ROLES, ownership
from tests.property.analytics.ownership.test_owners import PEOPLE, estates
from tests.support.estates.small_estates import Estate

GROUPS = st.lists(
    st.tuples(st.frozensets(st.integers(0, 6), min_size=1, max_size=4), st.integers(1, 30)),
    min_size=1,
    max_size=9,
)
SHARES = st.sampled_from([0.1, 0.5, 0.75, 1.0])


def made(groups: list[tuple[frozenset[int], int]]) -> Kept:
    return Kept.of([g for g, _ in groups], np.array([w for _, w in groups], float))


def orphaned(groups: list[tuple[frozenset[int], int]], gone: set[int]) -> int:
    return sum(weight for who, weight in groups if who <= gone)


def fewest(groups: list[tuple[frozenset[int], int]], share: float) -> int:
    people = sorted(frozenset().union(*(g for g, _ in groups)))
    wanted = share * sum(w for _, w in groups)
    return next(
        size
        for size in range(len(people) + 1)
        for gone in combinations(people, size)
        if orphaned(groups, set(gone)) >= wanted - 1e-6
    )


def found(groups: list[tuple[frozenset[int], int]], share: float, small: int) -> BusFactor:
    answer = bus_factor(made(groups), share, small)
    assert answer is not None
    weight = sum(w for _, w in groups)
    assert answer.share == pytest.approx(orphaned(groups, set(answer.people)) / weight)
    assert answer.share >= share - 1e-6
    return answer


@settings(max_examples=40)
@given(GROUPS, SHARES)
def test_small_cases_are_exact(groups: list[tuple[frozenset[int], int]], share: float) -> None:
    answer = found(groups, share, small=400)
    assert answer.exact
    assert len(answer.people) == answer.bound == fewest(groups, share)


@settings(max_examples=40)
@given(GROUPS, SHARES)
def test_large_cases_say_how_few_it_could_be(
    groups: list[tuple[frozenset[int], int]], share: float
) -> None:
    answer = found(groups, share, small=0)
    assert answer.bound <= fewest(groups, share) <= len(answer.people)
    assert answer.exact == (answer.bound == len(answer.people))


def test_greedy_alone_can_be_wrong() -> None:
    """The lone owner goes first, though the two others would have done."""
    groups = [(frozenset({0}), 4), (frozenset({1, 2}), 4), (frozenset({2, 3}), 1)]
    groups += [(frozenset({0, 3}), 1)]
    plain, exact = found(groups, 0.5, small=0), found(groups, 0.5, small=400)
    assert (len(exact.people), exact.exact) == (fewest(groups, 0.5), True) == (2, True)
    assert (len(plain.people), plain.bound, plain.exact) == (3, 2, False)


@settings(max_examples=40)
@given(estates())
def test_keepers_are_those_without_whom_nobody_answers(e: Estate) -> None:
    """The bus factor's idea of who keeps what owned agrees with ownership after departures."""
    e.resource("r", "public")
    for agent in ("a0", "a1", "a2", "a3"):
        e.can(agent, "read", "r", id=f"c-{agent}")
    posture = e.quick()
    kept = kept_by(posture)
    graph = posture.graph
    judged = posture.accountable  # an agent that ended has its grant left: it is judged too
    for size in range(len(PEOPLE) + 1):
        for gone in combinations(PEOPLE, size):
            numbers = tuple(graph.number(p) for p in gone)
            after = ownership(graph, numbers).covered
            owned = [any(after[r][n] != NOBODY for r in ROLES) for n in judged]
            agents = [graph.things["label"][n] == "Agent" for n in judged]
            flags = np.isin(kept.people, numbers).astype(float)
            left = kept.holds @ flags < kept.holds.sum(axis=1)
            assert sum(kept.weight[left]) == sum(np.array(owned) & np.array(agents))
