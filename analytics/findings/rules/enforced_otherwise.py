"""Actions that were enforced otherwise than the decision on them records."""

import pandas as pd

from analytics.findings.families.evidence import about_uses, reconciled
from analytics.findings.feeds import NOTHING
from analytics.findings.kind import FindingKind
from analytics.findings.rule import Rule, day, plural
from analytics.posture import Posture


def find(posture: Posture) -> pd.DataFrame:
    """Find refusals that were carried out, and uses that their record says were not carried out.

    Both are by the record itself: a use that was denied and seen is another finding.
    """
    return about_uses(
        posture,
        reconciled(posture, "denied_yet_executed", "recorded_as_not_done"),
        lambda r, identity, resource: (
            f"What is recorded of {identity} and {resource} is not what was done: "
            f"{plural(r.count, 'decision')} with another outcome, the last on {day(r.last)}."
        ),
        "Find out what enforces the decisions of {} on {}, and let it record what it did.",
    )


RULE = Rule(
    id="EVD-04",
    name="enforced_otherwise",
    title="Enforced otherwise than recorded",
    family="Evidence",
    weight=9 / 12,
    needs=("decisions",),
    facts=("DecisionRecord.executed",),
    feeds=NOTHING,  # that records cannot be trusted: what was used is judged by itself
    remedy="Find out what enforces the decisions, and let it record what it did.",
    references=(
        "OWASP Agentic Threats T8 Repudiation & Untraceability",
        "NIST CSF 2.0 DE.AE-03",
        "NIST SP 800-53 AU-10",
        "NIST SP 800-53 AC-3",
        "EU AI Act 12.2.a",
        "CSA AICM IAM-16",
        "OWASP AISVS C9.5.1",
    ),
    find=find,
    kind=FindingKind.EVENT,
)
