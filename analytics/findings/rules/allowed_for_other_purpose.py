"""Permissions for another purpose than the declared one, or for a task that had ended."""

import pandas as pd

from analytics.findings.families.evidence import about_uses, reconciled
from analytics.findings.feeds import NOTHING
from analytics.findings.kind import FindingKind
from analytics.findings.rule import Rule, day, plural
from analytics.posture import Posture


def find(posture: Posture) -> pd.DataFrame:
    """Find permissions whose purpose shares no word with the declared one, or whose task had ended.

    Words of four letters or more are compared by their first four; a task has ended when a grant
    for it says so.
    """
    return about_uses(
        posture,
        reconciled(posture, "other_purpose", "ended_task"),
        lambda r, identity, resource: (
            f"A policy allowed {identity} the use of {resource} for a purpose other than its "
            f"declared one, or for a task that had ended: {plural(r.count, 'permission')}, "
            f"the last on {day(r.last)}."
        ),
        "Find out what {} needed {} for; then declare that purpose, or let the policy refuse it.",
    )


RULE = Rule(
    id="EVD-08",
    name="allowed_for_other_purpose",
    title="Allowed for another purpose, or for an ended task",
    family="Evidence",
    weight=0.5,
    needs=("decisions",),
    facts=("DecisionRecord.purpose|DecisionRecord.task_id",),
    feeds=NOTHING,  # the access that outlived its task owes by TIM-02
    remedy="Find out what it was for; then declare that purpose, or let the policy refuse it.",
    references=(
        "OWASP ASI01:2026 Agent Goal Hijack",
        "OWASP Agentic Threats T6 Intent Breaking & Goal Manipulation",
        "NIST SP 800-53 AC-24",
        "NIST AI RMF MEASURE 2.4",
        "EU AI Act 12.2.a",
        "ISO/IEC 42001 A.9.4",
    ),
    find=find,
    kind=FindingKind.EVENT,
)
