"""Permissions without a justification, or with one that many share."""

import numpy as np

from analytics.evidence.decisions import records
from analytics.evidence.justifications import ALIKE, templates
from analytics.evidence.reconciled import decided
from analytics.findings.reconciliation.check import Check, Compared, same, states
from analytics.posture import Posture


def missing(posture: Posture) -> Compared:
    """Compare all permissions."""
    frame = records(posture)
    allowed = (frame["decision"] == "allow").to_numpy(bool)
    lacking = frame["justification"].isna().to_numpy(bool)
    compared = states(allowed, np.ones(len(frame), bool), lacking)
    return Compared(decided(posture), compared, same("it was allowed, and no reason is recorded"))


def alike(posture: Posture) -> Compared:
    """Compare the permissions that have a justification."""
    frame, rows = records(posture), decided(posture)
    given = (frame["decision"] == "allow").to_numpy(bool)
    given &= frame["justification"].notna().to_numpy(bool)
    compared = states(given, np.ones(len(frame), bool), templates(posture))
    return Compared(rows, compared, same("its reason has the words of others, numbers aside"))


CHECKS = (
    Check(
        "template_justification",
        45,
        f"The reason has the same words, numbers aside, on {ALIKE} occasions or more.",
        "permissions with a justification",
        alike,
    ),
    Check(
        "no_justification",
        46,
        "It was allowed, and no reason is recorded.",
        "permissions",
        missing,
    ),
)
