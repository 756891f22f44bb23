"""Actions across the boundary of a system that no decision explains."""

import pandas as pd

from analytics.evidence.crossing import platforms
from analytics.findings.families.evidence import about_uses, reconciled
from analytics.findings.feeds import NOTHING
from analytics.findings.kind import FindingKind
from analytics.findings.rule import Rule, day, plural
from analytics.posture import Posture


def find(posture: Posture) -> pd.DataFrame:
    """Find uses of one platform by an identity of another, at any sensitivity, without a decision.

    Where the platform of either is not stated, nothing is found.
    """
    platform = platforms(posture)
    return about_uses(
        posture,
        reconciled(posture, "crossed_without_decision", of_records=False),
        lambda r, identity, resource: (
            f"{identity} of {platform[r.identity]} used {resource} of {platform[r.resource]} "
            f"without a decision: {plural(r.count, 'use')}, the last on {day(r.last)}."
        ),
        "Let a policy decide before {} uses {}, on the side that is entered.",
    )


RULE = Rule(
    id="EVD-05",
    name="crossed_without_decision",
    title="Crossed to another system without a decision",
    family="Evidence",
    weight=0.5,
    needs=("decisions",),
    facts=(
        "UseEvent|USED",
        "Agent.provider|ServiceAccount.provider|Role.provider",
        "Resource.provider|Tool.provider",
        "DecisionRecord",
    ),
    feeds=NOTHING,  # sensitive uses without a decision owe by EVD-01
    remedy="Let a policy decide before it acts on another system.",
    references=(
        "OWASP Agentic Threats T8 Repudiation & Untraceability",
        "NIST SP 800-53 AC-4",
        "NIST SP 800-53 AC-24",
        "NIST CSF 2.0 PR.IR-01",
        "CSA AICM IAM-16",
        "OWASP AISVS C9.5.1",
    ),
    find=find,
    kind=FindingKind.EVENT,
)
