"""Permissions compared with what the agent is for, and with the end of the task they name."""

import numpy as np

from analytics.evidence.decisions import records
from analytics.evidence.purposes import compared_purposes, purpose_of, tasks_ended
from analytics.evidence.reconciled import decided
from analytics.findings.reconciliation.check import Check, Compared, same, states
from analytics.posture import Posture
from graph.instants import NEVER


def other_purpose(posture: Posture) -> Compared:
    """Compare the purpose of each permission with the declared one of its agent, word by word."""
    frame, rows = records(posture), decided(posture)
    allowed = (frame["decision"] == "allow").to_numpy(bool)
    known, other = compared_purposes(posture)
    given, declared = frame["purpose"].to_numpy(object), purpose_of(posture)
    whose = rows["identity"].to_numpy(np.int64)

    def because(at: np.ndarray) -> list[str]:
        return [
            f"its purpose, {given[n]}, shares no word with the declared one, {declared[whose[n]]}"
            for n in at
        ]

    return Compared(rows, states(allowed, known, other), because)


def ended_task(posture: Posture) -> Compared:
    """Compare the instant of each permission with the end of its task."""
    rows, ended = decided(posture), tasks_ended(posture)
    allowed = (records(posture)["decision"] == "allow").to_numpy(bool)
    known = ended != NEVER
    late = rows["at"].to_numpy(np.int64) >= ended
    return Compared(rows, states(allowed, known, late), same("the task that it names had ended"))


CHECKS = (
    Check(
        "other_purpose",
        41,
        "It was allowed for a purpose that shares no word with the declared one of the agent.",
        "permissions with a purpose, for agents with a declared one",
        other_purpose,
    ),
    Check(
        "ended_task",
        42,
        "It was allowed for a task that had ended.",
        "permissions for a task whose end a grant states",
        ended_task,
    ),
)
