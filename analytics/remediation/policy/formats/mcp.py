"""MCP: an allow-list of tools, as JSON: the tools of each server, and tools of unknown servers.

A server whose single tools no use names is allowed as it is: `["*"]`. Single tools that are dropped
are listed as `refused`, which goes before what allows their server. A gateway or a client has to
refuse everything else.
"""

from typing import Any

from analytics.remediation.policy.format import Allowance, Draft, Format, Written
from graph.schema import LEVELS, TOOL

SERVER, SINGLE = "mcp_server", "mcp_tool"
EVERY = "*"
NO_TOOL = frozenset((*LEVELS, "call", "use", "invoke", "execute"))  # actions that name no tool
PARTS = "/#:"  # what follows the id of a server in the id of its tool


def write(draft: Draft) -> Written:
    """Write the allow-list."""
    not_written: dict[str, str] = {}
    servers: dict[str, dict[str, Any]] = {}
    single: dict[str, Allowance] = {}
    for allowance in draft.allowances:
        target = allowance.target
        if target.label != TOOL.name or target.kind not in (SERVER, SINGLE, None):
            not_written[allowance.id] = "it is no server or tool of MCP"
        elif allowance.requirements or allowance.activation or allowance.ends_at is not None:
            not_written[allowance.id] = "an allow-list cannot hold its condition"
        elif target.kind == SERVER:
            server = servers.setdefault(target.id, {"name": target.name, "tools": {}})
            server["tools"] |= dict.fromkeys(_tools(allowance))
        else:
            single[target.id] = allowance
    tools = []
    for id_, allowance in single.items():
        of = next((s for s in sorted(servers, key=len, reverse=True) if _of(id_, s)), "")
        if of:
            servers[of]["tools"] |= {allowance.target.name: None}
        else:
            tools.append({"id": id_, "name": allowance.target.name})
    listed = [
        {"id": id_, "name": server["name"], "tools": _shortest(server["tools"])}
        for id_, server in servers.items()
    ]
    refused = [
        {"id": thing.id, "name": thing.name}
        for thing in draft.dropped
        if thing.label == TOOL.name and thing.kind == SINGLE
    ]
    return Written({"servers": listed, "tools": tools, "refused": refused}, not_written)


def _tools(allowance: Allowance) -> tuple[str, ...]:
    """Return the tools of a server by the names of actions, or all of them."""
    named = allowance.actions
    return named if named and not NO_TOOL.intersection(map(str.lower, named)) else (EVERY,)


def _of(tool: str, server: str) -> bool:
    return tool.startswith(server) and tool[len(server) : len(server) + 1] in tuple(PARTS)


def _shortest(tools: dict[str, None]) -> list[str]:
    return [EVERY] if EVERY in tools else list(tools)


FORMAT = Format("mcp", write, by_action=True)
