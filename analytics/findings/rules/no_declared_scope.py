"""Identities without a declared purpose or scope."""

import numpy as np
import pandas as pd

from analytics.coverage import stated_by
from analytics.findings.families.entitlements import entitled
from analytics.findings.families.scope import without
from analytics.findings.feeds import Feeds
from analytics.findings.rule import Rule, findings_of, plural
from analytics.posture import Posture
from analytics.residue import judged
from graph.coverage import can_state


def find(posture: Posture) -> pd.DataFrame:
    """Find identities without a purpose or a declared scope.

    A role has no scope of its own, so it needs neither. If no source could declare them it is
    unknown.
    """
    scoped = can_state(posture.graph, "declared_scope")
    no_purpose, no_scope = without(posture, "purpose") & scoped, without(posture, "declared_scope")
    known = stated_by(posture.graph, "scope")
    subject = judged(posture, known & (no_purpose | no_scope))
    lacks = np.select(
        [no_purpose & no_scope, no_purpose], ["a purpose and a scope", "a purpose"], "a scope"
    )[subject]
    names = posture.graph.things["name"].iloc[subject]
    counts = entitled(posture)[subject]
    sentences = [
        f"Nobody declared {lack} for {name}, so nothing says whether its "
        f"{plural(count, 'entitlement')} should be there."
        for name, lack, count in zip(names, lacks, counts, strict=True)
    ]
    remedy = [
        f"Declare the purpose of {name}, and the resources and levels that it may use."
        for name in names
    ]
    return findings_of(
        posture, subject, sentences, since=posture.created_at[subject], remedy=remedy
    )


RULE = Rule(
    id="SCP-01",
    name="no_declared_scope",
    title="No declared purpose or scope",
    family="Purpose and scope",
    weight=0.75,
    needs=("scope",),
    facts=(),
    feeds=Feeds(("scope",)),
    remedy="Declare the purpose, and the resources and levels that are allowed.",
    references=(
        "OWASP ASI01:2026 Agent Goal Hijack",
        "OWASP ASI02:2026 Tool Misuse and Exploitation",
        "OWASP Agentic Threats T6 Intent Breaking & Goal Manipulation",
        "NIST CSF 2.0 ID.AM-08",
        "NIST CSF 2.0 PR.AA-05",
        "NIST SP 800-53 AC-2",
        "NIST SP 800-53 AC-6",
        "NIST AI RMF MAP 1.1",
        "NIST AI RMF MAP 3.3",
        "CIS Controls 5.5",
        "ISO/IEC 42001 A.6.2.5",
        "ISO/IEC 42001 A.9.4",
        "CSA AICM IAM-19",
    ),
    find=find,
)
