"""Uses whose decision came too late, or was no longer valid."""

import pandas as pd

from analytics.evidence.deciding import AFTERWARDS, EXPIRED, LATE, OLD_POLICY
from analytics.findings.families.evidence import about_uses, by_agents
from analytics.findings.feeds import By, Feeds
from analytics.findings.kind import FindingKind
from analytics.findings.rule import Rule, day, plural
from analytics.posture import Posture

REASONS = {
    AFTERWARDS: "was allowed only afterwards",
    EXPIRED: "rests on an expired justification",
    OLD_POLICY: "was allowed by a policy that had been replaced",
}


def find(posture: Posture) -> pd.DataFrame:
    """Find uses by agents that were allowed afterwards, by an expired reason or an old policy."""
    rows = by_agents(posture, LATE)
    return about_uses(
        posture,
        rows,
        lambda r, identity, resource: (
            f"{identity} used {resource}, which {' or '.join(REASONS[n] for n in r.reasons)}: "
            f"{plural(r.count, 'use')}, the last on {day(r.last)}."
        ),
        "Have {} ask before it uses {}, with a reason that still holds.",
    )


RULE = Rule(
    id="EVD-03",
    name="decided_after_the_fact",
    title="Decided after the fact, or by a stale justification",
    family="Evidence",
    weight=9 / 12,
    needs=("decisions",),
    facts=("UseEvent|USED", "DecisionRecord"),
    feeds=Feeds(("evidence",), By.RESOURCE, for_others=True),
    remedy="Have it ask before it acts, with a reason that still holds.",
    references=(
        "OWASP Agentic Threats T8 Repudiation & Untraceability",
        "NIST CSF 2.0 PR.PS-04",
        "NIST SP 800-53 AU-10",
        "CSA AICM LOG-12",
        "OWASP AISVS C9.5.6",
    ),
    find=find,
    kind=FindingKind.EVENT,
)
