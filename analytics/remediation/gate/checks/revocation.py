"""Revocation: how the agent is ended, by an active person, and within which time."""

from collections.abc import Iterator

from analytics.remediation.gate.check import Case, Check, Problem, blocked, not_known
from graph.schema import HUMAN


def find(case: Case) -> Iterator[Problem]:
    """Find a plan of revocation that lacks a part, or names nobody who could carry it out."""
    plan, most = case.planned.revocation, case.policy.revocation_within_hours
    if plan.how is None:
        yield blocked("it is not stated how it can be ended", "state revocation.how")
    if plan.by is None:
        yield blocked("it is not stated who can end it", "state revocation.by: an active person")
    else:
        yield from _person(case, plan.by)
    fix = f"state revocation.within, of at most {most:g}h"
    if plan.within_hours is None:
        yield blocked("it is not stated within which time it can be ended", fix)
    elif plan.within_hours > most:
        yield blocked(f"it takes {plan.within_hours:g} hours to end it, more than {most:g}", fix)


def _person(case: Case, name: str) -> Iterator[Problem]:
    match = case.names.find(name, HUMAN)
    if match.number is None:
        yield not_known(match, "revocation.by")
    elif not case.names.active(match.number):
        why = f"{name}, who is to end it, is not active any more"
        yield blocked(why, "state in revocation.by an active person")


def _passed(case: Case) -> str:
    plan = case.planned.revocation
    return f"{plan.by} ends it within {plan.within_hours:g} hours: {plan.how}"


CHECK = Check("revocation", 130, "The revocation plan", "revocation", find, _passed)
