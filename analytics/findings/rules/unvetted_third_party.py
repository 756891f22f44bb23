"""Identities that another organisation runs and nobody vetted."""

import numpy as np
import pandas as pd

from analytics.actions import Action
from analytics.assumptions.families.third_party import unvetted, vetting_known
from analytics.assumptions.reviews import ran_out
from analytics.findings.closing import Closing
from analytics.findings.feeds import Feeds
from analytics.findings.rule import Rule, day, findings_of
from analytics.posture import Posture
from analytics.residue import judged
from graph.instants import NEVER


def find(posture: Posture) -> pd.DataFrame:
    """Find identities of other organisations without an approving review, however old.

    An approval that has ended vets nothing any more.
    """
    graph = posture.graph
    subject = judged(posture, unvetted(graph) & vetting_known(graph))
    names, ended = graph.things["name"].iloc[subject], ran_out(graph)[subject]
    sentences = [
        f"Another organisation runs {name}, and {_lacks(at)}."
        for name, at in zip(names, ended.tolist(), strict=True)
    ]
    evidence: list[tuple[str, ...]] = [(str(n),) for n in graph.things["id"].iloc[subject]]
    since = np.maximum(posture.created_at[subject], ended)
    return findings_of(posture, subject, sentences, since=since, evidence=evidence)


def _lacks(ended: int) -> str:
    return "no review approved it" if ended == NEVER else f"its approval ended on {day(ended)}"


RULE = Rule(
    id="ISO-02",
    name="unvetted_third_party",
    title="Third party unvetted",
    family="Isolation",
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
