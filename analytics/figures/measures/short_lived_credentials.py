"""Share of credentials that expire soon by themselves."""

import numpy as np

from analytics.assumptions.families.credentials import credential_pairs
from analytics.assumptions.live_credentials import SECRETLESS
from analytics.assumptions.model import model
from analytics.figures.measure import MORE, SHARE, Measure, Measured, Published, ratio
from analytics.posture import Posture
from graph.instants import DAY, NEVER, milliseconds
from graph.schema import CREDENTIAL


def measure(posture: Posture) -> Measured:
    """Return the share of live credentials that are valid for at most 90 days at a time."""
    frame = posture.graph.frames[CREDENTIAL].iloc[np.unique(credential_pairs(posture).row)]
    begun = milliseconds(frame[["created_at", "rotated_at"]].max(axis=1))
    ends = milliseconds(frame["expires_at"])
    secretless = frame["type"].isin(SECRETLESS).to_numpy(bool)
    dated = (begun != NEVER) & (ends != NEVER)
    short = secretless | (dated & (ends - begun <= model().credential * DAY))
    known = secretless | (ends == NEVER) | dated
    return ratio(
        int(short.sum()),
        int(known.sum()),
        "no accountable identity holds a credential that is known",
        unknown=int((~known).sum()),
    )


MEASURE = Measure(
    name="short_lived_credentials",
    order=110,
    title="Short-lived credentials",
    numerator="credentials that are valid for at most 90 days, or hold no secret",
    denominator="live credentials of accountable identities of which that is known",
    unit=SHARE,
    better=MORE,
    source="Model TD-1, assumption cred_age; 90 days as in the CIS AWS Foundations Benchmark",
    rows="trustdebt findings --rule CRD-01",
    measure=measure,
    needs=("credentials",),
    target=1.0,
    references=(
        "OWASP NHI7:2025 Long-Lived Secrets",
        "NIST SP 800-53 IA-5",
        "OWASP AISVS C5.1.2",
    ),
    published=(
        Published("60 % of AWS users have a key older than a year", "Datadog", 2024),
        Published("62 % of GCP accounts have a key older than a year", "Datadog", 2024),
    ),
)
