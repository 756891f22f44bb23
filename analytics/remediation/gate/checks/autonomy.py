"""Autonomy: the amplification factors of the agent (AIVSS) are within their limit."""

from collections.abc import Iterator

from analytics.posture import UNKNOWN_AARS
from analytics.remediation.gate.check import Case, Check, Problem, blocked


def find(case: Case) -> Iterator[Problem]:
    """Find an agent of too much autonomy, or of an unstated one where it must be stated."""
    factors, policy = case.planned.autonomy, case.policy
    fix = f"take away autonomy, down to {policy.autonomy_highest:g} of 10"
    if factors is None:
        if policy.autonomy_required:
            yield blocked("its autonomy is not stated", "state the factors in autonomy")
    elif sum(factors.values()) > policy.autonomy_highest:
        total = sum(factors.values())
        yield blocked(f"its autonomy is {total:g}, more than {policy.autonomy_highest:g}", fix)


def _passed(case: Case) -> str:
    factors = case.planned.autonomy
    if factors is None:
        return (
            f"its autonomy is not stated, which need not be; an AI agent counts as {UNKNOWN_AARS:g}"
        )
    return f"its autonomy is {sum(factors.values()):g} of 10"


CHECK = Check("autonomy", 150, "The autonomy", "autonomy", find, _passed)
