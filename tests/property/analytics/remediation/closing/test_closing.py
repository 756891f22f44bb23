"""Random estates: nothing is claimed closed that is not, and no finding is without a change."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics.actions import Action
from analytics.findings import rules
from analytics.findings.closing import Closing
from analytics.findings.evaluation import find_all
from analytics.remediation.closing.grouped import grouped
from tests.support.estates.any_world import estate
from tests.support.estates.closing import gone_after
from tests.support.estates.small_estates import Estate

SEEDS = st.integers(0, 1 << 20)
FEW = settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
CHECKED = 2  # changes of an estate that are carried out


def false_claims(made: Estate, pick: int, only: str = "") -> list[tuple[str, str]]:
    """Carry out a few changes; return rule and action of the findings that were there after all."""
    posture = made.posture()
    rows, groups = find_all(posture), grouped(posture)
    rule, ids = rows["rule"].tolist(), rows["id"].tolist()
    pairs = zip(
        groups.change.tolist(), groups.finding.tolist(), groups.closes.tolist(), strict=True
    )
    claimed: dict[int, list[int]] = {}
    for change, finding, closes in pairs:
        if closes and rule[finding].startswith(only):
            claimed.setdefault(change, []).append(finding)
    places = sorted(claimed)
    chosen = {places[(pick + n * 7) % len(places)] for n in range(CHECKED)} if places else set()
    return [
        (rule[finding], groups.changes[place].action.value)
        for place in sorted(chosen)
        for finding in claimed[place]
        if not gone_after(posture, groups.changes[place], rule[finding], ids[finding])
    ]


@FEW
@given(SEEDS, st.integers(0, 1000))
def test_what_a_change_closes_is_gone_after_it(seed, pick):
    assert false_claims(estate(seed), pick) == []


def test_a_claim_that_is_not_true_is_noticed(monkeypatch):
    """Declaring a scope is not done by a review; a rule that claims so is caught."""
    every = rules.all_rules()
    false = replace(every["no_declared_scope"], closing=Closing(action=Action.REVIEW))
    monkeypatch.setitem(every, "no_declared_scope", false)
    made = Estate().agent("bot")
    assert ("SCP-01", "review") in false_claims(made, 0, "SCP-01")


@FEW
@given(SEEDS)
def test_every_finding_has_a_change_and_there_are_no_more_changes_than_findings(seed):
    posture = estate(seed).posture()
    groups, count = grouped(posture), len(find_all(posture))
    assert set(groups.finding.tolist()) == set(range(count))
    assert len({change.id for change in groups.changes}) == len(groups.changes)
    asked = set(zip(groups.change.tolist(), groups.finding.tolist(), strict=True))
    assert len(asked) == len(groups.change)
    assert all(groups.changes[n].ids for n in groups.change.tolist())


@FEW
@given(SEEDS)
def test_the_order_in_which_facts_are_stated_changes_nothing(seed):
    other = estate(seed)
    for listed in other.rows.values():
        listed.reverse()
    one, two = ({(c.id, f) for c, f in _pairs(made)} for made in (estate(seed), other))
    assert one == two


def _pairs(made: Estate):
    posture = made.posture()
    rows, groups = find_all(posture), grouped(posture)
    for change, finding in zip(groups.change.tolist(), groups.finding.tolist(), strict=True):
        yield groups.changes[change], rows["id"].iloc[finding]


@pytest.mark.parametrize("seed", [3, 11])
def test_the_same_change_has_the_same_id_in_another_snapshot(seed):
    one = {change.id: change for change in grouped(estate(seed).posture()).changes}
    two = grouped(estate(seed).agent("newcomer").posture()).changes
    both = [change for change in two if change.id in one]
    assert len(both) >= len(one) - 1
    assert all(one[change.id] == change for change in both)
