"""Purpose: the agent has one in words, before it may touch anything."""

from collections.abc import Iterator

from analytics.remediation.gate.check import Case, Check, Problem, blocked


def find(case: Case) -> Iterator[Problem]:
    """Find an agent without a purpose."""
    if case.policy.purpose_required and case.planned.purpose is None:
        yield blocked("it has no purpose", "state in agent.purpose the task that it is for")


def _passed(case: Case) -> str:
    return "it has a purpose" if case.planned.purpose else "no purpose is asked for"


CHECK = Check("purpose", 30, "The purpose", "purpose", find, _passed)
