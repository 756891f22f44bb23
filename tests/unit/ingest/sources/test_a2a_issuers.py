"""Whose tokens an agent takes, and which of the agents at one address it is.

The issuer is that of https://openid.net/specs/openid-connect-discovery-1_0.html section 4, and of
RFC 8414 section 3.1, which puts the well-known part before the path; `tenant` is that of
`AgentInterface` in version 1.0 of https://a2a-protocol.org/latest/specification.
"""

import json

import pytest

from graph.schema import AGENT, RESOURCE, TRUSTS
from ingest.sources.a2a import SOURCE
from ingest.sources.bedrock import SOURCE as BEDROCK
from tests.support.exports.loading import load, reader

ENTRA = "https://login.microsoftonline.com/00000001-0000-4000-8000-00000000000a/v2.0"
DISCOVERY = "/.well-known/openid-configuration"


@pytest.fixture
def read(tmp_path):
    return reader(SOURCE, tmp_path)


def card(scheme, name="Planner", **interface):
    interface = {"url": f"https://{name.lower()}.example.com", "protocolVersion": "1.0"} | interface
    return {
        "name": name, "supportedInterfaces": [interface], "capabilities": {},
        "securitySchemes": {"s": scheme}, "securityRequirements": [{"schemes": {"s": {}}}],
        "skills": [{"id": "plan", "name": "Plan"}],
    }  # fmt: skip


def openid(address):
    return {"openIdConnectSecurityScheme": {"openIdConnectUrl": address}}


def oauth(address):
    flows = {"clientCredentials": {"tokenUrl": "https://a.example.org/t/token", "scopes": {}}}
    return {"oauth2SecurityScheme": {"oauth2MetadataUrl": address, "flows": flows}}


@pytest.mark.parametrize(
    ("scheme", "issuer"),
    [
        (openid(ENTRA + DISCOVERY), ENTRA),
        (openid(f"https://kc.example.org/realms/shop{DISCOVERY}"), "https://kc.example.org/realms/shop"),
        (openid(f"https://a.example.org{DISCOVERY}"), "https://a.example.org"),
        (openid("https://a.example.org/oidc.json"), "https://a.example.org"),
        (oauth("https://a.example.org/.well-known/oauth-authorization-server/x"),
         "https://a.example.org/x"),
        (oauth("https://a.example.org/.well-known/oauth-authorization-server"),
         "https://a.example.org"),
        (oauth(""), "https://a.example.org"),
    ],
)  # fmt: skip
def test_the_issuer_is_that_of_its_document(read, scheme, issuer):
    """All tenants of Entra and all realms of a Keycloak were one issuer."""
    (trust,) = read(card(scheme)).rows(TRUSTS)
    assert (trust["target_id"], trust["issuer"]) == (issuer, issuer)


def test_agents_of_different_sources_trust_one_issuer(tmp_path):
    """The source `bedrock` knew it by its path, and the two never met."""
    runtime = {
        "agentRuntimeArn": "arn:aws:bedrock-agentcore:eu-west-1:123456789012:runtime/r-1",
        "agentRuntimeName": "r", "agentRuntimeId": "r-1",
        "authorizerConfiguration": {"customJWTAuthorizer": {"discoveryUrl": ENTRA + DISCOVERY}},
    }  # fmt: skip
    reader(SOURCE, tmp_path)(card(openid(ENTRA + DISCOVERY)))
    path = tmp_path / "bedrock" / "get-agent-runtime.json"
    path.parent.mkdir()
    path.write_text(json.dumps(runtime))
    loaded = load(BEDROCK, tmp_path, path)
    assert [r["id"] for r in loaded.rows(RESOURCE) if r["type"] == "oidc_provider"] == [ENTRA]


def test_tenants_at_one_address_are_several_agents(read):
    """The second was passed over."""
    both = [card(openid(ENTRA + DISCOVERY), name=name, url="https://hub.example.com/a2a",
                 tenant=name) for name in ("Ann", "Bob")]  # fmt: skip
    loaded = read(*both)
    assert set(loaded.of(AGENT, "id")) == {
        "a2a:https://hub.example.com/a2a/tenant/Ann",
        "a2a:https://hub.example.com/a2a/tenant/Bob",
    }


def test_agents_that_a_host_tells_apart_by_uuid_are_several(read):
    """Their addresses became one, and all but the first were passed over."""
    ids = ("9d1f7c52-8e0b-4b6a-93f5-2f8c61a0774a", "9d1f7c52-8e0b-4b6a-93f5-2f8c61a0774b")
    cards = [card(openid(ENTRA + DISCOVERY), name=f"A{n}", url=f"https://hub.example.com/a2a/{id_}")
             for n, id_ in enumerate(ids)]  # fmt: skip
    assert set(read(*cards).of(AGENT, "id")) == {
        f"a2a:https://hub.example.com/a2a/{i}" for i in ids
    }


LOGIN = "https://id.example"
OAUTH = {"type": "oauth2", "flows": {"c": {"tokenUrl": f"{LOGIN}/t"}}}
KEY, BASIC = {"type": "apiKey"}, {"type": "http"}


@pytest.mark.parametrize(
    ("needed", "tags", "condition"),
    [
        ([{"o": ["r"]}, {"k": []}], ["auth:apiKey", "auth:oauth2"], "scope r"),
        ([{"o": ["r"], "k": []}], ["auth:apiKey+oauth2"], "scope r with apiKey"),
        ([{"o": ["r", "w"]}, {"o": ["a"]}], ["auth:oauth2"], "scope r w or scope a"),
        ([{"o": ["r"]}, {"o": []}], ["auth:oauth2"], None),
        ([{"o": [], "k": []}, {"b": []}], ["auth:apiKey+oauth2", "auth:http"], "with apiKey"),
        ([{"o": ["r"], "k": []}, {"o": ["r"]}], ["auth:apiKey+oauth2", "auth:oauth2"],
         "scope r with apiKey or scope r"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("version", ["0.3", "1.0"])
def test_any_one_of_several_requirements_suffices_and_all_of_one_are_needed(
    read, version, needed, tags, condition
):
    """As in OpenAPI: a list of alternatives, each a set of schemes that are needed together."""
    wrapped = [{"schemes": {n: {"list": s} for n, s in each.items()}} for each in needed]
    asked = {"security": needed} if version == "0.3" else {"securityRequirements": wrapped}
    card = {"name": "a", "url": "https://a.example", "protocolVersion": version, "skills": []}
    loaded = read(card | asked | {"securitySchemes": {"o": OAUTH, "k": KEY, "b": BASIC}})
    assert json.loads(loaded.one(AGENT)["tags"]) == tags
    assert loaded.one(TRUSTS, issuer=LOGIN)["condition"] == condition
