"""Uses that were denied and happened all the same."""

import pandas as pd

from analytics.evidence.deciding import DENIED
from analytics.findings.families.evidence import about_uses, by_software
from analytics.findings.feeds import By, Feeds
from analytics.findings.kind import FindingKind
from analytics.findings.rule import Rule, day, plural
from analytics.posture import Posture


def find(posture: Posture) -> pd.DataFrame:
    """Find uses, at any sensitivity, that a decision denied and no later one allowed."""
    return about_uses(
        posture,
        by_software(posture, DENIED),
        lambda r, identity, resource: (
            f"{identity} was denied {resource} and used it all the same: "
            f"{plural(r.count, 'use')}, the last on {day(r.last)}."
        ),
        "Stop {} and close the way around the policy to {}.",
        floor="critical",
    )


RULE = Rule(
    id="EVD-02",
    name="denied_but_happened",
    title="Denied but happened",
    family="Evidence",
    weight=1.0,
    needs=("decisions",),
    facts=("UseEvent|USED", "DecisionRecord"),
    feeds=Feeds(("evidence",), By.RESOURCE, for_others=True),
    remedy="Stop it, and close the way around the policy.",
    references=(
        "OWASP ASI10:2026 Rogue Agents",
        "OWASP Agentic Threats T8 Repudiation & Untraceability",
        "OWASP Agentic Threats T13 Rogue Agents in Multi-Agent Systems",
        "NIST CSF 2.0 DE.CM-03",
        "NIST CSF 2.0 RS.MA-03",
        "NIST SP 800-53 AC-24",
        "NIST SP 800-53 SI-4",
        "EU AI Act 12.2.a",
        "CSA AICM IAM-16",
        "OWASP AISVS C9.5.1",
    ),
    find=find,
    kind=FindingKind.EVENT,
)
