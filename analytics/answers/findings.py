"""Findings with subject, dates, state, accountable person, support and remedy."""

from typing import Any

import pandas as pd

from analytics.answers.proof import proof_of
from analytics.answers.resolution import resolved_by
from analytics.answers.shape import cut, when
from analytics.findings.evaluation import failed, find_all, lacking
from analytics.findings.lifecycle.states import (
    ACCEPTED,
    LISTED,
    RESOLVED,
    STALE,
    STATES,
    Lives,
    listed,
    lives,
)
from analytics.findings.rule import Rule
from analytics.findings.rules import all_rules
from analytics.ownership.owners import NOBODY
from analytics.ownership.responsible import accountability, accountable_people
from analytics.posture import Posture
from analytics.runtime.faults import PartFailed
from analytics.weights import SEVERITIES
from graph.frames import records
from graph.once import once


def findings(
    posture: Posture,
    rule: str | None = None,
    severity: str | None = None,
    about: int | None = None,
    limit: int = 0,
    states: tuple[str, ...] = LISTED,
) -> dict[str, Any]:
    """List the findings, worst first; `severity` means that one or worse.

    Resolved findings are listed only if `states` includes them. Rules whose facts no source
    declares are listed as not evaluable.
    """
    rows = chosen(posture, rule, severity, about, states)
    shown, left_out = cut(rows, limit)
    return {
        "findings": _findings(posture, shown),
        "not_evaluable": [
            {"rule": r.id, "title": r.title, "because": f"no source declares {', '.join(gaps)}"}
            for r in all_rules().values()
            if (gaps := lacking(posture, r))
        ]
        + [
            {"rule": r.id, "title": r.title, "because": PartFailed(r.id).because}
            for r in all_rules().values()
            if r.id in failed(posture)
        ],
        "left_out": left_out,
    }


def finding(posture: Posture, one: str) -> dict[str, Any] | None:
    """Return one finding by any id that it had, in any state; None if there is none."""
    found = _findings(posture, listed(posture, STATES, lives(posture).called(one)).head(1))
    return found[0] if found else None


def chosen(
    posture: Posture,
    rule: str | None = None,
    severity: str | None = None,
    about: int | None = None,
    states: tuple[str, ...] = LISTED,
) -> pd.DataFrame:
    """Return the rows of `listed` that match the filters."""
    rows = listed(posture, states)
    if rule is not None:
        rows = rows[rows["rule"] == rule.upper()]
    if severity is not None:
        rows = rows[rows["rank"] <= SEVERITIES.index(severity)]
    return rows if about is None else rows[_about(posture, rows, about)]


def _about(posture: Posture, rows: pd.DataFrame, about: int) -> pd.Series:
    """Return a mask of the rows about a node; its number, and its id, differ between steps."""
    life, thing = lives(posture), str(posture.graph.ids[about])
    chosen = pd.Series(False, index=rows.index)
    for step in rows["step"].unique().tolist():
        mine = life.things(step).numbers(thing)
        there = rows["subject"].isin(mine) | rows["object"].isin(mine)
        chosen |= there & (rows["step"] == step)
    return chosen


def _findings(posture: Posture, shown: pd.DataFrame) -> list[dict[str, Any]]:
    life = lives(posture)
    proofs = {
        step: proof_of(life.posture(step), (e for row in rows["evidence"] for e in row))
        for step in shown["step"].unique().tolist()
        if len(rows := shown[shown["step"] == step])
    }
    return [_finding(life, row, proofs[int(row.step)]) for row in records(shown)]


def _finding(life: Lives, row: Any, proofs: dict[str, Any]) -> dict[str, Any]:
    posture, subject = life.posture(int(row.step)), int(row.subject)
    rule = next(r for r in all_rules().values() if r.id == row.rule)
    graph = posture.graph
    return {
        "id": row.id,
        "rule": row.rule,
        "title": rule.title,
        "severity": row.severity,
        "subject": graph.thing(subject),
        "object": graph.thing(int(row.object)) if row.object >= 0 else None,
        "sentence": row.sentence,
        "since": when(row.since),
        "first_seen": when(row.first_seen),
        "last_seen": when(row.last_seen),
        "state": row.state,
        "state_why": _why(life, row),
        "acceptance": _acceptance(life, row),
        "reopened_at": when(row.reopened_at),
        "resolved_at": when(row.resolved_at),
        "resolved_by": resolved_by(life, row) if row.state == RESOLVED else None,
        "accountable": accountable(posture, subject),
        "accountability": accountability(posture, subject),
        "part_of": _part_of(posture, rule, row),
        "evidence": [proofs[e] for e in row.evidence],
        "remediation": row.remedy or rule.remedy,
        "references": list(rule.references),
    }


def _acceptance(life: Lives, row: Any) -> dict[str, Any] | None:
    accepted = life.acceptances.get(row.id) if row.state == ACCEPTED else None
    return accepted.record() if accepted is not None else None


def _why(life: Lives, row: Any) -> str | None:
    """Return the reason for the state of a finding, unless it is obvious."""
    if row.state == ACCEPTED:
        accepted = life.acceptances[row.id].record()
        return f"{accepted['by']} accepted it until {accepted['until']}: {accepted['reason']}"
    said = []
    if row.id in life.lapsed:
        over = life.lapsed[row.id].record()
        said.append(
            f"{over['by']} accepted it until {over['until']}; that is over, and it is open."
        )
    if row.state == STALE and row.step != len(life.infos):
        said.append("No source can show any more whether it is still so; it is not resolved.")
    elif row.state == STALE:
        said.append("What states its subject has not been read for long; it may have changed.")
    return " ".join(said) or None


def _part_of(posture: Posture, rule: Rule, row: Any) -> str | None:
    """Return the id of the finding on the same subject that aggregates this one, if any."""
    if not rule.part_of:
        return None
    whole, facts = _sums(posture, rule.part_of).get(int(row.subject), ("", frozenset()))
    return whole if facts.issuperset(row.evidence) and row.evidence else None


@once
def _sums(posture: Posture, rule: str) -> dict[int, tuple[str, frozenset[str]]]:
    """Return id and support of the findings of an aggregating rule, by subject."""
    rows = find_all(posture)
    rows = rows[rows["rule"] == rule]
    evidence = map(frozenset, rows["evidence"])
    return dict(zip(rows["subject"], zip(rows["id"], evidence, strict=True), strict=True))


def accountable(posture: Posture, subject: int) -> dict[str, str] | None:
    """Return the person who answers for a node, business before technical; None for nobody."""
    person = accountable_people(posture)[subject]
    return posture.graph.thing(int(person)) if person != NOBODY else None
