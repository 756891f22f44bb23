"""One secret of a server is one credential, kept where its value stands.

By https://docs.github.com/copilot/concepts/agents/cloud-agent/mcp-and-cloud-agent (`COPILOT_MCP_`),
https://agentclientprotocol.com/protocol/session-setup
(lists of variables) and the README of mcp-remote (`--header`, `"Authorization:${AUTH_HEADER}"`).
"""

import json

import pytest

from graph.schema import CREDENTIAL, TOOL, USES
from ingest.sources.mcp_config import SOURCE
from tests.support.exports.loading import load

DSN = "postgresql://app:s3cret-Pw99@db.internal/shop"
TOKEN = "tok_9912kasdkfj"


@pytest.fixture
def read(tmp_path):
    def reading(**files):
        for name, servers in files.items():
            path = tmp_path / "x" / name / ".mcp.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps({"mcpServers": servers}))
        return load(SOURCE, tmp_path / "s", tmp_path / "x")

    return reading


def kept(loaded):
    """Return where each secret of the server `x` is kept, and whether its value is known."""
    return {
        row["name"].removesuffix(" of x"): (row["storage"], row["fingerprint"] is not None)
        for row in loaded.rows(CREDENTIAL)
    }


@pytest.mark.parametrize(
    ("server", "secrets"),
    [
        ({"args": ["dbhub", "--dsn", DSN]}, {"dsn": ("config", True)}),
        ({"args": ["dbhub", f"--dsn={DSN}"]}, {"dsn": ("config", True)}),
        ({"args": ["run", "-e", f"DATABASE_URL={DSN}", "i"]}, {"DATABASE_URL": ("config", True)}),
        ({"args": ["pg", DSN]}, {"password in the address": ("config", True)}),
        ({"args": ["pg", f"--url={DSN}"]}, {"password in the address": ("config", True)}),
    ],
)
def test_a_password_in_an_address_is_one_credential(read, server, secrets):
    """An option that names a secret had two: the address, and the password in it."""
    assert kept(read(a={"x": {"command": "npx", **server}})) == secrets


def test_the_same_address_with_its_password_is_one_credential_of_several_agents(read):
    """The same value in several files is one; passwords in addresses had no fingerprint."""
    given = {"x": {"command": "npx", "args": ["pg", DSN]}}
    by_variable = {"x": {"command": "npx", "args": ["pg"], "env": {"DATABASE_URL": DSN}}}
    other = {"x": {"command": "npx", "args": ["pg", DSN.replace("/shop", "/till")]}}
    loaded = read(a=given, b=given, c=by_variable, d=other)
    assert len(loaded.rows(CREDENTIAL)) == 2  # the same password in another address is another
    users = {row["source_id"]: row["target_id"] for row in loaded.rows(USES)}
    assert len(users) == 4
    assert len(set(users.values())) == 2


@pytest.mark.parametrize(
    ("step", "shown"),
    [
        ("f4k8s0d9a7s6d5f4g3h2", "[token]"),
        ("f4k8s0d9a7s6d5f4g3hx", "[token]"),
        ("9d1f7c52-8e0b-4b6a-93f5-2f8c61a07744", "[token]"),
        ("get-the-weather-report-2", "get-the-weather-report-2"),
        ("the-weather-report-v2-20250514", "the-weather-report-v2-20250514"),
        ("theweatherreport20250514", "theweatherreport20250514"),
    ],
)
def test_a_token_in_the_path_of_an_address_is_one_secret_and_never_shown(read, step, shown):
    """One that ended in a digit was taken for a name with its version, and shown."""
    server = {"x": {"url": f"https://mcp.example.org/s/{step}/mcp"}}
    loaded = read(a=server, b=server)
    assert loaded.of(TOOL, "id") == [f"mcp:https://mcp.example.org/s/{shown}/mcp"]
    assert len(loaded.rows(CREDENTIAL)) == (shown == "[token]")


@pytest.mark.parametrize(
    ("variable", "secrets"),
    [
        ({"AUTH_HEADER": f"Bearer {TOKEN}"}, {"Authorization": ("config", True)}),
        ({"TOKEN": TOKEN}, {"TOKEN": ("config", True)}),
        ({"TOKEN": "${env:TOKEN}"}, {"TOKEN": ("env", False)}),
        ({}, {"Authorization": ("env", False)}),
    ],
)
def test_an_argument_that_refers_to_a_variable_of_its_server_holds_the_same_secret(
    read, variable, secrets
):
    """The value stands in the file: it was said to be kept in a variable, or counted twice."""
    name = next(iter(variable), "TOKEN")
    args = ["mcp-remote", "https://a.example.org/", "--header", f"Authorization:${{{name}}}"]
    assert kept(read(a={"x": {"command": "npx", "args": args, "env": variable}})) == secrets


@pytest.mark.parametrize("value", ["true", "False", "none", "on", "0", "120"])
def test_a_switch_is_no_secret(read, value):
    """`ENABLE_AUTH=true` was a token that stands in the file."""
    server = {"command": "npx", "args": ["a", f"--auth={value}"], "env": {"ENABLE_AUTH": value}}
    assert kept(read(a={"x": server})) == {}


@pytest.mark.parametrize(
    "given",
    [
        {"env": [{"name": "API_KEY", "value": "1234-5678-abcd"}]},
        {"env": ["API_KEY=1234-5678-abcd"]},
        {"headers": [{"name": "API_KEY", "value": "1234-5678-abcd"}]},
    ],
)
def test_variables_and_headers_may_be_listed(read, given):
    assert kept(read(a={"x": {"command": "npx", "args": ["a"], **given}})) == {
        "API_KEY": ("config", True)
    }


def test_a_secret_that_github_keeps_for_its_agent_is_in_a_vault(read):
    """The variable names it; the name was taken for the value."""
    server = {"command": "npx", "args": ["a"], "env": {"API_KEY": "COPILOT_MCP_API_KEY"}}
    assert kept(read(a={"x": server})) == {"API_KEY": ("vault", False)}


@pytest.mark.parametrize(
    "place",
    [
        "/home/ann/key.json",
        "~/.config/gcloud/application_default_credentials.json",
        "./creds.json",
        "C:\\Users\\ann\\key.pem",
        "/run/secrets/github_token",
        "${HOME}/key.p12",
        "file:///etc/token",
    ],
)
def test_the_place_of_a_file_is_no_secret_that_stands_here(read, place):
    """Two laptops with the same place had one credential, which stood in both configurations."""
    server = {"command": "npx", "args": ["a"], "env": {"GOOGLE_APPLICATION_CREDENTIALS": place}}
    assert kept(read(a={"x": server})) == {"GOOGLE_APPLICATION_CREDENTIALS": ("unknown", False)}


@pytest.mark.parametrize(
    "value", ["/9j+4AAQSkZJRgABAQAAAQ==", "abc.def/ghi-jkl+mno", "a.keys-1234"]
)
def test_a_value_with_a_slash_or_a_dot_is_no_place(read, value):
    server = {"command": "npx", "args": ["a"], "env": {"API_KEY": value}}
    assert kept(read(a={"x": server})) == {"API_KEY": ("config", True)}


@pytest.mark.parametrize("way", ["oauth", "Bearer", "iam"])
def test_the_way_of_signing_in_is_no_secret(read, way):
    assert kept(read(a={"x": {"command": "npx", "args": ["a", "--auth", way]}})) == {}


def test_a_password_of_digits_is_one_without_quotes_too(tmp_path):
    """YAML makes a number of it, and it was dropped."""
    path = tmp_path / "librechat.yaml"
    path.write_text(
        "mcpServers:\n  x:\n    command: npx\n    timeout: 30000\n    maxTokens: 4096\n"
        "    env:\n      PGPASSWORD: 8374651920\n      USE_TOKEN: true\n"
    )
    assert kept(load(SOURCE, tmp_path / "s", path)) == {"PGPASSWORD": ("config", True)}
