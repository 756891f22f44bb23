"""Share of privileged access that is standing."""

import numpy as np

from analytics.assumptions.entitlements import Entitlements
from analytics.figures.measure import (
    LESS,
    SHARE,
    Headline,
    Measure,
    Measured,
    of_exposure,
    population,
    ratio,
)
from analytics.figures.standing import exposure_of, standing
from analytics.posture import Posture
from analytics.weights import SENSITIVITY
from graph.schema import LEVELS

WRITE = LEVELS.index("write")


def privileged(posture: Posture, units: Entitlements) -> np.ndarray:
    """Return a mask of the entitlements to write, or on confidential resources or above."""
    usual = posture.sensitivities["weight"].to_numpy()[units.resource]
    return np.asarray((units.level >= WRITE) | (usual >= SENSITIVITY["confidential"]))


def measure(posture: Posture) -> Measured:
    """Return the share of privileged exposure that is standing."""
    judged = population(posture)
    privilege = exposure_of(posture, lambda units: privileged(posture, units))
    always = exposure_of(
        posture, lambda units: privileged(posture, units) & standing(posture, units)
    )
    share = ratio(
        float(always.sum()),
        float(privilege.sum()),
        "no accountable identity may write or see what is confidential"
        if judged.every_exposure
        else judged.empty,
        identities=int(np.count_nonzero(always)),
    )
    return of_exposure(posture, share)


MEASURE = Measure(
    name="standing_privilege",
    order=2,
    title="Standing privilege",
    numerator="privileged exposure without activation that lasts for more than a day",
    denominator="exposure to write or more, or on what is confidential or more",
    unit=SHARE,
    better=LESS,
    source="NHI Management Group: one of three figures to steer by",
    rows="trustdebt findings --rule TIM-01",
    measure=measure,
    headline=Headline(
        "Sensitive access that is always on",
        "Share of sensitive access that is always on instead of granted on request.",
    ),
    references=(
        "NIST SP 800-53 AC-2(6)",
        "NIST SP 800-53 AC-2(7)",
        "MITRE ATLAS AML.M0026",
        "CSA AICM IAM-10",
        "OWASP AISVS C5.2.6",
    ),
)
