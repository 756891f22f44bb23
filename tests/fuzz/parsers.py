"""What turns text into values, below the sources, with small samples of what each reads."""

import os
from collections.abc import Callable
from contextlib import suppress
from itertools import product
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from graph.files.regular import open_file
from graph.files.toml import parse_toml
from graph.machine.addresses import is_there, names_a_database
from graph.stores import StoreError, is_database
from graph.stores.neo4j.session import address
from graph.values import strict_json
from ingest.configuration import jobs_of
from ingest.files.bounded import decode, parse_json
from ingest.files.tables import read_table
from ingest.files.yaml import parse_yaml
from ingest.planned import planned_agents
from ingest.secrets.names import bare_address
from ingest.secrets.redaction import redact_text
from ingest.source import InputRefused
from ingest.sources.csv.column_map import read_column_map
from ingest.sources.estate.manifest import Overrides, read_manifest
from ingest.sources.mcp_config.commented_json import parse_commented_json
from ingest.tags.configuration import read_tag_map
from tests.support.estates.small_estates import Estate

Parser = Callable[[bytes], object]
MAP = b"""zone = "Europe/Berlin"
dates = ["%d.%m.%Y"]
[[table]]
file = "owners.csv"
holds = "owners"
columns = { thing = "Account", owner = "Owner mail" }
always = { thing_label = "ServiceAccount" }
words = { role = { boss = "business" } }
"""
CONFIGURATION = b"""[[source]]
name = "estate"
path = ["a", "b"]
scope = "acme"
[source.tags.keys]
owner = ["team"]
"""
MANIFEST = b"""taken_at = 2026-08-01T00:00:00Z
scope = "acme"
complete = true
declares = ["owners", "usage"]
usage_window_start = 2026-02-01
a.b.'c'."d" = '''x'''
"""
PLANNED = (
    b"""[agent]
name = "bot"
expires_at = 2027-01-01
review_every_days = 30
[[access]]
resource = "wiki"
levels = ["read"]
[[credentials]]
type = "token"
[revocation]
within = "1h"
""",
    b"agent: {name: bot, kind: ai_agent}\nowners: {business: [ann]}\ntools: [{name: t}]\n",
    b'{"agent": {"name": "bot"}, "acts_for": "ann", "autonomy": {"a": 0.5}}',
)
ADDRESSES = (b"bolt://h:7687", b"neo4j+s://ann:pw@[::1]:7687/db?x=y#z", b"./a:b@c", b"bolt//h@x")


def _tables() -> list[bytes]:
    """Write small Parquet files in the forms that there are."""
    columns = {"id": ["a", "b", None], "l": [["x"], [], None], "n": [1, 2, 3]}
    made = []
    for version, dictionary in product(("1.0", "2.0"), (True, False)):
        sink = pa.BufferOutputStream()
        table = pa.table(columns)
        pq.write_table(table, sink, data_page_version=version, use_dictionary=dictionary)
        made.append(sink.getvalue().to_pybytes())
    return made


PARQUET = _tables()
NOBODY = Estate().graph()
OWN: dict[str, tuple[bytes, ...]] = {
    "TOML": (MAP, CONFIGURATION, MANIFEST),
    "configurations": (MAP, CONFIGURATION, MANIFEST),
    "store addresses": ADDRESSES,
    "planned agents": PLANNED,
    "names": (b"/dev/shm/x", b"a/../b", *ADDRESSES),
}


def parsers() -> dict[str, Parser]:
    """List what turns text into values, below the sources."""
    place = Path("x")
    return {
        "JSON": lambda data: parse_json(decode(data, place), place),
        "commented JSON": lambda data: parse_commented_json(decode(data, place), place),
        "YAML": lambda data: parse_yaml(decode(data, place), place),
        "secrets": lambda data: redact_text(data.decode("latin-1")),
        "addresses": lambda data: bare_address(data[:200].decode("latin-1")),
        "values": lambda data: strict_json(data.decode("latin-1")),
        "TOML": lambda data: parse_toml(data.decode("latin-1"), place),
        "Parquet": _parquet,
        "configurations": _configuration,
        "store addresses": lambda data: _store_address(data[:200].decode("latin-1")),
        "names": _name,
        "planned agents": _planned,
    }


def _memory_file(data: bytes) -> Path:
    """Write to a file in memory, of which each process has one."""
    path = Path(f"/dev/shm/trustdebt-fuzz-{os.getpid()}.parquet")
    path.write_bytes(data)
    return path


def _parquet(data: bytes) -> object:
    """Read a small table that was damaged as `data` says: where, and to what."""
    table = bytearray(PARQUET[data[0] % len(PARQUET)] if data else PARQUET[0])
    for at, to in zip(data[1:24:3], data[2:24:3], strict=False):
        place = len(table) - 1 - (at * 257 + to) % len(table)  # the footer as often as the rest
        table[place] = (table[place] + 1 + to) & 255
    path = _memory_file(bytes(table))
    try:
        return read_table(path)
    finally:
        path.unlink()


def _configuration(data: bytes) -> object:
    """Read a configuration, a column map, a tag map and the manifest of an estate."""
    text = data.decode("latin-1")
    said = parse_toml(text, Path("x.toml"))
    with suppress(InputRefused):
        read_tag_map(said, Path("x.toml"), "tags")
    path = _memory_file(data)
    try:
        for read in (
            lambda: jobs_of(path, None, []),
            lambda: read_manifest(path, Overrides()),
            lambda: read_column_map(path),
        ):
            with suppress(InputRefused):
                read()
    finally:
        path.unlink()
    return said


def _planned(data: bytes) -> object:
    """Read a manifest of an agent, of whatever format it looks like."""
    path = _memory_file(data)
    try:
        return planned_agents(path, NOBODY)
    finally:
        path.unlink()


def _store_address(said: str) -> object:
    """Take a text for the address of a store; nobody is connected to."""
    with suppress(StoreError):
        if is_database(said):
            address(said)
    return None


def _name(data: bytes) -> object:
    """Look for a file of that name, of bytes that may be no text."""
    with suppress(InputRefused):
        open_file(Path(os.fsdecode(data[:300]))).close()
    text = data[:300].decode("latin-1")
    return names_a_database(text), is_there(text)
