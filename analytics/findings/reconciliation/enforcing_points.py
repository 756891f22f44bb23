"""Declared scopes compared with the decisions that enforce them: tools that none is ever about."""

import numpy as np
import pandas as pd

from analytics.assumptions.families.scope import scopes_of
from analytics.coverage import stated_by
from analytics.evidence.decisions import records
from analytics.findings.reconciliation.check import Check, Compared, same, states
from analytics.posture import Posture
from graph.instants import NEVER
from graph.schema import AGENT, CALLS, TOOL


def compare(posture: Posture) -> Compared:
    """Compare the tools that agents with a declared scope may call.

    A decision is about a tool if it is its resource, or names it by id or name as the tool called.
    Where decisions on what an agent does would not be recorded, nothing is known.
    """
    graph = posture.graph
    caller, called = (end[graph.in_force(CALLS)].astype(np.int64) for end in graph.ends(CALLS))
    own = graph.has_label(TOOL)[called] & graph.has_label(AGENT)[caller] & ~posture.deleted[called]
    pairs = pd.DataFrame({"identity": caller[own], "resource": called[own]})
    pairs = pairs.drop_duplicates().sort_values(["identity", "resource"], ignore_index=True)
    nothing = pd.array([pd.NA] * len(pairs), dtype="string")
    rows = pairs.assign(at=NEVER, level=-1, use=nothing, decision=nothing, record=-1, count=1)
    identity = rows["identity"].to_numpy(np.int64)
    declared = np.isin(identity, list(scopes_of(posture)))
    known = stated_by(graph, "decisions")[identity]
    decided = _decided(posture)[rows["resource"].to_numpy(np.int64)]
    sentence = "it may call the tool, and no decision was ever about that"
    return Compared(rows, states(declared, known | decided, ~decided), same(sentence))


def _decided(posture: Posture) -> np.ndarray:
    """Return a mask of the tools that any decision is about."""
    graph, frame = posture.graph, records(posture)
    mask = np.zeros(len(graph.ids), bool)
    number = graph.numbers(frame["resource"])
    mask[number[number >= 0]] = True
    tools = graph.frames[TOOL]
    named = tools["id"].isin(frame["tool"]) | tools["name"].isin(frame["tool"].dropna())
    mask[graph.numbers(tools["id"][named.to_numpy(bool)])] = True
    return mask


CHECKS = (
    Check(
        "no_enforcing_point",
        35,
        "A scope is declared, and no decision was ever about a tool that the agent may call.",
        "tools that agents with a declared scope may call, where decisions are recorded",
        compare,
    ),
)
