"""What is said where no platform is known, of every action, and of what trustdebt itself does."""

import pytest

from analytics.remediation.handover import ACTIONS, Target, handover
from analytics.remediation.handover.step import UnknownAction
from graph.schema import CAN_ACCESS, OWNS, SPAWNS
from tests.support.estates.small_estates import Estate


def estate() -> Estate:
    e = Estate().agent("bot", "child").account("svc", name="Invoice account").resource("db")
    e.thing("Credential", "key").link("bot", "SPAWNS", "child", id="s", ceiling="read")
    facts = {"grant_id": "g-17", "role_name": "reader", "expires_at": "2026-12-31T00:00:00Z"}
    return e.can("svc", "read write", "db", id="g", condition="at night", **facts)


def test_a_place_names_source_scope_ends_and_role() -> None:
    made = handover(estate().posture(), "remove_grant", Target(CAN_ACCESS, ("g",)))
    assert made.command is None
    assert made.terraform is None
    assert made.refused is None
    assert made.place == (
        "In estate acme: take away the access of Invoice account (svc) to db"
        " (by role reader, as grant g-17)."
    )
    assert made.undo == (
        "put back CAN_ACCESS from svc to db, levels read write, by role reader, as grant g-17,"
        " under the condition it had, until 2026-12-31T00:00:00Z, in estate acme"
    )


def test_a_place_names_the_platform_that_the_id_does_not_show() -> None:
    posture = Estate().account("svc", provider="snowflake").posture()
    made = handover(posture, "disable_identity", Target(node=posture.graph.find("svc")))
    assert made.place == "In estate acme, on snowflake: disable svc."


def test_an_end_of_a_delegation_says_up_to_which_level_it_was() -> None:
    made = handover(estate().posture(), "end_delegation", Target(SPAWNS, ("s",)))
    assert made.place == "In estate acme: end that bot spawns child."
    assert made.undo == "put back SPAWNS from bot to child, up to level read, in estate acme"


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("thing", ["bot", "svc", "key", None])
def test_every_action_says_where_and_how_to_undo_it(action: str, thing: str | None) -> None:
    posture = estate().posture()
    target = Target(CAN_ACCESS, ("g",)) if thing is None else Target(node=posture.graph.find(thing))
    made = handover(posture, action, target)
    assert made.undo
    assert made.command or made.place


def test_what_only_people_know_is_asked_and_not_filled_in() -> None:
    posture = estate().posture()
    bot = Target(node=posture.graph.find("bot"))
    made = handover(posture, "assign_owner", bot)
    assert made.command is None
    assert "trustdebt attest bot --owner" in str(made.place)
    made = handover(posture, "review", Target(CAN_ACCESS, ("g",)))
    assert made.command is None
    assert "trustdebt review svc --grant g-17" in str(made.place)


def test_an_owner_is_named_of_what_is_owned() -> None:
    e = estate().person("ann").link("ann", "OWNS", "bot", id="o", role="business")
    made = handover(e.posture(), "assign_owner", Target(OWNS, ("o",)))
    assert "trustdebt attest bot --owner" in str(made.place)


def test_evidence_and_proof_come_from_trustdebt_itself() -> None:
    posture = estate().posture()
    bot = Target(node=posture.graph.find("bot"))
    evidence = "trustdebt show bot --json\ntrustdebt blast-radius bot --json"
    assert str(handover(posture, "keep_evidence", bot).command).startswith(evidence)
    assert handover(posture, "verify", bot).command == "trustdebt revocation bot"


def test_several_nodes_are_named_by_their_ids() -> None:
    made = handover(estate().posture(), "disable_identity", Target(ids=("bot", "gone", "child")))
    assert made.place == "In estate acme: disable bot. In estate acme: disable child."
    assert made.undo == "enable child again\nenable bot again"


def test_what_is_gone_needs_nothing() -> None:
    made = handover(estate().posture(), "remove_grant", Target(CAN_ACCESS, ("gone",)))
    assert made.command is None
    assert made.place == "Nothing to do: no source states it any more."
    assert made.undo


def test_there_is_a_command_only_if_all_parts_have_one() -> None:
    bob = "arn:aws:iam::123456789012:user/bob"
    e = estate().account(bob)
    e.can(bob, "read", "db", id="a", policy_id=f"{bob}/inline/p")
    posture = e.posture()
    alone = handover(posture, "remove_grant", Target(CAN_ACCESS, ("a",)))
    both = handover(posture, "remove_grant", Target(CAN_ACCESS, ("a", "g")))
    assert alone.command
    assert both.command is None
    assert f"Run: {alone.command}" in str(both.place)
    assert "Invoice account" in str(both.place)


def test_an_action_that_nobody_can_do_is_refused() -> None:
    with pytest.raises(UnknownAction, match="remove_grant"):
        handover(estate().posture(), "explode", Target(CAN_ACCESS, ("g",)))
