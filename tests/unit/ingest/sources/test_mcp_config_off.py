"""Servers that a client switches off elsewhere in its file.

By https://github.com/google-gemini/gemini-cli/blob/main/docs/tools/mcp-server.md (`mcp.allowed`,
`mcp.excluded`), and the projects that Claude Code keeps in `.claude.json`.
"""

import json

import pytest

from graph.schema import CALLS, TOOL
from ingest.sources.mcp_config import SOURCE
from tests.support.exports.loading import load

SERVERS = {name: {"command": "npx", "args": ["-y", f"@acme/{name}"]} for name in ("a", "b", "c")}


@pytest.fixture
def off(tmp_path):
    def reading(document, name=".gemini/settings.json"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(document))
        loaded = load(SOURCE, tmp_path / "s", path)
        eligible = {r["target_id"] for r in loaded.rows(CALLS) if r["eligible"]}
        disabled = {r["name"] for r in loaded.rows(TOOL) if r["status"] == "disabled"}
        assert {r["name"] for r in loaded.rows(TOOL) if r["id"] in eligible} == disabled
        return "".join(sorted(disabled))

    return reading


@pytest.mark.parametrize(("settings", "names"), [
    ({"excluded": ["B"]}, "b"),  # in any letter case
    ({"allowed": ["a", "b"], "excluded": ["b"]}, "bc"),
    ({"allowed": []}, ""),  # as if it were not there
    ({"allowed": "a"}, "bc"),
    ({}, ""),
    (None, ""),
])  # fmt: skip
def test_gemini_runs_what_is_allowed_and_not_excluded(off, settings, names):
    assert off({"mcp": settings, "mcpServers": SERVERS}) == names


def test_claude_code_disables_servers_of_a_project_by_name(off):
    project = {"mcpServers": {"a": SERVERS["a"], "b": SERVERS["b"]}, "disabledMcpServers": ["b"]}
    document = {"projects": {"/home/ann/shop": project}, "mcpServers": {"c": SERVERS["c"]}}
    assert off(document, ".claude.json") == "b"


def test_a_server_that_another_part_of_the_file_disables_stays_on(off):
    projects = {"/x": {"disabledMcpServers": ["a"]}, "/y": {"mcpServers": SERVERS}}
    assert off({"projects": projects}, ".claude.json") == ""


@pytest.mark.parametrize("name", ["settings.json", "settings.local.json"])
def test_claude_code_rejects_servers_of_a_folder_in_its_settings(tmp_path, name):
    """`disabledMcpjsonServers` of https://code.claude.com/docs/en/settings: what somebody rejected.

    Another folder with a server of the same name has it on, and so has another client.
    """
    for folder in ("shop", "till"):
        (tmp_path / "x" / folder / ".claude").mkdir(parents=True)
        (tmp_path / "x" / folder / ".mcp.json").write_text(json.dumps({"mcpServers": SERVERS}))
    (tmp_path / "x" / "shop" / ".cursor").mkdir()
    (tmp_path / "x/shop/.cursor/mcp.json").write_text(json.dumps({"mcpServers": SERVERS}))
    settings = {"enabledMcpjsonServers": ["b"], "disabledMcpjsonServers": ["a"]}
    (tmp_path / "x" / "shop" / ".claude" / name).write_text(json.dumps(settings))
    loaded = load(SOURCE, tmp_path / "s", tmp_path / "x")
    off = {(a, b) for (a, b), row in zip(ends(loaded), loaded.rows(CALLS), strict=True)
           if row["eligible"]}  # fmt: skip
    assert off == {("shop/.mcp.json", "a")}
    assert {row["status"] for row in loaded.rows(TOOL)} == {"active"}


def ends(loaded):
    """Return the client and the server of each call."""
    names = {row["id"]: row["name"] for row in loaded.graph.things.to_dict("records")}
    return [(names[row["source_id"]], names[row["target_id"]]) for row in loaded.rows(CALLS)]


def test_settings_that_cannot_be_read_reject_nothing(tmp_path):
    (tmp_path / "x" / ".claude").mkdir(parents=True)
    (tmp_path / "x" / ".mcp.json").write_text(json.dumps({"mcpServers": SERVERS}))
    (tmp_path / "x" / ".claude" / "settings.json").write_text('{"disabledMcpjsonServers": ["a"')
    loaded = load(SOURCE, tmp_path / "s", tmp_path / "x")
    assert [row["eligible"] for row in loaded.rows(CALLS)] == [None] * 3
