"""MCP client configurations: shapes from the clients' own pages.

https://modelcontextprotocol.io/quickstart/user, https://code.visualstudio.com/docs/copilot/chat/mcp-servers,
https://docs.cursor.com/context/mcp, https://zed.dev/docs/ai/mcp, https://opencode.ai/docs/mcp-servers,
https://github.com/openai/codex/blob/main/docs/config.md, https://block.github.io/goose.
"""

import json

import pytest

from graph.schema import AGENT, CALLS, CREDENTIAL, TOOL, USES
from ingest.secrets.names import bare_address, held_secret, secret_sort, secrets_in_address
from ingest.source import InputRefused
from ingest.sources.mcp_config import SOURCE
from ingest.sources.mcp_config.command_line import launched
from tests.support.exports.loading import load
from tests.support.hostile.canaries import leaks

RICH = {
    "mcpServers": {
        "tickets": {
            "type": "stdio",
            "command": "npx",
            "args": [
                "-y",
                "@acme/tickets",
                "--api-key",
                "value-of-option",
                "-e",
                "PIN_TOKEN=1234567",
            ],
            "env": {"TICKETS_TOKEN": "value-of-variable", "NODE_ENV": "production"},
            "cwd": "/home/ann",
        },
        "wiki": {
            "url": "https://wiki.example.com/mcp?api_key=value-of-query",
            "headers": {"X-Wiki-Token": "value-of-header", "Accept": "text/plain"},
            "auth": {"CLIENT_ID": "abc", "CLIENT_SECRET": "value-of-setting"},
            "disabled": True,
        },
    }
}


def written(folder, document, name="mcp.json"):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return path


@pytest.fixture(scope="module")
def clients(real_data, tmp_path_factory):
    return load(SOURCE, tmp_path_factory.mktemp("m"), real_data / "agent-configs" / "clients")


def test_sixteen_files_are_sixteen_agents_with_32_entries(clients):
    """Counted in the files: 16 files, 32 entries, 27 names, 8 secrets in variables and headers."""
    assert len(clients.rows(AGENT)) == 16
    assert len(clients.rows(CALLS)) == 32
    assert len(set(clients.of(TOOL, "name"))) == 27
    assert len(clients.rows(CREDENTIAL)) == 8
    assert clients.reasons == []


def test_the_disabled_server_is_kept_and_has_to_be_enabled_first(clients):
    tool = clients.one(TOOL, name="github-mcp")
    assert tool["status"] == "disabled"
    assert clients.one(CALLS, target_id=tool["id"])["eligible"] is True
    other = clients.one(CALLS, target_id=clients.one(TOOL, name="brave-search")["id"])
    assert other["eligible"] is None


def test_the_agent_knows_its_client(clients):
    names = {r["name"]: r["platform"] for r in clients.rows(AGENT)}
    assert names["cursor.json"] == "Cursor"
    assert names["zed_settings.json"] == "Zed"
    assert names["claude_desktop.json"] == "Claude Desktop"


@pytest.mark.parametrize(
    ("name", "platform"),
    [
        (".cursor/mcp.json", "Cursor"),
        (".vscode/mcp.json", "VS Code"),
        (".mcp.json", "Claude Code"),
        (".claude.json", "Claude Code"),
        ("claude_desktop_config.json", "Claude Desktop"),
        (".aws/amazonq/mcp.json", "Amazon Q"),
        ("organized/room/mcp.json", None),
    ],
)
def test_the_client_is_told_by_where_the_file_is(tmp_path, name, platform):
    written(tmp_path / "in", RICH, name)
    loaded = load(SOURCE, tmp_path / "s", tmp_path / "in")
    assert loaded.of(AGENT, "platform") == [platform]


@pytest.mark.parametrize(
    ("name", "document"),
    [
        ("claude.json", {"projects": {"/w/a": {"mcpServers": {"s": {"command": "x"}}}}}),
        ("zed.json", {"context_servers": {"s": {"command": {"path": "x", "args": []}}}}),
        ("opencode.json", {"mcp": {"s": {"type": "local", "command": ["x", "y"]}}}),
        ("settings.json", {"mcp": {"servers": {"s": {"command": "x"}}}}),
        ("settings.json", {"amp.mcpServers": {"s": {"command": "x"}}}),
        ("config.toml", '[mcp_servers.s]\ncommand = "x"\n'),
        ("goose.yaml", "extensions:\n  s:\n    type: stdio\n    cmd: x\n"),
        (".mcp.json", {"s": {"command": "npx", "args": ["-y", "x"]}}),  # of a plugin of Claude Code
        ("openhands.toml", '[mcp]\nsse_servers = ["https://a.example/sse"]\n'),
        ("vibe.toml", '[[mcp_servers]]\nname = "s"\ntransport = "stdio"\ncommand = "x"\n'),
        (
            "librechat.yaml",
            "interface:\n  mcpServers: {use: true, create: false}\n"
            "modelSpecs:\n  list: [{name: a, mcpServers: [s]}]\n"
            "mcpServers:\n  s: {type: streamable-http, url: https://a.example/mcp}\n",
        ),
        ("continue.yaml", "mcpServers:\n  - name: s\n    command: x\n"),
        (
            "continue.json",
            {"experimental": {"modelContextProtocolServers": [{"transport": {"command": "x"}}]}},
        ),
        ("mcp.json", '\ufeff{ // one\n "servers": {"s": {"command": "x",},}, /* end */ }'),
    ],
)
def test_every_layout_gives_one_agent_and_one_server(tmp_path, name, document):
    loaded = load(SOURCE, tmp_path / "s", written(tmp_path / "in", document, name))
    assert (len(loaded.rows(AGENT)), len(loaded.rows(TOOL))) == (1, 1)


@pytest.mark.parametrize(
    "document",
    [
        {"servers": [{"host": "db", "port": 1}]},
        {"openapi": "3.1.0", "servers": [{"url": "https://api.example.com"}]},
        {"asyncapi": "3.0.0", "servers": {"prod": {"url": "a.example", "protocol": "amqp"}}},
        {"interface": {"mcpServers": {"use": True}}},
        {"mcp": {"version": 2}},
        {"extensions": ["a.b"]},
        {"dependencies": {"@modelcontextprotocol/sdk": "1"}},
    ],
)
def test_other_json_is_not_taken_for_a_configuration(tmp_path, document):
    path = written(tmp_path, document)
    with pytest.raises(InputRefused, match="holds no list of MCP servers"):
        load(SOURCE, tmp_path / "s", path)
    with pytest.raises(InputRefused, match="nothing in it configures"):
        load(SOURCE, tmp_path / "s", tmp_path)


@pytest.mark.parametrize(
    ("name", "key", "client"),
    [
        (".kilocode/mcp.json", "mcpServers", "Kilo Code"),
        (".kilo/mcp.json", "mcpServers", "Kilo Code"),
        (".vs/mcp.json", "servers", "Visual Studio"),
        (".github/mcp.json", "mcpServers", "GitHub Copilot"),
        (".amp/settings.json", "amp.mcpServers", "Amp"),
        (".claude-plugin/plugin.json", "mcpServers", "Claude Code"),
    ],
)
def test_every_client_is_found_in_its_hidden_folder(tmp_path, name, key, client):
    """Their folders were not looked into, and nothing told of it."""
    written(tmp_path / "in", {key: {"a": {"command": "npx", "args": ["@acme/a"]}}}, name)
    agent = load(SOURCE, tmp_path / "s", tmp_path / "in").one(AGENT)
    assert (agent["name"], agent["platform"]) == (name, client)


def test_hidden_folders_of_clients_are_looked_into_and_others_are_not(tmp_path):
    for name in (".vscode/mcp.json", ".git/mcp.json", "node_modules/x/mcp.json", "package.json"):
        written(tmp_path / "in", RICH if "mcp" in name else {}, name)
    loaded = load(SOURCE, tmp_path / "s", tmp_path / "in")
    assert loaded.of(AGENT, "name") == [".vscode/mcp.json"]
    assert "1 files hold no MCP servers and were passed over" in loaded.done.warnings


def test_secrets_are_known_by_name_and_place_only(tmp_path):
    loaded = load(SOURCE, tmp_path / "s", written(tmp_path, RICH))
    got = {r["id"].split("/credential/")[1]: r["type"] for r in loaded.rows(CREDENTIAL)}
    assert got == {
        "mcp.json/tickets/env/TICKETS_TOKEN": "token",
        "mcp.json/tickets/argument/api-key": "api_key",
        "mcp.json/tickets/argument/PIN_TOKEN": "token",
        "mcp.json/wiki/header/X-Wiki-Token": "token",
        "mcp.json/wiki/setting/CLIENT_SECRET": "client_secret",
        "mcp.json/wiki/address/api_key": "api_key",
    }
    assert {source for source, _ in loaded.links(USES)} == {"mcp.json"}
    assert set(loaded.of(CREDENTIAL, "storage")) == {"config"}
    assert "value-of" not in str([loaded.rows(e) for e in (AGENT, TOOL, CREDENTIAL, CALLS)])
    assert loaded.one(TOOL, name="wiki")["id"] == "mcp:https://wiki.example.com/mcp"


def test_no_secret_gets_out_wherever_it_stands(tmp_path):
    assert leaks(SOURCE, tmp_path / "mcp.json", RICH) == []


def test_the_same_value_in_two_files_is_one_shared_credential(tmp_path):
    """Another value is another credential, and two placeholders say nothing of each other."""
    values = {"one": "s3cr3t-Zq7-value", "two": "s3cr3t-Zq7-value", "three": "another-Zq7-value",
              "four": "<your token>", "five": "<your token>"}  # fmt: skip
    for name, value in values.items():
        servers = {"mcpServers": {name: {"command": "x", "env": {"A_TOKEN": value}}}}
        written(tmp_path / "in", servers, f"{name}.json")
    loaded = load(SOURCE, tmp_path / "s", tmp_path / "in")
    users: dict[str, set[str]] = {}
    for agent, credential in loaded.links(USES):
        users.setdefault(credential, set()).add(agent)
    assert sorted(users.values(), key=len)[-1] == {"one.json", "two.json"}
    assert len(users) == 4
    prints = [r["fingerprint"] for r in loaded.rows(CREDENTIAL)]
    assert sum(p is None for p in prints) == 2
    assert len({p for p in prints if p}) == 2


@pytest.mark.parametrize(
    ("value", "storage"),
    [
        ("${env:GITHUB_TOKEN}", "env"),
        ("Bearer ${GITHUB_TOKEN}", "env"),
        ("$GITHUB_TOKEN", "env"),
        ("${input:token}", "vault"),
        ("op://private/github/token", "vault"),
        ("arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/github-AbCdEf", "vault"),
        ("@Microsoft.KeyVault(SecretUri=https://a.vault.azure.net/secrets/github/)", "vault"),
        ("vault:secret/data/github#token", "vault"),
        ("${GITHUB_TOKEN:?is required}", "env"),
        ("Bearer ${GITHUB_TOKEN-}", "env"),
        ("os.environ/GITHUB_TOKEN", "env"),
        ("process.env.GITHUB_TOKEN", "env"),
        ("Bearer abc123", "config"),
        ("${GITHUB_TOKEN:-abc12345}", "config"),
        ("pre${X}literal", "config"),
        ("", "unknown"),
    ],
)
def test_a_reference_says_where_the_value_is(value, storage):
    assert held_secret("GITHUB_TOKEN", value).storage == storage


@pytest.mark.parametrize(
    "name", ["NODE_ENV", "AWS_REGION", "MEMORY_DIR", "MAX_TOKENS", "PUBLIC_KEY", "AWS_PROFILE",
             "TOKEN_URL", "KEYBOARD", "", "AWS_ACCESS_KEY_ID", "Accept"],
)  # fmt: skip
def test_plain_settings_are_no_secrets(name):
    assert secret_sort(name) is None


@pytest.mark.parametrize(
    ("address", "bare", "secrets"),
    [
        ("http://localhost:3001/mcp", "http://localhost:3001/mcp", []),
        ("https://u:p@h/x?a=1#t", "https://h/x", ["password in the address"]),
        ("https://h/x?token=abc&page=2", "https://h/x", ["token"]),
        ("https://h/s/a1B2c3D4e5F6g7H8i9J0k/mcp", "https://h/s/[token]/mcp", ["token in the path"]),
        ("https://h/v1/get-the-weather-report-2", "https://h/v1/get-the-weather-report-2", []),
        ("https://h:99999/x", "an address that cannot be read", []),
    ],
)
def test_addresses_are_kept_without_what_is_secret_in_them(address, bare, secrets):
    assert bare_address(address) == bare
    assert [s.name for s in secrets_in_address(address)] == secrets


@pytest.mark.parametrize(
    ("said", "place", "reason"),
    [
        ('{"mcpServers": {"a": {}, "a": {}}}', "/mcpServers/a", "a key is repeated"),
        ('{"mcpServers": {', "line 1", "the JSON text ends too early"),
        ('{"mcpServers": /* ', "line 1", "the JSON text ends too early"),
        ('{"mcpServers": ' + "[" * 200, "line 1", "is nested more than 100 deep"),
    ],
)
def test_a_broken_configuration_is_refused_with_its_place(tmp_path, said, place, reason):
    file = written(tmp_path / "in", said)
    with pytest.raises(InputRefused) as refused:
        load(SOURCE, tmp_path / "s", file)
    assert (refused.value.place, refused.value.reason) == (place, reason)
    with pytest.raises(InputRefused, match="and nothing in it configures an MCP client"):
        load(SOURCE, tmp_path / "s", tmp_path / "in")


def test_in_a_folder_a_broken_configuration_is_set_aside_and_other_files_do_not_matter(tmp_path):
    """Twin: named by itself, it is refused."""
    written(tmp_path / "in", RICH, ".mcp.json")
    broken = written(tmp_path / "in", '{"mcpServers": {"a": {}, "a": {}}}', "old/mcp.json")
    written(tmp_path / "in", "servers:\n  - {{ .Values.host }}\n", "chart/values.yaml")
    written(tmp_path / "in", "extensions:\n  - !!python/name:x\n", "mkdocs.yml")
    written(tmp_path / "in", {"servers": [{"url": "https://a.example"}]}, "part-of-openapi.json")
    loaded = load(SOURCE, tmp_path / "s", tmp_path / "in")
    assert loaded.of(AGENT, "name") == [".mcp.json"]
    assert loaded.reasons == [("/mcpServers/a", "a key is repeated")]
    assert not loaded.graph.coverage[0].complete
    assert "3 files hold no MCP servers and were passed over" in loaded.done.warnings
    with pytest.raises(InputRefused, match="a key is repeated"):
        load(SOURCE, tmp_path / "s2", broken)


@pytest.mark.parametrize(
    ("command", "args", "what"),
    [
        ("cmd", ["/c", "npx", "-y", "@acme/x@1.2"], "npm:@acme/x"),
        ("C:\\Windows\\System32\\cmd.exe", ["/C", "uvx", "x==1"], "pypi:x"),
        ("bash", ["-lc", "A_TOKEN=b exec npx -y @acme/x --stdio"], "npm:@acme/x"),
        ("bash", ["-lc", "cd a && exec bash b/launch.sh"], "bash launch.sh"),
        ("env", ["A=b", "npx", "-y", "acme"], "npm:acme"),
        ("npx", ["-y", "https://me:pw@a.example/x?t=1"], "npm:https://a.example/x"),
        ("npx", ["github:acme/x#v1"], "npm:github:acme/x"),
        ("uvx", ["--from", "git+https://a.example/x", "serve"], "pypi:serve"),
        ("uv", ["--directory", "/home/me", "run", "server.py"], "uv server.py"),
        ("docker", ["run", "-i", "--rm", "-e", "A", "ghcr.io/acme/x:1.2"], "docker:ghcr.io/acme/x"),
        ("docker", ["run", "host:5000/x@sha256:ab"], "docker:host:5000/x"),
        ("docker", ["mcp", "gateway", "run"], "docker mcp gateway"),
        ("python", ["-m", "acme.x"], "python acme.x"),
        ("dnx", ["Acme.X@1.0", "--yes"], "nuget:Acme.X"),
        ("cargo", ["run", "--quiet"], "cargo"),
        ("cmd", [], "cmd"),
    ],
)
def test_what_a_command_starts(command, args, what):
    assert launched(command, args) == what


def test_a_bridge_to_a_server_on_the_network_is_that_server(tmp_path):
    bridge = {"command": "npx", "args": ["-y", "mcp-remote", "https://a.example/sse?key=abcdefgh1"]}
    servers = {"mcpServers": {"a": bridge, "b": {"url": "https://a.example/sse"}}}
    loaded = load(SOURCE, tmp_path / "s", written(tmp_path, servers))
    assert loaded.of(TOOL, "id") == ["mcp:https://a.example/sse"]
    assert loaded.of(CREDENTIAL, "name") == ["key of a"]


def test_an_address_with_a_variable_names_no_server_in_the_world(tmp_path):
    """Two such servers are two, in two scopes four. Twin: a query is no part of the address."""
    address = "https://${input:domain}/mcp?token=${TOKEN}"
    servers = {"mcpServers": {"a": {"url": address}, "b": {"url": "https://%HOST%/mcp"}}}
    servers["mcpServers"]["c"] = {"url": "http://[broken"}
    loaded = load(SOURCE, tmp_path / "s", written(tmp_path, servers))
    assert set(loaded.of(TOOL, "id")) == {
        "mcp_config:demo/mcp_server/a/https://variable/mcp",
        "mcp_config:demo/mcp_server/b/https://variable/mcp",
        "mcp_config:demo/mcp_server/c/an address that cannot be read",
    }
    assert loaded.of(CREDENTIAL, "storage") == ["env"]


@pytest.mark.parametrize("value", ["REDACTED", "not-needed", "put-it-here", "sk-...", "[KEY]"])
def test_a_placeholder_has_no_fingerprint(value):
    assert held_secret("A_TOKEN", value).fingerprint is None
    assert held_secret("A_TOKEN", f"q7{value[:2]}-Zq7-value").fingerprint is not None


def test_variables_that_a_client_names_are_credentials_of_the_environment(tmp_path):
    """Codex hands a server variables by name, Goose keeps them in the keyring."""
    config = (
        '[mcp_servers.a]\nurl = "https://a.example"\nbearer_token_env_var = "A_TOKEN"\n'
        'env_http_headers = { "X-Api-Key" = "KEY_VAR", "X-Region" = "REGION" }\n'
        '[mcp_servers.b]\ncommand = "x"\nenv_vars = ["B_SECRET", "HOME"]\n'
    )
    loaded = load(SOURCE, tmp_path / "s", written(tmp_path, config, "config.toml"))
    got = {r["name"]: (r["storage"], r["fingerprint"]) for r in loaded.rows(CREDENTIAL)}
    env = ("env", None)
    assert got == {"A_TOKEN of a": env, "X-Api-Key of a": env, "B_SECRET of b": env}
    goose = "extensions:\n  g: {type: stdio, cmd: x, env_keys: [G_TOKEN, LANG]}\n"
    loaded = load(SOURCE, tmp_path / "t", written(tmp_path, goose, "goose.yaml"))
    assert [(r["name"], r["storage"]) for r in loaded.rows(CREDENTIAL)] == [
        ("G_TOKEN of g", "vault")
    ]


def test_a_variable_that_a_container_is_handed_counts_once(tmp_path):
    args = ["run", "-e", "A_TOKEN", "--env", "B_TOKEN", "-e", "LANG", "acme/x"]
    server = {"command": "docker", "args": args, "env": {"A_TOKEN": "s3cr3t-Zq7-value"}}
    servers = {"mcpServers": {"a": server | {"envFile": "${workspaceFolder}/.env"}}}
    loaded = load(SOURCE, tmp_path / "s", written(tmp_path, servers))
    got = {r["name"]: r["storage"] for r in loaded.rows(CREDENTIAL)}
    assert got == {"A_TOKEN of a": "config", "B_TOKEN of a": "env"}
    assert loaded.done.warnings == [
        "1 servers take variables from a file of their own, which is not read"
    ]


def test_a_server_that_is_no_object_is_set_aside_and_the_others_stay(tmp_path):
    servers = {"a": "npx", "b": {"command": "x"}, "c": None}
    loaded = load(SOURCE, tmp_path / "s", written(tmp_path, {"mcpServers": servers}))
    assert loaded.of(TOOL, "name") == ["b"]
    assert loaded.reasons == [
        ("/mcpServers/a", "a server must be an object"),
        ("/mcpServers/c", "a server must be an object"),
    ]


def test_a_name_of_ten_megabytes_is_set_aside(tmp_path):
    servers = {"n" * 10_000_000: {"command": "x"}, "b": {"command": "x"}}
    loaded = load(SOURCE, tmp_path / "s", written(tmp_path, {"mcpServers": servers}))
    assert loaded.of(TOOL, "name") == ["b"]
    assert loaded.reasons == [
        ("/mcpServers", "the name of server 1 is longer than 1024 characters")
    ]


def test_a_server_that_is_rejected_stays_as_it_was(tmp_path):
    """What it starts is in its id, so nobody can tell which one it is: nothing is retired."""
    servers = {"wiki": {"command": "npx", "args": ["-y", "@acme/wiki"]}, "db": {"command": "db"}}
    load(SOURCE, tmp_path, written(tmp_path, {"mcpServers": servers}))
    broken = written(tmp_path, {"mcpServers": servers | {"wiki": "npx -y @acme/wiki"}})
    loaded = load(SOURCE, tmp_path, broken)
    assert loaded.reasons == [("/mcpServers/wiki", "a server must be an object")]
    assert {target for _, target in loaded.links(CALLS)} == {"wiki", "db"}
    (coverage,) = loaded.graph.coverage
    assert not coverage.complete
    assert "nothing is retired" in " ".join(loaded.done.warnings)


def test_a_remark_among_servers_leaves_the_reading_complete(tmp_path):
    servers = {"_comment": "of the team", "db": {"command": "db"}}
    loaded = load(SOURCE, tmp_path, written(tmp_path, {"mcpServers": servers}))
    assert loaded.reasons == [("/mcpServers/_comment", "a server must be an object")]
    (coverage,) = loaded.graph.coverage
    assert coverage.complete
