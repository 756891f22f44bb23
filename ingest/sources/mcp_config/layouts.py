"""The places where clients keep their servers: files, formats and keys."""

import re
from collections.abc import Iterator
from typing import Any

from graph.files.toml import parse_toml
from ingest.files.export import ExportFile
from ingest.files.yaml import parse_yaml
from ingest.sources.mcp_config.commented_json import parse_commented_json

HIDDEN = {
    ".mcp.json", ".claude.json", ".claude", ".cursor", ".vscode", ".codeium", ".kiro",
    ".continue", ".aws", ".amazonq", ".gemini", ".zed", ".roo", ".cline", ".trae", ".junie",
    ".idea", ".codex", ".config", ".augment", ".qwen", ".opencode", ".crush.json", ".goose",
    ".lmstudio", ".copilot", ".factory", ".warp", ".devcontainer", ".vibe", ".windsurf",
    ".vs", ".kilocode", ".kilo", ".amp", ".claude-plugin", ".cursor-plugin", ".rovodev",
    ".codebuddy", ".qoder", ".iflow", ".zencoder", ".antigravity", ".kimi", ".github",
}  # fmt: skip
BESIDE = frozenset({"node_modules", "__pycache__", "site-packages", "vendor"})
SUFFIXES = (".json", ".jsonc", ".json5", ".yaml", ".yml", ".toml")
SURE = re.compile(r"mcp_?servers|context_servers|modelcontextprotocolservers", re.IGNORECASE)
TELLING = re.compile(
    rf"{SURE.pattern}|\b(?:stdio|sse|shttp)_servers"
    r"|\bservers[\"']?\s*:|\bmcp[\"']?\s*:|\[mcp\b|\bextensions[\"']?\s*:",
    re.IGNORECASE,
)
BARE = {".mcp.json", "mcp.json"}  # a plugin's file may hold the servers without a key around them
SERVER_KEYS = {"mcpservers", "contextservers", "modelcontextprotocolservers"}
SERVER_KEYS |= {"stdioservers", "sseservers", "shttpservers"}
STARTS = ("command", "cmd", "url", "serverUrl", "httpUrl", "uri")
TRANSPORTS = {"stdio", "http", "sse", "streamable-http", "streamable_http", "streamablehttp"}
TRANSPORTS |= {"local", "remote", "ws", "websocket"}
DESCRIPTIONS = {"openapi", "swagger", "asyncapi"}  # of interfaces, which have servers too
MAX_SEARCH = 6  # keys above the servers
Located = tuple[tuple[str, ...], Any]


def document_of(text: str, file: ExportFile) -> Any:
    """Parse a file by its suffix.

    Raises
    ------
    InputRefused
        With the place at which it is not of the format of its suffix.
    """
    suffix = file.path.suffix.lower()
    if suffix in (".yaml", ".yml"):
        documents = parse_yaml(text, file.path)
        return documents[0].value if len(documents) == 1 else [d.value for d in documents]
    if suffix == ".toml":
        return parse_toml(text, file.path)
    return parse_commented_json(text, file.path)


def is_telling(text: str, file: ExportFile) -> bool:
    """Return whether the text of a file may hold servers, so that it is worth parsing."""
    return TELLING.search(text) is not None or file.path.name in BARE


def server_lists(document: Any, file: ExportFile) -> Iterator[Located]:
    """Find the maps and lists of servers, wherever a client keeps them."""
    if isinstance(document, dict) and DESCRIPTIONS & document.keys():
        return
    if file.path.name in BARE and _is_bare(document):
        yield (), document
        return
    pending: list[Located] = [((), document)]
    while pending:
        steps, here = pending.pop()
        for key, value in here.items() if isinstance(here, dict) else ():
            inner = (*steps, key)
            if _holds_servers(inner, value, file):
                yield inner, value
            elif len(inner) < MAX_SEARCH:
                pending.append((inner, value))


def _is_bare(document: Any) -> bool:
    entries = list(document.values()) if isinstance(document, dict) else []
    return bool(entries) and all(
        isinstance(e, dict) and any(isinstance(e.get(s), str) for s in STARTS) for e in entries
    )


def _holds_servers(steps: tuple[str, ...], value: Any, file: ExportFile) -> bool:
    """Return whether a value holds servers, by its key or by its entries."""
    last, entries = _key(steps[-1]), _entries(value)
    if entries is None:
        return False
    if last in SERVER_KEYS:
        return not entries or any(isinstance(e, dict) or _is_address(e) for e in entries)
    inside = "mcp" in file.path.name.lower() or (len(steps) > 1 and _key(steps[-2]) == "mcp")
    if not entries:
        return last == "servers" and inside and isinstance(value, dict)  # the last was removed
    if not all(isinstance(e, dict) for e in entries):
        return False
    if last == "mcp":
        return any(start in e for e in entries for start in STARTS)
    if last == "servers":
        return any(_starts(e, inside) for e in entries)
    return last == "extensions" and any("cmd" in e or _is_transport(e) for e in entries)


def _key(step: str) -> str:
    return step.rsplit(".", 1)[-1].lower().replace("_", "")


def _entries(value: Any) -> list[Any] | None:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else None


def _is_address(value: Any) -> bool:
    return isinstance(value, str) and "://" in value


def _starts(entry: dict[str, Any], inside: bool) -> bool:
    """Return whether an entry under a key that others use too is an MCP server."""
    if isinstance(entry.get("command"), str | list):
        return True
    return _is_transport(entry) or (inside and any(start in entry for start in STARTS))


def _is_transport(entry: dict[str, Any]) -> bool:
    typed = str(entry.get("type", "")).lower() in TRANSPORTS
    return typed and any(start in entry for start in STARTS)
