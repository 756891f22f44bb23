"""Random estates: nothing is claimed closed that is not, and no finding is without a change."""

import random
from dataclasses import replace
from functools import cache, lru_cache

import pytest

from analytics.actions import Action
from analytics.findings import rules
from analytics.findings.closing import Closing
from analytics.findings.evaluation import find_all
from analytics.posture import Posture
from analytics.remediation.closing.grouped import grouped
from tests.support.estates.any_world import estate
from tests.support.estates.closing import gone_after
from tests.support.estates.small_estates import Estate
from tests.support.search import searching

CHECKED = 2  # changes of an estate that are carried out


@cache
def seeds() -> list[int]:
    """Return which worlds all the laws look at: always the same ones, others in each search."""
    return random.sample(range(1 << 20), 20) if searching() else [3, 11, 170_711, 604_662]


@lru_cache(maxsize=8)
def judged(seed: int) -> Posture:
    return estate(seed).posture()


def false_claims(posture: Posture, pick: int, only: str = "") -> list[tuple[str, str]]:
    """Carry out a few changes; return rule and action of the findings that were there after all."""
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


def test_what_a_change_closes_is_gone_after_it():
    for seed in seeds():
        assert false_claims(judged(seed), seed) == [], seed


def test_a_claim_that_is_not_true_is_noticed(monkeypatch):
    """Declaring a scope is not done by a review; a rule that claims so is caught."""
    every = rules.all_rules()
    false = replace(every["no_declared_scope"], closing=Closing(action=Action.REVIEW))
    monkeypatch.setitem(every, "no_declared_scope", false)
    made = Estate().agent("bot")
    assert ("SCP-01", "review") in false_claims(made.posture(), 0, "SCP-01")


def test_every_finding_has_a_change_and_there_are_no_more_changes_than_findings():
    for seed in seeds():
        groups, count = grouped(judged(seed)), len(find_all(judged(seed)))
        assert set(groups.finding.tolist()) == set(range(count)), seed
        assert len({change.id for change in groups.changes}) == len(groups.changes), seed
        asked = set(zip(groups.change.tolist(), groups.finding.tolist(), strict=True))
        assert len(asked) == len(groups.change), seed
        assert all(groups.changes[n].ids for n in groups.change.tolist()), seed


def test_the_order_in_which_facts_are_stated_changes_nothing():
    for seed in seeds():
        other = estate(seed)
        for listed in other.rows.values():
            listed.reverse()
        one, two = ({(c.id, f) for c, f in _pairs(p)} for p in (judged(seed), other.posture()))
        assert one == two, seed


def _pairs(posture: Posture):
    rows, groups = find_all(posture), grouped(posture)
    for change, finding in zip(groups.change.tolist(), groups.finding.tolist(), strict=True):
        yield groups.changes[change], rows["id"].iloc[finding]


@pytest.mark.parametrize("seed", [3, 11])
def test_the_same_change_has_the_same_id_in_another_snapshot(seed):
    one = {change.id: change for change in grouped(judged(seed)).changes}
    two = grouped(estate(seed).agent("newcomer").posture()).changes
    both = [change for change in two if change.id in one]
    assert len(both) >= len(one) - 1
    assert all(one[change.id] == change for change in both)
