"""Secrets in the line that a shell is handed, which is one argument of the command."""

import json

import pytest

from graph.schema import CREDENTIAL
from ingest.sources.mcp_config import SOURCE
from tests.support.exports.loading import load


@pytest.mark.parametrize(
    ("line", "secrets"),
    [
        ("FOO=1 npx -y @acme/x --api-key $KEY", {"api-key": ("env", False)}),
        ("cd /x && DB_PASSWORD=hunter2-hunter2 ./run", {"DB_PASSWORD": ("config", True)}),
        ("docker run -e API_TOKEN acme/x", {"API_TOKEN": ("env", False)}),
        ("npx -y @acme/x --port 80", {}),
    ],
)
def test_the_words_of_a_line_are_arguments(tmp_path, line, secrets):
    """The line was one argument: `FOO` seemed to hold a secret, of all that stood behind it."""
    path = tmp_path / "mcp.json"
    path.write_text(json.dumps({"mcpServers": {"x": {"command": "bash", "args": ["-c", line]}}}))
    rows = load(SOURCE, tmp_path / "s", path).rows(CREDENTIAL)
    assert {
        row["name"].removesuffix(" of x"): (row["storage"], row["fingerprint"] is not None)
        for row in rows
    } == secrets
