"""Grants outside the declared scope of the identity."""

import numpy as np
import pandas as pd

from analytics.findings.closing import Closing, On
from analytics.findings.families.entitlements import breaking, decided, findings_of_grants, in_words
from analytics.findings.families.scope import without
from analytics.findings.families.scope_use import tightness
from analytics.findings.feeds import By, Feeds
from analytics.findings.kind import FindingKind
from analytics.findings.rule import Rule, day
from analytics.posture import Posture
from graph.instants import NEVER


def find(posture: Posture) -> pd.DataFrame:
    """Find grants of an identity with a declared scope that the scope does not cover.

    The parts of a resource in the scope are in it too. A broad scope hides drift, so the sentence
    says how much of the scope is used.
    """
    rows = breaking(posture, "scope")
    rows = rows[~without(posture, "declared_scope")[rows["identity"]]].reset_index(drop=True)
    approved = decided(posture).approved_thing[rows["identity"]]
    used = tightness(posture, np.unique(rows["identity"]))
    words = list(
        zip(in_words(posture, rows), rows["first"], approved, rows["identity"], strict=True)
    )
    sentences = [
        f"{g.name} may {g.may} {g.resource}{g.through}, which its declared scope does not cover; "
        f"{_added(at, review)}.{used[identity].sentence()}"
        for g, at, review, identity in words
    ]
    remedy = [
        f"Take {g.taken_away}; or get it approved: {_added(at, review)}."
        for g, at, review, _ in words
    ]
    return findings_of_grants(posture, rows, sentences, rows["first"], remedy)


def _added(granted: int, approved: int) -> str:
    if granted == NEVER:
        return "nobody says when it was added"
    after = f", after the approval of {day(approved)}" if NEVER < approved < granted else ""
    return f"it was added on {day(granted)}{after}"


RULE = Rule(
    id="SCP-02",
    name="scope_drift",
    title="Privilege drift",
    family="Purpose and scope",
    weight=0.75,
    needs=("scope",),
    facts=("Agent.declared_scope|ServiceAccount.declared_scope", "CAN_ACCESS"),
    feeds=Feeds(("scope",), By.GRANT),
    remedy="Remove it, or get it approved.",
    references=(
        "OWASP NHI5:2025 Overprivileged NHI",
        "OWASP ASI03:2026 Identity and Privilege Abuse",
        "OWASP Agentic Threats T3 Privilege Compromise",
        "NIST CSF 2.0 PR.AA-05",
        "NIST CSF 2.0 ID.RA-07",
        "NIST SP 800-53 AC-6(7)",
        "NIST SP 800-53 CM-8",
        "NIST AI RMF MEASURE 3.1",
        "MITRE ATT&CK T1098.003",
        "ISO/IEC 42001 A.9.4",
        "CSA AICM IAM-17",
        "CSA AICM IAM-19",
    ),
    find=find,
    closing=Closing(On.FACTS),
    kind=FindingKind.ACCESS,
)
