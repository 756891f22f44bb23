"""Decisions without the facts that should precede them: intent, context and risk."""

from collections.abc import Callable

import numpy as np

from analytics.evidence.decisions import records
from analytics.evidence.reconciled import decided
from analytics.findings.reconciliation.check import Check, Compared, same, states
from analytics.posture import Posture

FIELDS = {
    "intent": ("purpose", "task_id"),
    "context": ("env", "tool", "delegation_chain"),
    "risk": ("risk_score", "risk_signals", "posture"),
}


def _lacking(fields: tuple[str, ...], sentence: str) -> Callable[[Posture], Compared]:
    def compare(posture: Posture) -> Compared:
        frame = records(posture)
        every = np.ones(len(frame), bool)
        absent = frame[list(fields)].isna().all(axis=1).to_numpy(bool)
        return Compared(decided(posture), states(every, every, absent), same(sentence))

    return compare


CHECKS = tuple(
    Check(
        f"no_{name}",
        70 + place,
        f"The record says nothing of {name}.",
        "decisions",
        _lacking(fields, f"it says nothing of {name}: none of {', '.join(fields)}"),
    )
    for place, (name, fields) in enumerate(FIELDS.items())
)
