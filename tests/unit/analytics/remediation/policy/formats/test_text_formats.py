"""Cedar, Rego and MCP: hostile names stay names, and what is written is read again."""

from functools import cache
from typing import Any

import pytest

from analytics.posture import Posture
from analytics.remediation.policy.formats.cedar import quoted
from graph.schema import USE_EVENT
from tests.support.estates.small_estates import Estate, ago
from tests.support.printed import policy
from tests.support.references.policies import (
    cedar_allows,
    cedar_permits,
    rego_allows,
    rego_parts,
)

HOSTILE = (
    '"',
    "\\",
    '\\"',
    '"); permit(principal, action, resource); //',
    '"]}\nallow := true\n',
    "x\n// comment",
    "\u2028allow := true",
    "\u202eeman",
    "a\tb\x07\x1b[31m",
    "*",
    "${input}",
    "{{.Values}}",
    "日本語 \U0001f511",
    "`raw`",
)
PLAIN = "plain"


def estate(agent: str, resource: str, **grant: Any) -> Estate:
    e = Estate().agent(agent, PLAIN).resource(resource).resource("db")
    return e.can(agent, "read", resource, telemetry="false", id="g", **grant)


def text(e: Estate, form: str, agent: str) -> Any:
    return texts(e, agent, form)[0]


def texts(e: Estate | Posture, agent: str, *forms: str) -> list[Any]:
    posture = e.posture() if isinstance(e, Estate) else e
    number = posture.graph.number(agent)
    return [policy(posture, number, form)["policy"] for form in forms]


@cache
def plain_rules() -> str:
    return rego_parts(text(estate("a", "b"), "rego", "a"))[0]


@cache
def hostile() -> Posture:
    """Judge an agent of each hostile name, with a resource of such a name, beside a plain one."""
    e = Estate().agent(PLAIN).resource("db")
    for number, name in enumerate(HOSTILE):
        e.agent(name).resource(f"r {name}")
        facts = {"condition": f"c {name}", "telemetry": "false", "id": f"g{number}"}
        e.can(name, "read", f"r {name}", **facts)
    return e.posture()


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_stays_a_name_and_adds_no_rule(name):
    """The rules around the data are those of a policy for a plain name."""
    resource, held = f"r {name}", [f"c {name}"]
    cedar, rego = texts(hostile(), name, "cedar", "rego")
    for written, allows in ((cedar, cedar_allows), (rego, rego_allows)):
        assert allows(written, name, "read", resource, conditions=held)
        assert not allows(written, name, "read", resource)
        assert not allows(written, name, "write", resource, conditions=held)
        assert not allows(written, PLAIN, "read", resource, conditions=held)
        assert not allows(written, name, "read", "db", conditions=held)
        assert all(character.isprintable() or character == "\n" for character in written)
    rules, principal, grants = rego_parts(rego)
    assert rules == plain_rules()
    assert (principal, [g["resource"] for g in grants]) == (name, [resource])
    (permit,) = cedar_permits(cedar)
    assert permit.principal == ("Agent", name)
    assert permit.resource == ("Resource", resource)


def test_without_quoting_a_name_would_add_a_permit(monkeypatch):
    """The twin: what the defence prevents."""
    name = 'x"); permit(principal == Agent::"x", action in [], resource == Agent::"y'
    module = "analytics.remediation.policy.formats.cedar.quoted"
    assert len(cedar_permits(text(estate("bot", name), "cedar", "bot"))) == 1
    monkeypatch.setattr(module, lambda given: f'"{given}"')
    assert len(cedar_permits(text(estate("bot", name), "cedar", "bot"))) == 2


def test_quoting_leaves_plain_text_alone():
    assert quoted("arn:aws:s3:::b é") == '"arn:aws:s3:::b é"'


def test_a_grant_without_levels_permits_its_actions():
    e = Estate().agent("bot").account("svc")
    e.can("bot", "", "svc", actions=["iam:PassRole"], id="g")
    for form, allows in (("cedar", cedar_allows), ("rego", rego_allows)):
        assert allows(text(e, form, "bot"), "bot", "iam:PassRole", "svc")
        assert not allows(text(e, form, "bot"), "bot", "read", "svc")


def test_a_tool_is_called():
    e = Estate().agent("bot").thing("Tool", "mail").link("bot", "CALLS", "mail", id="c")
    for form, allows in (("cedar", cedar_allows), ("rego", rego_allows)):
        assert allows(text(e, form, "bot"), "bot", "call", "mail")


# -- MCP -------------------------------------------------------------------------------------------


def toolbox() -> Estate:
    e = Estate().agent("bot").thing("Tool", "files", "web", kind="mcp_server")
    e.thing("Tool", "files/read", "alone", "idle", kind="mcp_tool").thing(
        "Tool", "rest", kind="api"
    )
    for name in ("files", "web", "files/read", "alone", "idle", "rest"):
        facts = {"telemetry": "true", "valid_from": ago(300)} if name == "idle" else {}
        e.link("bot", "CALLS", name, id=f"c {name}", **facts)
    return e


def test_an_allow_list_has_servers_tools_and_what_is_refused():
    posture = toolbox().posture()
    answer = policy(posture, posture.graph.find("bot"), "mcp")
    assert answer["policy"] == {
        "servers": [
            {"id": "files", "name": "files", "tools": ["*"]},
            {"id": "web", "name": "web", "tools": ["*"]},
        ],
        "tools": [{"id": "alone", "name": "alone"}],
        "refused": [{"id": "idle", "name": "idle"}],
    }
    assert [r["resource"]["id"] for r in answer["kept"] if r["not_written"]] == ["rest"]


def test_tools_that_were_used_take_the_place_of_their_server():
    e = Estate().agent("bot").thing("Tool", "files", kind="mcp_server")
    e.link("bot", "CALLS", "files", id="c", telemetry="true", valid_from=ago(300))
    for number, tool in enumerate(("read_file", "list_folder", "read_file")):
        facts = {"principal": "bot", "resource": "files", "action": tool}
        e.add(USE_EVENT, id=f"u{number}", at=ago(5), **facts)
    (server,) = text(e, "mcp", "bot")["servers"]
    assert server["tools"] == ["list_folder", "read_file"]
    e.add(USE_EVENT, id="u9", at=ago(5), principal="bot", resource="files", action="call")
    (server,) = text(e, "mcp", "bot")["servers"]  # one use does not tell its tool
    assert server["tools"] == ["*"]
