"""Credentials that are live although they expired or are unused."""

from typing import Any

import numpy as np
import pandas as pd

from analytics.actions import Action
from analytics.assumptions.live_credentials import DORMANT_DAYS, alive_for_nothing, later
from analytics.findings.closing import Closing, On
from analytics.findings.families.credentials import about_credentials
from analytics.findings.feeds import NOTHING
from analytics.findings.kind import FindingKind
from analytics.findings.rule import Rule, day
from analytics.posture import Posture
from graph.instants import NEVER


def find(posture: Posture) -> pd.DataFrame:
    """Find credentials past their end, or not used for 45 days; see `alive_for_nothing`."""
    rows = alive_for_nothing(posture)
    idle = later(rows["last"].to_numpy(), DORMANT_DAYS)
    first = np.where(rows["idle"], np.minimum(rows["expires"], idle), rows["expires"])
    since = np.where(rows["over"], first, idle)
    unneeded = rows[rows["over"] | rows["idle"]]
    return about_credentials(
        posture,
        unneeded,
        since[unneeded.index],
        lambda row, holder: f"{row.name} of {holder} is still active: {_words(row)}.",
        "Disable {}, wait, then delete it.",
    )


def _words(row: Any) -> str:
    if row.over:
        return f"it expired on {day(row.expires)}"
    used = row.used
    return "it was never used" if used == NEVER else f"it was last used on {day(used)}"


RULE = Rule(
    id="CRD-06",
    name="idle_credential",
    title="Credential alive though unused or expired",
    family="Credentials",
    weight=1.0,
    needs=("credentials",),
    facts=("Credential.expires_at|Credential.last_used_at|Credential.created_at",),
    feeds=NOTHING,  # a key for nothing: what it opens is owed for as if it were in use
    remedy="Disable it, wait, then delete it.",
    references=(
        "OWASP NHI1:2025 Improper Offboarding",
        "OWASP NHI7:2025 Long-Lived Secrets",
        "NIST CSF 2.0 PR.AA-01",
        "NIST SP 800-53 AC-2(3)",
        "CIS Controls 5.3",
    ),
    find=find,
    closing=Closing(On.OBJECT, Action.DEACTIVATE_CREDENTIAL),
    kind=FindingKind.ACCESS,
)
