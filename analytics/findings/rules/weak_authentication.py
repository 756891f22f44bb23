"""Credentials that authenticate weakly, by the standard for their holder."""

import pandas as pd

from analytics.actions import Action
from analytics.assumptions.credential_states import BROKEN, strength
from analytics.assumptions.live_credentials import live_credentials
from analytics.findings.closing import Closing, On
from analytics.findings.families.credentials import about_credentials
from analytics.findings.feeds import By, Feeds
from analytics.findings.rule import Rule
from analytics.posture import Posture


def find(posture: Posture) -> pd.DataFrame:
    """Find credentials declared weak, and secrets of agents that anybody may replay.

    An agent reads input from strangers, so a secret of its own must be bound to its client (RFC
    9449, RFC 8705). A secret of a service account is judged by its strength alone.
    """
    rows = live_credentials(posture)
    weak_rows = rows[strength(posture, rows) == BROKEN]
    weak_rows = weak_rows.assign(
        weak=(weak_rows["strength"] == "weak").fillna(False).to_numpy(bool)
    )
    return about_credentials(
        posture,
        weak_rows,
        weak_rows["created"].to_numpy(),
        lambda row, holder: (
            f"{row.name} of {holder} "
            + ("authenticates weakly." if row.weak else "works for whoever copies it.")
        ),
        "Replace {} by a federated identity, mutual TLS or a token bound to its client.",
    )


RULE = Rule(
    id="CRD-03",
    name="weak_authentication",
    title="Weak authentication",
    family="Credentials",
    weight=9 / 12,
    needs=("credentials",),
    facts=("Credential.strength|Credential.sender_constrained",),
    feeds=Feeds(("cred_auth",), By.CREDENTIAL),
    remedy="Replace it by a federated identity, mutual TLS or a token bound to its client.",
    references=(
        "OWASP NHI4:2025 Insecure Authentication",
        "NIST CSF 2.0 PR.AA-03",
        "NIST CSF 2.0 PR.AA-04",
        "NIST SP 800-53 IA-9",
        "CSA AICM IAM-14",
    ),
    find=find,
    closing=Closing(On.OBJECT, Action.DEACTIVATE_CREDENTIAL),
)
