"""Listings of an MCP registry.

Shapes from https://github.com/modelcontextprotocol/registry: the seed of May 2025, answers of
`GET /v0/servers` with `_meta` since September 2025, and `server.json`.
"""

import json

import pytest

from graph.schema import AGENT, CALLS, TOOL
from ingest.source import InputRefused
from ingest.sources.mcp_config import SOURCE as CONFIG
from ingest.sources.mcp_registry import OFFICIAL, SOURCE
from tests.support.exports.loading import load, reader
from tests.support.hostile.canaries import leaks

SEED = {
    "id": "4e9cf4cf-71f6-4aca-bae8-2d10a29ca2e0",
    "name": "io.github.acme/tickets",
    "description": "d",
    "repository": {"url": "https://github.com/acme/tickets", "source": "github", "id": "1"},
    "version_detail": {"version": "1", "release_date": "2025-05-16T18:56:49Z", "is_latest": True},
    "packages": [{"registry_name": "npm", "name": "@acme/tickets", "version": "1"}],
}
REMOTE = {
    "name": "com.example/wiki",
    "version": "2.0.0",
    "remotes": [{"type": "sse", "url": "https://wiki.example.com/mcp?key=abc"}],
}


def listed(server, latest=True, status="active"):
    return {"server": server, "_meta": {OFFICIAL: {"isLatest": latest, "status": status}}}


@pytest.fixture
def read(tmp_path):
    return reader(SOURCE, tmp_path)


def test_seed_has_464_servers_and_seven_entries_without_a_name(real_data, tmp_path):
    """Counted in the file: 471 entries; the places of the nameless ones are those in the list."""
    path = real_data / "agent-configs" / "mcp-registry" / "seed_2025_05_16.json"
    nameless = [f"/{n}" for n, one in enumerate(json.loads(path.read_text())) if not one["name"]]
    loaded = load(SOURCE, tmp_path, path)
    assert len(loaded.rows(TOOL)) == 464
    assert [place for place, _ in loaded.reasons] == nameless
    assert len(nameless) == 7


@pytest.mark.parametrize(
    "document",
    [[SEED], {"servers": [SEED], "metadata": {"count": 9}}, {"servers": [listed(SEED)]}, SEED],
)
def test_every_shape_gives_the_same_server(read, document):
    server = read(document).one(TOOL)
    assert (server["id"], server["provider"]) == ("mcp:io.github.acme/tickets", "io.github.acme")
    assert (server["name"], server["kind"]) == ("io.github.acme/tickets", "mcp_server")


def test_a_server_on_the_network_is_the_one_that_a_client_calls(tmp_path):
    """Registry and client configuration know it by the same address, without its secret."""
    (tmp_path / "server.json").write_text(json.dumps(REMOTE))
    servers = {"mcpServers": {"w": {"url": "https://wiki.example.com/mcp"}}}
    (tmp_path / "mcp.json").write_text(json.dumps(servers))
    load(SOURCE, tmp_path, tmp_path / "server.json")
    loaded = load(CONFIG, tmp_path, tmp_path / "mcp.json")
    assert loaded.of(TOOL, "id") == ["mcp:https://wiki.example.com/mcp"]
    assert (len(loaded.rows(AGENT)), len(loaded.rows(CALLS))) == (1, 1)


def test_versions_of_a_server_count_once_and_the_latest_speaks(read):
    loaded = read({"servers": [listed(SEED, latest=False), listed(SEED, status="deleted")]})
    assert loaded.one(TOOL)["status"] == "deleted"
    assert "1 entries are further versions of a server and count once" in loaded.done.warnings


@pytest.mark.parametrize("order", [1, -1])
def test_a_version_before_at_another_address_is_no_server_of_its_own(read, order):
    moved = REMOTE | {"remotes": [{"type": "sse", "url": "https://old.example.com/mcp"}]}
    packed = SEED | {"name": REMOTE["name"]}
    entries = [listed(moved, latest=False), listed(packed, latest=False), listed(REMOTE)]
    loaded = read({"servers": entries[::order]})
    assert loaded.of(TOOL, "id") == ["mcp:https://wiki.example.com/mcp"]
    assert "2 entries are further versions of a server and count once" in loaded.done.warnings


SCHEMAS = "https://static.modelcontextprotocol.io/schemas"


@pytest.mark.parametrize(
    "more",
    [
        {"version": "1.0.0"},  # the least that the schema asks for
        {"$schema": f"{SCHEMAS}/2025-07-09/server.schema.json", "status": "active"},
        {
            "$schema": f"{SCHEMAS}/2025-10-17/server.schema.json",
            "packages": [{"registryType": "oci", "identifier": "ghcr.io/acme/tickets:1.0"}],
        },
        {
            "$schema": f"{SCHEMAS}/2025-12-11/server.schema.json",
            "remotes": [{"type": "streamable-http", "url": "{baseUrl}/mcp", "variables": {}}],
        },
    ],
)
def test_a_server_file_of_every_version_of_the_schema_is_read(read, more):
    """docs/reference/server-json of https://github.com/modelcontextprotocol/registry."""
    (server,) = read({"name": "io.github.acme/tickets", "description": "x"} | more).rows(TOOL)
    assert server["id"] == "mcp:io.github.acme/tickets"


@pytest.mark.parametrize(
    ("pages", "complete"),
    [
        ([{"servers": [SEED], "metadata": {"nextCursor": "x"}}], False),
        ([{"servers": [SEED], "metadata": {"nextCursor": "x"}}, {"servers": [REMOTE]}], True),
        ([{"servers": [SEED], "metadata": {"nextCursor": ""}}], True),
        ([{"servers": [SEED], "metadata": {"nextCursor": "x"}}, REMOTE], False),
        ([[{"servers": [SEED], "metadata": {"nextCursor": "x"}}, {"servers": []}]], True),
    ],
)
def test_a_missing_page_makes_the_reading_partial(read, pages, complete):
    assert read(*pages).graph.coverage[0].complete is complete


def test_pages_in_a_list_or_one_behind_the_other_are_read(read):
    """They were refused: as no listing, and as no JSON."""
    pages = [{"servers": [listed(SEED)]}, {"servers": [listed(REMOTE)]}]
    ids = {"mcp:io.github.acme/tickets", "mcp:https://wiki.example.com/mcp"}
    assert set(read(pages).of(TOOL, "id")) == ids
    assert set(read("\n".join(map(json.dumps, pages))).of(TOOL, "id")) == ids
    assert set(read(("s.jsonl", f"{json.dumps(SEED)}\n{json.dumps(REMOTE)}")).of(TOOL, "id")) == ids


def test_an_empty_page_is_a_listing(read):
    assert read({"servers": []}).rows(TOOL) == []


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("{}", "is JSON, and no listing of MCP servers"),
        ('{"name": "npm-package", "dependencies": {}}', "no listing of MCP servers"),
        ('{"name": "@acme/x", "version": "1", "repository": {}}', "no listing of MCP servers"),
        ('{"name": "acme/x", "version": "1", "packages": ["a/*"]}', "no listing of MCP servers"),
        ('[{"name": "left-pad", "version": "1"}]', "no listing of MCP servers"),
        ('{"servers": [1, 2]}', "no listing of MCP servers"),
        ("[[[", "the JSON text ends too early"),
        ('[{"name": "a", "name": "b"}]', "a key is repeated"),
    ],
)
def test_what_is_no_listing_is_refused(tmp_path, said, reason):
    path = tmp_path / "x.json"
    path.write_text(said)
    with pytest.raises(InputRefused, match=reason):
        load(SOURCE, tmp_path / "s", path)


@pytest.mark.parametrize("document", [[SEED], {"servers": [listed(REMOTE)]}])
def test_no_secret_gets_out_wherever_it_stands(tmp_path, document):
    assert leaks(SOURCE, tmp_path / "x.json", document) == []
