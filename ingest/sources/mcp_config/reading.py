"""Rows of configuration files of MCP clients."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

from graph.schema import AGENT, CALLS, CREDENTIAL, TOOL, USES
from ingest.files.export import (
    Budget,
    ExportFile,
    export_files,
    readable,
    refuse_all,
    scope_of,
    taken_at,
    text_among_others,
)
from ingest.rows import Rows
from ingest.secrets.names import HeldSecret
from ingest.secrets.redaction import redact_text
from ingest.source import InputRefused, Reading, Request
from ingest.sources.mcp_config.addresses import id_by_address
from ingest.sources.mcp_config.layouts import (
    BARE,
    BESIDE,
    HIDDEN,
    SUFFIXES,
    SURE,
    Located,
    document_of,
    is_telling,
    server_lists,
)
from ingest.sources.mcp_config.servers import Server, servers_in
from ingest.sources.mcp_config.switched_off import is_rejected, rejected_beside, switched_off

DECLARES = ("inventory", "credentials")
CLIENTS = {  # words of a path, with "-" between them
    "claude-desktop": "Claude Desktop",
    "cursor": "Cursor",
    "vscode": "VS Code",
    "windsurf": "Windsurf",
    "codeium": "Windsurf",
    "zed": "Zed",
    "kiro": "Kiro",
    "continue": "Continue",
    "cline": "Cline",
    "augment": "Augment Code",
    "jetbrains": "JetBrains",
    "junie": "JetBrains",
    "idea": "JetBrains",
    "amazon-q": "Amazon Q",
    "amazonq": "Amazon Q",
    "gemini": "Gemini CLI",
    "codex": "Codex",
    "goose": "Goose",
    "opencode": "opencode",
    "roo": "Roo Code",
    "librechat": "LibreChat",
    "lmstudio": "LM Studio",
    "crush": "Crush",
    "qwen": "Qwen Code",
    "trae": "Trae",
    "copilot": "GitHub Copilot",
    "github-mcp-json": "GitHub Copilot",
    "vs-mcp-json": "Visual Studio",
    "kilocode": "Kilo Code",
    "kilo": "Kilo Code",
    "amp-settings": "Amp",
    "claude": "Claude Code",
}


@dataclass
class Client:
    """A configuration file, and the servers in it."""

    file: ExportFile
    servers: list[Server] = field(default_factory=list)


def read(request: Request) -> Reading:
    """Read the client configurations at or below the paths of `request`.

    Raises
    ------
    InputRefused
        If a file that was named itself cannot be read, or if there is no configuration.
    """
    rows, scope, budget = Rows(), scope_of(request), Budget()
    clients: list[Client] = []
    passed, rejected = 0, dict[str, set[str]]()  # by the folder of a `.mcp.json`
    for file in export_files(request.paths, hidden=HIDDEN, beside=BESIDE):
        client = _client(file, budget, rows, rejected) if _candidate(file) else None
        if client is not None:
            clients.append(client)
        else:
            passed += 1
    if not clients:
        refuse_all(request, rows, "nothing in it configures an MCP client")
    for client in clients:
        client.servers = [
            replace(s, disabled=s.disabled or is_rejected(s.name, client.file, rejected))
            for s in client.servers
        ]
    passed -= sum(each.whole_file for each in rows.rejected)
    if passed:
        rows.warn(f"{passed} files hold no MCP servers and were passed over")
    _add_tools(rows, scope, clients)
    known: dict[str, str] = {}  # credentials by fingerprint
    for client in clients:
        _add_client(rows, scope, client, known)
    files = sum(server.files for client in clients for server in client.servers)
    if files:
        rows.warn(f"{files} servers take variables from a file of their own, which is not read")
    taken = taken_at(request, [client.file for client in clients], rows)
    return rows.reading(scope, taken, DECLARES)


# -- files -----------------------------------------------------------------------------------------


def _candidate(file: ExportFile) -> bool:
    return file.alone or file.path.suffix.lower() in SUFFIXES


def _client(
    file: ExportFile, budget: Budget, rows: Rows, rejected: dict[str, set[str]]
) -> Client | None:
    """Read a file as a configuration; None if it is something else, or cannot be read.

    What settings of Claude Code reject of another file is added to `rejected`.
    """
    text = text_among_others(file, budget, rows, named=file.path.name in BARE)
    folder, names = rejected_beside(text or "", file)
    rejected.setdefault(folder, set()).update(names)
    lists = None if text is None else readable(rows, partial(_lists, text, file))
    if lists is None:
        return None
    if not lists:
        if file.alone:
            raise InputRefused(file.path, "", "holds no list of MCP servers")
        return None
    client = Client(file)
    for (steps, servers), is_off in lists:
        for server in servers_in(servers, file.place.at(*steps), rows):
            off = server.disabled or is_off(server.name)
            client.servers.append(replace(server, disabled=off))
    return client


def _lists(text: str, file: ExportFile) -> list[tuple[Located, Callable[[str], bool]]]:
    """Return the lists of servers of a text, each with which of them are off.

    Other files of a folder may be broken.
    """
    if not file.alone and not is_telling(text, file):
        return []
    try:
        document = document_of(text, file)
        return [(at, switched_off(document, at[0])) for at in server_lists(document, file)]
    except InputRefused:
        if file.alone or SURE.search(text):
            raise
        return []


# -- rows ------------------------------------------------------------------------------------------


def _tool_id(scope: str, server: Server) -> str:
    """Return the id of a server: its address on the network, else its name and program."""
    shared = id_by_address(server.target) if server.remote else None
    return shared or f"mcp_config:{scope}/mcp_server/{server.name}/{server.target}"


def _add_tools(rows: Rows, scope: str, clients: list[Client]) -> None:
    """Add each server once; it is disabled if every file that names it disables it."""
    by_id: dict[str, list[Server]] = {}
    for client in clients:
        for server in client.servers:
            by_id.setdefault(_tool_id(scope, server), []).append(server)
    for id_, same in by_id.items():
        rows.node(
            TOOL,
            id_,
            same[0].place,
            name=" / ".join(sorted({server.name for server in same})),
            kind="mcp_server",
            status="disabled" if all(server.disabled for server in same) else "active",
        )


def _add_client(rows: Rows, scope: str, client: Client, known: dict[str, str]) -> None:
    short = redact_text(client.file.short)
    agent = f"mcp_config:{scope}/agent/{short}"
    platform = _platform(client.file.short)
    rows.node(AGENT, agent, client.file.place, name=short, kind="ai_agent", platform=platform)
    for server in client.servers:
        rows.link(
            CALLS,
            agent,
            _tool_id(scope, server),
            server.place,
            eligible=True if server.disabled else None,
        )
        for way, secret in server.secrets:
            at = f"mcp_config:{scope}/credential/{short}/{server.name}/{way}"
            credential = _add_secret(rows, at, server, secret, known)
            rows.link(USES, agent, credential, server.place)


def _platform(short: str) -> str | None:
    """Return the client, by the words of a path; `.mcp.json` in a project is Claude Code's."""
    words = "-".join(re.findall(r"[a-z0-9]+", short.lower()))
    named = (name for word, name in CLIENTS.items() if f"-{word}-" in f"-{words}-")
    return next(named, "Claude Code" if short.split("/")[-1] == ".mcp.json" else None)


def _add_secret(
    rows: Rows, at: str, server: Server, secret: HeldSecret, known: dict[str, str]
) -> str:
    """Add a credential, and return its id: the same value is the same credential everywhere."""
    name = redact_text(secret.name)
    id_ = f"{at}/{name}"
    if secret.fingerprint is not None:
        id_ = known.setdefault(secret.fingerprint, id_)
    rows.node(
        CREDENTIAL,
        id_,
        server.place,
        name=f"{name} of {server.name}",
        type=secret.type,
        storage=secret.storage,
        strength="weak" if secret.type == "password" else None,
        sender_constrained=False,  # a bearer secret: whoever has it can use it
        fingerprint=secret.fingerprint,
    )
    return id_
