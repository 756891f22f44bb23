"""What is added up by holder is what all items together owe."""

from dataclasses import fields

import numpy as np
import pytest

from analytics.assumptions import by_holder, entitlements
from analytics.assumptions.by_holder import sums_by_holder
from analytics.assumptions.families import all_families, environment, scope, separation
from analytics.assumptions.items import Sums, items_of
from analytics.assumptions.judgement import ALONE
from analytics.assumptions.model import ASSUMPTIONS, model
from analytics.posture import Posture
from tests.support.estates.any_world import estate
from tests.support.search import worlds

SEEDS = range(worlds(8, 200))
TWIN = range(60)


def unequal(posture: Posture) -> list[str]:
    """Name the sums by holder that differ from those of all items."""
    items, sums = items_of(posture), sums_by_holder(posture, model())
    arrays = [f.name for f in fields(Sums) if isinstance(getattr(sums, f.name), np.ndarray)]
    pairs = {name: (getattr(items, name), getattr(sums, name)) for name in arrays}
    return [
        name
        for name, (whole, added) in pairs.items()
        if not np.allclose(whole, added, rtol=1e-9, atol=0, equal_nan=True)
    ]


def each_kind(estate, kinds):
    """Judge one identity of each kind on all grants, however few have them."""
    for kind in np.unique(kinds[kinds != ALONE]):
        yield np.flatnonzero(kinds == kind)


@pytest.fixture
def always_shared(monkeypatch):
    monkeypatch.setattr(by_holder, "_worthwhile", each_kind)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_sums_are_those_of_all_items(seed):
    assert unequal(estate(seed).quick()) == []


@pytest.mark.parametrize("seed", SEEDS)
def test_so_they_are_if_whatever_is_alike_is_judged_once(seed, always_shared, monkeypatch):
    monkeypatch.setattr(by_holder, "CHUNK", 3)
    assert unequal(estate(seed).quick()) == []


@pytest.mark.parametrize("family", [environment, scope, separation])
def test_what_is_called_alike_and_is_not_would_be_noticed(family, always_shared, monkeypatch):
    def nobody_apart(posture, _):
        return np.zeros(len(posture.accountable), np.int64)

    monkeypatch.setattr(family, "alike", nobody_apart)
    assert any(unequal(estate(seed).quick()) for seed in TWIN)


def fall(*_):
    raise ZeroDivisionError


def known_but_for(sums: Sums) -> list[str]:
    """Name the assumptions of which no sum is known, the others being known of everybody."""
    unknown = np.isnan(sums.debt).all(axis=0)
    assert np.isnan(sums.applicable)[:, unknown].all()
    assert not np.isnan(sums.debt)[:, ~unknown].any()
    return [name for name, dark in zip(ASSUMPTIONS, unknown, strict=True) if dark]


def test_a_family_that_fails_leaves_its_sums_unknown(monkeypatch):
    others = tuple(judge for judge in all_families() if judge is not scope.judge)
    monkeypatch.setattr(by_holder, "all_families", lambda: (*others, fall))
    assert known_but_for(sums_by_holder(estate(0).quick(), model())) == ["scope"]


def test_so_does_one_that_fails_on_a_part_or_cannot_say_who_is_alike(always_shared, monkeypatch):
    first = iter([True])

    def fall_once(case):
        return fall() if next(first, False) else scope.judge(case)

    others = tuple(judge for judge in all_families() if judge is not scope.judge)
    with monkeypatch.context() as patch:
        patch.setattr(by_holder, "all_families", lambda: (*others, fall_once))
        patch.setattr(entitlements, "BLOCK", 1)
        assert known_but_for(sums_by_holder(estate(0).quick(), model())) == ["scope"]
    monkeypatch.setattr(environment, "alike", fall)
    posture = estate(0).quick()
    assert known_but_for(sums_by_holder(posture, model())) == ["env"]
    assert list(posture.faults) == ["debt.environment"]


@pytest.mark.parametrize("seed", SEEDS)
def test_who_can_act_as_a_node_leads_to_its_grants(seed):
    posture = estate(seed).quick()
    units = entitlements.entitlements(posture, model())
    for holder in np.unique(units.holder):
        able = entitlements.entering(posture, np.array([holder]))
        assert able[units.identity[units.holder == holder]].all()
        assert able[holder]
