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
