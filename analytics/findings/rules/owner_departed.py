"""Identities whose owners in a role have all left."""

import numpy as np
import pandas as pd

from analytics.actions import Action
from analytics.assumptions.entitlements import heaviest
from analytics.findings.closing import Closing
from analytics.findings.families.ownership import departed, in_role, judged_rows, last_departed
from analytics.findings.feeds import By, Feeds
from analytics.findings.rule import Orphaning, Rule, day, findings_of, nothing
from analytics.ownership.owners import ROLES, Ownership
from analytics.ownership.unowned_since import unowned_since
from analytics.posture import Posture
from graph.frames import records
from graph.instants import NEVER


def find(posture: Posture) -> pd.DataFrame:
    """Find identities that had an owner in a role, and have no active one left.

    A finding is about the last owner to leave; the last one in both roles gives one finding.
    """
    last = judged_rows(posture, last_departed(posture.ownership)).sort_values(["role", "id"])
    if last.empty:
        return nothing()
    last = last.assign(since=_since(posture, last))
    by_owner = last.groupby(["thing", "owner"], as_index=False)
    gone = by_owner.agg(
        ended=("ended", "max"),
        since=("since", "max"),
        role=("role", " and ".join),
        roles=("role", "size"),
        id=("id", tuple),
    )
    names = posture.graph.things["name"]
    sentences = [
        f"The last {r.role} owner of {names[r.thing]}, {names[r.owner]}, "
        f"{f'left on {day(r.ended)}' if r.ended != NEVER else 'is gone'}; nobody took over."
        for r in records(gone)
    ]
    remedy = [
        f"Transfer {names[r.thing]} and rotate every credential that {names[r.owner]} could have "
        "copied, or decommission it."
        for r in records(gone)
    ]
    thing = gone["thing"].to_numpy(int)
    return findings_of(
        posture,
        thing,
        sentences,
        since=gone["since"].to_numpy(),
        other=gone["owner"].to_numpy(int),
        weighs=heaviest(posture)[thing]
        * gone["roles"].to_numpy(float)
        / 2,  # each role is half of it
        evidence=list(gone["id"]),
        remedy=remedy,
    )


def _since(posture: Posture, rows: pd.DataFrame) -> np.ndarray:
    """Return since when the role of each row has no owner (milliseconds)."""
    thing = rows["thing"].to_numpy(int)
    by_role = {role: unowned_since(posture, role)[thing] for role in ROLES}
    return np.select([rows["role"] == role for role in ROLES], list(by_role.values()), NEVER)


def explains(posture: Posture, owned: Ownership, role: str) -> np.ndarray:
    """Explain a role whose owner has left, where nobody took over."""
    return in_role(owned, departed(owned), role)


RULE = Rule(
    id="OWN-02",
    name="owner_departed",
    title="Owner departed or disabled",
    family="Ownership",
    weight=1.0,
    needs=("owners",),
    facts=("OWNS", "Human.status|Human.left_at"),
    feeds=Feeds(("owner",), By.OWNER),
    remedy="Transfer it and rotate every credential the owner could copy, or decommission it.",
    references=(
        "OWASP NHI1:2025 Improper Offboarding",
        "OWASP Agentic Threats T8 Repudiation & Untraceability",
        "NIST CSF 2.0 GV.RR-02",
        "NIST CSF 2.0 PR.AA-01",
        "NIST SP 800-53 PS-4",
        "NIST SP 800-53 AC-2",
        "NIST SP 800-53 IA-4(4)",
        "NIST AI RMF GOVERN 2.1",
        "MITRE ATT&CK T1078.004",
        "EU AI Act 26.2",
        "ISO/IEC 42001 A.3.2",
        "CSA AICM IAM-07",
    ),
    find=find,
    orphaning=Orphaning("Owner departed", 5, explains),
    closing=Closing(action=Action.ASSIGN_OWNER),
)
