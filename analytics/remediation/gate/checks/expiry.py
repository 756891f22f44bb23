"""Expiry: the agent has an end, and it is not too far away."""

from collections.abc import Iterator

from analytics.remediation.gate.check import Case, Check, Problem, blocked
from graph.values import iso


def find(case: Case) -> Iterator[Problem]:
    """Find an agent without an end, or with one that is past or too far."""
    ends, most = case.planned.expires_at, case.policy.expiry_longest_days
    fix = f"state agent.expires_at, at most {most:g} days from now"
    if ends is None:
        yield blocked("it has no end", fix)
    elif case.days(ends) <= 0:
        yield blocked(f"it ended at {iso(ends)}, before it exists", fix)
    elif case.days(ends) > most:
        yield blocked(f"it would live {case.days(ends):g} days, more than {most:g}", fix)


def _passed(case: Case) -> str:
    ends = case.planned.expires_at
    return f"it ends at {iso(ends)}" if ends is not None else "no end is asked for"


CHECK = Check("expiry", 120, "The end", "expiry", find, _passed)
