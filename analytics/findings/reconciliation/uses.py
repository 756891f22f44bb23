"""Actions compared with the decisions on them: done without one, in spite of one, or before it."""

from collections.abc import Callable

import numpy as np

from analytics.evidence.asked import asked
from analytics.evidence.deciding import AFTERWARDS, DENIED, EXPIRED, LATE, OLD_POLICY, UNEXPLAINED
from analytics.evidence.matching import UNKNOWN
from analytics.evidence.reconciled import actions
from analytics.findings.reconciliation.check import Check, Compared, same, states
from analytics.posture import Posture

AMONG = "uses whose decision would have been recorded"


def without_decision(posture: Posture) -> Compared:
    """Compare the uses of those that need a decision: software that chooses its own actions."""
    rows = actions(posture)
    state = rows["state"].to_numpy(np.int64)
    applies = asked(posture)[rows["identity"].to_numpy(np.int64)]
    compared = states(applies, state != UNKNOWN, state == UNEXPLAINED)
    return Compared(rows, compared, same("no decision on it is recorded"))


def _in_state(wanted: int, reason: int | None, sentence: str) -> Callable[[Posture], Compared]:
    def compare(posture: Posture) -> Compared:
        rows = actions(posture)
        state, because = (rows[name].to_numpy(np.int64) for name in ("state", "reason"))
        case = (state == wanted) & (reason is None or because == reason)
        return Compared(
            rows, states(np.ones(len(rows), bool), state != UNKNOWN, case), same(sentence)
        )

    return compare


CHECKS = (
    Check(
        "denied_but_happened",
        10,
        "A decision denied it, and it happened all the same.",
        AMONG,
        _in_state(DENIED, None, "it was denied, and no later decision allowed it"),
    ),
    Check(
        "without_decision",
        20,
        "It was done, and no decision on it is recorded.",
        f"{AMONG}, by identities that choose their own actions",
        without_decision,
    ),
    Check(
        "decided_afterwards",
        50,
        "The only decision on it was written after the fact.",
        AMONG,
        _in_state(LATE, AFTERWARDS, "it was allowed only afterwards"),
    ),
    Check(
        "justification_expired",
        51,
        "It was done after its justification had expired.",
        AMONG,
        _in_state(LATE, EXPIRED, "its justification had expired"),
    ),
    Check(
        "done_under_old_policy",
        52,
        "It was allowed by a version of a policy that had been replaced.",
        AMONG,
        _in_state(LATE, OLD_POLICY, "the policy that allowed it had been replaced"),
    ),
)
