"""Boundary: the predicted reach is within its limits, and sensitive data only with an approval."""

from collections.abc import Iterator

from analytics.remediation.gate.approvals import approved_levels, void_approvals
from analytics.remediation.gate.check import Case, Check, Problem, blocked, unknown
from analytics.weights import UNKNOWN
from graph.schema import SENSITIVITIES


def find(case: Case) -> Iterator[Problem]:
    """Find more reach than is allowed, and classes that need an approval or are not known."""
    yield from void_approvals(case)
    yield from _limits(case)
    yield from _classes(case)
    for reason in case.predicted.incomplete:
        yield unknown(f"it may reach more: {reason}", "name what the snapshot knows")


def _limits(case: Case) -> Iterator[Problem]:
    predicted, policy = case.predicted, case.policy
    count, weight = predicted.resources, predicted.weighted
    if count is not None and count > policy.reach_resources:
        why = f"it would reach {count} resources, more than {policy.reach_resources:g}"
        yield blocked(why, "ask for fewer resources, or split the task between agents")
    if weight is not None and weight > policy.reach_weighted:
        why = f"its weighted reach would be {weight:g}, more than {policy.reach_weighted:g}"
        yield blocked(why, "ask for lower levels, or for less sensitive resources")


def _classes(case: Case) -> Iterator[Problem]:
    """Judge each class above the limit by what is not approved of it."""
    policy, reached = case.policy, case.predicted.reached
    approved = approved_levels(case)[reached["resource"].to_numpy()]
    left = reached[(reached["levels"].to_numpy() & ~approved) > 0]
    limit = SENSITIVITIES.index(policy.reach_sensitivity)
    for name in SENSITIVITIES[limit + 1 :]:
        numbers = left["resource"][left["class"] == name].to_numpy()
        if len(numbers):
            names = case.predicted.names(numbers)
            why = f"it would reach {name} resources without an approval: {names}"
            yield blocked(why, "have it approved in the policy, or do not ask for it")
    numbers = left["resource"][left["class"] == UNKNOWN].to_numpy()
    if len(numbers) and limit + 1 < len(SENSITIVITIES):
        why = f"nobody classified {case.predicted.names(numbers)}, which it would reach"
        yield unknown(why, "classify the resources, or have the access approved in the policy")


def _passed(case: Case) -> str:
    predicted = case.predicted
    return f"it would reach {predicted.resources} resources, of weight {predicted.weighted:g}"


CHECK = Check("boundary", 70, "The boundary", "access", find, _passed)
