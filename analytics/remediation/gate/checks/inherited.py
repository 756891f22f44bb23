"""Inherited rights: roles, groups, tools and delegations give no more than the rows ask for."""

from collections.abc import Iterator

import pandas as pd

from analytics.remediation.gate.check import Case, Check, Problem, blocked, unknown
from graph.schema import LEVEL_SETS


def find(case: Case) -> Iterator[Problem]:
    """Find reach beyond what the rows of access ask for, the heaviest first."""
    reached = case.predicted.reached
    beyond = reached[reached["unasked"] > 0].sort_values("unasked_weight", ascending=False)
    weight = float(beyond["unasked_weight"].sum())
    if weight > case.policy.access_unasked:
        why = f"it would reach more than it asks for, of weight {weight:g}: {_named(case, beyond)}"
        fix = "take a narrower role or group, or ask for it in a row of access with a reason"
        yield blocked(why, fix)
    for reason in case.predicted.incomplete:
        yield unknown(f"it may inherit more: {reason}", "name what the snapshot knows")


def _named(case: Case, rows: pd.DataFrame) -> str:
    graph = case.predicted.after.graph
    first = rows.head(3)
    texts = [
        f"{graph.thing(int(number))['name']} ({', '.join(LEVEL_SETS[bits])})"
        for number, bits in zip(first["resource"], first["unasked"], strict=True)
    ]
    return ", ".join(texts) + (f" and {len(rows) - 3} more" if len(rows) > 3 else "")


def _passed(case: Case) -> str:
    return "it would reach nothing that its rows do not ask for"


CHECK = Check("inherited", 60, "The inherited rights", "access", find, _passed)
