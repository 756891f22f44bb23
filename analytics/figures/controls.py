"""Rules and measures by the controls they refer to, and their results for a posture."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from analytics.coverage import stated_by
from analytics.figures.frameworks import parse
from analytics.figures.measure import Measure, Measured, population
from analytics.figures.measures import all_measures
from analytics.findings.evaluation import failed, find_all, lacking
from analytics.findings.rule import Rule
from analytics.findings.rules import all_rules
from analytics.posture import Posture
from analytics.runtime.faults import PartFailed
from graph.once import once

Key = tuple[str, str]


@cache
def rules_for() -> dict[Key, tuple[Rule, ...]]:
    """Return for each control (framework, id) the rules that refer to it, by id."""
    rules_by_control: dict[Key, list[Rule]] = {}
    for rule in sorted(all_rules().values(), key=lambda r: r.id):
        for key in dict.fromkeys(map(parse, rule.references)):
            rules_by_control.setdefault(key, []).append(rule)
    return {key: tuple(rules) for key, rules in rules_by_control.items()}


@cache
def measures_for() -> dict[Key, tuple[Measure, ...]]:
    """Return for each control the measures that refer to it, in their order."""
    measures_by_control: dict[Key, list[Measure]] = {}
    for measure in all_measures().values():
        for key in dict.fromkeys(map(parse, measure.references)):
            measures_by_control.setdefault(key, []).append(measure)
    return {key: tuple(measures) for key, measures in measures_by_control.items()}


@dataclass(frozen=True)
class Judged:
    """The result of a rule: the identities it could judge, its findings, or why it has none.

    `identities` and `subjects` are numbers of nodes; `findings` are ids, the worst first. What has
    a finding was judged: also an identity that was deleted and left something, and a leaked key
    that no identity holds.
    """

    rule: Rule
    identities: np.ndarray
    subjects: np.ndarray
    findings: tuple[str, ...]
    because: str | None


@once
def judged_by(posture: Posture) -> dict[str, Judged]:
    """Return the result of each rule, by id, computed once for a posture."""
    findings, broken = find_all(posture), failed(posture)
    by_rule = dict(iter(findings.groupby("rule")))
    answers = {}
    for rule in all_rules().values():
        rows = by_rule.get(rule.id, findings.iloc[:0])
        gaps, subjects = lacking(posture, rule), np.unique(rows["subject"].to_numpy(np.int64))
        identities = np.union1d(_within(posture, rule), subjects)
        because = f"no source declares {', '.join(gaps)}" if gaps else None
        if rule.id in broken:
            because = PartFailed(rule.id).because
        elif because is None and not len(identities):
            because = "there is no identity in service that it could judge"
        answers[rule.id] = Judged(rule, identities, subjects, tuple(rows["id"]), because)
    return answers


def _within(posture: Posture, rule: Rule) -> np.ndarray:
    """Return the identities in service for which every kind of fact that a rule needs is known."""
    identities = population(posture).identities
    stated = [stated_by(posture.graph, kind)[identities] for kind in rule.needs if kind != "grants"]
    if "grants" in rule.needs:
        stated.append(posture.entitlements_known[identities])
    return np.asarray(identities[np.logical_and.reduce(stated)] if stated else identities)


@once
def measured(posture: Posture) -> dict[str, Measured]:
    """Return each measure's value, by name, once for a posture."""
    return {n: m.of(posture) for n, m in all_measures().items()}
