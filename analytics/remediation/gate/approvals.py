"""Approvals in the policy of the gate: levels on resources that a person approved for an agent."""

from collections.abc import Iterator

import numpy as np

from analytics.remediation.gate.check import Case, Problem, blocked, not_known
from analytics.remediation.gate.policy import Approval
from graph.schema import HUMAN, LEVELS, RESOURCE
from graph.values import iso

PLACE = "an approval of the policy"


def approved_levels(case: Case) -> np.ndarray:
    """Return the approved levels of each node of the estate with the agent (bits, uint8).

    An approval counts while it is in force and its approver is an active person.
    """
    after = case.predicted.after.graph
    bits = np.zeros(len(after.ids), np.uint8)
    for approval in _own(case):
        resource = case.names.find(approval.resource, RESOURCE).number
        if resource is not None and not any(_void(case, approval)):
            at = after.number(str(case.posture.graph.ids[resource]))
            bits[at] |= (2 << LEVELS.index(approval.level)) - 1
    return bits


def void_approvals(case: Case) -> Iterator[Problem]:
    """Yield why approvals of the agent do not count."""
    for approval in _own(case):
        resource = case.names.find(approval.resource, RESOURCE)
        if resource.number is None:
            yield not_known(resource, PLACE)
        yield from _void(case, approval)


def _own(case: Case) -> Iterator[Approval]:
    name = case.planned.name.casefold()
    return (a for a in case.policy.approvals if a.agent.casefold() == name)


def _void(case: Case, approval: Approval) -> Iterator[Problem]:
    if approval.until <= case.posture.graph.as_of:
        why = f"the approval of {approval.resource} ended at {iso(approval.until)}"
        yield blocked(why, "have it approved again")
    person = case.names.find(approval.by, HUMAN)
    if person.number is None:
        yield not_known(person, PLACE)
    elif not case.names.active(person.number):
        why = f"{approval.by}, who approved {approval.resource}, is not active any more"
        yield blocked(why, "have it approved by an active person")
