"""Things that a Cartography graph has twice, or under another id than other sources.

By https://github.com/cartography-cncf/cartography: `models/snowflake/access_token.py` and
`credential.py` each have the tokens of Snowflake; `models/aws/ec2/instances.py` got an `arn` late.
"""

import pandas as pd
import pytest

from graph.schema import ASSUMES, AUTHENTICATES_AS, CREDENTIAL, RESOURCE

ACCOUNT, USED = "123456789012", "2026-07-09T10:00:00Z"
TOKEN, LISTED = ("SnowflakeProgrammaticAccessToken", "APIKey"), ("SnowflakeCredential", "APIKey")


def node(key, *labels, **properties):
    return {"type": "node", "id": key, "labels": list(labels),
            "properties": {"id": f"a/{key}", "lastupdated": 1785542400, **properties}}  # fmt: skip


def link(start, kind, end):
    return {"type": "relationship", "label": kind, "start": {"id": start}, "end": {"id": end}}


def user(key):
    return node(key, "SnowflakeServiceUser", "SnowflakePrincipal", "ServiceAccount", name=key)


def listed(key, name="etl", stated="PAT"):
    return node(key, *LISTED, name=name, credential_type=stated, status="ACTIVE",
                last_used_on=USED, expiration_date="2026-09-01T00:00:00Z")  # fmt: skip


TOKENS = (user("u"), node("t", *TOKEN, name="etl", status="ACTIVE"),
          node("r", "SnowflakeRole", "PermissionRole", name="READER"),
          link("t", "OWNED_BY", "u"), link("t", "RESTRICTED_TO", "r"))  # fmt: skip


def test_a_token_in_both_lists_is_one_credential_with_what_each_knows(read):
    """The second one seemed to open all that its user may do, and the first to be never used."""
    loaded = read(*TOKENS, listed("c"), link("c", "OWNED_BY", "u"))
    token = loaded.one(CREDENTIAL)
    assert (token["id"], token["type"]) == (f"cartography:demo/{TOKEN[0]}/a/t", "pat")
    assert (token["last_used_at"], token["expires_at"]) == (
        pd.Timestamp(USED),
        pd.Timestamp("2026-09-01", tz="UTC"),
    )
    assert loaded.links(AUTHENTICATES_AS) == {("etl", "u")}
    assert loaded.one(AUTHENTICATES_AS)["condition"] == "within the one role that it may take"
    assert loaded.links(ASSUMES) == {("etl", "READER")}
    assert loaded.done.warnings == []


@pytest.mark.parametrize(
    ("other", "owner"),
    [
        (listed("c", name="bi"), "u"),
        (listed("c"), "v"),
        (listed("c", stated="KEYPAIR"), "u"),
        (listed("c"), None),
    ],
    ids=["another name", "another user", "no token", "nobody knows whose"],
)
def test_what_may_be_another_credential_stays_one(read, other, owner):
    owned = [link("c", "OWNED_BY", owner)] if owner else []
    assert len(read(*TOKENS, user("v"), other, *owned).rows(CREDENTIAL)) == 2


@pytest.mark.parametrize(
    ("labels", "region", "id_"),
    [
        (("EC2Instance",), "eu-west-1", f"arn:aws:ec2:eu-west-1:{ACCOUNT}:instance/i-0a1b"),
        (("AWSEC2Instance", "EC2Instance"), "cn-north-1",
         f"arn:aws-cn:ec2:cn-north-1:{ACCOUNT}:instance/i-0a1b"),
        (("EC2Instance",), None, "cartography:demo/EC2Instance/i-0a1b"),
    ],
)  # fmt: skip
def test_an_instance_without_its_arn_has_the_id_that_other_sources_give_it(
    read, labels, region, id_
):
    machine = node("m", *labels, id="i-0a1b", region=region)
    account = node("a", "AWSAccount", id=ACCOUNT)
    loaded = read(machine, account, link("a", "RESOURCE", "m"))
    assert id_ in loaded.of(RESOURCE, "id")


def test_an_instance_in_two_accounts_or_none_keeps_its_own_id(read):
    machine = node("m", "EC2Instance", id="i-0a1b", region="eu-west-1")
    accounts = [node(str(n), "AWSAccount", id=str(n) * 12) for n in (1, 2)]
    both = [link("1", "RESOURCE", "m"), link("2", "RESOURCE", "m")]
    for links in ([], both):
        loaded = read(machine, *accounts, *links)
        assert "cartography:demo/EC2Instance/i-0a1b" in loaded.of(RESOURCE, "id")
