"""Servers that a configuration lists and switches off elsewhere in the same file.

Claude Code names them beside the servers of a project (`disabledMcpServers`); Gemini CLI at the
top, as those that are excluded, or by those that alone are allowed (`mcp`).
"""

from collections.abc import Callable
from typing import Any

from ingest.rows import listed, text


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
