"""Choice of the sources to read: from the command line, or `[[source]]` tables of a TOML file."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from graph.files.regular import is_named_in_text
from graph.files.toml import read_toml
from graph.machine.addresses import is_there, names_a_database
from ingest.files.bounded import NO_TEXT
from ingest.source import InputRefused, Reading, Request, Source
from ingest.sources import all_sources
from ingest.tags.configuration import read_tag_map

KEYS = {"name", "path", "scope", "tags", "audience", "keys"}
MAY_HAVE = "scope and tags; of signed tokens audience and keys"
ADDRESS = "://"


class NoSuchSource(LookupError):
    """No source has that name."""

    exit_code, code = 2, "unknown-source"


class NotSigned(ValueError):
    """Keys or an audience were given for a source of which nothing is signed."""

    exit_code, code = 2, "usage"


def jobs_of(
    config: Path | None,
    source: str | None,
    paths: Sequence[Path | str],
    scope: str | None = None,
    taken_at: pd.Timestamp | None = None,
    audience: str | None = None,
    keys: Sequence[Path] = (),
) -> list[tuple[Source, Request]]:
    """Return the sources and requests of `config`, or `source` with `paths`.

    A path may be the address of a database, if the source reads one. `audience` and `keys` are for
    sources of signed tokens. `taken_at` holds for every source of `config`.
    """
    if config is not None:
        tables = enumerate(_tables(config), 1)
        return [_job(config, number, table, taken_at) for number, table in tables]
    assert source is not None
    chosen = _source(source)
    if not paths:
        raise NoSuchSource(f"say what to read: trustdebt ingest {source} PATH")
    request = _request(chosen, paths, scope, taken_at)
    return [(_checking_paths(chosen), _signed(chosen, request, audience, keys))]


def _source(name: str) -> Source:
    if name not in all_sources():
        raise NoSuchSource(f"no source is called {name!r}; there are {', '.join(all_sources())}")
    return all_sources()[name]


def _request(
    source: Source,
    paths: Sequence[Path | str],
    scope: str | None,
    taken_at: pd.Timestamp | None = None,
    folder: Path = Path(),
) -> Request:
    if scope is not None and not scope.isprintable():
        raise InputRefused("the scope", "", "must be a line of text")
    addresses = [path for path in paths if isinstance(path, str) and ADDRESS in path]
    if not addresses:
        for path in paths:
            if names_a_database(str(path)) and not is_there(folder / path):
                reason = "is not there, and is written like an address, so it is not shown"
                raise InputRefused("the path", "", reason)
        return Request(tuple(folder / path for path in paths), scope, taken_at)
    # An address is not shown before it is checked: it may hold a password.
    if source.address is None:
        raise InputRefused("the address", "", f"{source.name} reads files and folders only")
    if len(paths) > 1:
        raise InputRefused("the address", "", "give one address, and no files beside it")
    return Request((), scope, taken_at, source.address(addresses[0]))


def _signed(
    source: Source, request: Request, audience: str | None, keys: Sequence[Path]
) -> Request:
    if (audience is not None or keys) and not source.signed:
        raise NotSigned(f"{source.name} reads nothing that is signed: it takes no audience or keys")
    return replace(request, audience=audience, keys=tuple(keys))


def _checking_paths(source: Source) -> Source:
    """Return the source with a check that its paths exist."""

    def read(request: Request) -> Reading:
        for path in request.paths:
            if not is_named_in_text(path):
                raise InputRefused(path, "", NO_TEXT)
        try:
            for path in request.paths:
                if not path.exists():
                    raise InputRefused(path, "", "there is no such file or folder")
            return source.read(request)
        except OSError as error:  # the file, or its disk, disappeared meanwhile
            file = error.filename if isinstance(error.filename, str) else request.origin
            reason = f"cannot be read: {error.strerror or 'no reason is given'}"
            raise InputRefused(file, "", reason) from None

    return replace(source, read=read)


def _tables(config: Path) -> list[dict[str, Any]]:
    tables = read_toml(config).get("source")
    if not isinstance(tables, list) or not tables:
        raise InputRefused(config, "", "has no [[source]] table")
    return tables


def _job(
    config: Path, number: int, table: dict[str, Any], taken_at: pd.Timestamp | None
) -> tuple[Source, Request]:
    place = f"source {number}"
    if not isinstance(table, dict) or not set(table) <= KEYS or not {"name", "path"} <= set(table):
        raise InputRefused(config, place, f"needs name and path, and may have {MAY_HAVE}")
    path, scope, audience = table["path"], table.get("scope"), table.get("audience")
    listed = path if isinstance(path, list) else [path]
    keys = table.get("keys", [])
    keys = keys if isinstance(keys, list) else [keys]
    texts = [*listed, *keys, *(text for text in (scope, audience) if text is not None)]
    if not listed or not all(isinstance(text, str) and text for text in texts):
        raise InputRefused(config, place, "path, scope, audience and keys must be text")
    try:
        source = _source(str(table["name"]))
        request = _request(source, listed, scope, taken_at, config.parent)
        tags = read_tag_map(table.get("tags", {}), config, f"{place}/tags")
        request = _signed(source, request, audience, [config.parent / key for key in keys])
        return _checking_paths(source), replace(request, tags=tags)
    except (NoSuchSource, NotSigned) as error:
        raise InputRefused(config, place, str(error)) from None
