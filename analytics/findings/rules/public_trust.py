"""Roles and accounts that anybody may take."""

import numpy as np
import pandas as pd

from analytics.assumptions.entitlements import heaviest_given
from analytics.findings.closing import Closing, On
from analytics.findings.families.trust import public_trusts
from analytics.findings.feeds import NOTHING
from analytics.findings.kind import FindingKind
from analytics.findings.rule import Rule, findings_of, nothing, plural
from analytics.gathered import gathered
from analytics.posture import Posture
from analytics.reach.closure import totals
from graph.frames import records
from graph.instants import NEVER


def find(posture: Posture) -> pd.DataFrame:
    """Find roles and accounts in service whose trust names everyone, with what they reach.

    Severity is at least high, unless the trust has a condition that was not evaluated.
    """
    rows = public_trusts(posture)
    if rows.empty:
        return nothing()
    by_role = rows.groupby("subject", as_index=False)
    each = by_role.agg(since=("since", "min"), conditional=("conditional", "all"))
    subject = each["subject"].to_numpy(np.int64)
    reach, names = totals(posture.network(), subject), posture.graph.things["name"]
    each = each.assign(resources=reach.resources, known=posture.reach_known[subject])
    sentences = [
        f"Anybody may take {names[r.subject]}{_if(r.conditional)}: its trust names everyone, and "
        + (f"it reaches {plural(r.resources, 'resource')}." if r.known
           else "what it reaches is not known.")
        for r in records(each)
    ]  # fmt: skip
    facts = gathered(rows, ["subject"], "fact")
    return findings_of(
        posture,
        subject,
        sentences,
        since=np.where(each["since"] == NEVER, posture.created_at[subject], each["since"]),
        weighs=np.maximum(reach.most, heaviest_given(posture, subject)) * posture.autonomy[subject],
        evidence=[facts[n] for n in subject.tolist()],
        remedy=[
            f"Name those who may take {names[n]} in its trust, and nobody else."
            for n in subject.tolist()
        ],
        floor=["" if c else "high" for c in each["conditional"]],
    )


def _if(conditional: bool) -> str:
    return ", if a condition holds that nobody evaluated" if conditional else ""


RULE = Rule(
    id="ISO-06",
    name="public_trust",
    title="Anybody may take it",
    family="Isolation",
    weight=9 / 12,
    needs=("trust",),
    facts=("TRUSTS",),
    feeds=NOTHING,  # who may come in: reach, and not debt
    remedy="Name those who may take it in its trust, and nobody else.",
    references=(
        "OWASP NHI5:2025 Overprivileged NHI",
        "OWASP NHI8:2025 Environment Isolation",
        "OWASP ASI03:2026 Identity and Privilege Abuse",
        "NIST CSF 2.0 PR.AA-05",
        "NIST CSF 2.0 PR.IR-01",
        "NIST SP 800-53 AC-3",
        "NIST SP 800-53 AC-6",
        "MITRE ATT&CK T1199",
        "OWASP AISVS C5.2.1",
    ),
    find=find,
    closing=Closing(On.FACTS),
    kind=FindingKind.ACCESS,
)
