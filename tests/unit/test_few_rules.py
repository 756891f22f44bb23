"""Judging by a few rules leaves nothing behind, and nothing from before in its way."""

import pytest

from analytics.assumptions.families import all_families
from analytics.figures.controls import rules_for
from analytics.findings.rules import all_rules
from tests.support.few_rules import all_families as every_family
from tests.support.few_rules import only_about, only_rules


def names() -> set[str]:
    return {rule.id for rules in rules_for().values() for rule in rules}


def test_controls_are_judged_by_the_chosen_rules_and_afterwards_by_all():
    before = names()
    with only_rules("shared_credential"):
        assert names() == {rule.id for rule in all_rules().values()} == {"CRD-04"}
    assert names() == before


def test_rules_and_families_of_a_test_that_fails_are_forgotten_and_others_may_be_chosen_within():
    every, family = names(), all_families()

    def fail() -> None:
        with only_about("scope", "no_declared_scope"):
            assert len(all_families()) == 1
            with only_rules("shared_credential"), every_family():
                assert names() == {"CRD-04"}
                assert all_families() == family
            assert len(all_families()) == 1
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert names() == every
    assert all_families() == family
