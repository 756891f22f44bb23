"""A2A agent cards of versions 0.3 and 1.0, by https://a2a-protocol.org/latest/specification."""

import json

import pytest

from graph.schema import AGENT, CALLS, CONTROLS, RESOURCE, TOOL, TRUSTS
from ingest.source import InputRefused
from ingest.sources.a2a import SOURCE
from tests.support.exports.loading import load, reader
from tests.support.hostile.canaries import leaks

FLOWS = {"clientCredentials": {"tokenUrl": "https://login.example.com/token", "scopes": {"r": "x"}}}
OLD = {
    "name": "Planner",
    "description": "plans",
    "url": "https://planner.example.com/a2a",
    "protocolVersion": "0.3.0",
    "provider": {"organization": "Acme", "url": "https://acme.example"},
    "capabilities": {},
    "securitySchemes": {"o": {"type": "oauth2", "flows": FLOWS}, "k": {"type": "apiKey"}},
    "security": [{"o": ["r", "w"]}],
    "skills": [{"id": "plan", "name": "Plan", "tags": ["t"]}],
}
NEW = {
    "name": "Planner",
    "supportedInterfaces": [{"url": "https://planner.example.com/a2a", "protocolVersion": "1.0"}],
    "capabilities": {},
    "provider": {"organization": "Acme"},
    "securitySchemes": {
        "o": {"oauth2SecurityScheme": {"flows": FLOWS}},
        "k": {"apiKeySecurityScheme": {"location": "header", "name": "X"}},
    },
    "securityRequirements": [{"schemes": {"o": {"list": ["r", "w"]}}}],
    "skills": [{"id": "plan", "name": "Plan"}],
}


def without(card, *names):
    return {name: value for name, value in card.items() if name not in names}


@pytest.fixture
def read(tmp_path):
    return reader(SOURCE, tmp_path)


@pytest.fixture(scope="module")
def real(real_data, tmp_path_factory):
    return load(SOURCE, tmp_path_factory.mktemp("a2a"), real_data / "agent-configs" / "a2a")


def test_ten_cards_are_ten_agents_with_twelve_skills(real):
    """Counted in the files: ten cards, of which two have two skills; seven need no sign-in."""
    assert (len(real.rows(AGENT)), len(real.rows(TOOL))) == (10, 12)
    assert real.reasons == []
    tags = {r["name"]: r["tags"] for r in real.rows(AGENT)}
    assert sum("auth:none" in said for said in tags.values()) == 7
    assert tags["SecureAgent"] == '["auth:mutualTLS","signed"]'
    assert tags["WeatherAgent"] == '["auth:apiKey"]'
    assert {name for name, target in real.links(TRUSTS) if target == "anyone"} == {
        name for name, said in tags.items() if "auth:none" in said
    }


def test_real_agent_that_asks_for_a_token_trusts_who_issues_it(real):
    (trust,) = [r for r in real.rows(TRUSTS) if r["issuer"]]
    assert trust["source_id"] == "a2a:https://analyst.example.com/a2a"
    assert (trust["target_id"], trust["condition"]) == ("https://auth.example.com", "scope read")


@pytest.mark.parametrize("card", [OLD, NEW], ids=["0.3", "1.0"])
def test_both_versions_say_the_same(read, card):
    loaded = read(card)
    agent = loaded.one(AGENT, id="a2a:https://planner.example.com/a2a")
    assert (agent["name"], agent["provider"], agent["tags"]) == (
        "Planner",
        "Acme",
        '["auth:oauth2"]',
    )
    trust = loaded.one(TRUSTS, issuer="https://login.example.com")
    assert trust["condition"] == "scope r w"
    assert loaded.one(RESOURCE, id="https://login.example.com")["type"] == "oidc_provider"
    assert loaded.links(CALLS) == {("Planner", "Plan")}
    assert loaded.one(CONTROLS)["condition"] == "as far as the skill goes"


@pytest.mark.parametrize(
    ("card", "tags"),
    [
        (without(OLD, "security", "securitySchemes"), '["auth:none"]'),
        (OLD | {"security": [{"o": []}, {}]}, '["auth:none"]'),
        (without(OLD, "security"), '["auth:apiKey","auth:oauth2"]'),
        (OLD | {"security": [{"gone": []}]}, '["auth:undescribed"]'),
        (OLD | {"security": {"k": []}}, '["auth:apiKey"]'),
        (OLD | {"security": ["k"]}, '["auth:apiKey"]'),
        (OLD | {"security": [{"schemes": ["k", "o"]}]}, '["auth:apiKey+oauth2"]'),
        (OLD | {"signatures": [{"protected": "x", "signature": "y"}]}, '["auth:oauth2","signed"]'),
    ],
)
def test_what_a_caller_has_to_show(read, card, tags):
    assert read(card).one(AGENT)["tags"] == tags


NONE, API, OAUTH = '"auth:none"', '"auth:apiKey"', '"auth:oauth2"'


@pytest.mark.parametrize(
    ("version", "own", "skills", "tags"),
    [
        ("0.3", None, [{"o": ["r"]}], f"[{OAUTH}]"),
        ("1.0", None, [{"o": ["r"]}, None], f"[{NONE},{OAUTH}]"),
        ("1.0", None, [None], f"[{API},{OAUTH}]"),
        ("0.3", [{"k": []}], [{"o": ["r"]}, None], f"[{API},{OAUTH}]"),
        ("1.0", [{"k": []}], [{}], f"[{API}]"),
        ("0.3", [{}], [{"o": ["r"]}, {}], f"[{NONE},{OAUTH}]"),
        ("0.3", None, [{"gone": []}], '["auth:undescribed"]'),
    ],
)
def test_what_a_skill_asks_for_is_asked_of_who_uses_it(read, version, own, skills, tags):
    """`AgentSkill.security` of 0.3, `security_requirements` of 1.0: needed for that skill.

    An agent all of whose skills ask for a token was one that anybody may call.
    """

    def asking(part, requirements):
        if requirements is None:
            return part
        if version == "0.3":
            return part | {"security": requirements}
        wrapped = [{"schemes": {n: {"list": s} for n, s in r.items()}} for r in requirements]
        return part | {"securityRequirements": wrapped}

    card = without(OLD if version == "0.3" else NEW, "security", "securityRequirements")
    listed = [
        asking({"id": f"s{n}"}, None if asked is None else [asked])
        for n, asked in enumerate(skills)
    ]
    loaded = read(asking(card, own) | {"skills": listed})
    assert loaded.one(AGENT)["tags"] == tags
    conditions = {t["target_id"]: t["condition"] for t in loaded.rows(TRUSTS)}
    assert ("anyone" in {target for _, target in loaded.links(TRUSTS)}) == (NONE in tags)
    assert conditions.get("https://login.example.com") == (
        "scope r" if {"o": ["r"]} in skills else None
    )
    assert ("https://login.example.com" in conditions) == (OAUTH in tags)


def test_agents_of_one_machine_are_told_apart_by_address(read):
    """A loopback address is no name in the world, so the scope stands in the id."""
    cards = [OLD | {"url": f"http://localhost:{port}/"} for port in (1, 2)]
    assert set(read(*cards).of(AGENT, "id")) == {
        "a2a:demo/agent/Planner/http://localhost:1",
        "a2a:demo/agent/Planner/http://localhost:2",
    }


def test_the_same_card_twice_is_one_agent(read):
    loaded = read(OLD, NEW)
    assert len(loaded.rows(AGENT)) == 1
    assert "another card of an agent that was read already" in " ".join(loaded.done.warnings)


def test_lists_and_wrapped_cards_are_read_and_other_json_is_passed_over(read):
    loaded = read([OLD, {"agentCard": OLD | {"url": "https://b.example"}}], {"name": "package"})
    assert len(loaded.rows(AGENT)) == 2
    assert "1 files hold no agent card and were passed over" in loaded.done.warnings
    listing = {"agents": [OLD, {"card": OLD | {"url": "https://c.example"}}], "total": 2}
    assert len(read(listing).rows(AGENT)) == 2


@pytest.mark.parametrize(
    ("schemes", "tags"),
    [(["Bearer"], '["auth:http"]'), (["public"], '["auth:none"]'), (["x"], '["auth:undescribed"]')],
)
def test_a_card_from_before_version_0_3_names_its_schemes(read, schemes, tags):
    """Twin: what asks for nothing lets anyone in."""
    card = without(OLD, "security", "securitySchemes") | {"authentication": {"schemes": schemes}}
    loaded = read(card)
    assert loaded.one(AGENT)["tags"] == tags
    assert bool(loaded.rows(TRUSTS)) == (schemes == ["public"])


@pytest.mark.parametrize(
    ("authentication", "tags"),
    [
        ({"type": "apiKey", "header": "X-API-Key"}, ["auth:apiKey"]),
        ({"methods": ["bearer", "oauth2"], "required": True}, ["auth:http", "auth:oauth2"]),
        ({"issuer": "https://login.example.com"}, ["auth:undescribed"]),
        ("bearer", ["auth:http"]),
        (["basic"], ["auth:http"]),
        ({"type": "none"}, ["auth:none"]),
        ({"required": False}, ["auth:none"]),
        ({"schemes": []}, ["auth:none"]),
        ({}, ["auth:none"]),
        (None, ["auth:none"]),
    ],
)
def test_a_card_asks_for_a_way_to_sign_in_in_whatever_form(read, authentication, tags):
    """Cards in the wild write it in forms of their own, and were taken for open to anyone."""
    card = without(OLD, "security", "securitySchemes") | {"authentication": authentication}
    loaded = read(card)
    assert json.loads(loaded.one(AGENT)["tags"]) == tags
    assert bool(loaded.rows(TRUSTS)) == (tags == ["auth:none"])


def test_schemes_in_a_list_and_by_their_short_names_are_schemes(read):
    loaded = read(
        without(OLD, "security") | {"securitySchemes": [{"type": "http"}, {"type": "oauth2"}]},
        without(OLD, "security")
        | {"url": "https://b.example", "securitySchemes": {"b": {"type": "bearer"}}},
    )
    tags = {row["id"]: json.loads(row["tags"]) for row in loaded.rows(AGENT)}
    assert tags["a2a:https://planner.example.com/a2a"] == ["auth:http", "auth:oauth2"]
    assert tags["a2a:https://b.example"] == ["auth:http"]
    assert not loaded.rows(TRUSTS)


def _at(letter):
    return OLD | {"url": f"https://{letter}.example"}


@pytest.mark.parametrize(
    "document",
    [
        {"jsonrpc": "2.0", "id": 1, "result": _at("a")},
        {"data": [_at("a")], "meta": {}},
        {"items": [{"agentCard": _at("a")}]},
        {"agent": _at("a")},
        {"result": {"agents": [_at("a")]}},
        {"agents": {"one": _at("a")}},
        {
            "name": "Bare",
            "url": "https://a.example",
            "skills": [],
            "defaultInputModes": [],
        },
    ],
)
def test_answers_of_registries_and_of_agents_hold_cards(read, document):
    assert read(document).of(AGENT, "id") == ["a2a:https://a.example"]


@pytest.mark.parametrize(
    ("pages", "complete"),
    [
        ([{"agents": [_at("a")], "nextPageToken": "x"}], False),
        ([{"data": [_at("a")], "meta": {"next_cursor": "x"}}], False),
        ([{"agents": [_at("a")], "nextPageToken": "x"}, {"agents": [_at("b")]}], True),
        ([{"agents": [_at("a")], "nextPageToken": ""}], True),
        ([_at("a")], True),
    ],
)
def test_a_page_of_a_catalog_is_not_all_of_it(read, pages, complete):
    assert read(*pages).graph.coverage[0].complete is complete


@pytest.mark.parametrize("name", ["cards.jsonl", "cards.json"])
def test_cards_may_stand_one_behind_the_other(tmp_path, name):
    (tmp_path / "in").mkdir()
    lines = "\n".join(json.dumps(_at(letter)) for letter in "ab")
    (tmp_path / "in" / name).write_text(lines)
    loaded = load(SOURCE, tmp_path / "s", tmp_path / "in")
    assert set(loaded.of(AGENT, "id")) == {"a2a:https://a.example", "a2a:https://b.example"}


def test_in_a_folder_what_is_no_json_is_set_aside(tmp_path):
    """Twin: a file that was named itself is refused, and so is a folder of nothing else."""
    (tmp_path / "in").mkdir()
    broken = tmp_path / "in" / "tsconfig.json"
    broken.write_text('{"compilerOptions": {} // by hand\n}')
    with pytest.raises(InputRefused, match="is not JSON"):
        load(SOURCE, tmp_path / "s", tmp_path / "in")
    (tmp_path / "in" / "card.json").write_text(json.dumps(OLD))
    loaded = load(SOURCE, tmp_path / "s", tmp_path / "in")
    assert loaded.reasons == [("line 1", "is not JSON")]
    assert loaded.graph.coverage[0].complete is False
    with pytest.raises(InputRefused, match="is not JSON"):
        load(SOURCE, tmp_path / "t", broken)


@pytest.mark.parametrize(
    ("card", "place", "reason"),
    [
        (OLD | {"name": " "}, "/name", "a card must name its agent"),
        (OLD | {"skills": ["x"]}, "/skills/0", "a skill must have an id"),
        (OLD | {"skills": [{"id": ""}, {"id": "ok"}]}, "/skills/0", "a skill must have an id"),
    ],
)
def test_what_cannot_be_named_is_set_aside(read, card, place, reason):
    assert read(card, NEW | {"name": "other"}).reasons == [(place, reason)]


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("{}", "holds no agent card"),
        ("[1]", "holds no agent card"),
        ('{"name": "x", "skills": []}', "holds no agent card"),
        ('{"name": "x", "name": "y"}', "a key is repeated"),
        ('{"name": ', "the JSON text ends too early"),
        ("[" * 200, "is nested more than 100 deep"),
    ],
)
def test_what_is_no_card_is_refused(tmp_path, said, reason):
    path = tmp_path / "card.json"
    path.write_text(said)
    with pytest.raises(InputRefused, match=reason):
        load(SOURCE, tmp_path / "s", path)


@pytest.mark.parametrize("card", [OLD, NEW], ids=["0.3", "1.0"])
def test_no_secret_gets_out_wherever_it_stands(tmp_path, card):
    assert leaks(SOURCE, tmp_path / "card.json", card) == []


def _with_underscores(value):
    if isinstance(value, list):
        return [_with_underscores(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        "".join(f"_{c.lower()}" if c.isupper() else c for c in key): _with_underscores(each)
        for key, each in value.items()
    }


@pytest.mark.parametrize("card", [OLD, NEW], ids=["0.3", "1.0"])
def test_a_card_with_underscores_asks_for_the_same(read, card):
    """Such a card was taken for one that anybody may call."""
    loaded = read(_with_underscores(card))
    (agent,) = loaded.rows(AGENT)
    assert (agent["id"], json.loads(agent["tags"])) == (
        "a2a:https://planner.example.com/a2a",
        ["auth:oauth2"],
    )
    (trust,) = loaded.rows(TRUSTS)
    assert (trust["target_id"], trust["condition"]) == ("https://login.example.com", "scope r w")


def test_the_usual_port_of_an_address_is_no_part_of_its_id(read):
    loaded = read(OLD, OLD | {"url": "https://planner.example.com:443/a2a/"})
    assert loaded.of(AGENT, "id") == ["a2a:https://planner.example.com/a2a"]
