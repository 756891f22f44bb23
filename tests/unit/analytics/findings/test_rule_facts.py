"""Which sources can trigger a rule: measured, complete, and told where none is connected."""

from pathlib import Path

import pytest

from analytics.answers.coverage import coverage
from analytics.assumptions.model import ASSUMPTIONS
from analytics.escalation import all_escalations
from analytics.findings import rule_facts
from analytics.findings.rule_facts import OR, who_sees
from analytics.findings.rules import all_rules
from graph import schema
from graph.element import Element
from tests.support.estates.small_estates import AS_OF, EVERYTHING, Estate
from tests.support.exports.stated_facts import stated

RULES = {rule.id: rule for rule in all_rules().values()}
ELEMENTS = {one.name: one for one in vars(schema).values() if isinstance(one, Element)}


def test_what_sources_state_is_what_their_code_and_their_examples_state():
    kept = Path(rule_facts.__file__).with_name("stated.toml").read_text(encoding="utf-8")
    assert kept == stated(), (
        "python -m tests.support.exports.stated_facts > analytics/findings/stated.toml"
    )


def test_every_rule_says_on_what_it_rests_and_the_model_has_it():
    every = [rule.facts for rule in (*all_escalations().values(), *all_rules().values())]
    assert all(rule.facts for rule in all_escalations().values())
    for wanted in (one for facts in every for one in facts):
        for fact in wanted.split(OR):
            name, _, column = fact.partition(".")
            assert not column or column in {c.name for c in ELEMENTS[name].columns}, fact


@pytest.mark.parametrize(
    ("rule", "source", "sees"),
    [
        ("CRD-01", "aws", True),  # a credential report dates keys
        ("CRD-05", "aws", False),  # nothing of AWS says that a person used a key
        ("OWN-02", "entra", True),
        ("OWN-02", "codeowners", False),  # a file of owners knows of nobody who left
        ("ISO-03", "kubernetes", False),
        ("ISO-03", "estate", True),
    ],
)
def test_who_sees_what(rule, source, sees):
    assert (source in who_sees(RULES[rule].needs, RULES[rule].facts)) == sees


def silent(estate: Estate) -> dict[str, dict]:
    rows = coverage(estate.posture(), AS_OF)["silent_rules"]
    return {row["rule"]: row for row in rows}


def test_a_rule_that_nothing_connected_can_trigger_is_named_with_what_would():
    told = silent(Estate(source="github", declares=("grants", "credentials")).agent("a"))
    assert {"ISO-03", "CRD-05", "OWN-01", "OWN-05", "SCP-02", "X2"} <= set(told)
    assert "CRD-01" not in told
    assert told["OWN-01"]["because"] == "no source declares owners"
    (owners,) = told["OWN-01"]["triggered_by"]
    assert {"csv", "entra", "estate"} <= set(owners["sources"])
    (human,) = told["CRD-05"]["triggered_by"]
    assert (human["states"], human["sources"]) == (["Credential.human_used_at"], ["csv", "estate"])


def test_the_twin_the_native_format_can_trigger_all():
    assert silent(Estate(declares=(*EVERYTHING, "inventory")).agent("a")) == {}


def test_a_fact_that_is_there_counts_whoever_stated_it():
    e = Estate(source="github", declares=("credentials",))
    e.thing("Credential", "k", human_used_at=AS_OF.isoformat())
    assert "CRD-05" not in silent(e)


def test_a_source_that_is_not_known_may_state_anything():
    told = silent(Estate(source="of-my-own", declares=(*EVERYTHING, "inventory")).agent("a"))
    assert told == {}


def test_every_assumption_is_spoken_of_by_a_rule():
    """Interest on it stands still while a finding of that rule is accepted."""
    feeds = [rule.feeds for rule in all_rules().values()]
    assert {name for each in feeds for name in each.assumptions} == set(ASSUMPTIONS)
