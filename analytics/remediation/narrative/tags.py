"""Tags of a narrative: the findings on each of its facts, and what their rules refer to."""

from collections.abc import Iterable, Mapping

import numpy as np

from analytics.findings.evaluation import find_all
from analytics.findings.rules import all_rules
from analytics.posture import Posture


def rules_by_fact(posture: Posture, facts: Iterable[str]) -> dict[str, set[str]]:
    """Return the rules (by id) of findings that rest on each fact (the id of a relationship)."""
    findings = find_all(posture)
    pairs = findings[["rule", "evidence"]].explode("evidence")
    pairs = pairs[pairs["evidence"].isin(set(facts)).to_numpy(bool)]
    by_fact: dict[str, set[str]] = {}
    for rule, fact in zip(pairs["rule"].tolist(), pairs["evidence"].tolist(), strict=True):
        by_fact.setdefault(str(fact), set()).add(str(rule))
    return by_fact


def rules_by_subject(posture: Posture, subjects: np.ndarray) -> dict[int, set[str]]:
    """Return the rules (by id) of the findings about each node as a whole.

    Those are the findings that rest on no relationship.
    """
    findings = find_all(posture)
    alone = findings["evidence"].map(len).to_numpy(int) == 0
    rows = findings[alone & np.isin(findings["subject"].to_numpy(np.int64), subjects)]
    by_subject: dict[int, set[str]] = {}
    for rule, subject in zip(rows["rule"].tolist(), rows["subject"].tolist(), strict=True):
        by_subject.setdefault(int(subject), set()).add(str(rule))
    return by_subject


def tagged_with(rules: Iterable[str]) -> dict[str, list[str]]:
    """Return rules, sorted, and all that they refer to in control frameworks.

    >>> tagged_with(["LPR-04"])["rules"]
    ['LPR-04']
    """
    known = {rule.id: rule.references for rule in all_rules().values()}
    chosen = sorted(set(rules))
    return {"rules": chosen, "references": sorted({r for rule in chosen for r in known[rule]})}


def of_facts(by_fact: Mapping[str, set[str]], facts: Iterable[str]) -> set[str]:
    """Return the rules of some facts."""
    return {rule for fact in facts for rule in by_fact.get(fact, ())}
