"""Share of secrets that are kept in a vault."""

import numpy as np

from analytics.assumptions.families.credentials import credential_pairs
from analytics.assumptions.live_credentials import SECRETLESS
from analytics.figures.measure import MORE, SHARE, Measure, Measured, ratio
from analytics.posture import Posture
from graph.schema import CREDENTIAL


def measure(posture: Posture) -> Measured:
    """Return the share of secrets in a vault, among those whose place is known."""
    frame = posture.graph.frames[CREDENTIAL].iloc[np.unique(credential_pairs(posture).row)]
    storage = frame["storage"][~frame["type"].isin(SECRETLESS).to_numpy(bool)].fillna("unknown")
    known = storage != "unknown"
    return ratio(
        int((storage == "vault").sum()),
        int(known.sum()),
        "of no secret it is known where it is kept",
        unknown=int((~known).sum()),
    )


MEASURE = Measure(
    name="secrets_in_vault",
    order=111,
    title="Secrets in a vault",
    numerator="secrets that are kept in a secret manager",
    denominator="secrets of accountable identities of which it is known where they are kept",
    unit=SHARE,
    better=MORE,
    source="OWASP Non-Human Identities Top 10 2025, NHI2",
    rows="trustdebt findings --rule CRD-02",
    measure=measure,
    needs=("credentials",),
    target=1.0,
    references=(
        "OWASP NHI2:2025 Secret Leakage",
        "NIST SP 800-53 IA-5(7)",
        "MITRE ATLAS AML.T0055",
        "CSA AICM IAM-15",
    ),
)
