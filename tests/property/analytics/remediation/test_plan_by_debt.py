"""Plans by debt against every set of as many removals, each judged anew."""

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.debt import debt_of
from analytics.posture import assess
from analytics.remediation.plan.greedy import Safety, removal_of
from analytics.remediation.removal.what_if import without
from analytics.usage.idle_access import ACCESS, derived_from, idle, idle_rows
from graph.schema import SOD_RULE
from tests.support.estates.debt_estates import estates
from tests.support.estates.small_estates import Estate, ago
from tests.support.printed import plan, what_if


def best(posture, budget: int) -> float:
    """Return the most debt that any allowed set of grants takes away."""
    rows, fallen = idle_rows(posture), derived_from(posture)
    rows = rows[rows["kind"] == ACCESS]
    every = [idle(mine, fallen) for _, mine in rows.groupby(["source", "target"])]
    whole, most, safety = debt_of(posture).debt.sum(), 0.0, Safety(posture)
    for size in range(1, budget + 1):
        for chosen in combinations(every, size):
            gone = [removal_of(posture, one) for one in chosen]
            left = debt_of(assess(without(posture.graph, gone))).debt.sum()
            if whole - left > most and safety.allows(chosen):
                most = whole - left
    return most


@settings(max_examples=8)
@given(estates(), st.integers(1, 2))
def test_a_plan_takes_away_what_it_says_and_nothing_takes_away_more(estate, budget):
    posture = estate.quick()
    answer = plan(posture, budget, "debt")
    removed = sum(step["debt_removed"] for step in answer["steps"])
    ids = [one for step in answer["steps"] for one in step["target"]["ids"]]
    after = what_if(posture, ids)["after"]["debt"] if ids else answer["before"]["debt"]
    assert answer["after"]["debt"] == pytest.approx(after, abs=1e-6)
    assert answer["before"]["debt"] - removed == pytest.approx(after, abs=1e-6)
    most = best(posture, budget)
    assert removed <= most + 1e-6
    if answer["optimum_gap"] is None:
        assert answer["optimum"]["because"]
    else:
        assert (answer["optimum_gap"], removed) == (0, pytest.approx(most))


def grants() -> Estate:
    e = Estate().agent("a", "b").resource("x", "restricted").resource("y", "internal")
    e.resource("z", "internal")
    old = {"granted_at": ago(400), "telemetry": "true"}
    e.can("a", "read", "x", id="1", **old).can("a", "read", "y", id="2", **old)
    return e.can("b", "read", "z", id="3", **old | {"last_used_at": {"read": ago(3)}})


def test_the_costliest_grant_goes_first_and_what_is_used_stays():
    answer = plan(grants().posture(), 5, "debt")
    assert [s["target"]["ids"] for s in answer["steps"]] == [["1"], ["2"]]
    assert [s["reach_removed"] for s in answer["steps"]] == [30, 3]
    assert answer["optimum_gap"] == 0
    assert "adds up" in answer["optimum"]["because"]
    assert [s["breaks"] for s in answer["steps"]] == [[], []]
    assert all(s["undo"].startswith("put back CAN_ACCESS") for s in answer["steps"])


def test_a_rule_of_separation_is_resolved_once():
    """Both sides owe for it; with one gone, the other owes nothing for it any more."""
    e = grants().add(SOD_RULE, id="r", rule="both", left_resource="x", left_level="read",
                     right_resource="y", right_level="read")  # fmt: skip
    posture = e.posture()
    answer = plan(posture, 1, "debt")
    removed = answer["steps"][0]["debt_removed"]
    alone = plan(grants().posture(), 1, "debt")["steps"][0]["debt_removed"]
    assert removed == pytest.approx(alone + 0.75 * 1.25 * 3 * 5)  # the lighter side, at its cap
    assert answer["optimum_gap"] == 0
    after = plan(posture, 2, "debt")
    assert (after["optimum_gap"], after["after"]["debt"]) == (None, pytest.approx(
        what_if(posture, ["1", "2"])["after"]["debt"]
    ))  # fmt: skip


def test_a_plan_by_reach_says_what_debt_goes_with_it():
    posture = grants().posture()
    answer = plan(posture, 5, "reach")
    after = what_if(posture, ["1", "2"])["after"]
    assert answer["after"]["debt"] == pytest.approx(after["debt"])
    assert answer["after"]["reach"] == pytest.approx(after["reach"])
