"""Credentials that several agents use, or that open several environments."""

import pandas as pd

from analytics.actions import Action
from analytics.assumptions.credential_states import BROKEN, sharing
from analytics.assumptions.live_credentials import live_credentials
from analytics.assumptions.sharing import environments_opened, users
from analytics.findings.closing import Closing, On
from analytics.findings.families.credentials import about_credentials
from analytics.findings.feeds import By, Feeds
from analytics.findings.rule import Rule, nothing, plural
from analytics.posture import Posture

NAMED = 4  # users named in a sentence


def find(posture: Posture) -> pd.DataFrame:
    """Find credentials with several users; blue and green twins of an agent count as one."""
    rows, key_users, opened = (
        live_credentials(posture),
        users(posture),
        environments_opened(posture),
    )
    shared = rows[sharing(posture, rows) == BROKEN]
    if shared.empty:
        return nothing()
    key_users = key_users[key_users["number"].isin(shared["number"])]
    names = key_users.sort_values("name").groupby("number")["name"].agg(list)
    clauses = {n: _words(names.get(n, []), opened.get(n, [])) for n in shared["number"].unique()}
    return about_credentials(
        posture,
        shared,
        shared["created"].to_numpy(),
        lambda row, _: f"{row.name} {clauses[row.number]}.",
        "Give each agent a credential of its own, then revoke {}.",
    )


def _words(names: list[str], environments: list[str]) -> str:
    if len(names) < 2:
        return f"opens {' and '.join(environments)} alike"
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"is used by {plural(len(names), 'agent')}: {', '.join(names[:NAMED])}{more}"


RULE = Rule(
    id="CRD-04",
    name="shared_credential",
    title="Shared credential",
    family="Credentials",
    weight=8 / 12,
    needs=("credentials",),
    facts=("USES|AUTHENTICATES_AS",),
    feeds=Feeds(("cred_shared",), By.CREDENTIAL),
    remedy="Give each agent a credential of its own, then revoke the shared one.",
    references=(
        "OWASP NHI9:2025 NHI Reuse",
        "NIST CSF 2.0 PR.AA-02",
        "NIST SP 800-53 AC-2(9)",
        "NIST SP 800-53 IA-4",
        "MITRE ATLAS AML.M0027",
        "CSA AICM IAM-13",
        "OWASP AISVS C9.4.1",
    ),
    find=find,
    closing=Closing(On.OBJECT, Action.DEACTIVATE_CREDENTIAL),
)
