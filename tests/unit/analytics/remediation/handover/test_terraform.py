"""Addresses of what Terraform manages: those that a state or plan says, and no others."""

from typing import Any

import pytest

from analytics.remediation.handover import Target, handover
from analytics.remediation.handover.terraform import addresses_in
from graph.schema import CAN_ACCESS, MEMBER_OF
from tests.support.estates.small_estates import Estate

ACCOUNT = "arn:aws:iam::123456789012"
BOB, READERS = f"{ACCOUNT}:user/bob", f"{ACCOUNT}:group/readers"
OWN, ALL = f"{ACCOUNT}:policy/own", "arn:aws:iam::aws:policy/ReadOnlyAccess"
KEY = f"{BOB}/access_key/1"


def resource(address: str, type_: str, mode: str = "managed", **values: Any) -> dict[str, Any]:
    return {"address": address, "mode": mode, "type": type_, "values": values}


def state(*resources: dict[str, Any], **parts: Any) -> dict[str, Any]:
    below = {"child_modules": [{"address": "module.iam", "resources": list(resources)}]}
    return {"format_version": "1.0", "values": {"root_module": below}, **parts}


USER = resource("module.iam.aws_iam_user.bob", "aws_iam_user", arn=BOB, name="bob")


def estate() -> Estate:
    e = Estate().account(BOB).thing("Group", READERS).resource("db")
    e.thing("Credential", KEY, type="access_key", external_ids=["aws_id:AKIAIOSFODNN7EXAMPLE"])
    e.link(BOB, "MEMBER_OF", READERS, id="m").link(KEY, "AUTHENTICATES_AS", BOB)
    e.can(BOB, "read", "db", id="own", policy_id=OWN).can(
        BOB, "read", "db", id="all", policy_id=ALL
    )
    return e.can(BOB, "read", "db", id="inline", policy_id=f"{BOB}/inline/i")


def test_things_have_the_address_of_their_arn_or_id() -> None:
    key = resource("aws_iam_access_key.bob", "aws_iam_access_key", id="AKIAIOSFODNN7EXAMPLE")
    known, posture = addresses_in(state(USER, key)), estate().posture()
    target = Target(node=posture.graph.find(BOB))
    made = handover(posture, "disable_identity", target, known)
    assert made.terraform == "module.iam.aws_iam_user.bob"
    assert "or the next apply puts it back" in str(made.place)
    made = handover(posture, "deactivate_credential", Target(node=posture.graph.find(KEY)), known)
    assert made.terraform == "aws_iam_access_key.bob"
    assert handover(posture, "disable_identity", target).terraform is None


@pytest.mark.parametrize(
    ("id_", "of", "given"),
    [
        ("own", "aws_iam_user_policy_attachment", {"user": "bob", "policy_arn": OWN}),
        ("all", "aws_iam_user_policy_attachment", {"user": "bob", "policy_arn": ALL}),
        ("inline", "aws_iam_user_policy", {"user": "bob", "name": "i"}),
    ],
)
def test_a_grant_has_the_address_of_its_policy(id_: str, of: str, given: dict[str, str]) -> None:
    posture, attached = estate().posture(), resource("x.y", of, **given)
    target = Target(CAN_ACCESS, (id_,))
    assert handover(posture, "remove_grant", target, addresses_in(state(USER, attached))).terraform
    other = resource("x.y", of, **given | {"user": "eve"})
    assert not handover(posture, "remove_grant", target, addresses_in(state(USER, other))).terraform


def test_a_name_alone_may_be_of_another_account() -> None:
    attached = resource("x.y", "aws_iam_user_policy_attachment", user="bob", policy_arn=ALL)
    posture, target = estate().posture(), Target(CAN_ACCESS, ("all",))
    known = addresses_in(state(attached))
    assert handover(posture, "remove_grant", target, known).terraform is None


@pytest.mark.parametrize(
    ("of", "given"),
    [
        ("aws_iam_user_group_membership", {"user": "bob", "groups": ["readers"]}),
        ("aws_iam_group_membership", {"users": ["bob"], "group": "readers"}),
    ],
)
def test_a_membership_has_an_address(of: str, given: dict[str, Any]) -> None:
    known = addresses_in(state(USER, resource("x.m", of, **given)))
    made = handover(estate().posture(), "remove_member", Target(MEMBER_OF, ("m",)), known)
    assert made.terraform == "x.m"


def test_a_plan_says_what_will_be_and_what_was() -> None:
    root = {"resources": [USER]}
    for plan in ({"planned_values": {"root_module": root}},
                 {"prior_state": {"values": {"root_module": root}}}):  # fmt: skip
        assert addresses_in(plan).of_things == {BOB: "module.iam.aws_iam_user.bob"}


def test_two_addresses_of_one_thing_are_none() -> None:
    again = resource("aws_iam_user.twice", "aws_iam_user", arn=BOB)
    assert BOB not in addresses_in(state(USER, again)).of_things
    assert addresses_in(state(USER, USER)).of_things[BOB] == "module.iam.aws_iam_user.bob"


@pytest.mark.parametrize(
    "document",
    [
        *(None, [], "x", 7, {}, {"values": []}, {"values": {"root_module": {"resources": {}}}}),
        state({"address": 7, "mode": "managed", "type": "aws_iam_user", "values": {"arn": BOB}}),
        state(resource("data.x", "aws_iam_user", mode="data", arn=BOB)),
        state(resource("x", "aws_iam_user", arn=None), resource("y", "aws_iam_group_membership")),
        state(resource("x", "other_thing", arn=BOB)),
    ],
)
def test_what_is_no_state_says_nothing(document: Any) -> None:
    known = addresses_in(document)
    assert not known.of_things
    assert not known.of_links
