"""Which sources to read: from the command line, or from a TOML file with `[[source]]` tables."""

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from ingest.source import InputRefused, Request, Source
from ingest.sources import all_sources

KEYS = {"name", "path", "scope"}


class NoSuchSource(LookupError):
    """No source has that name."""

    exit_code, code = 2, "unknown-source"


def jobs_of(
    config: Path | None,
    source: str | None,
    paths: Sequence[Path],
    scope: str | None = None,
    taken_at: pd.Timestamp | None = None,
) -> list[tuple[Source, Request]]:
    """Return what to read: the sources of `config`, or `source` with `paths`."""
    if config is not None:
        return [_job(config, number, table) for number, table in enumerate(_tables(config), 1)]
    assert source is not None
    chosen = _source(source)
    if not paths:
        raise NoSuchSource(f"say what to read: trustdebt ingest {source} PATH")
    return [(chosen, _request(paths, scope, taken_at))]


def _source(name: str) -> Source:
    if name not in all_sources():
        raise NoSuchSource(f"no source is called {name!r}; there are {', '.join(all_sources())}")
    return all_sources()[name]


def _request(
    paths: Sequence[Path], scope: str | None, taken_at: pd.Timestamp | None = None
) -> Request:
    for path in paths:
        if not path.exists():
            raise InputRefused(path, "", "there is no such file or folder")
    return Request(tuple(paths), scope, taken_at)


def _tables(config: Path) -> list[dict[str, Any]]:
    try:
        document = tomllib.loads(config.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputRefused(config, "", f"cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputRefused(config, "", f"is not TOML: {error}") from None
    tables = document.get("source")
    if not isinstance(tables, list) or not tables:
        raise InputRefused(config, "", "has no [[source]] table")
    return tables


def _job(config: Path, number: int, table: dict[str, Any]) -> tuple[Source, Request]:
    place = f"source {number}"
    if not isinstance(table, dict) or not set(table) <= KEYS or not {"name", "path"} <= set(table):
        raise InputRefused(config, place, "needs name and path, and may have scope")
    path, scope = table["path"], table.get("scope")
    listed = path if isinstance(path, list) else [path]
    texts = [*listed, scope] if scope is not None else listed
    if not listed or not all(isinstance(said, str) and said for said in texts):
        raise InputRefused(config, place, "path and scope must be text")
    paths = [config.parent / p for p in listed]
    try:
        return _source(str(table["name"])), _request(paths, scope)
    except NoSuchSource as error:
        raise InputRefused(config, place, str(error)) from None
