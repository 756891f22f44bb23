"""Roles that were granted and not seen taken for 90 days."""

import numpy as np
import pandas as pd

from analytics.assumptions.entitlements import heaviest_given
from analytics.findings.closing import Closing, On
from analytics.findings.families.entitlements import all_since
from analytics.findings.families.roles import idle_roles
from analytics.findings.feeds import By, Feeds
from analytics.findings.kind import FindingKind
from analytics.findings.rule import Rule, findings_of, nothing
from analytics.posture import UNUSED_DAYS, Posture
from graph.frames import records


def find(posture: Posture) -> pd.DataFrame:
    """Find roles that an identity may take and did not, although that would have been seen.

    The days count from when it was last taken, or from the grant if it never was.
    """
    rows = idle_roles(posture)
    if rows.empty:
        return nothing()
    names = posture.graph.things["name"]
    sentences = [
        f"{names[r.identity]} may take {names[r.role]}{_through(names, r)}, and nobody has seen it "
        f"do so {idle}."
        for r, idle in zip(records(rows), all_since(rows["last"].to_numpy()), strict=True)
    ]
    subject, role = rows["identity"].to_numpy(np.int64), rows["role"].to_numpy(np.int64)
    return findings_of(
        posture,
        subject,
        sentences,
        since=rows["since"].to_numpy(np.int64),
        other=role,
        weighs=heaviest_given(posture, role) * posture.autonomy[subject],
        evidence=list(rows["facts"]),
        remedy=[
            f"Take {names[r.role]} away from {names[r.holder]}: nothing that was seen in "
            f"{UNUSED_DAYS} days needs it."
            for r in records(rows)
        ],
    )


def _through(names: pd.Series, row: object) -> str:
    return "" if row.holder == row.identity else f" through {names[row.holder]}"  # type: ignore[attr-defined]


RULE = Rule(
    id="LPR-05",
    name="idle_role",
    title="Idle role",
    family="Least privilege",
    weight=0.75,
    needs=("usage",),
    facts=("ASSUMES",),
    feeds=Feeds(("necessity",), By.HOLDER),
    remedy="Take the role away: nothing that was seen needs it.",
    references=(
        "OWASP NHI5:2025 Overprivileged NHI",
        "OWASP ASI03:2026 Identity and Privilege Abuse",
        "NIST CSF 2.0 PR.AA-05",
        "NIST SP 800-53 AC-6",
        "NIST SP 800-53 AC-6(7)",
        "CIS Controls 5.3",
        "CSA AICM IAM-05",
        "NIST SP 800-53 AC-3(7)",
        "CIS Controls 6.8",
    ),
    find=find,
    part_of="TIM-04",
    closing=Closing(On.FACTS),
    kind=FindingKind.ACCESS,
)
