"""Decisions compared with the versions of the policies that made them."""

import numpy as np

from analytics.evidence.decisions import out_of_date, records
from analytics.evidence.reconciled import decided
from analytics.findings.reconciliation.check import Check, Compared, states
from analytics.posture import Posture


def compare(posture: Posture) -> Compared:
    """Compare each decision with the newest version that its policy had decided by before."""
    frame = records(posture)
    known = (frame["policy_id"].notna() & frame["policy_version"].notna()).to_numpy(bool)
    policy, version = (frame[name].to_numpy(object) for name in ("policy_id", "policy_version"))

    def because(at: np.ndarray) -> list[str]:
        return [f"version {version[n]} of {policy[n]} had been replaced" for n in at]

    compared = states(np.ones(len(frame), bool), known, out_of_date(frame))
    return Compared(decided(posture), compared, because)


CHECKS = (
    Check(
        "decided_by_old_policy",
        53,
        "It was decided by a version of a policy that had been replaced.",
        "decisions that name their policy and its version",
        compare,
    ),
)
