"""The name: no agent that is there, or was there, has it."""

from collections.abc import Iterator

import pandas as pd

from analytics.remediation.gate.check import Case, Check, Problem, blocked
from graph.identity.external_ids import folded
from graph.schema import AGENT


def find(case: Case) -> Iterator[Problem]:
    """Find agents of the name, also deleted ones: their old rights would be taken for its own."""
    planned, graph = case.planned, case.posture.graph
    if case.policy.name_taken == "pass" or planned.id is not None:
        return
    agents, own = graph.frames[AGENT], pd.Series([planned.name], dtype="string")
    name = folded(agents["name"]).str.casefold() == folded(own).str.casefold().iloc[0]
    ids = agents["id"][name.fillna(False).to_numpy(bool)]
    for number in graph.numbers(ids):
        state = "was an agent" if case.posture.deleted[number] else "is an agent"
        why = f"there {state} of the name {planned.name}: {graph.ids[int(number)]}"
        fix = "choose another name; to judge a change of that very agent, set name.taken to pass"
        yield blocked(why, fix)


def _passed(case: Case) -> str:
    return f"no agent has the name {case.planned.name}"


CHECK = Check("name", 10, "The name", None, find, _passed)
