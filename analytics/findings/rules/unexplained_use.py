"""Sensitive uses that no decision explains."""

import pandas as pd

from analytics.evidence.deciding import UNEXPLAINED
from analytics.evidence.matching import SENSITIVE
from analytics.findings.families.evidence import about_uses, by_agents
from analytics.findings.feeds import By, Feeds
from analytics.findings.kind import FindingKind
from analytics.findings.rule import Rule, day, plural
from analytics.posture import Posture


def find(posture: Posture) -> pd.DataFrame:
    """Find uses by agents of confidential or restricted resources, without a decision for them."""
    rows = by_agents(posture, UNEXPLAINED)
    return about_uses(
        posture,
        rows[rows["sensitivity"] >= SENSITIVE],
        lambda r, identity, resource: (
            f"No decision explains {plural(r.count, 'use')} of {resource} by {identity}, "
            f"the last on {day(r.last)}."
        ),
        "Find out why {} used {}, and let a policy decide on it beforehand.",
    )


RULE = Rule(
    id="EVD-01",
    name="unexplained_use",
    title="Unexplained sensitive use",
    family="Evidence",
    weight=9 / 12,
    needs=("decisions",),
    facts=("UseEvent|USED", "DecisionRecord"),
    feeds=Feeds(("evidence",), By.RESOURCE, for_others=True),
    remedy="Find out why it was used, and let a policy decide on it beforehand.",
    references=(
        "OWASP Agentic Threats T8 Repudiation & Untraceability",
        "NIST CSF 2.0 PR.PS-04",
        "NIST CSF 2.0 DE.AE-03",
        "NIST SP 800-53 AU-3",
        "NIST SP 800-53 AU-10",
        "NIST SP 800-53 AU-12",
        "NIST SP 800-53 AC-24",
        "NIST AI RMF MEASURE 2.8",
        "MITRE ATLAS AML.M0024",
        "EU AI Act 12.1",
        "ISO/IEC 42001 A.6.2.8",
        "CSA AICM LOG-08",
        "CSA AICM LOG-12",
        "OWASP AISVS C9.5.1",
        "OWASP AISVS C12.1.2",
    ),
    find=find,
    kind=FindingKind.EVENT,
)
