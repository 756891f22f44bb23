"""Cells as lists have them: words for nobody, letter case, answers, and forms of one text."""

import json

import pytest

from analytics.findings.evaluation import find_all
from graph.schema import AGENT, CAN_ACCESS, HUMAN, OWNS, REVIEW, SERVICE_ACCOUNT

OWNERS = """
[[table]]
file = "owners.csv"
holds = "owners"
columns = { thing = "Account", owner = "Owner", owner_name = "Name" }
always = { thing_label = "ServiceAccount" }
"""
ACCESS = """
[[table]]
file = "access.csv"
holds = "access"
columns = { holder = "User", target = "System", levels = "Right", telemetry = "Logged" }
always = { holder_label = "ServiceAccount" }
"""


@pytest.mark.parametrize("nobody", ["N/A", "-", "none", "Unassigned", "TBD", "—", ""])
def test_a_word_for_nobody_is_no_owner(read, nobody):
    owned = "svc-a,ann@acme.test,Ann\n"
    loaded = read(OWNERS, owners=f"Account,Owner,Name\n{owned}svc-b,{nobody},{nobody}\n")
    assert loaded.links(OWNS) == {("Ann", "svc-a")}
    assert [row["name"] for row in loaded.rows(HUMAN)] == ["Ann"]
    orphaned = find_all(loaded.posture).query("rule == 'OWN-01'")["subject"]
    assert loaded.graph.things["name"].loc[orphaned].tolist() == ["svc-b"]
    counted = [
        w for w in loaded.done.warnings if w.endswith("1 cells that name nobody were read as empty")
    ]
    assert len(counted) == (nobody != "")


def test_a_person_whose_name_begins_so_is_one(read):
    loaded = read(OWNERS, owners="Account,Owner,Name\nsvc-a,nobody@acme.test,No Body\n")
    assert loaded.links(OWNS) == {("No Body", "svc-a")}


@pytest.mark.parametrize(("right", "levels"), [
    ("Read", ["read"]), ("READ; Write", ["read", "write"]), ("ADMIN", ["admin"]),
])  # fmt: skip
def test_levels_count_in_any_letter_case(read, right, levels):
    loaded = read(ACCESS, access=f"User,System,Right,Logged\nsvc-a,db,{right},\n")
    assert loaded.reasons == []
    (grant,) = loaded.rows(CAN_ACCESS)
    assert json.loads(grant["levels"]) == levels


@pytest.mark.parametrize(("answer", "flag"), [("Yes", True), ("n", False), ("TRUE", True),
                                              ("0", False)])  # fmt: skip
def test_answers_are_flags(read, answer, flag):
    loaded = read(ACCESS, access=f"User,System,Right,Logged\nsvc-a,db,read,{answer}\n")
    (grant,) = loaded.rows(CAN_ACCESS)
    assert bool(grant["telemetry"]) is flag


def test_a_word_for_every_other_word_also_stands_for_those_of_the_schema(read):
    """As before: with `*`, only the words of the map are known."""
    words = 'words.levels = { RO = "read", "*" = "admin" }\n'
    table = ACCESS.replace("always = {", f"{words}always = {{")
    rows = "svc-a,db,RO,\nsvc-b,db,Write,\n"
    loaded = read(table, access=f"User,System,Right,Logged\n{rows}")
    assert [json.loads(row["levels"]) for row in loaded.rows(CAN_ACCESS)] == [["read"], ["admin"]]


def test_decisions_and_states_count_in_any_letter_case(read):
    reviews = """
[[table]]
file = "reviews.csv"
holds = "reviews"
columns = { thing = "Account", decision = "Outcome", decided_at = "On" }
always = { thing_label = "ServiceAccount" }

[[table]]
file = "agents.csv"
holds = "things"
columns = { thing = "Id", thing_status = "State", thing_third_party = "External" }
always = { thing_label = "Agent" }
"""
    loaded = read(
        reviews,
        reviews="Account,Outcome,On\nsvc-a,Approve,2026-07-01\n",
        agents="Id,State,External\nbot,Active,Yes\n",
    )
    assert loaded.reasons == []
    assert [row["decision"] for row in loaded.rows(REVIEW)] == ["approve"]
    (bot,) = loaded.rows(AGENT)
    assert (bot["status"], bool(bot["third_party"])) == ("active", True)


def test_two_forms_of_one_text_are_one_name(read):
    composed, apart = "svc-caf\u00e9", "svc-cafe\u0301"
    rows = f"{composed},db,read,\n{apart},db,write,\n"
    loaded = read(ACCESS, access=f"User,System,Right,Logged\n{rows}")
    assert [row["id"] for row in loaded.rows(SERVICE_ACCOUNT)] == [
        f"csv:iga/serviceaccount/{composed}"
    ]
    assert len(loaded.rows(CAN_ACCESS)) == 2
