"""Grants of which no level was used for 90 days, although use would have been seen."""

import pandas as pd

from analytics.findings.closing import Closing, On
from analytics.findings.families.entitlements import (
    all_since,
    breaking,
    findings_of_grants,
    idle_from,
    in_words,
)
from analytics.findings.feeds import By, Feeds
from analytics.findings.kind import FindingKind
from analytics.findings.rule import Rule
from analytics.posture import Posture


def find(posture: Posture) -> pd.DataFrame:
    """Find grants of which an identity uses no level.

    The days count from the last use of any level, or from the grant if there was none.
    """
    rows = breaking(posture, "necessity")
    rows = rows[rows["levels"] == rows["held"]].reset_index(drop=True)
    words = list(zip(in_words(posture, rows), all_since(idle_from(rows)), strict=True))
    sentences = [
        f"{g.name} may {g.may} {g.resource}{g.through}, and nobody has seen it do so {idle}."
        f"{g.caveat}"
        for g, idle in words
    ]
    remedy = [
        f"Drop {g.levels} on {g.resource} from {g.holder}: not used {idle}." for g, idle in words
    ]
    return findings_of_grants(posture, rows, sentences, rows["last"], remedy)


RULE = Rule(
    id="LPR-01",
    name="unused_grant",
    title="Unused entitlement",
    family="Least privilege",
    weight=0.75,
    needs=("usage",),
    facts=("CAN_ACCESS",),
    feeds=Feeds(("necessity",), By.GRANT),
    remedy="Drop what is not used.",
    references=(
        "OWASP NHI5:2025 Overprivileged NHI",
        "OWASP ASI02:2026 Tool Misuse and Exploitation",
        "OWASP ASI03:2026 Identity and Privilege Abuse",
        "NIST CSF 2.0 PR.AA-05",
        "NIST SP 800-53 AC-6",
        "NIST SP 800-53 AC-6(7)",
        "NIST AI RMF MANAGE 1.2",
        "CIS Controls 5.3",
        "CSA AICM IAM-05",
        "CSA AICM IAM-19",
    ),
    find=find,
    part_of="TIM-04",
    closing=Closing(On.FACTS, spares=True),
    kind=FindingKind.ACCESS,
)
