"""Share of identities with an owner in both roles."""

import numpy as np

from analytics.figures.measure import MORE, SHARE, Measure, Measured, Published, population, ratio
from analytics.ownership.owners import ROLES
from analytics.posture import Posture


def measure(posture: Posture) -> Measured:
    """Return the share of identities with known owners that have one in each role."""
    owned, identities = posture.ownership, population(posture).identities
    known = owned.known_whole[identities]
    lacking = np.logical_or.reduce([owned.missing(role) for role in ROLES])[identities]
    return ratio(
        int((known & ~lacking).sum()),
        int(known.sum()),
        "owners of both kinds are known of no identity in service",
        unknown=int((~known).sum()),
    )


MEASURE = Measure(
    name="ownership_coverage",
    order=60,
    title="Ownership coverage",
    numerator="identities with an active business owner and an active technical owner",
    denominator="accountable identities in service of which sources state both kinds of owner",
    unit=SHARE,
    better=MORE,
    source="CIS Controls 8.1, 5.5: every service account has an owner",
    rows="trustdebt orphans",
    measure=measure,
    needs=("owners",),
    target=1.0,
    references=(
        "CIS Controls 5.5",
        "NIST CSF 2.0 GV.RR-02",
        "NIST AI RMF GOVERN 2.1",
        "NIST SP 800-53 AC-2",
        "ISO/IEC 42001 A.3.2",
    ),
    published=(
        Published("51 % have agents without an owner", "CSA and Oasis", 2026),
        Published("51 % have no formal offboarding of API keys", "CSA", 2024),
    ),
)
