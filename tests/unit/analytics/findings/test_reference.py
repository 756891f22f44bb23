"""docs/findings.md says what the rules declare."""

from dataclasses import replace
from pathlib import Path

import analytics.findings.reference
from analytics.findings.reference import reference
from analytics.findings.rules import all_rules

PAGE = Path(__file__).parents[4] / "docs" / "findings.md"


def test_the_page_is_up_to_date():
    assert PAGE.read_text(encoding="utf-8") == reference(), "run: make docs"


def test_a_changed_rule_makes_the_page_out_of_date(monkeypatch):
    rules = all_rules()
    name, rule = next(iter(rules.items()))
    other = rules | {name: replace(rule, title="Something else")}
    monkeypatch.setattr(analytics.findings.reference, "all_rules", lambda: other)
    assert f"### {rule.id} Something else\n" in reference()
    assert PAGE.read_text(encoding="utf-8") != reference()


def test_every_rule_is_on_the_page_once():
    page = PAGE.read_text(encoding="utf-8")
    ids = [rule.id for rule in all_rules().values()]
    assert len(ids) == len(set(ids))
    for rule in all_rules().values():
        assert page.count(f"\n### {rule.id} {rule.title}\n") == 1
        assert all(said in page for said in rule.references)


def test_the_rules_of_a_family_stand_under_one_heading():
    headings = [line for line in reference().splitlines() if line.startswith("## ")]
    assert (
        len(headings) == len(set(headings)) == len({rule.id[:3] for rule in all_rules().values()})
    )
    assert "## Least privilege" in headings
