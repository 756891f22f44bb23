"""Servers that a configuration lists and switches off elsewhere.

Claude Code names them beside the servers of a project (`disabledMcpServers`), and those of a
`.mcp.json` in the settings of the same folder; Gemini CLI at the top, as those that are excluded,
or by those that alone are allowed (`mcp`).
"""

import re
from collections.abc import Callable
from typing import Any

from ingest.files.export import ExportFile
from ingest.rows import listed, text
from ingest.source import InputRefused
from ingest.sources.mcp_config.layouts import document_of

SETTINGS = re.compile(r"(?:(.*)/)?\.claude/settings(?:\.local)?\.json")
REJECTED = "disabledMcpjsonServers"


def rejected_beside(content: str, file: ExportFile) -> tuple[str, set[str]]:
    """Return the folder of settings of Claude Code, and which of its `.mcp.json` they reject.

    Files of other names, and settings that cannot be read, reject nothing.
    """
    settings = SETTINGS.fullmatch(file.short)
    if settings is None or REJECTED not in content:
        return "", set()
    try:
        return settings[1] or "", _names(document_of(content, file), REJECTED)
    except InputRefused:
        return "", set()


def is_rejected(name: str, file: ExportFile, rejected: dict[str, set[str]]) -> bool:
    """Return whether a server of a `.mcp.json` is among those that its folder rejects."""
    folder, _, own = file.short.rpartition("/")
    return own == ".mcp.json" and _plain(name) in rejected.get(folder, ())


def switched_off(document: Any, steps: tuple[str, ...]) -> Callable[[str], bool]:
    """Return whether the server of a name, in the list at `steps`, is off."""
    beside = document
    for step in steps[:-1]:
        beside = beside.get(step) if isinstance(beside, dict) else None
    off = _names(beside, "disabledMcpServers")
    if len(steps) != 1:
        return lambda name: _plain(name) in off
    settings = document.get("mcp") if isinstance(document, dict) else None
    off |= _names(settings, "excluded")
    allowed = _names(settings, "allowed")
    return lambda name: _plain(name) in off or bool(allowed and _plain(name) not in allowed)


def _names(settings: Any, key: str) -> set[str]:
    names = listed(settings.get(key)) if isinstance(settings, dict) else []
    return {_plain(name) for name in names if text(name)}


def _plain(name: Any) -> str:
    return text(name).lower()
