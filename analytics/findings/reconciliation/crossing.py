"""Actions across the boundary of a system, compared with the decisions on them."""

import numpy as np

from analytics.evidence.crossing import platforms
from analytics.evidence.deciding import UNEXPLAINED
from analytics.evidence.matching import UNKNOWN
from analytics.evidence.reconciled import actions
from analytics.findings.reconciliation.check import Check, Compared, states
from analytics.posture import Posture


def compare(posture: Posture) -> Compared:
    """Compare the uses of another platform; where a platform is not stated, it is not known."""
    rows, platform = actions(posture), platforms(posture)
    own, other = (platform[rows[end].to_numpy(np.int64)] for end in ("identity", "resource"))
    placed = (own != "") & (other != "")
    state = rows["state"].to_numpy(np.int64)

    def because(at: np.ndarray) -> list[str]:
        return [
            f"from {a} to {b}, and no decision on it is recorded"
            for a, b in zip(own[at], other[at], strict=True)
        ]

    compared = states(~placed | (own != other), placed & (state != UNKNOWN), state == UNEXPLAINED)
    return Compared(rows, compared, because)


CHECKS = (
    Check(
        "crossed_without_decision",
        30,
        "It crossed from one system to another, and no decision on it is recorded.",
        "uses of one system by an identity of another, whose decision would have been recorded",
        compare,
    ),
)
