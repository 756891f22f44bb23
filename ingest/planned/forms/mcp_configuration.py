"""Configurations of MCP clients: the servers an agent may call, and the secrets it is given."""

import pandas as pd

from graph.rows.planned import Planned, PlannedCredential, PlannedTool
from graph.schema import AGENT, CALLS, CREDENTIAL, TOOL
from ingest.files.export import ExportFile
from ingest.planned.form import Document, Form
from ingest.planned.rows_of_source import agents_of
from ingest.sources import mcp_config
from ingest.sources.mcp_config.layouts import server_lists

FIX = "mend the entry"
STATED = frozenset({"tools", "credentials"})


def _recognises(document: Document) -> bool:
    file = ExportFile(document.path, document.path.name, alone=True)
    return any(server_lists(document.value, file))


def _read(document: Document) -> list[Planned]:
    """Return the client of a configuration as an agent; every server that is not off is a tool."""
    rows, rejected = agents_of(mcp_config.SOURCE, document)
    unread = [f"{each.place} {each.reason}" for each in rejected]
    called = _active(rows[CALLS]) if CALLS in rows else pd.Series(dtype="string")
    return [
        Planned(
            form="MCP configuration",
            stated=STATED,
            name=str(name),
            kind="ai_agent",
            tools=_tools(rows.get(TOOL), called),
            credentials=_credentials(rows.get(CREDENTIAL)),
            unknown=tuple(("tools", f"a server cannot be read: {text}", FIX) for text in unread),
        )
        for name in rows[AGENT]["name"].tolist()
    ]


def _active(calls: pd.DataFrame) -> pd.Series:
    return calls["target_id"][~calls["eligible"].fillna(False).astype(bool)]


def _tools(tools: pd.DataFrame | None, called: pd.Series) -> tuple[PlannedTool, ...]:
    """Return the called servers: by name, and by the id that the snapshot would have of each."""
    if tools is None:
        return ()
    rows = tools[tools["id"].isin(called)]
    return tuple(
        PlannedTool(name=str(name), server=str(id_))
        for name, id_ in zip(rows["name"], rows["id"], strict=True)
    )


def _credentials(keys: pd.DataFrame | None) -> tuple[PlannedCredential, ...]:
    if keys is None:
        return ()
    parts = keys[["type", "storage"]].astype(object)
    return tuple(
        PlannedCredential(type=type_, storage=storage)
        for type_, storage in parts.where(parts.notna(), None).itertuples(index=False)
    )


FORM = Form("mcp_configuration", "configuration of MCP servers", 30, _recognises, _read)
