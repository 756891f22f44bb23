"""Uses of resources outside the declared scope."""

import pandas as pd

from analytics.findings.families.entitlements import VERBS
from analytics.findings.families.scope_use import outside
from analytics.findings.feeds import By, Feeds
from analytics.findings.kind import FindingKind
from analytics.findings.rule import Rule, day, findings_of, joined, plural
from analytics.posture import UNUSED_DAYS, Posture
from analytics.residue import alive
from analytics.weights import SENSITIVITY
from graph.frames import records
from graph.schema import LEVEL_SETS


def find(posture: Posture) -> pd.DataFrame:
    """Find what identities were seen using lately outside their declared scope.

    A use counts for an identity if no other can have acted; the parts of a resource in the scope
    are in it too. It is critical if the resource is confidential or more.
    """
    rows = outside(posture)
    rows = rows[alive(posture)[rows["identity"]]].reset_index(drop=True)
    names = posture.graph.things["name"].to_numpy(object)
    sentences = [
        f"{names[r.identity]} was seen to {joined([VERBS[v] for v in LEVEL_SETS[r.levels]])} "
        f"{names[r.resource]}, which is outside its declared scope: first seen {day(r.first)}, "
        f"{'at least ' if r.more else ''}{plural(r.count, 'use')} in {UNUSED_DAYS} days."
        for r in records(rows)
    ]
    remedy = [
        f"Find out why {names[r.identity]} used {names[r.resource]}; then take the access away, "
        "or declare it."
        for r in records(rows)
    ]
    weight = posture.sensitivities["weight"].to_numpy()[rows["resource"]]
    return findings_of(
        posture,
        rows["identity"].to_numpy(),
        sentences,
        since=rows["first"].to_numpy(),
        other=rows["resource"].to_numpy(),
        weighs=rows["exposure"].to_numpy(),
        evidence=list(rows["facts"]),
        remedy=remedy,
        floor=["critical" if w >= SENSITIVITY["confidential"] else "" for w in weight],
    )


RULE = Rule(
    id="SCP-03",
    name="used_outside_scope",
    title="Action outside scope",
    family="Purpose and scope",
    weight=0.75,
    needs=("scope", "usage"),
    facts=("Agent.declared_scope|ServiceAccount.declared_scope", "UseEvent|USED"),
    feeds=Feeds(("scope",), By.RESOURCE),
    remedy="Find out why; then take the access away, or declare it.",
    references=(
        "OWASP ASI01:2026 Agent Goal Hijack",
        "OWASP ASI10:2026 Rogue Agents",
        "OWASP Agentic Threats T6 Intent Breaking & Goal Manipulation",
        "OWASP Agentic Threats T13 Rogue Agents in Multi-Agent Systems",
        "NIST CSF 2.0 DE.CM-03",
        "NIST CSF 2.0 DE.AE-03",
        "NIST SP 800-53 AC-2(12)",
        "NIST SP 800-53 AU-6",
        "NIST AI RMF MEASURE 2.4",
        "MITRE ATLAS AML.T0053",
        "EU AI Act 12.2.a",
        "ISO/IEC 42001 A.9.4",
        "CSA AICM AIS-11",
        "CSA AICM IAM-19",
        "OWASP AISVS C9.5.1",
    ),
    find=find,
    kind=FindingKind.EVENT,
)
