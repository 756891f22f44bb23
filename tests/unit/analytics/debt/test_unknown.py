"""What is not known is owed for as unknown, and dated where some fact dates it."""

import pytest

from analytics.debt.forecast import forecast
from tests.support.estates.judged_once import judged
from tests.support.estates.owed_for import items, one, owed
from tests.support.estates.small_estates import EVERYTHING, Estate, ago


@pytest.mark.parametrize(
    ("kind", "assumption"), [("owners", "owner"), ("scope", "scope"), ("decisions", "evidence")]
)
def test_what_no_source_could_say_is_unknown(kind, assumption):
    kinds = [k for k in EVERYTHING if k != kind]
    for item in items(one(declares=kinds, grant={"telemetry": "true"}), assumption):
        assert (item["state"], item["degree"], item["since"]) == ("unknown", None, None)
        assert item["unverified"] > 0 == item["debt"]
        assert item["why"]


def test_a_review_is_only_overdue_where_reviews_are_known_of():
    old = {"granted_at": ago(200)}
    states = {}
    for declares in (EVERYTHING, [k for k in EVERYTHING if k != "reviews"]):
        e = Estate(declares=declares).agent("bot").resource("x", "internal")
        found = items(e.can("bot", "read", "x", **old), "review")
        states[len(declares)] = [i["state"] for i in found]
    assert list(states.values()) == [["broken"], ["unknown"]]


def test_one_role_stated_says_nothing_about_the_other():
    kinds = [k for k in EVERYTHING if k != "owners"]
    e = one(declares=kinds).owned("bot", business="ann")
    assert [(i["object"], i["state"]) for i in items(e, "owner")] == [("technical", "unknown")]


def test_an_owner_who_left_nobody_knows_when_costs_no_interest_yet():
    e = one(created_at=ago(900)).thing("Human", "gone", status="left")
    e.owned("bot", business="gone", technical="ann")
    (item,) = items(e, "owner")
    assert (item["since"], item["cycles"], item["debt"]) == (None, 0, item["principal"])


def test_what_broke_nobody_knows_when_grows_by_nothing_a_day():
    """Its days are not counted, so no day adds to it: a month costs what a day does, thirty times.

    Only what is dated grows here: .75 x 30 in 30 days for the scope, 2/3 x 30 in 365 for standing.
    """
    e = one(created_at=ago(900)).thing("Human", "gone", status="left")
    e.owned("bot", business="gone", technical="ann")
    (item,) = items(e, "owner")
    assert item["interest_per_day"] == 0
    whole = owed(e)["interest_per_day"]
    assert whole == pytest.approx(0.75 * 30 / 30 + 2 / 3 * 30 / 365)
    month, _ = forecast(judged(e))
    assert month.interest == pytest.approx(30 * whole)


@pytest.mark.parametrize(
    ("facts", "cycles"),
    [
        ({"status": "disabled", "status_at": ago(14)}, 2),  # as a log shows
        ({"status": "deleted", "deleted_at": ago(14)}, 2),
        ({"status": "left", "left_at": ago(14)}, 2),
        ({"status": "disabled", "status_at": ago(7), "left_at": ago(14)}, 2),  # whichever was first
        ({"status": "disabled", "status_at": ago(14), "left_at": ago(-30)}, 2),
        ({"status": "disabled", "left_at": ago(14)}, 2),
        ({"status": "disabled", "left_at": ago(-30)}, 0),  # disabled before, nobody knows when
    ],
)
def test_an_owner_went_when_a_log_shows_it(facts, cycles):
    e = one(created_at=ago(900)).thing("Human", "gone", **facts)
    (item,) = items(e.owned("bot", business="gone", technical="ann"), "owner")
    assert (item["object"], item["cycles"]) == ("business", cycles)
    assert (item["since"] is None) == (cycles == 0)


def test_a_team_is_empty_since_the_last_membership_ended():
    e = one(created_at=ago(900)).person("bob").thing("Team", "ops").owned("bot", technical="ann")
    e.link("ops", "OWNS", "bot", role="business")
    e.link("ann", "MEMBER_OF", "ops", valid_to=ago(14))
    e.link("bob", "MEMBER_OF", "ops", valid_to=ago(21))
    assert [(i["object"], i["cycles"]) for i in items(e, "owner")] == [("business", 2)]


def test_an_owner_in_the_role_until_the_statement_ended():
    e = one(created_at=ago(900)).owned("bot", technical="ann")
    e.link("ann", "OWNS", "bot", role="business", valid_to=ago(14))
    assert [(i["object"], i["cycles"]) for i in items(e, "owner")] == [("business", 2)]


def test_a_child_lost_its_inherited_owner_when_the_parents_owner_left():
    e = one(created_at=ago(900)).person("gone", left=ago(14)).agent("parent", created_at=ago(900))
    e.link("parent", "SPAWNS", "bot").owned("parent", business="gone", technical="ann")
    assert [(i["object"], i["cycles"]) for i in items(e, "owner")] == [("business", 2)]


@pytest.mark.parametrize(
    ("parent", "spawned", "cycles"),
    [
        ({"status": "retired", "status_at": ago(14)}, {}, 2),
        ({"status": "retired"}, {}, 0),  # nobody says when
        ({}, {"valid_to": ago(21)}, 3),
        ({"status": "deleted", "deleted_at": ago(14)}, {"valid_to": ago(21)}, 3),
    ],
)
def test_a_child_lost_its_inherited_owner_with_its_parent(parent, spawned, cycles):
    e = one(created_at=ago(900)).agent("parent", created_at=ago(900), **parent)
    e.link("parent", "SPAWNS", "bot", **spawned).owned("parent", business="ann", technical="ann")
    found = [i for i in items(e, "owner") if i["identity"]["id"] == "bot"]
    assert [(i["object"], i["cycles"]) for i in found] == [
        ("business", cycles),
        ("technical", cycles),
    ]


def test_a_child_of_a_parent_that_nobody_owned_had_no_owner_to_lose():
    e = one(created_at=ago(35)).agent("parent", status="retired", status_at=ago(14))
    e.link("parent", "SPAWNS", "bot")
    found = [i for i in items(e, "owner") if i["identity"]["id"] == "bot"]
    assert [i["cycles"] for i in found] == [5, 5]  # since it was created
