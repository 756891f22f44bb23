"""Identities that can gain more access than they were given."""

import numpy as np
import pandas as pd

from analytics.escalation import all_escalations
from analytics.findings.closing import Closing, On
from analytics.findings.derived_control import Gain, gains
from analytics.findings.feeds import NOTHING
from analytics.findings.kind import FindingKind
from analytics.findings.rule import Rule, findings_of, plural
from analytics.posture import Posture
from analytics.residue import alive


def find(posture: Posture) -> pd.DataFrame:
    """Find what identities can come to control, by derivation rules, beyond what they act as.

    Only where access is gained: an identity that administers everything cannot escalate.
    """
    rows = [g for g in gains(posture) if alive(posture)[g.identity]]
    names, rules = posture.graph.things["name"], all_escalations()

    def sentence(gain: Gain) -> str:
        title = rules[gain.rule].title if gain.rule in rules else gain.rule
        by = f"by {gain.rule}" if title == gain.rule else f"by {gain.rule}, {title}"
        basis = (
            plural(len(gain.support), "fact") if gain.support else "what the latter is made from"
        )
        rests = f"rests on {basis}"
        doubt = ", not all of them certain" if gain.doubtful else ""
        more = f"; there are {gain.ways} ways" if gain.ways > 1 else ""
        return (
            f"{names[gain.identity]} can come to control {names[gain.target]} {by}: "
            f"this {rests}{doubt}{more}."
        )

    def remedy(gain: Gain) -> str:
        if gain.cheapest:
            return f"Break it at {gain.cheapest}."
        return f"Guard {names[gain.identity]} as closely as {names[gain.target]}, or retire it."

    return findings_of(
        posture,
        np.array([g.identity for g in rows], np.int64),
        [sentence(g) for g in rows],
        since=np.array([g.since for g in rows], np.int64),
        other=np.array([g.target for g in rows], np.int64),
        weighs=np.array([g.exposure for g in rows], float),
        evidence=[g.support for g in rows],
        remedy=[remedy(g) for g in rows],
        closed_by=[g.cuts for g in rows],
        closes=np.array([g.closed for g in rows], bool),
    )


RULE = Rule(
    id="LPR-04",
    name="escalation_path",
    title="Escalation path",
    family="Least privilege",
    weight=0.75,
    needs=("grants",),
    facts=("CAN_ACCESS.actions|CONTROLS|TRUSTS|OWNS",),
    feeds=NOTHING,  # what could be gained by more than one's own: reach, and not debt
    remedy="Take away one of the facts that it rests on.",
    references=(
        "OWASP NHI5:2025 Overprivileged NHI",
        "OWASP ASI03:2026 Identity and Privilege Abuse",
        "OWASP Agentic Threats T3 Privilege Compromise",
        "NIST CSF 2.0 PR.AA-05",
        "NIST SP 800-53 AC-6(1)",
        "MITRE ATT&CK T1548.005",
        "MITRE ATT&CK T1098.003",
        "CSA AICM AIS-11",
        "CSA AICM IAM-05",
        "OWASP AISVS C9.2.5",
        "MITRE ATT&CK T1098.001",
        "MITRE ATT&CK T1648",
    ),
    find=find,
    closing=Closing(On.FACTS),
    kind=FindingKind.ACCESS,
)
