"""Secrets that are kept outside a secret manager."""

import pandas as pd

from analytics.actions import Action
from analytics.assumptions.credential_states import BROKEN, storage
from analytics.assumptions.live_credentials import live_credentials
from analytics.findings.closing import Closing, On
from analytics.findings.families.credentials import about_credentials
from analytics.findings.feeds import By, Feeds
from analytics.findings.rule import Rule
from analytics.posture import Posture

PLACES = {
    "code": "in source code",
    "config": "in a configuration file",
    "ci": "in the settings of a build system",
    "chat": "in a chat",
    "env": "in environment variables",
}


def find(posture: Posture) -> pd.DataFrame:
    """Find secrets that are known to be kept elsewhere; an undeclared place is unknown."""
    rows = live_credentials(posture)
    outside = rows[storage(rows) == BROKEN]
    return about_credentials(
        posture,
        outside,
        outside["created"].to_numpy(),
        lambda row, holder: f"{row.name} of {holder} is kept {PLACES[row.storage]}.",
        "Rotate {}, keep it in a secret manager, and remove every copy.",
    )


RULE = Rule(
    id="CRD-02",
    name="secret_outside_vault",
    title="Secret outside a secret manager",
    family="Credentials",
    weight=11 / 12,
    needs=("credentials",),
    facts=("Credential.storage|STORED_IN",),
    feeds=Feeds(("cred_storage",), By.CREDENTIAL),
    remedy="Rotate it, keep it in a secret manager, and remove every copy.",
    references=(
        "OWASP NHI2:2025 Secret Leakage",
        "NIST CSF 2.0 PR.AA-01",
        "NIST CSF 2.0 PR.DS-01",
        "NIST SP 800-53 IA-5(7)",
        "MITRE ATT&CK T1552.001",
        "MITRE ATT&CK T1552.008",
        "MITRE ATLAS AML.T0083",
        "CSA AICM IAM-15",
        "MITRE ATT&CK T1552.004",
    ),
    find=find,
    closing=Closing(On.OBJECT, Action.ROTATE_CREDENTIAL),
)
