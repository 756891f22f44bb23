"""Decisions that allowed what is outside the declared scope."""

import pandas as pd

from analytics.findings.families.evidence import about_uses, reconciled
from analytics.findings.feeds import NOTHING
from analytics.findings.kind import FindingKind
from analytics.findings.rule import Rule, day, plural
from analytics.posture import Posture


def find(posture: Posture) -> pd.DataFrame:
    """Find permissions for what the declared scope of the agent does not have at that level."""
    return about_uses(
        posture,
        reconciled(posture, "allowed_outside_scope"),
        lambda r, identity, resource: (
            f"A policy allowed {identity} the use of {resource}, which is outside its declared "
            f"scope: {plural(r.count, 'permission')}, the last on {day(r.last)}."
        ),
        "Let the policy refuse {} the use of {}, or declare it.",
    )


RULE = Rule(
    id="EVD-06",
    name="allowed_outside_scope",
    title="Allowed outside the declared scope",
    family="Evidence",
    weight=0.5,
    needs=("scope", "decisions"),
    facts=("Agent.declared_scope|ServiceAccount.declared_scope", "DecisionRecord"),
    feeds=NOTHING,  # the access and its use owe by SCP-02 and SCP-03
    remedy="Let the policy refuse it, or declare it.",
    references=(
        "OWASP ASI03:2026 Identity and Privilege Abuse",
        "NIST SP 800-53 AC-24",
        "NIST SP 800-53 AC-6",
        "NIST CSF 2.0 PR.AA-05",
        "ISO/IEC 42001 A.9.4",
        "CSA AICM IAM-16",
        "CSA AICM IAM-19",
    ),
    find=find,
    kind=FindingKind.EVENT,
)
