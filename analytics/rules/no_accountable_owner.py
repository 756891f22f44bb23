"""An identity for which nobody answers, in either role."""

import numpy as np
import pandas as pd

from analytics.ownership import ROLES
from analytics.posture import Posture
from analytics.rule import Rule, found
from analytics.rules_of_ownership import judged, unowned_since


def find(posture: Posture) -> pd.DataFrame:
    """Find identities without an active owner, business or technical."""
    owned = posture.ownership
    subject = judged(posture, np.logical_and.reduce([owned.missing(role) for role in ROLES]))
    names = posture.graph.things["name"].iloc[subject]
    said = [
        f"Nobody answers for {n}: it has no active owner, business or technical." for n in names
    ]
    return found(posture, subject, said, unowned_since(posture)[subject])


RULE = Rule(
    id="OWN-01",
    name="no_accountable_owner",
    title="No accountable owner",
    weight=1.0,
    needs=("owners",),
    remedy="Assign a business owner and a technical owner; until then its access is unaccountable.",
    references=(
        "OWASP NHI1:2025 Improper Offboarding",
        "NIST CSF 2.0 GV.RR-02",
        "NIST SP 800-53 AC-2",
        "NIST AI RMF GOVERN 2.1",
        "CIS Controls 5.5",
    ),
    find=find,
)
