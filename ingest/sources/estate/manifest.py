"""The manifest of a native estate, `estate.toml`: instant, scope and kinds of fact."""

import json
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from graph.files.private import private_text
from graph.files.toml import read_toml
from graph.schema import DECLARABLE
from graph.secrets import redact_text
from graph.values import WrongValue, instant, iso
from ingest.source import InputRefused

KEYS = ("taken_at", "scope", "complete", "declares", "usage_window_start")
ALWAYS = ("grants", "trust", "inventory")  # the author of an estate can always write these


@dataclass(frozen=True, slots=True)
class Manifest:
    """The content of `estate.toml`. `declares` is in the order of the schema."""

    taken_at: pd.Timestamp
    scope: str
    complete: bool = True
    declares: tuple[str, ...] = ALWAYS
    usage_window_start: pd.Timestamp | None = None


@dataclass(frozen=True, slots=True)
class Overrides:
    """Scope and instant from the caller, which take precedence over the file."""

    scope: str | None = None
    taken_at: pd.Timestamp | None = None


def read_manifest(path: Path, overrides: Overrides) -> tuple[Manifest, list[str]]:
    """Read `estate.toml`, and warn of unknown keys.

    Raises
    ------
    InputRefused
        If the file is missing, is not TOML, or has an invalid value.
    """
    table = read_toml(path)
    warnings = [f"{path}: {len(table.keys() - set(KEYS))} unknown keys were not read"]
    manifest = Manifest(
        overrides.taken_at or toml_instant(table, "taken_at", path),
        overrides.scope or _scope(table, path),
        _flag(table, path),
        _declares(table, path),
        toml_instant(table, "usage_window_start", path) if "usage_window_start" in table else None,
    )
    return manifest, warnings if table.keys() - set(KEYS) else []


def write_manifest(manifest: Manifest, path: Path) -> None:
    """Write `estate.toml`."""
    declared = [d for d in manifest.declares if d not in ALWAYS]
    lines = [
        f"taken_at = {iso(manifest.taken_at)}",
        f"scope = {json.dumps(manifest.scope, ensure_ascii=False)}",
        f"complete = {str(manifest.complete).lower()}",
        f"declares = {json.dumps(declared)}",
    ]
    if manifest.usage_window_start is not None:
        lines.append(f"usage_window_start = {iso(manifest.usage_window_start)}")
    with private_text(path) as out:
        out.write("\n".join(lines) + "\n")


def toml_instant(table: dict[str, Any], key: str, path: Path) -> pd.Timestamp:
    """Return the instant under a key of a TOML file, or refuse the file."""
    value = table.get(key)
    if value is None:
        raise InputRefused(path, key, "is missing")
    if not isinstance(value, str | date | datetime):
        raise InputRefused(path, key, "is not an instant")
    try:
        return instant(value if isinstance(value, str) else value.isoformat())
    except WrongValue as error:
        raise InputRefused(path, key, str(error)) from None


def _scope(table: dict[str, Any], path: Path) -> str:
    value = table.get("scope")
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise InputRefused(path, "scope", "is missing or is not a line of text")
    return redact_text(value)


def _flag(table: dict[str, Any], path: Path) -> bool:
    value = table.get("complete", True)
    if not isinstance(value, bool):
        raise InputRefused(path, "complete", "must be true or false")
    return value


def _declares(table: dict[str, Any], path: Path) -> tuple[str, ...]:
    value = table.get("declares", [])
    if not isinstance(value, list) or not all(v in DECLARABLE for v in value):
        raise InputRefused(path, "declares", f"must be a list of {', '.join(DECLARABLE)}")
    return tuple(d for d in DECLARABLE if d in value or d in ALWAYS)
