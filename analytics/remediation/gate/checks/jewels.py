"""Crown jewels: no path leads to a restricted resource or a control plane without an approval."""

from collections.abc import Iterator

from analytics.remediation.gate.approvals import approved_levels
from analytics.remediation.gate.check import Case, Check, Problem, blocked, unknown


def find(case: Case) -> Iterator[Problem]:
    """Find crown jewels within reach."""
    reached = case.predicted.reached
    approved = approved_levels(case)[reached["resource"].to_numpy()]
    left = reached["jewel"].to_numpy(bool) & ((reached["levels"].to_numpy() & ~approved) > 0)
    numbers = reached["resource"].to_numpy()[left]
    if len(numbers) and case.policy.reach_jewels == "blocked":
        count = f"{len(numbers)} crown jewel{'s' if len(numbers) > 1 else ''}"
        why = f"it would have a path to {count}: {case.predicted.names(numbers)}"
        yield blocked(why, "end the path, or have it approved in the policy")
    for reason in case.predicted.incomplete:
        yield unknown(f"a path may be missing: {reason}", "name what the snapshot knows")


def _passed(case: Case) -> str:
    approved = int(case.predicted.reached["jewel"].sum())
    return (
        f"{approved} paths to crown jewels are approved"
        if approved
        else "no path leads to a crown jewel"
    )


CHECK = Check("jewels", 80, "The paths to crown jewels", "access", find, _passed)
