"""Things that several sources state under several ids: what makes them one, and what does not."""

import itertools
import json
from dataclasses import astuple

import pandas as pd
import pytest

from graph.access import AccessGraph
from graph.element import Content
from graph.identity.match import identify
from graph.identity.merge_claims import resolve_nodes
from graph.schema import AGENT, CAN_ACCESS, ELEMENTS, HUMAN, OWNS, TRUSTS
from tests.support.estates.small_estates import Estate, ago, together
from tests.support.search import some

ARN = "arn:aws:iam::111122223333:role/bot"


def one_of(
    source: str, label: str, id_: str, known: tuple[str, ...] | list[str] = (), **facts
) -> Estate:
    """State one thing, as a source of its own."""
    said = {"external_ids": list(known)} if known else {}
    return Estate(source=source, scope=source).thing(label, id_, **said, **facts)


def groups(*estates: Estate, apart=()) -> list[tuple[str, ...]]:
    """Return the ids that were made one, the one that is used first."""
    found = identify(together(*estates), apart)
    return [(new, *(i for i in ids if i != new)) for new, ids in sorted(found.merged.items())]


def reasons(*estates: Estate, apart=()) -> list[str]:
    return [c.reason for c in identify(together(*estates), apart).collisions]


# ---------------------------------------------------------------- strong ids


@pytest.mark.parametrize(
    "known",
    [
        "aws_id:AROAEXAMPLE",
        "entra_object:0F1C2D3E-0000-4000-8000-000000000001",
        "entra_app:0f1c2d3e-0000-4000-8000-000000000002",
        "oidc:https://token.actions.githubusercontent.com|repo:acme/x:ref:refs/heads/main",
        "spiffe:spiffe://acme.test/ns/prod/sa/bot",
        "host:i-0123456789abcdef0",
        "github:acme/bot",
    ],
)
def test_one_strong_id_is_enough(known):
    first = one_of("aws", "Agent", "a", [known])
    assert groups(first, one_of("crm", "Agent", "b", [known])) == [("a", "b")]
    other = known[:-1] + "9"
    assert groups(first, one_of("crm", "Agent", "b", [other])) == []


def test_the_id_of_a_thing_counts_as_one_of_its_ids():
    """And the id that others know it by is the one that is used, whatever the alphabet says."""
    aws = one_of("aws", "Role", ARN)
    assert groups(aws, one_of("backstage", "Role", "a-bot", [f"arn:{ARN}"])) == [(ARN, "a-bot")]


def test_three_sources_one_agent_and_every_statement_is_told():
    aws = one_of("aws", "Agent", ARN, purpose="invoices")
    hub = one_of("github", "Agent", "gh", [f"arn:{ARN}", "github:acme/bot"], platform="actions")
    iga = one_of("iga", "Agent", "iga-7", ["github:ACME/Bot"], env="prod")
    graph = AccessGraph.of(together(aws, hub, iga))
    agents = graph.frames[AGENT]
    assert agents["id"].tolist() == [ARN]
    row = agents.iloc[0]
    assert (row["purpose"], row["platform"], row["env"]) == ("invoices", "actions", "prod")
    assert json.loads(row["external_ids"]) == [
        f"arn:{ARN}", "github:ACME/Bot", "github:acme/bot"]  # fmt: skip
    for said in (ARN, "gh", "iga-7", "github:acme/bot"):
        assert graph.find(said) == graph.number(ARN)
    assert set(graph.identities.members["source"]) == {"aws", "github", "iga"}
    assert set(graph.identities.links["rule"]) == {"same arn", "same github"}


def test_an_agent_and_the_account_it_runs_as_stay_two():
    known = ["github:acme/bot"]
    agent = one_of("github", "Agent", "a", known)
    assert groups(agent, one_of("aws", "ServiceAccount", "b", known)) == []


def test_a_kind_that_nobody_declared_makes_nothing_one():
    assert (
        groups(one_of("x", "Agent", "a", ["ticket:7"]), one_of("y", "Agent", "b", ["ticket:7"]))
        == []
    )


# ---------------------------------------------------------------- weak facts

ANN = {"name": "Ann Smith", "email": "ann@acme.test"}


def test_an_email_or_a_name_alone_is_not_enough():
    hr = one_of("hr", "Human", "hr-1", **ANN)
    assert groups(hr, one_of("idp", "Human", "u1", email="ann@acme.test", name="A. S.")) == []
    assert groups(hr, one_of("idp", "Human", "u1", name="Ann Smith")) == []
    alone = reasons(hr, one_of("idp", "Human", "u1", email="ann@acme.test", name="A. S."))
    assert alone == ["an e-mail alone does not merge them"]


@pytest.mark.parametrize(
    "facts",
    [
        ANN,
        {"name": " ann  SMITH", "email": "Ann@ACME.test"},
        {"email": "ann@acme.test", "external_ids": ["employee:E7"], "name": "other"},
        {"name": "Ann Smith", "external_ids": ["employee:e7"]},
        {"email": "ann@acme.test", "name": "other", "manager_id": "boss"},
    ],
)
def test_a_second_fact_makes_them_one(facts):
    hr = one_of("hr", "Human", "hr-1", external_ids=["employee:E7"], manager_id="boss", **ANN)
    assert groups(hr, one_of("idp", "Human", "u1", **facts)) == [("hr-1", "u1")]


def test_a_manager_who_became_one_is_the_same_manager():
    hr = one_of("hr", "Human", "boss", name="Bo", email="bo@acme.test")
    hr.person("hr-1", name="Ann", email="ann@acme.test", manager_id="boss")
    idp = one_of("idp", "Human", "u-boss", name="Bo", email="bo@acme.test")
    idp.person("u1", name="A. Smith", email="ann@acme.test", manager_id="u-boss")
    assert groups(hr, idp) == [("boss", "u-boss"), ("hr-1", "u1")]


# ---------------------------------------------------------------- what speaks against it


def test_what_one_source_tells_apart_stays_apart():
    hr = one_of("hr", "Human", "hr-1", **ANN).person("hr-2", **ANN)
    idp = one_of("idp", "Human", "u1", **ANN)
    assert groups(hr, idp) == []
    assert reasons(hr, idp) == ["hr (hr) declares them as two things"]


def test_two_ids_of_a_kind_of_which_a_thing_has_one():
    known = "github:acme/bot"
    a = one_of("x", "Agent", "a", [known, "entra_object:1"])
    b = one_of("y", "Agent", "b", [known, "entra_object:2"])
    assert groups(a, b) == []
    assert reasons(a, b) == ["they have different ids of the kind entra_object"]
    assert groups(a, one_of("y", "Agent", "b", [known, "oidc:i|s"])) == [("a", "b")]


def test_two_arns_that_are_ids_of_their_own():
    one, two = (one_of(s, "Role", f"{ARN}{s}", ["github:acme/bot"]) for s in "xy")
    assert reasons(one, two) == ["they have different ids of the kind arn"]


def test_a_life_that_ended_before_the_other_began():
    old = one_of("x", "Agent", "a", ["host:h"], created_at=ago(90), deleted_at=ago(60))
    new = one_of("y", "Agent", "b", ["host:h"], created_at=ago(30))
    assert groups(old, new) == []
    assert reasons(old, new) == ["one ended before another was created"]
    assert groups(old, one_of("y", "Agent", "b", ["host:h"], created_at=ago(80))) == [("a", "b")]


def test_a_leaver_and_who_got_the_address_after_him():
    old = one_of("hr", "Human", "hr-1", status="left", left_at=ago(300), **ANN)
    assert groups(old, one_of("idp", "Human", "u9", created_at=ago(10), **ANN)) == []


def test_a_weak_contradiction_does_not_undo_what_is_strong():
    hr = one_of("hr", "Human", "hr-1", ["entra_object:7"], **ANN).person("hr-2", **ANN)
    idp = one_of("idp", "Human", "u1", ["entra_object:7"], **ANN)
    assert groups(hr, idp) == [("hr-1", "u1")]
    assert reasons(hr, idp) == ["hr (hr) declares them as two things"]


# ---------------------------------------------------------------- people's word


def test_what_people_set_apart_stands_by_itself():
    three = [one_of(s, "Agent", s, ["github:acme/bot"]) for s in ("x", "y", "z")]
    assert groups(*three) == [("x", "y", "z")]
    assert groups(*three, apart=[("y", "x")]) == [("x", "z")]
    assert reasons(*three, apart=[("y", "x")]) == [
        "a person keeps them apart; see journal"]  # fmt: skip
    assert groups(*three, apart=[("other", "x")]) == [("x", "y", "z")]


# ---------------------------------------------------------------- what follows


def test_everything_speaks_of_the_one_that_is_used():
    aws = one_of("aws", "Agent", "bot", ["github:acme/bot"]).resource("x").can("bot", "read", "x")
    hub = one_of("github", "Agent", "zbot", ["github:acme/bot"], host_id="zbot")
    hub.person("ann").owned("zbot", business="ann").resource("x").can("zbot", "read", "x")
    hub.agent("child", declared_scope=[{"resource": "zbot", "level": "read"}])
    hub.link("zbot", "SPAWNS", "child").account("zbot-name", name="zbot")
    graph = AccessGraph.of(together(aws, hub))
    assert graph.frames[OWNS]["target_id"].tolist() == ["bot"]
    child = graph.frames[AGENT].set_index("id").loc["child"]
    assert json.loads(child["declared_scope"])[0]["resource"] == "bot"
    assert graph.frames[AGENT].set_index("id").loc["bot", "host_id"] == "bot"
    grants = graph.frames[CAN_ACCESS]
    assert grants["source_id"].tolist() == ["bot"], "the same grant, stated twice, is one"
    assert len(graph.edges) == 1
    posture_names = graph.things["name"].tolist()
    assert posture_names.count("zbot") == 1, "a name that only happens to be that id stays"


def test_nothing_is_touched_where_nothing_is_one():
    facts = together(one_of("x", "Agent", "a", ["github:a"]), one_of("y", "Agent", "b"))
    graph = AccessGraph.of(facts)
    assert graph.facts.frames is facts.frames


def test_it_is_looked_into_once():
    """Else what people set apart would be made one again by whoever looks at the same facts."""
    two = together(*[one_of(s, "Agent", s, ["github:acme/bot"]) for s in "xy"])
    graph = AccessGraph.of(two, apart=(("x", "y"),))
    assert AccessGraph.of(graph.facts).frames[AGENT]["id"].tolist() == ["x", "y"]


def test_the_order_of_sources_does_not_matter():
    estates = [
        one_of("a", "Agent", ARN, **{"purpose": "p"}),
        one_of("b", "Agent", "b1", [f"arn:{ARN}", "github:acme/bot"], platform="b"),
        one_of("c", "Agent", "c1", ["github:acme/bot"], env="prod").agent("c2"),
        one_of("d", "Human", "d1", **ANN).owned("b1", business="d1").agent("b1"),
    ]
    seen = set()
    for order in some(itertools.permutations(estates), 13):
        graph = AccessGraph.of(together(*order))
        rows = [
            (e.name, frame.sort_values("id").to_json(orient="records", date_format="iso"))
            for e in ELEMENTS
            if len(frame := graph.frames[e])
        ]
        seen.add(json.dumps([rows, [astuple(c) for c in graph.identities.collisions]]))
    assert len(seen) == 1


def test_every_property_that_holds_an_id_is_followed():
    columns = {(e.name, c.name): c for e in ELEMENTS for c in e.columns}
    told = {
        at
        for at, column in columns.items()
        if column.meaning.startswith("The id of") or "`id` of the node" in column.meaning
    }
    refers = {at for at, column in columns.items() if column.refers}
    assert told <= refers
    assert all(columns[at].content is Content.IDENTIFIER for at in refers)


def test_whom_an_issuer_names_is_no_node() -> None:
    """A subject of a federation that reads like an id which is merged stays as it is."""
    arn = {"external_ids": ["arn:arn:aws:iam::1:role/deploy"]}
    e = Estate().thing("Role", "deploy", **arn).resource("issuer")
    e.link("deploy", "TRUSTS", "issuer", action="a", issuer="https://i", subject="zz")
    other = Estate(source="other", scope="b").thing("Role", "zz", **arn)
    graph = AccessGraph.of(together(e, other))
    assert graph.identities.canonical == {"zz": "deploy"}
    assert graph.frames[TRUSTS]["subject"].tolist() == ["zz"]


# ---------------------------------------------------------------- names that live again


def test_what_is_created_after_it_was_deleted_lives_and_says_so():
    log = one_of("log", "Agent", "bot", status="deleted", deleted_at=ago(20), created_at=ago(90))
    now = one_of("aws", "Agent", "bot", created_at=ago(10))
    for order in ((log, now), (now, log)):
        row = AccessGraph.of(together(*order)).frames[AGENT].iloc[0]
        assert row["status"] == "active"
        assert row["revived_at"] == pd.Timestamp(ago(10))
        assert row["created_at"] == pd.Timestamp(ago(10))
        assert row["deleted_at"] == pd.Timestamp(ago(20))


def test_what_was_deleted_after_it_was_created_is_gone():
    log = one_of("log", "Agent", "bot", status="deleted", deleted_at=ago(5))
    now = one_of("aws", "Agent", "bot", created_at=ago(10))
    row = AccessGraph.of(together(log, now)).frames[AGENT].iloc[0]
    assert pd.isna(row["revived_at"])


def test_one_row_may_tell_it_all():
    row = one_of("log", "Human", "u", status="deleted", deleted_at=ago(9), created_at=ago(3))
    assert AccessGraph.of(together(row)).frames[HUMAN].iloc[0]["status"] == "active"


def test_a_store_keeps_the_row_as_it_was_stated():
    """Else what one store gives back would not be what was put in."""
    facts = together(
        one_of("log", "Agent", "a", status="deleted", deleted_at=ago(9), created_at=ago(3))
    )
    assert resolve_nodes(facts)[AGENT] is facts.frames[AGENT]
