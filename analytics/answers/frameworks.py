"""Frameworks: the evidence for each control, or the reason for none."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analytics.answers.shape import cut
from analytics.answers.table import Table
from analytics.figures.controls import Judged, judged_by, measured, measures_for, rules_for
from analytics.figures.frameworks import Control, Framework, named
from analytics.figures.measure import Measure, Measured
from analytics.kept.answers import kept
from analytics.posture import Posture
from analytics.runtime.faults import PartFailed, guarded

MANY_FINDINGS = 50  # findings of a rule listed for a control
FALLING_SHORT = "identities with a finding"
UNSPOKEN = "no rule and no measure is evidence of it"
FRAMEWORK = ("name", "title", "version", "source", "applies", "measured", "of")
CONTROL = (
    *("framework", "id", "title", "aliases", "numerator", "denominator", "numerator_is"),
    *("evidence", "silent", "not_measured_because"),
)


@dataclass(frozen=True)
class Frameworks:
    """The frameworks, and the evidence for each of their controls; see `frameworks`.

    `frameworks` has `name`, `title`, `version`, `source`, `applies` (to whom and from when, or
    None), and the counts of controls `measured` and `of`. `controls` has `framework`, `id`,
    `title`, `aliases` (a list), `numerator`, `denominator`, `numerator_is`, the lists `evidence`
    and `silent`, and `not_measured_because`. All columns are of dtype object: counts are whole
    numbers, or None.
    """

    frameworks: Table
    controls: Table
    left_out: int


@kept
def frameworks(posture: Posture, name: str | None = None, limit: int | None = None) -> Frameworks:
    """Return for each control, of all frameworks or those matching `name`, how many fall short.

    `numerator` counts the identities with a finding of a rule that refers to the control,
    `denominator` those that these rules could judge; if only measures refer to it, they are those
    of the first, and `numerator_is` describes what is counted. `evidence` has a row for each such
    rule, with the ids of its findings (at most `limit`, default `MANY_FINDINGS`), and for each such
    measure. A control without evidence has neither number, but a reason.

    Raises
    ------
    UnknownFramework
    """
    ids = MANY_FINDINGS if limit is None else limit
    rows = {f: [_guarded(posture, f, c, ids) for c in controls] for f, controls in named(name)}
    listed, left_out = cut([_framework(f, own_rows) for f, own_rows in rows.items()], limit or 0)
    controls, more = cut([row for own_rows in rows.values() for row in own_rows], limit or 0)
    return Frameworks(
        frameworks=_table(posture, listed, FRAMEWORK),
        controls=_table(posture, controls, CONTROL),
        left_out=left_out + more,
    )


def _table(posture: Posture, rows: list[Any], columns: tuple[str, ...]) -> Table:
    return Table(pd.DataFrame(rows, columns=columns, dtype=object), posture.graph.things)


def _framework(listed: Framework, rows: list[dict[str, Any]]) -> tuple[Any, ...]:
    count = sum(row["not_measured_because"] is None for row in rows)
    head = listed.name, listed.title, listed.version, listed.source, listed.applies
    return *head, count, len(rows)


def _guarded(posture: Posture, listed: Framework, control: Control, limit: int) -> dict[str, Any]:
    """Return the row of a control; not measured if it fails, or if any of its rules did."""
    name = f"{listed.prefix} {control.id}"
    row = guarded(
        posture.faults,
        name,
        lambda: _control(posture, listed, control, limit),
        lambda: _head(listed, control) | {"evidence": [], "silent": []},
    )
    key = listed.name, control.id
    parts = {name, *(r.id for r in rules_for().get(key, ()))}
    parts |= {m.name for m in measures_for().get(key, ())}
    broken = sorted(parts & posture.faults.keys())
    if not broken:
        return row
    absent = dict.fromkeys(("numerator", "denominator", "numerator_is"))
    return row | absent | {"not_measured_because": PartFailed(*broken).because}


def _head(listed: Framework, control: Control) -> dict[str, Any]:
    return {
        "framework": listed.name,
        "id": control.id,
        "title": control.title,
        "aliases": list(control.aliases),
    }


def _control(posture: Posture, listed: Framework, control: Control, limit: int) -> dict[str, Any]:
    key = listed.name, control.id
    rules = [judged_by(posture)[rule.id] for rule in rules_for().get(key, ())]
    measures = [(m, measured(posture)[m.name]) for m in measures_for().get(key, ())]
    judging = [rule for rule in rules if rule.because is None]
    with_value = [(m, value) for m, value in measures if value.because is None]
    evidence = [_by_rule(rule, limit) for rule in judging] + [
        _by_measure(*each) for each in with_value
    ]
    return _head(listed, control) | {
        **_counted(judging, with_value),
        "evidence": evidence,
        "silent": [{"rule": r.rule.id, "because": r.because} for r in rules if r.because],
        "not_measured_because": None if evidence else _because(control, rules, measures),
    }


def _counted(rules: list[Judged], measures: list[tuple[Measure, Measured]]) -> dict[str, Any]:
    """Return numerator and denominator, and what the numerator counts."""
    if rules:
        identities = _union([rule.identities for rule in rules])
        broken = np.intersect1d(_union([rule.subjects for rule in rules]), identities)
        counts = len(broken), len(identities), FALLING_SHORT
    elif measures:
        measure, value = measures[0]
        return {
            "numerator": value.numerator,
            "denominator": value.denominator,
            "numerator_is": measure.numerator,
        }
    else:
        return {"numerator": None, "denominator": None, "numerator_is": None}
    return dict(zip(("numerator", "denominator", "numerator_is"), counts, strict=True))


def _union(parts: list[np.ndarray]) -> np.ndarray:
    return np.unique(np.concatenate([np.zeros(0, np.int64), *parts]))


def _by_rule(judged: Judged, limit: int) -> dict[str, Any]:
    shown, left_out = cut(list(judged.findings), limit)
    return {
        "rule": judged.rule.id,
        "title": judged.rule.title,
        "judged": len(judged.identities),
        "identities": len(judged.subjects),
        "findings": shown,
        "left_out": left_out,
    }


def _by_measure(measure: Measure, value: Measured) -> dict[str, Any]:
    return {
        "measure": measure.name,
        "title": measure.title,
        "value": value.value,
        "numerator": value.numerator,
        "denominator": value.denominator,
        "unit": measure.unit,
    }


def _because(
    control: Control, rules: list[Judged], measures: list[tuple[Measure, Measured]]
) -> str:
    """Return why a control has no evidence: silent rules and measures, else its nature."""
    reasons = [f"{rule.rule.id}: {rule.because}" for rule in rules]
    reasons += [f"{measure.title}: {value.because}" for measure, value in measures]
    return "; ".join(reasons) or control.because or UNSPOKEN
