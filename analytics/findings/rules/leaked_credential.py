"""Leaked credentials that still open something."""

import numpy as np
import pandas as pd

from analytics.actions import Action
from analytics.assumptions.entitlements import heaviest_given
from analytics.findings.closing import Closing, On
from analytics.findings.families.leaks import leaks, opened
from analytics.findings.feeds import NOTHING
from analytics.findings.kind import FindingKind
from analytics.findings.rule import Rule, findings_of, nothing
from analytics.posture import Posture
from graph.frames import records


def find(posture: Posture) -> pd.DataFrame:
    """Find live credentials that are known to have leaked; always critical.

    There is a finding for each identity that holds it. A credential that no judged identity holds
    is its own subject.
    """
    rows = leaks(posture)
    if rows.empty:
        return nothing()
    names = posture.graph.things["name"]
    keys = rows["number"].to_numpy(np.int64)
    reach = opened(posture, keys)
    sentences = [
        f"{names[r.number]}{f' of {names[r.identity]}' if r.identity != r.number else ''} "
        f"leaked and is still alive: {reach[r.number].sentence()}."
        for r in records(rows)
    ]
    remedy = [
        f"Revoke {names[r.number]} now, issue another credential in its place, and look through "
        "what was done with it since it leaked."
        for r in records(rows)
    ]
    subject = rows["identity"].to_numpy(np.int64)
    opened_now = np.array([reach[k].heaviest for k in keys.tolist()])
    weighs = np.maximum(opened_now, heaviest_given(posture, keys)) * posture.autonomy[subject]
    return findings_of(
        posture,
        subject,
        sentences,
        other=np.where(subject == keys, -1, keys),
        weighs=weighs,
        evidence=list(rows["facts"]),
        remedy=remedy,
        floor=["critical"] * len(rows),
    )


RULE = Rule(
    id="CRD-07",
    name="leaked_credential",
    title="Leaked credential alive",
    family="Credentials",
    weight=11 / 12,
    needs=("credentials",),
    facts=("Credential.status",),
    feeds=NOTHING,  # a leak keeps the grade down, and adds no debt
    remedy="Revoke it now, and look through what was done with it since it leaked.",
    references=(
        "OWASP NHI2:2025 Secret Leakage",
        "NIST CSF 2.0 PR.AA-01",
        "NIST CSF 2.0 PR.DS-01",
        "NIST CSF 2.0 RS.MI-01",
        "NIST SP 800-53 IA-5(7)",
        "NIST SP 800-53 IR-4",
        "MITRE ATT&CK T1078.004",
        "MITRE ATT&CK T1552.001",
        "MITRE ATLAS AML.T0012",
    ),
    find=find,
    closing=Closing(On.OBJECT, Action.DEACTIVATE_CREDENTIAL),
    kind=FindingKind.EVENT,
)
