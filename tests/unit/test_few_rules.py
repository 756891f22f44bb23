"""Judging by a few rules leaves nothing behind, and nothing from before in its way."""

from analytics.figures.controls import rules_for
from analytics.findings.rules import all_rules
from tests.support.few_rules import only_rules


def names() -> set[str]:
    return {rule.id for rules in rules_for().values() for rule in rules}


def test_controls_are_judged_by_the_chosen_rules_and_afterwards_by_all():
    before = names()
    with only_rules("shared_credential"):
        assert names() == {rule.id for rule in all_rules().values()} == {"CRD-04"}
    assert names() == before
