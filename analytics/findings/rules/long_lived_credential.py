"""Secrets that live long and have not been changed for long."""

import pandas as pd

from analytics.actions import Action
from analytics.assumptions.credential_states import BROKEN, age
from analytics.assumptions.live_credentials import live_credentials
from analytics.assumptions.model import model
from analytics.findings.closing import Closing, On
from analytics.findings.families.credentials import about_credentials
from analytics.findings.feeds import By, Feeds
from analytics.findings.rule import Rule, day
from analytics.posture import Posture
from graph.instants import NEVER


def find(posture: Posture) -> pd.DataFrame:
    """Find secrets valid for more than 90 days and not changed for as long.

    A secret of unknown creation is unknown, not old.
    """
    rows = live_credentials(posture)
    state, since = age(rows, posture.graph.now, model().credential)
    old = state == BROKEN
    old_rows = rows.assign(changed=rows[["created", "rotated"]].max(axis=1))[old]
    return about_credentials(
        posture,
        old_rows,
        since[old],
        lambda row, holder: (
            f"{row.name} of {holder} was not changed since {day(row.changed)} and "
            + ("never ends." if row.expires == NEVER else f"ends on {day(row.expires)}.")
        ),
        "Rotate {} and give it an end within 90 days, or replace it by a federated identity.",
    )


RULE = Rule(
    id="CRD-01",
    name="long_lived_credential",
    title="Long-lived or unrotated credential",
    family="Credentials",
    weight=8 / 12,
    needs=("credentials",),
    facts=("Credential.created_at|Credential.rotated_at",),
    feeds=Feeds(("cred_age",), By.CREDENTIAL),
    remedy="Rotate it and give it an end within 90 days, or replace it by a federated identity.",
    references=(
        "OWASP NHI7:2025 Long-Lived Secrets",
        "NIST CSF 2.0 PR.AA-01",
        "NIST SP 800-53 IA-5",
        "CIS AWS Foundations 2.13",
        "CSA AICM IAM-15",
        "OWASP AISVS C5.1.2",
        "OWASP AISVS C9.4.3",
    ),
    find=find,
    closing=Closing(On.OBJECT, Action.ROTATE_CREDENTIAL),
)
