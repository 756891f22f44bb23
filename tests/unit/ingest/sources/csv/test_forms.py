"""Lists of any form: owners of one kind or two, things, keys, children, duties kept apart."""

import pandas as pd
import pytest

from analytics.findings.evaluation import find_all
from graph.frames import records
from graph.schema import (
    AGENT,
    CREDENTIAL,
    OWNS,
    SERVICE_ACCOUNT,
    SOD_RULE,
    SPAWNS,
)

# -- lines that are wrong -------------------------------------------------------------------------

OWNED = """
[[table]]
file = "owners.csv"
holds = "owners"
columns = { thing = "Account", thing_label = "Type", owner = "Mail" }
"""


def test_what_a_wrong_line_names_is_not_gone(read):
    """Its label is misspelt: that says nothing of whether ann still owns pay. Old is gone."""
    header = "Account,Type,Mail\n"
    pay, ship = "pay,ServiceAccount,ann@acme.example\n", "ship,ServiceAccount,bo@acme.example\n"
    read(OWNED, owners=f"{header}{pay}{ship}old,ServiceAccount,cy@acme.example\n")
    loaded = read(OWNED, owners=header + pay.replace("Account", "Acount") + ship)
    assert [place for place, _ in loaded.reasons] == ["line 2"]
    assert loaded.links(OWNS) == {
        ("csv:iga/human/ann@acme.example", "pay"),
        ("csv:iga/human/bo@acme.example", "ship"),
    }


# -- which kind of owner a list knows -------------------------------------------------------------

PLAIN_OWNERS = """
[[table]]
file = "owners.csv"
holds = "owners"
columns = { thing = "Account", owner = "Mail", role = "Kind" }
always = { thing_label = "ServiceAccount" }
"""
NO_KIND = PLAIN_OWNERS.replace(', role = "Kind"', "")
LISTED = "Account,Mail,Kind\npay,ann@acme.example,{}\nold,,\n"


def states(loaded):
    """Return for each role which accounts are known to lack an owner in it."""
    owned, graph = loaded.posture.ownership, loaded.graph
    names = {graph.find(name): name for name in loaded.of(SERVICE_ACCOUNT, "name")}
    return {
        role: {name for at, name in names.items() if owned.missing(role)[at]}
        for role in ("business", "technical")
    }


@pytest.mark.parametrize("word", ["", "Owner", "primary owner"])
def test_a_list_of_owners_without_kinds_leaves_the_technical_owner_unknown(read, word):
    """Nobody is accused for want of an owner that the list has no word for."""
    loaded = read(PLAIN_OWNERS, owners=LISTED.format(word))
    assert states(loaded) == {"business": {"old"}, "technical": set()}
    rules = {(f.rule, loaded.graph.things["name"][f.subject]) for f in found_in(loaded)}
    assert rules == {("OWN-01", "old")}


def test_the_same_without_a_column_of_kinds(read):
    loaded = read(NO_KIND, owners=LISTED.format("x"))
    assert states(loaded) == {"business": {"old"}, "technical": set()}


@pytest.mark.parametrize(
    ("word", "role"),
    [
        ("Business Owner", "business"),
        ("technical_owner", "technical"),
        ("IT owner", "technical"),
        ("Data-Custodian", "technical"),
        ("Executive Sponsor", "business"),
    ],
)
def test_usual_words_for_kinds_of_owner_are_known(read, word, role):
    """The twin: a list that tells kinds apart knows who is missing in either."""
    loaded = read(PLAIN_OWNERS, owners=LISTED.format(word))
    lacking = {"business": {"old", "pay"}, "technical": {"old", "pay"}}
    lacking[role] = {"old"}
    assert states(loaded) == lacking
    rules = {(f.rule, loaded.graph.things["name"][f.subject]) for f in found_in(loaded)}
    assert rules == {("OWN-01", "old"), ("OWN-04", "pay")}


def test_a_map_may_say_that_its_list_would_tell_both_kinds(read):
    loaded = read(NO_KIND + 'roles = ["business", "technical"]\n', owners=LISTED.format(""))
    assert states(loaded) == {"business": {"old"}, "technical": {"old", "pay"}}


def test_a_list_of_technical_owners_leaves_the_business_owner_unknown(read):
    always = 'thing_label = "ServiceAccount", role = "technical"'
    columns = NO_KIND.replace('thing_label = "ServiceAccount"', always)
    loaded = read(columns, owners=LISTED.format(""))
    assert states(loaded) == {"business": set(), "technical": {"old"}}


def found_in(loaded):
    """Return the findings of ownership."""
    rows = find_all(loaded.posture)
    return list(records(rows[rows["rule"].isin(["OWN-01", "OWN-02", "OWN-04"])]))


# -- everything else that the schema knows --------------------------------------------------------

THINGS = """
[[table]]
file = "agents.csv"
holds = "things"
columns = { thing = "Agent", thing_purpose = "Purpose", thing_declared_scope = "Scope", thing_expires_at = "End", thing_host_id = "Host" }
always = { thing_label = "Agent" }

[[table]]
file = "keys.csv"
holds = "authenticates_as"
columns = { source = "Key", source_strength = "Strength", source_human_used_at = "Person", source_status = "State", target = "Account" }
always = { source_label = "Credential", target_label = "ServiceAccount" }

[[table]]
file = "children.csv"
holds = "spawns"
columns = { source = "Parent", target = "Child" }

[[table]]
file = "apart.csv"
holds = "sod"
columns = { rule = "Rule", left = "One", left_level = "Level", right = "Other" }
"""  # noqa: E501
SCOPE = '"[{""resource"": ""ledger"", ""level"": ""read""}]"'


def test_whatever_the_schema_has_can_come_from_a_list(read):
    loaded = read(
        THINGS,
        agents=f"Agent,Purpose,Scope,End,Host\nbot,pay,{SCOPE},01.09.2026,vm-1\nkid,,,,\n",
        keys="Key,Strength,Person,State,Account\nk1,weak,01.07.2026,leaked,svc-pay\n",
        children="Parent,Child\nbot,kid\n",
        apart="Rule,One,Level,Other\npay twice,ledger,write,payments\n",
    )
    assert loaded.done.quarantined == []
    bot = loaded.one(AGENT, name="bot")
    assert (bot["purpose"], bot["host_id"]) == ("pay", "vm-1")
    assert bot["expires_at"] == pd.Timestamp("2026-09-01", tz="UTC")
    assert bot["declared_scope"] == '[{"level":"read","resource":"ledger"}]'
    (key,) = loaded.rows(CREDENTIAL)
    assert (key["strength"], key["status"]) == ("weak", "leaked")
    assert key["human_used_at"] == pd.Timestamp("2026-07-01", tz="UTC")
    assert loaded.links(SPAWNS) == {("bot", "kid")}
    (apart,) = loaded.rows(SOD_RULE)
    assert (apart["left_resource"], apart["right_resource"], apart["left_level"]) == (
        "csv:iga/resource/ledger",
        "csv:iga/resource/payments",
        "write",
    )
    assert loaded.graph.coverage[0].declares == ("credentials", "scope")


def test_a_list_that_maps_no_scope_does_not_declare_it(read):
    """The twin: without a column of scopes, nobody is taken to have approved nothing."""
    columns = THINGS.split("[[table]]")[1].replace(', thing_declared_scope = "Scope"', "")
    loaded = read("[[table]]" + columns, agents="Agent,Purpose,End,Host\nbot,pay,,\n")
    assert "scope" not in loaded.graph.coverage[0].declares
