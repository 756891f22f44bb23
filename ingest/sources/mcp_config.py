"""MCP client configurations: which servers an agent may call, and which secrets it hands them.

Each client (Claude, Cursor, VS Code, Zed, Windsurf and others) keeps its servers in a file of its
own under a key of its own. A file becomes an Agent, a server a Tool, and each secret among the
variables, headers, arguments and addresses a Credential: by name, never by value.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graph.schema import AGENT, CALLS, CREDENTIAL, TOOL, USES
from ingest.commented_json import parse_commented_json
from ingest.exports import Budget, ExportFile, export_files, scope_of, taken_at
from ingest.files import MAX_DEPTH, decode
from ingest.launched import PATH, launched
from ingest.redaction import redact_text
from ingest.rows import Place, Rows, text
from ingest.secret_names import (
    HeldSecret,
    bare_address,
    held_secret,
    secret_sort,
    secrets_in_address,
)
from ingest.source import InputRefused, Reading, Request, Source
from ingest.yaml_files import parse_yaml

HIDDEN = {
    ".mcp.json", ".claude.json", ".claude", ".cursor", ".vscode", ".codeium", ".kiro",
    ".continue", ".aws", ".amazonq", ".gemini", ".zed", ".roo", ".cline", ".trae", ".junie",
    ".idea", ".codex", ".config", ".augment", ".qwen", ".opencode", ".crush.json", ".goose",
    ".lmstudio", ".copilot", ".factory", ".warp",
}  # fmt: skip
BESIDE = frozenset({"node_modules", "__pycache__", "site-packages", "vendor"})
SUFFIXES = (".json", ".jsonc", ".json5", ".yaml", ".yml", ".toml")
TELLING = re.compile(
    r"mcp_?servers|context_servers|modelcontextprotocolservers"
    r"|\bservers[\"']?\s*:|\bmcp[\"']?\s*:|\bextensions[\"']?\s*:",
    re.IGNORECASE,
)
SERVER_KEYS = {"mcpservers", "contextservers", "modelcontextprotocolservers"}
OTHER_KEYS = {"servers", "mcp", "extensions"}  # of anything, unless what is below are servers
STARTS = ("command", "cmd", "url", "serverUrl", "httpUrl", "uri")
ADDRESSES = ("url", "serverUrl", "httpUrl", "uri")
MAX_SEARCH = 6  # keys above the servers
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
    "claude": "Claude Code",
}
NAME = re.compile(r"[A-Za-z_][\w.-]{0,127}")
MAX_NAME = 1_024  # characters of the name of a server


@dataclass(frozen=True, slots=True)
class Server:
    """One entry of a configuration file, as far as it is kept."""

    name: str
    what: str
    remote: bool
    disabled: bool
    secrets: tuple[tuple[str, HeldSecret], ...]  # how it is handed over, and what is known of it
    place: Place


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
        If a configuration cannot be read, or if there is none.
    """
    rows, scope, budget = Rows(), scope_of(request), Budget()
    clients: list[Client] = []
    passed = 0
    for file in export_files(request.paths, hidden=HIDDEN, beside=BESIDE):
        client = _client(file, budget, rows) if _candidate(file) else None
        if client is not None:
            clients.append(client)
        else:
            passed += 1
    if not clients:
        raise InputRefused(request.paths[0], "", "nothing in it configures an MCP client")
    if passed:
        rows.warn(f"{passed} files hold no MCP servers and were passed over")
    _add_tools(rows, scope, clients)
    known: dict[str, str] = {}  # credentials by fingerprint
    for client in clients:
        _add_client(rows, scope, client, known)
    taken = taken_at(request, [client.file for client in clients], rows)
    return rows.reading(scope, taken, SOURCE.declares)


# -- files -----------------------------------------------------------------------------------------


def _candidate(file: ExportFile) -> bool:
    return file.alone or file.path.suffix.lower() in SUFFIXES


def _client(file: ExportFile, budget: Budget, rows: Rows) -> Client | None:
    """Read a file as a configuration; None where it is something else."""
    data = budget.read(file.path)
    try:
        said = decode(data, file.path)
    except InputRefused:
        if file.alone:
            raise
        return None
    if not file.alone and not TELLING.search(said):
        return None
    lists = list(_server_lists(_document(said, file)))
    if not lists:
        if file.alone:
            raise InputRefused(file.path, "", "holds no list of MCP servers")
        return None
    client = Client(file)
    for steps, servers in lists:
        client.servers += _servers(servers, file.place.at(*steps), rows)
    return client


def _document(said: str, file: ExportFile) -> Any:
    suffix = file.path.suffix.lower()
    if suffix in (".yaml", ".yml"):
        documents = parse_yaml(said, file.path)
        return documents[0].value if len(documents) == 1 else [d.value for d in documents]
    if suffix == ".toml":
        return _toml(said, file)
    return parse_commented_json(said, file.path)


def _toml(said: str, file: ExportFile) -> Any:
    try:
        return tomllib.loads(said.removeprefix("\ufeff").replace("\r\n", "\n"))
    except tomllib.TOMLDecodeError as error:
        _, _, place = str(error).partition("(at ")
        raise InputRefused(file.path, place.rstrip(")"), "is not TOML") from None
    except RecursionError:
        raise InputRefused(file.path, "", f"is nested more than {MAX_DEPTH} deep") from None


def _server_lists(document: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Find the maps and lists of servers, wherever a client keeps them."""
    pending: list[tuple[tuple[str, ...], Any]] = [((), document)]
    while pending:
        steps, here = pending.pop()
        for key, value in here.items() if isinstance(here, dict) else ():
            inner = (*steps, key)
            last = key.rsplit(".", 1)[-1].lower().replace("_", "")
            sure = last in SERVER_KEYS and isinstance(value, dict | list)
            if sure or (last in OTHER_KEYS and _are_servers(value)):
                yield inner, value
            elif len(inner) < MAX_SEARCH:
                pending.append((inner, value))


def _are_servers(value: Any) -> bool:
    entries = list(value.values()) if isinstance(value, dict) else value
    if not isinstance(entries, list) or not all(isinstance(e, dict) for e in entries):
        return False
    return any(start in e for e in entries for start in STARTS)


# -- servers ---------------------------------------------------------------------------------------


def _servers(servers: Any, place: Place, rows: Rows) -> Iterator[Server]:
    if isinstance(servers, list):
        entries: list[tuple[str | int, str, Any]] = [
            (n, text(e.get("name")) if isinstance(e, dict) else "", e)
            for n, e in enumerate(servers)
        ]
    else:
        entries = [(name, str(name), e) for name, e in servers.items()]
    for step, name, entry in entries:
        if len(name) > MAX_NAME:
            rows.reject(place, f"the name of a server is longer than {MAX_NAME} characters")
            continue
        here = place.at(redact_text(str(step)))
        if not isinstance(entry, dict):
            rows.reject(here, "a server must be an object")
            continue
        yield _server(redact_text(name) or f"server {step}", _flat(entry), here)


def _flat(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Lift what some clients nest: a command as an object, a transport around it."""
    flat = dict(entry)
    for name in ("transport", "command"):
        inner = flat.get(name)
        if isinstance(inner, dict):
            flat |= {("command" if k == "path" else k): v for k, v in inner.items()}
    command = flat.get("command")
    if isinstance(command, str) and not flat.get("args") and not PATH.search(command):
        command = command.split()  # some write the whole line
    if isinstance(command, list):
        said = [c for c in command if isinstance(c, str)]
        flat |= {"command": said[0] if said else "", "args": said[1:]}
    return flat


def _server(name: str, entry: Mapping[str, Any], place: Place) -> Server:
    address = next((text(entry.get(key)) for key in ADDRESSES if text(entry.get(key))), "")
    command = text(entry.get("command")) or text(entry.get("cmd"))
    given = entry.get("args")
    args = [str(a) for a in given if isinstance(a, str | int)] if isinstance(given, list) else []
    off = entry.get("disabled") is True or entry.get("enabled") is False
    clean = [redact_text(arg) for arg in args]
    what = bare_address(address) if address else launched(redact_text(command), clean)
    found = [*_settings(entry), *_arguments(args)]
    found += [("address", one) for one in secrets_in_address(address)]
    return Server(name, redact_text(what), bool(address), off, tuple(found), place)


# -- secrets ---------------------------------------------------------------------------------------


def _settings(entry: Mapping[str, Any]) -> Iterator[tuple[str, HeldSecret]]:
    """Yield the secrets among the variables, headers and other settings of a server."""
    pending: list[tuple[str, Mapping[str, Any]]] = [("setting", entry)]
    while pending:
        kind, here = pending.pop()
        for name, value in here.items():
            if isinstance(value, dict):
                pending.append((_kind(name, kind), value))
            elif isinstance(value, str) and not (kind == "setting" and name in _SHOWN):
                found = held_secret(name, value)
                if found is not None:
                    yield kind, found


_SHOWN = {*STARTS, "name", "description", "type", "cwd", "instructions"}


def _kind(name: str, outer: str) -> str:
    lowered = name.lower()
    if "header" in lowered:
        return "header"
    return "env" if lowered.startswith("env") else outer


def _arguments(args: list[str]) -> Iterator[tuple[str, HeldSecret]]:
    """Yield the secrets among the arguments: after an option, in `NAME=value`, in an address."""
    option = ""
    for arg in args:
        name, equals, value = arg.partition("=")
        named, header = name.lstrip("-"), arg.partition(":")
        found: HeldSecret | None = None
        if option and not arg.startswith("-"):
            found = held_secret(option, arg)
        elif equals and NAME.fullmatch(named):
            found = held_secret(named, value)
        elif header[1] and NAME.fullmatch(header[0]):
            found = held_secret(header[0], header[2].strip())
        elif "://" not in arg and redact_text(arg) != arg:
            found = held_secret("argument", arg)
        if found is not None:
            yield "argument", found
        for one in secrets_in_address(value if "://" in value else arg) if "://" in arg else ():
            yield "argument", one
        telling = arg.startswith("-") and not equals and NAME.fullmatch(named)
        option = named if telling and secret_sort(named) else ""


# -- rows ------------------------------------------------------------------------------------------


def _tool_id(scope: str, server: Server) -> str:
    """Name a server on the network by its address, one that is started by name and program."""
    if server.remote and not re.match(r"\w+://(?:localhost|127\.|\[::1\]|0\.)", server.what):
        return f"mcp:{server.what}"
    return f"mcp_config:{scope}/mcp_server/{server.name}/{server.what}"


def _add_tools(rows: Rows, scope: str, clients: list[Client]) -> None:
    """Add each server once; it is disabled where every file that names it disables it."""
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
            held = _add_secret(rows, at, server, secret, known)
            rows.link(USES, agent, held, server.place)


def _platform(short: str) -> str | None:
    """Tell the client by the words of a path; `.mcp.json` in a project is that of Claude Code."""
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
        fingerprint=secret.fingerprint,
    )
    return id_


SOURCE = Source(
    name="mcp_config",
    title="MCP client configurations",
    reads="configuration files of MCP clients (JSON, JSON with comments, YAML, TOML), or folders",
    declares=("inventory", "credentials"),
    read=read,
)
