"""Findings: what is wrong, about what, since when, who answers for it and what to do."""

from typing import Any

from analytics.answers.shape import cut, when
from analytics.findings import find_all, lacking
from analytics.ownership import NOBODY
from analytics.posture import Posture
from analytics.rules import all_rules
from analytics.weights import BANDS
from graph.frames import records

SEVERITIES = tuple(name for _, name in BANDS)


def findings(
    posture: Posture,
    rule: str | None = None,
    severity: str | None = None,
    about: int | None = None,
    limit: int = 0,
) -> dict[str, Any]:
    """Answer what the rules find, worst first; `severity` means that one or worse.

    Rules whose facts no source declares are listed as not evaluable.
    """
    rows = find_all(posture)
    if rule is not None:
        rows = rows[rows["rule"] == rule.upper()]
    if severity is not None:
        rows = rows[rows["rank"] <= SEVERITIES.index(severity)]
    if about is not None:
        rows = rows[(rows["subject"] == about) | (rows["object"] == about)]
    shown, left_out = cut(rows, limit)
    rules = {r.id: r for r in all_rules().values()}
    return {
        "findings": [_finding(posture, row, rules[row.rule]) for row in records(shown)],
        "not_evaluable": [
            {"rule": r.id, "title": r.title, "because": f"no source declares {', '.join(gaps)}"}
            for r in rules.values()
            if (gaps := lacking(posture, r))
        ],
        "left_out": left_out,
    }


def _finding(posture: Posture, row: Any, rule: Any) -> dict[str, Any]:
    graph = posture.graph
    owner = accountable(posture, int(row.subject))
    return {
        "id": row.id,
        "rule": row.rule,
        "title": rule.title,
        "severity": row.severity,
        "subject": graph.thing(int(row.subject)),
        "object": graph.thing(int(row.object)) if row.object >= 0 else None,
        "sentence": f"{row.sentence}{_whose(posture, int(row.subject), owner, row.sentence)}",
        "since": when(row.since),
        "first_seen": None,
        "state": "open",
        "accountable": owner,
        "evidence": list(row.evidence),
        "remediation": rule.remedy,
        "references": list(rule.references),
    }


def accountable(posture: Posture, subject: int) -> dict[str, str] | None:
    """Return who answers for a thing, business before technical; None where nobody does."""
    for covered in posture.ownership.covered.values():
        if covered[subject] != NOBODY:
            return posture.graph.thing(int(covered[subject]))
    return None


def _whose(posture: Posture, subject: int, owner: dict[str, str] | None, said: str) -> str:
    if owner is not None or "obody" in said:
        return ""
    known = posture.ownership.known[subject]
    return " Nobody is accountable." if known else " Nobody is known to be accountable."
