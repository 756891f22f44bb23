"""Tools that agents may call, with what each brings."""

import numpy as np
import pandas as pd

from analytics.posture import Posture
from graph.schema import AGENT, CALLS, TOOL
from graph.values import choice_bits

ENDED = ("disabled", "deleted")
UNTRUSTED, OUTWARD, PRIVATE = "untrusted_input", "external_comm", "private_data"


def callable_tools(posture: Posture, callers: np.ndarray) -> pd.DataFrame:
    """Return the rows of the tools in service that some nodes (numbers) may call."""
    graph, tools = posture.graph, posture.graph.frames[TOOL]
    caller, called = graph.ends(CALLS)
    called = called[graph.in_force(CALLS) & np.isin(caller, callers)]
    usable = ~tools["status"].isin(ENDED).to_numpy(bool)
    return pd.DataFrame(tools[usable & np.isin(graph.numbers(tools["id"]), called)])


def called_tools(posture: Posture) -> pd.DataFrame:
    """Return the tools that agents may call, with the properties of each.

    Returns
    -------
    DataFrame
        `agent` and `tool` (numbers), `name` (of the tool), `fact` (the id of the relationship), and
        a flag for each of `UNTRUSTED`, `OUTWARD` and `PRIVATE`; False for tools out of service.
    """
    graph, tools = posture.graph, posture.graph.frames[TOOL]
    agent, tool = graph.ends(CALLS)
    brings = {}
    usable = ~tools["status"].isin(ENDED).to_numpy(bool)
    brought = (UNTRUSTED, OUTWARD, PRIVATE)
    bits = choice_bits(tools["capabilities"], brought)
    for bit, capability in enumerate(brought):
        has = np.zeros(len(graph.ids), bool)
        has[graph.numbers(tools["id"][(bits >> bit & 1).astype(bool) & usable])] = True
        brings[capability] = has[tool]
    rows = pd.DataFrame(
        {"agent": agent, "tool": tool, "fact": graph.frames[CALLS]["id"].to_numpy(object), **brings}
    )
    rows = rows.assign(name=graph.things["name"].to_numpy(object)[tool])
    return pd.DataFrame(rows[graph.in_force(CALLS) & graph.has_label(AGENT)[agent]])
