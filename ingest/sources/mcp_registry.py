"""MCP registries: the servers that a registry lists.

Read are the seed of the official registry, answers of its `GET /v0/servers`, and single
`server.json` files: https://github.com/modelcontextprotocol/registry describes all three.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graph.schema import TOOL
from ingest.files.export import (
    Budget,
    ExportFile,
    documents_of,
    files_of,
    refuse_all,
    scope_of,
    taken_at,
)
from ingest.rows import Place, Rows, listed, text
from ingest.secrets.names import bare_address
from ingest.secrets.redaction import redact_text
from ingest.source import InputRefused, Reading, Request, Source

SUFFIXES = (".json", ".jsonl", ".ndjson")
PREFIX = "mcp:"  # of the ids of servers
OFFICIAL = "io.modelcontextprotocol.registry/official"
SCHEMA = "modelcontextprotocol"  # in the address of the schema that a server.json names
NAME = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+/[A-Za-z0-9._-]+")  # com.example/weather
MARKS = ("packages", "remotes", "version_detail", "repository", "version")
PARTS = {"registry_name", "registry_type", "registryType", "identifier", "transport_type", "url"}
STATUS = {"active": "active", "deprecated": "active", "deleted": "deleted"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One version of a server in a registry."""

    server: Mapping[str, Any]
    latest: bool
    status: str | None
    place: Place
    native: str = ""  # its id in the registry


def read(request: Request) -> Reading:
    """Read the registry listings at or below the paths of `request`.

    Raises
    ------
    InputRefused
        If a document is broken, or if none of them lists servers.
    """
    rows, budget = Rows(), Budget()
    used: list[ExportFile] = []
    entries: list[Entry] = []
    passed = 0
    pages = open_ends = 0  # pages that name a next one, less the pages that may be it
    for file in files_of(request, rows, SUFFIXES):
        documents = documents_of(file, budget, rows)
        if documents is None:
            continue
        known = False
        for document, place in (page for d in documents for page in _pages(*d)):
            page_entries = list(_entries(document, place))
            if page_entries or _is_empty_page(document):
                known = True
                entries += page_entries
                pages += _is_page(document)
                open_ends += _next_page(document) - (_is_page(document) and pages > 1)
        if known:
            used.append(file)
        elif file.alone:
            raise InputRefused(file.path, "", "is JSON, and no listing of MCP servers")
        else:
            passed += 1
    if not used:
        refuse_all(request, rows, "nothing in it lists MCP servers")
    if passed:
        rows.warn(f"{passed} files list no MCP servers and were passed over")
    _add_servers(rows, entries)
    if open_ends > 0:
        rows.all_read = False
        rows.warn("the last page names a next page, which is missing")
    return rows.reading(scope_of(request), taken_at(request, used, rows), SOURCE.declares)


def _pages(document: Any, place: Place) -> Iterator[tuple[Any, Place]]:
    """Yield the pages of a list of them, or the document itself."""
    if isinstance(document, list) and document and all(map(_is_page, document)):
        yield from ((page, place.at(number)) for number, page in enumerate(document))
    else:
        yield document, place


def _is_page(document: Any) -> bool:
    return isinstance(document, dict) and isinstance(document.get("servers"), list)


def _entries(document: Any, place: Place) -> Iterator[Entry]:
    """Find the servers of a seed (a list), of a page (`servers`), or of a `server.json`."""
    if _is_page(document):
        listing, at = document["servers"], place.at("servers")
    elif isinstance(document, dict):
        listing, at = [document], None
    else:
        listing, at = document, place
    if not isinstance(listing, list) or not any(_is_server(value) for value in listing):
        return
    for number, value in enumerate(listing):
        yield _entry(value, at.at(number) if at is not None else place)


def _is_empty_page(document: Any) -> bool:
    return isinstance(document, dict) and document.get("servers") == []


def _next_page(document: Any) -> bool:
    meta = document.get("metadata") if isinstance(document, dict) else None
    return isinstance(meta, dict) and any(text(meta.get(k)) for k in ("nextCursor", "next_cursor"))


def _is_server(value: Any) -> bool:
    """Return whether a value describes a server: other files have a name and a version as well."""
    inner = value.get("server", value) if isinstance(value, dict) else None
    if not isinstance(inner, dict) or "name" not in inner:
        return False
    if SCHEMA in text(inner.get("$schema")) or "version_detail" in inner:
        return True
    parts = [p for key in ("packages", "remotes") for p in listed(inner.get(key))]
    if any(isinstance(p, dict) and p.keys() & PARTS for p in parts):
        return True
    named = NAME.fullmatch(text(inner.get("name"))) is not None
    return named and any(mark in inner for mark in MARKS)


def _entry(value: Any, place: Place) -> Entry:
    """Unwrap an entry: in later versions the registry's own statements are in `_meta`."""
    server = value.get("server", value) if isinstance(value, dict) else {}
    server = server if isinstance(server, dict) else {}
    meta = value.get("_meta") if isinstance(value, dict) else None
    official = meta.get(OFFICIAL) if isinstance(meta, dict) else None
    official = official if isinstance(official, dict) else {}
    version = server.get("version_detail")
    latest = official.get("isLatest", official.get("is_latest"))
    if latest is None and isinstance(version, dict):
        latest = version.get("is_latest")
    status = text(official.get("status")) or text(server.get("status"))
    native = text(official.get("serverId")) or text(official.get("id")) or text(server.get("id"))
    return Entry(server, latest is not False, STATUS.get(status), place, native)


def _add_servers(rows: Rows, entries: list[Entry]) -> None:
    """Add each server once, in its latest version."""
    older, named = 0, set[str]()
    for entry in sorted(entries, key=lambda candidate: not candidate.latest):
        name = redact_text(text(entry.server.get("name")))
        if not name:
            rows.reject(entry.place, "a server must have a name", _named(entry.server))
            continue
        if not entry.latest and name in named:  # its address may have been another one
            older += 1
            continue
        named.add(name)
        id_ = _id(entry.server, name)
        added = rows.node(
            TOOL,
            id_,
            entry.place,
            name=name,
            kind="mcp_server",
            status=entry.status,
            provider=name.split("/")[0] if "/" in name else None,
        )
        rows.alias(id_, "registry", entry.native)
        older += not added
    if older:
        rows.warn(f"{older} entries are further versions of a server and count once")


def _named(server: Mapping[str, Any]) -> list[str]:
    """Return the id of a server without a name, where its address is its id."""
    id_ = _id(server, "")
    return [id_] if id_ != PREFIX else []


def _id(server: Mapping[str, Any], name: str) -> str:
    """Return the id of a server: its address if it is only called over the network, else its name.

    Client configurations also identify such a server by its address.
    """
    remotes = [remote for remote in listed(server.get("remotes")) if isinstance(remote, dict)]
    addresses = {
        bare_address(text(remote.get("url"))) for remote in remotes if text(remote.get("url"))
    }
    if len(addresses) == 1 and not listed(server.get("packages")):
        address = redact_text(addresses.pop())
        if "://" in address:
            return f"{PREFIX}{address}"
    return f"{PREFIX}{name}"


SOURCE = Source(
    name="mcp_registry",
    title="MCP registry",
    reads="listings of an MCP registry (JSON), or server.json files",
    declares=("inventory",),
    read=read,
)
