"""Place: where the agent runs and in which environment, and not from another into production."""

from collections.abc import Iterator

from analytics.remediation.gate.check import Case, Check, Problem, blocked


def find(case: Case) -> Iterator[Problem]:
    """Find an agent without a place, or one that would reach production from elsewhere."""
    planned, policy, crosses = case.planned, case.policy, case.predicted.crosses
    if policy.place_environment and planned.environment is None:
        yield blocked("its environment is not stated", "state agent.environment, such as prod")
    if policy.place_runs_on and planned.runs_on is None:
        yield blocked("it is not stated where it runs", "state agent.runs_on: the host or cluster")
    if policy.place_crossing == "blocked" and len(crosses):
        why = (
            f"from {planned.environment} it would reach production: {case.predicted.names(crosses)}"
        )
        yield blocked(why, "let it run in production, or reach nothing there")


def _passed(case: Case) -> str:
    planned = case.planned
    stated = [part for part in (planned.environment, planned.runs_on) if part]
    return f"it runs in {' on '.join(stated)}" if stated else "no place is asked for"


CHECK = Check("place", 40, "The place", "place", find, _passed)
