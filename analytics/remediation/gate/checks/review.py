"""Review: the agent is looked at again, often enough."""

from collections.abc import Iterator

from analytics.remediation.gate.check import Case, Check, Problem, blocked


def find(case: Case) -> Iterator[Problem]:
    """Find an agent without a period of review, or with one that is too long."""
    days, most = case.planned.review_every_days, case.policy.review_longest_days
    fix = f"state agent.review_every_days, at most {most:g}"
    if days is None:
        yield blocked("it is not stated when it is reviewed", fix)
    elif days > most:
        yield blocked(f"it is reviewed every {days:g} days, less often than every {most:g}", fix)


def _passed(case: Case) -> str:
    return f"it is reviewed every {case.planned.review_every_days:g} days"


CHECK = Check("review", 140, "The review", "review", find, _passed)
