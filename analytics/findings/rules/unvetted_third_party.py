"""Identities that another organisation runs and nobody vetted."""

import numpy as np
import pandas as pd

from analytics.actions import Action
from analytics.assumptions.reviews import reviews
from analytics.coverage import stated_by
from analytics.findings.closing import Closing
from analytics.findings.feeds import Feeds
from analytics.findings.rule import Rule, findings_of
from analytics.posture import Posture
from analytics.residue import judged
from graph.access import NEVER, flags
from graph.schema import AGENT, SERVICE_ACCOUNT


def find(posture: Posture) -> pd.DataFrame:
    """Find identities of other organisations without an approving review, however old."""
    graph, foreign = posture.graph, np.zeros(len(posture.graph.ids), bool)
    for label in (AGENT, SERVICE_ACCOUNT):
        frame = graph.frames[label]
        foreign[graph.numbers(frame["id"])] = flags(frame["third_party"])
    unvetted = (reviews(graph).approved_thing == NEVER) & stated_by(graph, "reviews")
    subject = judged(posture, foreign & unvetted)
    names = graph.things["name"].iloc[subject]
    sentences = [f"Another organisation runs {name}, and no review approved it." for name in names]
    evidence: list[tuple[str, ...]] = [(str(n),) for n in graph.things["id"].iloc[subject]]
    return findings_of(
        posture, subject, sentences, since=posture.created_at[subject], evidence=evidence
    )


RULE = Rule(
    id="ISO-02",
    name="unvetted_third_party",
    title="Third party unvetted",
    weight=10 / 12,
    needs=("reviews",),
    facts=("Agent.third_party|ServiceAccount.third_party",),
    feeds=Feeds(("third_party",)),
    remedy="Review the supplier and approve the identity, or take its access away.",
    references=(
        "OWASP NHI3:2025 Vulnerable Third-Party NHI",
        "OWASP ASI04:2026 Agentic Supply Chain Vulnerabilities",
        "NIST CSF 2.0 GV.SC-07",
        "NIST CSF 2.0 DE.CM-06",
        "NIST SP 800-53 SA-9",
        "NIST AI RMF GOVERN 6.1",
        "MITRE ATT&CK T1199",
        "MITRE ATT&CK T1671",
        "ISO/IEC 42001 A.10.3",
        "CSA AICM STA-14",
        "MITRE ATLAS AML.T0109",
    ),
    find=find,
    closing=Closing(action=Action.REVIEW),
)
