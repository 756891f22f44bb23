"""Expiry: all of its access has an end, or must be activated first."""

import numpy as np

from analytics.figures.claim import Claim, Judged, counted
from analytics.findings.rule import plural, verb
from analytics.posture import Posture


def judge(posture: Posture) -> Judged:
    """Count the entitlements that end by themselves."""
    access = counted(posture, "standing")
    because = np.array(
        [
            f"{failing} of {plural(of, 'entitlement')} "
            f"{verb(failing, 'stands', 'stand')} without an end"
            + ("; not all of its access is known." if unknown else ".")
            for of, failing, unknown in zip(
                access.of.tolist(), access.failing.tolist(), access.unknown.tolist(), strict=True
            )
        ],
        object,
    )
    return Judged(access.kept, access.failing, access.unknown, because, access.facts)


CLAIM = Claim(
    name="expiry",
    order=4,
    says="All of its access has an end, or must be activated first.",
    needs=("grants",),
    otherwise="A read of all of its access.",
    remedy="Set an end to each grant, or have it activated when it is needed.",
    judge=judge,
)
