"""Findings with subject, dates, state, accountable person, support and remedy."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analytics.answers.proof import proof_of
from analytics.answers.resolution import resolved_by
from analytics.answers.shape import cut
from analytics.answers.table import Kind, Table, as_json, instants, objects
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
from analytics.kept.ahead import Ahead
from analytics.kept.answers import kept
from analytics.ownership.responsible import accountability, accountable_people
from analytics.posture import Posture
from analytics.remediation.closing.asking import asked
from analytics.runtime.faults import PartFailed
from analytics.weights import SEVERITIES
from graph.frames import records
from graph.once import once

AT_FIRST = 50  # as many as a command lists if nobody asks for more
KINDS = dict.fromkeys(("subject", "object", "accountable"), Kind.NODE)


@dataclass(frozen=True)
class Findings:
    """The findings, worst first, and the rules that could not be evaluated.

    `findings` has the columns of `described`; `not_evaluable` has `rule`, `title` and `because`.
    `counts` has `findings`, all that match, and `changes`: what closes those that nobody accepted.
    """

    findings: Table
    not_evaluable: Table
    counts: dict[str, int]
    left_out: int


@kept
def findings(
    posture: Posture,
    rule: str | None = None,
    severity: str | None = None,
    about: int | None = None,
    limit: int = 0,
    states: tuple[str, ...] = LISTED,
) -> Findings:
    """List the findings, worst first; `severity` means that one or worse.

    Resolved findings are listed only if `states` includes them. Rules whose facts no source
    declares are listed as not evaluable.
    """
    rows = chosen(posture, rule, severity, about, states)
    shown, left_out = cut(rows, limit)
    counts = {"findings": len(rows), "changes": len(asked(posture).by(rows))}
    return Findings(described(posture, shown), _not_evaluable(posture), counts, left_out)


def finding(posture: Posture, id_: str) -> dict[str, Any] | None:
    """Return one finding as JSON, by any id that it had, in any state; None if there is none."""
    rows = listed(posture, STATES, lives(posture).called(id_)).head(1)
    return next(iter(as_json(described(posture, rows))), None)


def _not_evaluable(posture: Posture) -> Table:
    every = all_rules().values()
    silent = [
        (r, f"no source declares {', '.join(g)}") for r in every if (g := lacking(posture, r))
    ]
    silent += [(r, PartFailed(r.id).because) for r in every if r.id in failed(posture)]
    rows = [(rule.id, rule.title, because) for rule, because in silent]
    frame = pd.DataFrame(rows, columns=["rule", "title", "because"], dtype=object)
    return Table(frame, posture.graph.things)


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
        numbers = life.things(step).numbers(thing)
        mask = rows["subject"].isin(numbers) | rows["object"].isin(numbers)
        chosen |= mask & (rows["step"] == step)
    return chosen


def described(posture: Posture, rows: pd.DataFrame, proven: bool = True) -> Table:
    """Describe rows of `listed`, in their order.

    Returns
    -------
    Table
        `id`, `rule`, `title`, `severity`, `subject`, `object` (nodes), `sentence`, `since`,
        `first_seen`, `last_seen`, `state`, `state_why`, `acceptance`, `reopened_at`,
        `resolved_at`, `resolved_by`, `accountable` (a node), `accountability`, `part_of`,
        `evidence`, `remediation` and `references`. Unless `proven`, `resolved_by` and `evidence`,
        which are looked up fact by fact, are left out.
    """
    life, rows = lives(posture), rows.reset_index(drop=True)
    steps = rows["step"].unique().tolist() or [len(life.infos)]
    parts = [(life.posture(step).graph.things, rows[rows["step"] == step]) for step in steps]
    begins = np.cumsum([0, *(len(things) for things, _ in parts)]).tolist()
    frames = [
        _of_step(life, life.posture(step), part, begin, proven)
        for step, (_, part), begin in zip(steps, parts, begins[:-1], strict=True)
    ]
    if len(parts) == 1:
        return Table(frames[0], parts[0][0], KINDS)
    every = pd.concat([things for things, _ in parts], ignore_index=True)
    return Table(pd.concat(frames).sort_index(), every, KINDS)


def _of_step(
    life: Lives, posture: Posture, rows: pd.DataFrame, begin: int, proven: bool
) -> pd.DataFrame:
    """Describe the findings that one posture saw last; its nodes are numbered from `begin`."""
    rules = {rule.id: rule for rule in all_rules().values()}
    subjects, cells = rows["subject"].to_numpy(np.int64), list(records(rows))
    states = {number: accountability(posture, number) for number in np.unique(subjects).tolist()}
    about = [rules[row.rule] for row in cells]
    columns: dict[str, Any] = {
        "id": rows["id"].array,
        "rule": rows["rule"].array,
        "title": [rule.title for rule in about],
        "severity": rows["severity"].array,
        "subject": _from(begin, subjects),
        "object": _from(begin, rows["object"].to_numpy(np.int64)),
        "sentence": rows["sentence"].array,
        "since": instants(rows["since"]).array,
        "first_seen": instants(rows["first_seen"]).array,
        "last_seen": instants(rows["last_seen"]).array,
        "state": rows["state"].array,
        "state_why": objects([_why(life, row) for row in cells]),
        "acceptance": objects([_acceptance(life, row) for row in cells]),
        "reopened_at": instants(rows["reopened_at"]).array,
        "resolved_at": instants(rows["resolved_at"]).array,
        "resolved_by": None,
        "accountable": _from(begin, accountable_people(posture)[subjects]),
        "accountability": [states[number] for number in subjects.tolist()],
        "part_of": objects([_part_of(posture, r, c) for r, c in zip(about, cells, strict=True)]),
        "evidence": None,
        "remediation": [c.remedy or r.remedy for r, c in zip(about, cells, strict=True)],
        "references": objects([list(rule.references) for rule in about]),
    }
    if proven:
        proofs = proof_of(posture, (each for row in rows["evidence"] for each in row))
        gone = [resolved_by(life, row) if row.state == RESOLVED else None for row in cells]
        columns["resolved_by"] = objects(gone)
        columns["evidence"] = objects([[proofs[each] for each in row.evidence] for row in cells])
    else:
        del columns["resolved_by"], columns["evidence"]
    return pd.DataFrame(columns, index=rows.index)


def _from(begin: int, numbers: np.ndarray) -> np.ndarray:
    """Return numbers of nodes with `begin` added; -1 stays."""
    return np.where(numbers >= 0, numbers + begin, -1)


def _acceptance(life: Lives, row: Any) -> dict[str, Any] | None:
    accepted = life.acceptances.get(row.id) if row.state == ACCEPTED else None
    return accepted.record() if accepted is not None else None


def _why(life: Lives, row: Any) -> str | None:
    """Return the reason for the state of a finding, unless it is obvious."""
    if row.state == ACCEPTED:
        accepted = life.acceptances[row.id].record()
        return f"{accepted['by']} accepted it until {accepted['until']}: {accepted['reason']}"
    reasons = []
    if row.id in life.lapsed:
        over = life.lapsed[row.id].record()
        reasons.append(
            f"{over['by']} accepted it until {over['until']}; that is over, and it is open."
        )
    if row.state == STALE and row.step != len(life.infos):
        reasons.append("No source can show any more whether it is still so; it is not resolved.")
    elif row.state == STALE:
        reasons.append("What states its subject has not been read for long; it may have changed.")
    return " ".join(reasons) or None


def _part_of(posture: Posture, rule: Rule, row: Any) -> str | None:
    """Return the id of the finding on the same subject that aggregates this one, if any."""
    if not rule.part_of:
        return None
    aggregate, facts = _sums(posture, rule.part_of).get(int(row.subject), ("", frozenset()))
    return aggregate if facts.issuperset(row.evidence) and row.evidence else None


@once
def _sums(posture: Posture, rule: str) -> dict[int, tuple[str, frozenset[str]]]:
    """Return id and support of the findings of an aggregating rule, by subject."""
    rows = find_all(posture)
    rows = rows[rows["rule"] == rule]
    evidence = map(frozenset, rows["evidence"])
    return dict(zip(rows["subject"], zip(rows["id"], evidence, strict=True), strict=True))


AHEAD = (Ahead(90, "findings", lambda posture: findings(posture, limit=AT_FIRST)),)
