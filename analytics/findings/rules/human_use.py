"""Credentials of software that a person was seen using."""

import pandas as pd

from analytics.actions import Action
from analytics.assumptions.credential_states import BROKEN, human_use
from analytics.assumptions.live_credentials import live_credentials
from analytics.findings.closing import Closing, On
from analytics.findings.families.credentials import about_credentials
from analytics.findings.feeds import By, Feeds
from analytics.findings.kind import FindingKind
from analytics.findings.rule import Rule, day
from analytics.posture import Posture


def find(posture: Posture) -> pd.DataFrame:
    """Find credentials that people used, except those of break-glass identities."""
    rows = live_credentials(posture)
    used_by_people = rows[human_use(posture, rows) == BROKEN]
    return about_credentials(
        posture,
        used_by_people,
        used_by_people["human"].to_numpy(),
        lambda row, holder: f"A person used {row.name} of {holder}, first on {day(row.human)}.",
        "Give the person access of their own, and rotate {}.",
    )


RULE = Rule(
    id="CRD-05",
    name="human_use",
    title="Human use of a credential of software",
    family="Credentials",
    weight=7 / 12,
    needs=("credentials",),
    facts=("Credential.human_used_at",),
    feeds=Feeds(("cred_human",), By.CREDENTIAL),
    remedy="Give the person access of their own, and rotate the credential.",
    references=(
        "OWASP NHI10:2025 Human Use of NHI",
        "NIST CSF 2.0 PR.AA-02",
        "NIST CSF 2.0 DE.CM-03",
        "NIST SP 800-53 IA-4",
        "NIST SP 800-53 AC-2(12)",
    ),
    find=find,
    closing=Closing(On.OBJECT, Action.ROTATE_CREDENTIAL, closes=False),
    kind=FindingKind.EVENT,
)
