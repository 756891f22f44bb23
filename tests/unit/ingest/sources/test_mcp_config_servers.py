"""Which servers a configuration names: of a hub, none any more, and in a container.

By https://docs.continue.dev/reference (`uses`), https://code.visualstudio.com/docs/copilot/chat/mcp-servers
and https://docs.docker.com/reference/cli/docker/container/run.
"""

import json

from graph.schema import AGENT, CALLS, TOOL
from ingest.sources.mcp_config import SOURCE
from ingest.sources.mcp_config.command_line import launched
from tests.support.exports.loading import load


def test_servers_of_a_hub_are_known_by_their_names_there(tmp_path):
    """All that stood at one place of a list were one server."""
    for name, server in (("a", "up/context7"), ("b", "acme/memory")):
        (tmp_path / "x" / name).mkdir(parents=True)
        (tmp_path / "x" / name / "config.yaml").write_text(f"mcpServers:\n  - uses: {server}\n")
    loaded = load(SOURCE, tmp_path / "s", tmp_path / "x")
    assert {row["name"] for row in loaded.rows(TOOL)} == {"up/context7", "acme/memory"}


def test_a_file_whose_last_server_was_removed_configures_none(tmp_path):
    """It was refused, and what the agent could call before stayed."""
    path = tmp_path / "mcp.json"
    for servers in ({"x": {"type": "http", "url": "https://a.example.org"}}, {}):
        path.write_text(json.dumps({"inputs": [], "servers": servers}))
        loaded = load(SOURCE, tmp_path / "s", path)
    assert (len(loaded.rows(AGENT)), loaded.rows(CALLS)) == (1, [])


def test_options_of_a_container_are_no_image():
    args = ["run", "--rm", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "acme/x:1"]
    assert launched("docker", args) == "docker:acme/x"


def test_servers_that_one_package_runs_are_known_by_their_names():
    """As the tool that writes such entries writes them; all of them were one program."""
    run = ["-y", "@smithery/cli@latest", "run"]
    assert launched("npx", [*run, "@acme/mail", "--key", "k"]) == "smithery:@acme/mail"
    assert launched("cmd", ["/c", "npx", *run, "files", "--config", "{}"]) == "smithery:files"
    assert launched("npx", ["@smithery/cli", "install", "files"]) == "npm:@smithery/cli"
    assert launched("npx", run) == "npm:@smithery/cli"
    assert launched("npx", ["-y", "@acme/cli", "run", "files"]) == "npm:@acme/cli"
