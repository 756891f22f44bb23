"""Identities without an owner in any role."""

import numpy as np
import pandas as pd

from analytics.actions import Action
from analytics.findings.closing import Closing
from analytics.findings.families.entitlements import entitled
from analytics.findings.feeds import Feeds
from analytics.findings.rule import Orphaning, Rule, findings_of, plural
from analytics.ownership.owners import ROLES, Ownership
from analytics.ownership.unowned_since import unowned_whole_since
from analytics.posture import Posture
from analytics.residue import judged


def find(posture: Posture) -> pd.DataFrame:
    """Find identities without an active owner, business or technical."""
    owned = posture.ownership
    subject = judged(posture, owned.nobody())
    names = posture.graph.things["name"].iloc[subject]
    sentences = [
        f"Nobody answers for {name}: {_lacks(owned, number)}."
        for name, number in zip(names, subject, strict=True)
    ]
    counts = entitled(posture)[subject]
    remedy = [
        f"Assign a business owner and a technical owner to {name}; "
        f"until then nobody accounts for its {plural(count, 'entitlement')}."
        for name, count in zip(names, counts, strict=True)
    ]
    return findings_of(
        posture, subject, sentences, since=unowned_whole_since(posture)[subject], remedy=remedy
    )


def _lacks(owned: Ownership, number: int) -> str:
    """Describe which owner an identity lacks, and which one no source could have declared."""
    known = [role for role in ROLES if owned.known_in[role][number]]
    if len(known) == len(ROLES):
        return "it has no active owner, business or technical"
    (unknown,) = (role for role in ROLES if role not in known)
    return f"it has no active {known[0]} owner, and no source states its {unknown} owner"


def explains(posture: Posture, owned: Ownership, role: str) -> np.ndarray:
    """Explain any role without an owner that no other rule explains."""
    return np.ones(len(owned.parent), bool)


RULE = Rule(
    id="OWN-01",
    name="no_accountable_owner",
    title="No accountable owner",
    family="Ownership",
    weight=1.0,
    needs=("owners",),
    facts=(),
    feeds=Feeds(("owner",)),
    remedy="Assign a business owner and a technical owner; until then its access is unaccountable.",
    references=(
        "OWASP NHI1:2025 Improper Offboarding",
        "OWASP ASI03:2026 Identity and Privilege Abuse",
        "OWASP ASI10:2026 Rogue Agents",
        "OWASP Agentic Threats T8 Repudiation & Untraceability",
        "NIST CSF 2.0 GV.RR-02",
        "NIST CSF 2.0 ID.AM-08",
        "NIST SP 800-53 AC-2",
        "NIST SP 800-53 PM-5",
        "NIST AI RMF GOVERN 2.1",
        "CIS Controls 5.5",
        "EU AI Act 26.2",
        "ISO/IEC 42001 A.3.2",
    ),
    find=find,
    orphaning=Orphaning("No owner stated", 0, explains),
    general=True,
    closing=Closing(action=Action.ASSIGN_OWNER),
)
