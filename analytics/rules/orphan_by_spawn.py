"""A child agent that nobody owns, of a parent that cannot answer for it."""

import numpy as np
import pandas as pd

from analytics.ownership import ROLES
from analytics.posture import Posture
from analytics.rule import Rule, found
from analytics.rules_of_ownership import judged


def find(posture: Posture) -> pd.DataFrame:
    """Find spawned agents without an owner whose parent is out of service or unowned itself."""
    owned = posture.ownership
    nobody = np.logical_and.reduce([owned.missing(role) for role in ROLES])
    subject = judged(posture, nobody & (owned.parent >= 0))
    names = posture.graph.things["name"]
    parent = owned.parent[subject]
    said = [
        f"Nobody answers for {names[child]}: its parent {names[above]} is gone or unowned itself."
        for child, above in zip(subject, parent, strict=True)
    ]
    return found(posture, subject, said, posture.created_at[subject], parent)


RULE = Rule(
    id="OWN-05",
    name="orphan_by_spawn",
    title="Orphan by spawn chain",
    weight=1.0,
    needs=("owners",),
    remedy="Decommission it with its parent, or assign an owner.",
    references=(
        "OWASP NHI1:2025 Improper Offboarding",
        "OWASP ASI10 Rogue Agents",
        "NIST SP 800-53 AC-2(1)",
        "NIST AI RMF GOVERN 1.7",
    ),
    find=find,
)
