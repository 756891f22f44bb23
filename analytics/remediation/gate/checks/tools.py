"""Tools: each is known, approved, and asks for no more than its scopes."""

from collections.abc import Iterator

import pandas as pd

from analytics.remediation.gate.check import Case, Check, Problem, blocked, not_known, unknown
from analytics.remediation.gate.overlay import known_name
from graph.rows.planned import PlannedTool
from graph.schema import TOOL

EVERYTHING = "*"


def find(case: Case) -> Iterator[Problem]:
    """Find tools that the snapshot does not know, or that nobody approved; and loose scopes."""
    for number, tool in enumerate(case.planned.tools):
        match = case.names.find(known_name(tool, case.names), TOOL)
        if match.number is None:
            yield not_known(match, f"tools.{number}")
        else:
            yield from _approval(case, tool, match.number)
        yield from _stated(case, number, tool)


def _approval(case: Case, tool: PlannedTool, number: int) -> Iterator[Problem]:
    if case.policy.tools_unapproved != "blocked":
        return
    frame = case.posture.graph.frames[TOOL]
    row = frame[frame["id"] == str(case.posture.graph.ids[number])].iloc[0]
    if pd.isna(row["approved"]):
        why = f"no source states whether the tool {tool.name} was approved"
        yield unknown(why, "ingest the list of approved tools")
    elif not row["approved"]:
        yield blocked(f"the tool {tool.name} is not approved", "have it approved, or leave it out")
    if not pd.isna(row["status"]) and row["status"] != "active":
        yield blocked(f"the tool {tool.name} is {row['status']}", "leave it out")


def _stated(case: Case, number: int, tool: PlannedTool) -> Iterator[Problem]:
    place = f"tools.{number}"
    if case.policy.tools_digest and tool.digest is None:
        why = f"the tool {tool.name} is not pinned: its content may change unseen"
        yield blocked(why, f"state {place}.digest")
    if EVERYTHING in tool.scopes:
        why = f"the tool {tool.name} is asked for with every scope"
        yield blocked(why, f"state in {place}.scopes those that are needed")
    elif case.policy.tools_scopes and not tool.scopes:
        yield blocked(f"the scopes of the tool {tool.name} are not stated", f"state {place}.scopes")


def _passed(case: Case) -> str:
    count = len(case.planned.tools)
    return f"all {count} tools are known and approved" if count else "it calls no tool"


CHECK = Check("tools", 90, "The tools", "tools", find, _passed)
