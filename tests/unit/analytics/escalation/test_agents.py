"""Steps to credentials and agents: by the store, by the host, by the instructions."""

import pytest

from analytics.answers.coverage import coverage
from graph.schema import DECLARABLE
from tests.support.estates.small_estates import AS_OF, Estate
from tests.support.printed import blast_radius

FOUND = {"secret store": "X1", "host": "X2", "repository": "X3"}


def estate() -> Estate:
    """Build an agent that runs on a host, by a repository, and a key that is kept in a store."""
    e = Estate().person("mallory").resource("host").resource("repository").resource("secret store")
    e.agent("bot", host_id="host", charter_id="repository").agent("other", host_id="gone")
    e.thing("Credential", "key").link("key", "STORED_IN", "secret store")
    return e


def derived(e: Estate) -> list[tuple[str, str, str, int]]:
    posture = e.posture()
    name = posture.graph.thing
    return [
        (name(p.source)["id"], name(p.target)["id"], p.rule, len(p.support))
        for p in posture.escalated.proofs
    ]


@pytest.mark.parametrize("level", ["write", "admin"])
@pytest.mark.parametrize("thing", ["host", "repository"])
def test_who_changes_host_or_instructions_controls_the_agent(thing, level):
    e = estate().can("mallory", level, thing)
    assert derived(e) == [("mallory", "bot", FOUND[thing], 1)]


@pytest.mark.parametrize("level", ["list", "read"])
@pytest.mark.parametrize("thing", ["host", "repository"])
def test_who_only_reads_them_does_not(thing, level):
    assert derived(estate().can("mallory", level, thing)) == []


@pytest.mark.parametrize("level", ["read", "admin"])
def test_who_reads_the_store_holds_the_key(level):
    e = estate().can("mallory", level, "secret store")
    assert derived(e) == [("mallory", "key", "X1", 2)]


@pytest.mark.parametrize("level", ["list", "write"])
def test_who_only_writes_to_the_store_does_not(level):
    assert derived(estate().can("mallory", level, "secret store")) == []


SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf"


@pytest.mark.parametrize(
    ("levels", "actions", "holds"),
    [
        ("read", ["secretsmanager:DescribeSecret", "secretsmanager:GetResourcePolicy"], False),
        ("list read", ["secretsmanager:Describe*", "secretsmanager:List*"], False),
        ("read", ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"], True),
        ("read", ["secretsmanager:getsecret*"], True),
        ("read", ["secretsmanager:*"], True),
        ("read", ["*"], True),
        ("read", ["NotAction(iam:*)"], True),
        ("read admin", ["secretsmanager:DescribeSecret", "secretsmanager:PutResourcePolicy"], True),
        ("read", ["Secrets User"], True),
        ("read", [], True),
    ],
)
def test_who_describes_a_secret_of_aws_does_not_have_it(levels, actions, holds):
    """Describing is of the level Read by AWS, as getting the value is, and shows no value.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html
    """
    e = Estate().person("mallory").resource(SECRET).thing("Credential", "key")
    e.link("key", "STORED_IN", SECRET).can("mallory", levels, SECRET, actions=actions)
    assert derived(e) == ([("mallory", "key", "X1", 2)] if holds else [])


def test_an_agent_does_not_gain_itself():
    assert derived(estate().can("bot", "write", "repository")) == []


def test_a_conditional_grant_makes_a_conditional_step():
    posture = estate().can("mallory", "write", "host", condition="IpAddress").posture()
    (proof,) = posture.escalated.proofs
    assert proof.condition == "IpAddress"


def test_steps_follow_each_other_to_the_end():
    """The store holds the key of an account that changes the agent's host."""
    e = estate().account("svc").link("key", "AUTHENTICATES_AS", "svc").can("svc", "write", "host")
    e.can("mallory", "read", "secret store").resource("ledger", "restricted")
    posture = e.can("bot", "read", "ledger").posture()
    found = blast_radius(posture, posture.graph.find("mallory"))
    assert {r["id"]: r["derived"] for r in found["resources"]}["ledger"]


def test_coverage_names_the_rules_whose_facts_nobody_declares():
    told = coverage(Estate(declares=("grants",)).agent("a").posture(), AS_OF)
    silent = {s["rule"]: s["because"] for s in told["silent_rules"]}
    assert {"A2", "A3", "X1"} <= set(silent)
    assert not {"A4", "A5", "X2", "X3"} & set(silent)  # grants are all that these need
    assert "trust" in silent["A2"]
    assert "credentials" in silent["X1"]
    told = coverage(Estate(declares=tuple(DECLARABLE)).agent("a").posture(), AS_OF)
    assert told["silent_rules"] == []
