"""Permissions whose justification is a template."""

import pandas as pd

from analytics.findings.families.evidence import about_uses, reconciled
from analytics.findings.feeds import NOTHING
from analytics.findings.kind import FindingKind
from analytics.findings.rule import Rule, day, plural
from analytics.posture import Posture


def find(posture: Posture) -> pd.DataFrame:
    """Find permissions for a reason that has the words of others, numbers and signs aside.

    Three occasions of equal words make a template. The records of one task are one occasion, and a
    reason that names its own task is about that task.
    """
    return about_uses(
        posture,
        reconciled(posture, "template_justification"),
        lambda r, identity, resource: (
            f"The reason for which {identity} may use {resource} says nothing of the case: "
            f"{plural(r.count, 'permission')} with words that others have too, "
            f"the last on {day(r.last)}."
        ),
        "Have {} say which task it needs {} for, each time.",
    )


RULE = Rule(
    id="EVD-07",
    name="template_justification",
    title="Justified by a template",
    family="Evidence",
    weight=1 / 3,
    needs=("decisions",),
    facts=("DecisionRecord.justification",),
    feeds=NOTHING,  # how well a decision is founded: that there is one is judged by itself
    remedy="Have it say which task it needs the access for, each time.",
    references=(
        "OWASP Agentic Threats T8 Repudiation & Untraceability",
        "NIST SP 800-53 AU-3",
        "NIST AI RMF MEASURE 2.8",
        "CSA AICM LOG-12",
    ),
    find=find,
    kind=FindingKind.EVENT,
)
