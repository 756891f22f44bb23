"""The overlay of a planned agent: its rows as a source would state them, in force at the snapshot.

An agent runs as an account of its own, which holds the grants, roles and groups: so it has the
reach that it will have once it is there.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from analytics.remediation.gate.names import Names
from analytics.remediation.gate.policy import STORAGES
from analytics.remediation.removal.additions import SOURCE, Additions, additions
from graph.access import AccessGraph
from graph.element import Element, Node
from graph.rows.planned import Planned, PlannedAccess, PlannedTool
from graph.schema import (
    ACTS_FOR,
    AGENT,
    ASSUMES,
    AUTHENTICATES_AS,
    CALLS,
    CAN_ACCESS,
    CREDENTIAL,
    GROUP,
    HUMAN,
    MEMBER_OF,
    OWNS,
    RESOURCE,
    ROLE,
    RUNS_AS,
    SERVICE_ACCOUNT,
    STORED_IN,
    TEAM,
    TOOL,
    USES,
)
from graph.values import canonical, iso

KINDS = {  # of fact, and the part of a file that states them; None for every file
    "inventory": None,
    "grants": "access",
    "trust": "access",
    "scope": "access",
    "owners": "owners",
    "reviews": "review",
    "credentials": "credentials",
}
OWNERS, ROLES = (HUMAN, TEAM, GROUP), (ROLE, SERVICE_ACCOUNT)
Row = dict[str, Any]


@dataclass(frozen=True)
class Overlay:
    """The rows of a planned agent, and the id of the node whose reach is its reach."""

    additions: Additions
    start: str


class _Rows:
    """Records of new rows, by element."""

    def __init__(self) -> None:
        self.rows: dict[Element, list[Row]] = {}

    def add(self, element: Element, **facts: Any) -> None:
        self.rows.setdefault(element, []).append(facts)


def overlay(planned: Planned, names: Names) -> Overlay:
    """Return the rows of a planned agent; names that the snapshot does not know are left out."""
    graph, rows = names.posture.graph, _Rows()
    if planned.id is None:
        start = _free(graph, "agent", planned.name)
        holder = _free(graph, "account", planned.name)
        _add_agent(rows, planned, names, start)
        rows.add(
            SERVICE_ACCOUNT, id=holder, name=f"{planned.name} (account)", **_life(planned, graph)
        )
        rows.add(RUNS_AS, source_id=start, target_id=holder)
    else:
        start = holder = planned.id
    for row in planned.access:
        _add_access(rows, row, names, holder)
    _add_keys(rows, planned, names, start, holder)
    _add_around(rows, planned, names, start)
    made = additions(names.posture, rows.rows, _declared(planned))
    return Overlay(_with_rows(made, planned, graph), start)


def _declared(planned: Planned) -> tuple[str, ...]:
    """Return the kinds of fact of which the file states everything about the agent."""
    return tuple(kind for kind, part in KINDS.items() if part is None or part in planned.stated)


def _with_rows(made: Additions, planned: Planned, graph: AccessGraph) -> Additions:
    """Add the rows that the file itself states, as of the same instant and source."""
    stamp = {"source": SOURCE, "scope": SOURCE, "first_seen": graph.as_of, "last_seen": graph.as_of}
    frames = dict(made.rows)
    for element, frame in planned.rows.items():
        columns = {name: pd.Series(value, frame.index) for name, value in stamp.items()}
        stated = frame.assign(**columns).astype(frame.dtypes.to_dict())
        more = [stated, frames[element]] if element in frames else [stated]
        frames[element] = pd.concat(more, ignore_index=True)
    return replace(made, rows=frames)


def _free(graph: AccessGraph, kind: str, name: str) -> str:
    """Return an id that no node has."""
    id_ = f"planned:{kind}/{name}"
    while graph.number(id_) >= 0:
        id_ += "+"
    return id_


def _life(planned: Planned, graph: AccessGraph) -> Row:
    return {"status": "active", "env": planned.environment, "created_at": iso(graph.as_of)}


def _instant(at: pd.Timestamp | None) -> str | None:
    return None if at is None else iso(at)


def _add_agent(rows: _Rows, planned: Planned, names: Names, start: str) -> None:
    graph = names.posture.graph
    host = names.find(planned.runs_on, RESOURCE).number if planned.runs_on else None
    factors = planned.autonomy
    rows.add(
        AGENT,
        id=start,
        name=planned.name,
        kind=planned.kind or "ai_agent",
        purpose=planned.purpose,
        declared_scope=canonical(list(_scope(planned, names))),
        expires_at=_instant(planned.expires_at),
        aars=None if factors is None else str(sum(factors.values())),
        aarf=None if factors is None else canonical(dict(factors)),
        host_id=None if host is None else str(graph.ids[host]),
        **_life(planned, graph),
    )


def _scope(planned: Planned, names: Names) -> Iterator[dict[str, str]]:
    """Yield what the rows of access ask for, level by level: the scope that is declared."""
    for row in planned.access:
        match = names.find(row.resource, RESOURCE) if row.resource else None
        if match is not None and match.number is not None:
            resource = str(names.posture.graph.ids[match.number])
            yield from ({"resource": resource, "level": level} for level in row.levels)


def _add_access(rows: _Rows, row: PlannedAccess, names: Names, holder: str) -> None:
    """Add a grant, a role or a membership; beside a role or group, a resource is only asked for."""
    graph = names.posture.graph
    for name, labels, relationship in (
        (row.role, ROLES, ASSUMES),
        (row.group, (GROUP,), MEMBER_OF),
        (None if row.role or row.group else row.resource, (RESOURCE,), CAN_ACCESS),
    ):
        number = names.find(name, *labels).number if name is not None else None
        if number is None:
            continue
        facts: Row = {"source_id": holder, "target_id": str(graph.ids[number])}
        if relationship is CAN_ACCESS:
            facts |= {
                "grant_id": f"{holder}#{len(rows.rows.get(CAN_ACCESS, ()))}",
                "levels": canonical(list(row.levels)),
                "granted_at": iso(graph.as_of),
                "expires_at": _instant(row.until),
            }
        if facts not in rows.rows.get(relationship, []):
            rows.add(relationship, **facts)


def _add_keys(rows: _Rows, planned: Planned, names: Names, start: str, holder: str) -> None:
    graph = names.posture.graph
    for number, key in enumerate(planned.credentials, 1):
        id_ = _free(graph, "credential", f"{planned.name}/{number}")
        store = None
        if key.storage is not None and key.storage not in STORAGES:
            store = names.find(key.storage, RESOURCE).number
        rows.add(
            CREDENTIAL,
            id=id_,
            name=f"credential {number} of {planned.name}",
            type=key.type,
            status="active",
            created_at=iso(graph.as_of),
            rotated_at=iso(graph.as_of),
            expires_at=_instant(key.expires_at),
            storage=key.storage if key.storage in STORAGES else None,
        )
        if start != holder:
            rows.add(USES, source_id=start, target_id=id_)
        rows.add(AUTHENTICATES_AS, source_id=id_, target_id=holder)
        if store is not None:
            rows.add(STORED_IN, source_id=id_, target_id=str(graph.ids[store]))


def _add_around(rows: _Rows, planned: Planned, names: Names, start: str) -> None:
    """Add owners, tools and delegations.

    Whom the agent delegates to, it can have act for it: it calls them, and they act for it.
    """
    now = iso(names.posture.graph.as_of)
    for role, owners in planned.owners.items():
        for owner in _ids(names, owners, *OWNERS):
            rows.add(OWNS, source_id=owner, target_id=start, role=role, since=now)
    for tool in _ids(names, [name for t in planned.tools if (name := known_name(t, names))], TOOL):
        rows.add(CALLS, source_id=start, target_id=tool)
    for agent in _ids(names, planned.delegates_to, AGENT):
        rows.add(CALLS, source_id=start, target_id=agent)
        rows.add(ACTS_FOR, source_id=agent, target_id=start)
    for served in _ids(names, planned.acts_for, HUMAN, AGENT):
        rows.add(ACTS_FOR, source_id=start, target_id=served)


def known_name(tool: PlannedTool, names: Names) -> str:
    """Return the name by which the snapshot knows a tool: its own, else that of its server."""
    by_name = names.find(tool.name, TOOL)
    if by_name.number is None and tool.server is not None:
        return tool.server if names.find(tool.server, TOOL).number is not None else tool.name
    return tool.name


def _ids(names: Names, wanted: Iterable[str], *labels: Node) -> list[str]:
    """Return the ids of the nodes that the snapshot knows by these names, each once."""
    numbers = (names.find(name, *labels).number for name in wanted)
    graph = names.posture.graph
    return list(dict.fromkeys(str(graph.ids[n]) for n in numbers if n is not None))
