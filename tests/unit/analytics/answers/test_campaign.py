"""Campaigns over the snapshots that follow: what is done, what came back, and what was repaid."""

from typing import Any

import pytest

from analytics.answers.journal import attest, review
from analytics.answers.undertaking import close
from analytics.history import History
from graph.schema import CAN_ACCESS
from tests.support.estates.small_estates import Estate, ago
from tests.support.histories.campaigns import (
    OWED,
    at,
    begin,
    begun,
    day,
    granted,
    kept,
    on_links,
    on_node,
    only_step,
    shown,
    world,
)
from tests.support.histories.small_history import books

# ---------------------------------------------------------------- the course of a campaign


def test_what_is_promised_and_to_be_done(tmp_path):
    history = kept(tmp_path, granted(world()))
    begun(tmp_path, history, reason="the audit asked")
    row = shown(at(history, 0))
    ann = {"id": "ann", "label": "Human", "name": "ann"}
    assert (row["id"], row["name"], row["state"], row["reason"]) == (
        "C-1",
        "tidy",
        "open",
        "the audit asked",
    )
    assert (row["owner"], row["progress"]) == (ann, {"done": 0, "of": 1})
    assert (row["promised"], row["repaid"]) == (pytest.approx(OWED), 0)
    assert (row["started_at"], row["age_days"]) == ("2026-08-01T00:00:00Z", 0)
    (step,) = row["steps"]
    assert (step["state"], step["action"], step["findings"]) == ("open", "remove_grant", ["F-1"])
    target = step["target"]
    assert (target["from"]["id"], target["relationship"], target["to"]["id"]) == (
        "bot",
        "CAN_ACCESS",
        "crm",
    )
    assert step["due"] == row["due"] == "2026-10-30T00:00:00Z"  # a cycle of reviews: 90 days
    assert (step["owner"], step["overdue"], step["done_by"]) == (None, False, None)


def test_what_is_gone_is_ticked_off_with_the_change_that_did_it(tmp_path):
    history = kept(tmp_path, granted(world()), world(10))
    begun(tmp_path, history)
    row = shown(at(history, 1))
    (step,) = row["steps"]
    assert (row["done"], step["state"], row["age_days"]) == (1, "done", 10)
    assert step["done_by"]["snapshot"] == history.infos[1].id
    assert step["done_by"]["at"] == "2026-08-11T00:00:00Z"
    (change,) = step["done_by"]["changes"]
    assert (change["what"], change["relationship"], change["to"]["id"]) == (
        "removed",
        "CAN_ACCESS",
        "crm",
    )
    assert row["repaid"] == pytest.approx(OWED)
    assert row["repaid"] == books(history).figures["retired"]
    assert shown(at(history, 0))["done"] == 0  # as it was then


def test_a_partial_removal_repays_in_part_and_is_not_done(tmp_path):
    """Of two grants one is left: half of the debt is repaid."""
    two = granted(granted(world()), "g2", role_name="r")
    history = kept(tmp_path, two, granted(world(10)))
    begun(tmp_path, history)
    row = shown(at(history, 1))
    assert (row["promised"], row["repaid"]) == (pytest.approx(2 * OWED), pytest.approx(OWED))
    assert (row["done"], only_step(at(history, 1))["state"]) == (0, "open")


@pytest.mark.parametrize("grant_id", ["g1", "g2"])
def test_what_came_back_is_open_again_and_repays_nothing(tmp_path, grant_id):
    """Under its id, or under another."""
    history = kept(tmp_path, granted(world()), world(10), granted(world(20), grant_id))
    begun(tmp_path, history)
    row = shown(at(history, 2))
    (step,) = row["steps"]
    assert (row["done"], row["reopened"], step["state"]) == (0, 1, "reopened")
    assert step["done_by"]["snapshot"] == history.infos[1].id
    assert step["reopened_by"]["snapshot"] == history.infos[2].id
    (change,) = step["reopened_by"]["changes"]
    assert (change["what"], change["to"]["id"]) == ("added", "crm")
    assert row["repaid"] <= 0


def test_done_again_after_it_came_back(tmp_path):
    states = granted(world()), world(10), granted(world(20)), world(30)
    history = kept(tmp_path, *states)
    begun(tmp_path, history)
    row = shown(at(history, 3))
    (step,) = row["steps"]
    assert (step["state"], step["done_by"]["snapshot"]) == ("done", history.infos[3].id)
    assert row["repaid"] == pytest.approx(OWED)


@pytest.mark.parametrize(
    "later",
    [
        lambda: world(10, complete=False),
        lambda: world(10, source="other"),
        lambda: world(10, declares=("owners", "scope", "usage", "reviews")),
    ],
    ids=["read in part", "its source is gone", "grants are declared no more"],
)
def test_what_no_source_can_show_any_more_is_not_done(tmp_path, later):
    history = kept(tmp_path, granted(world()), later())
    begun(tmp_path, history)
    row = shown(at(history, 1))
    assert (row["done"], row["unseen"], only_step(at(history, 1))["state"]) == (0, 1, "unseen")
    assert (row["repaid"], row["steps"][0]["unseen"]) == (0, pytest.approx(OWED))


def test_the_twin_a_source_that_is_back_and_does_not_state_it(tmp_path):
    history = kept(tmp_path, granted(world()), world(10, complete=False), world(20))
    begun(tmp_path, history)
    row = shown(at(history, 2))
    assert (row["done"], row["unseen"], row["repaid"]) == (1, 0, pytest.approx(OWED))


def test_what_is_left_beside_the_target_does_not_count(tmp_path):
    """Another grant between the same two stays, and may change its dates."""
    first = granted(granted(world()), "g2", role_name="r")
    second = granted(world(10), "g2", role_name="r", reviewed_at=ago(-5))
    history = kept(tmp_path, first, second)
    posture = at(history, 0)
    frame = posture.graph.frames[CAN_ACCESS]
    chosen = frame["id"][frame["grant_id"] == "g1"].tolist()
    target = {"relationship": "CAN_ACCESS", "ids": chosen}
    begin(posture, tmp_path, {"action": "remove_grant", "target": target})
    assert only_step(at(history, 1))["state"] == "done"


def test_overdue_from_its_day_on_unless_done(tmp_path):
    history = kept(tmp_path, granted(world()), granted(world(10)), world(20))
    begun(tmp_path, history, due=day(5))
    assert [shown(at(history, n))["overdue"] for n in range(3)] == [0, 1, 0]


# ---------------------------------------------------------------- each action


CHANGED = {  # what each action is on, before and after
    "remove_member": (
        ("MEMBER_OF", "bot", "fin"),
        lambda e: e.thing("Group", "fin").link("bot", "MEMBER_OF", "fin"),
        lambda e: e.thing("Group", "fin"),
    ),
    "remove_trust": (
        ("ASSUMES", "bot", "r"),
        lambda e: e.thing("Role", "r").link("bot", "ASSUMES", "r"),
        lambda e: e.thing("Role", "r"),
    ),
    "end_delegation": (
        ("ACTS_FOR", "bot", "ann"),
        lambda e: e.link("bot", "ACTS_FOR", "ann"),
        lambda e: e,
    ),
    "unregister_tool": (
        ("CALLS", "bot", "t"),
        lambda e: e.thing("Tool", "t").link("bot", "CALLS", "t"),
        lambda e: e.thing("Tool", "t"),
    ),
    "narrow_grant": (
        ("CAN_ACCESS", "bot", "hr"),
        lambda e: e.resource("hr").can("bot", "read write", "hr"),
        lambda e: e.resource("hr").can("bot", "read", "hr"),
    ),
    "set_expiry": (
        ("CAN_ACCESS", "bot", "lab"),
        lambda e: e.resource("lab").can("bot", "read", "lab", grant_id="h"),
        lambda e: e.resource("lab").can("bot", "read", "lab", grant_id="h", expires_at=ago(-90)),
    ),
}


def test_a_step_on_a_relationship_is_done_once_that_is_so(tmp_path):
    """In the second snapshot all is as before, in the third all is carried out."""
    states = world(), world(10), world(20)
    for place, state in enumerate(states):
        for _, before, after in CHANGED.values():
            (after if place == 2 else before)(state)
    history = kept(tmp_path, *states)
    posture = at(history, 0)
    steps = [on_links(posture, action, *link) for action, (link, _, _) in CHANGED.items()]
    begin(posture, tmp_path, *steps)
    for place, state in enumerate(("open", "open", "done")):
        rows = shown(at(history, place))["steps"]
        assert {row["action"]: row["state"] for row in rows} == dict.fromkeys(CHANGED, state)
    assert all(row["done_by"]["changes"] for row in rows)


KEYS = {  # the key, what is to be done with it, what it is later, and whether that is done
    "kept": ("deactivate_credential", {"status": "active"}, False),
    "disabled": ("deactivate_credential", {"status": "disabled"}, True),
    "revoked": ("deactivate_credential", {"status": "revoked"}, True),
    "gone": ("deactivate_credential", None, True),
    "old": ("rotate_credential", {"rotated_at": ago(2)}, False),
    "new": ("rotate_credential", {"rotated_at": ago(-8)}, True),
    "ended": ("rotate_credential", {"status": "revoked"}, True),
}


def keyed(at_day: float = 0) -> Estate:
    """State an agent with a key of each kind, as it is on the day."""
    e = granted(world(at_day)).account("svc").resource("vault", "internal")
    e.can("svc", "read", "vault", grant_id="v")
    for key, (_, later, _) in KEYS.items():
        if at_day and later is None:
            continue
        e.thing("Credential", key, created_at=ago(300), **(later or {} if at_day else {}))
        e.link("bot", "USES", key).link(key, "AUTHENTICATES_AS", "svc")
    return e


def test_steps_on_keys(tmp_path):
    history = kept(tmp_path, keyed(), keyed(10))
    steps = [on_node(action, key) for key, (action, _, _) in KEYS.items()]
    begin(at(history, 0), tmp_path, *steps)
    states = {row["target"]["id"]: row["state"] for row in shown(at(history, 1))["steps"]}
    assert states == {key: "done" if done else "open" for key, (_, _, done) in KEYS.items()}


def test_an_identity_is_disabled_once_nothing_of_it_is_left(tmp_path):
    def state(at_day: float, grants: bool, **facts: Any) -> Estate:
        e = Estate(at=day(at_day)).person("ann").agent("old", **facts).resource("x", "internal")
        return e.can("old", "read", "x") if grants else e

    ended = {"status": "disabled", "status_at": ago(-5)}
    states = state(0, True), state(10, True, **ended), state(20, False, **ended)
    history = kept(tmp_path, *states)
    begin(at(history, 0), tmp_path, on_node("disable_identity", "old"))
    assert [only_step(at(history, n))["state"] for n in range(3)] == ["open", "open", "done"]


def test_owners_and_reviews_of_the_journal_count(tmp_path):
    e = (
        Estate()
        .person("ann", "bob")
        .agent("lone")
        .resource("x", "internal")
        .can("lone", "read", "x")
    )
    later = Estate(at=day(10)).person("ann", "bob").agent("lone").resource("x", "internal")
    history = kept(tmp_path, e, later.can("lone", "read", "x"))
    steps = on_node("assign_owner", "lone", owner="bob"), on_node("review", "lone")
    begin(at(history, 0), tmp_path, *steps)
    assert [s["state"] for s in shown(at(history, 1))["steps"]] == ["open", "open"]
    for role in ("business", "technical"):
        attest(at(history, 1), "lone", "bob", role, "ann", since=day(3))
    review(at(history, 1), "lone", "approve", "ann", "needed", since=day(4))
    again = History(list(history.infos), history._read, history.journal)
    row = shown(at(again, 1))
    assert [s["state"] for s in row["steps"]] == ["done", "done"]
    assert row["steps"][0]["owner"]["id"] == "bob"


@pytest.mark.parametrize(
    ("later", "state"),
    [
        ({"business": "ann"}, "done"),
        ({}, "open"),
        ({"business": "ann", "owner_roles": ("technical",), "stated": False}, "unseen"),
    ],
)
def test_a_role_that_no_source_states_is_not_waited_for(tmp_path, later, state):
    """Only business owners are stated: who answers in technical matters is unknown, not nobody."""

    def made(at_day: float, business=None, owner_roles=("business",), stated=True) -> Estate:
        e = Estate(at=day(at_day), owner_roles=owner_roles).person("ann").resource("x", "internal")
        e.agent("lone", created_at=ago(100)).can("lone", "read", "x")
        return e.owned("lone", business) if stated else e

    history = kept(tmp_path, made(0), made(10, **later))
    begin(at(history, 0), tmp_path, on_node("assign_owner", "lone"))
    row = shown(at(history, 1))
    assert row["steps"][0]["state"] == state
    assert row["repaid"] == (row["promised"] if state == "done" else 0)


# ---------------------------------------------------------------- snapshots that are gone


def pruned(history: History, *left: int) -> History:
    infos = [history.infos[place] for place in left]
    return History(infos, history._read, history.journal)


def test_a_campaign_outlives_the_snapshot_it_began_with(tmp_path):
    history = kept(tmp_path, granted(world()), granted(world(10)), world(20))
    begun(tmp_path, history)
    row = shown(at(pruned(history, 1, 2), 1))
    assert (row["done"], row["progress"]) == (1, {"done": 1, "of": 1})
    assert row["steps"][0]["done_by"]["changes"]
    assert "was pruned" in row["note"]
    assert row["promised"] == pytest.approx(OWED)
    assert row["repaid"] == pytest.approx(3.0 * 0.75 * (1 + 20 / 90))  # as of the oldest kept


def test_what_went_before_the_oldest_snapshot_is_known_as_gone_not_by_what(tmp_path):
    history = kept(tmp_path, granted(world()), world(10), world(20))
    begun(tmp_path, history)
    row = shown(at(pruned(history, 1, 2), 1))
    (step,) = row["steps"]
    assert (step["state"], step["done_by"]["changes"]) == ("done", None)
    assert (row["repaid"], step["unmeasured"]) == (0, pytest.approx(OWED))


def test_a_closed_campaign_needs_no_snapshot(tmp_path):
    history = kept(tmp_path, granted(world()), world(10), world(20))
    begun(tmp_path, history)
    close(at(history, 1), "C-1", "ann", "all done")
    row = shown(at(pruned(history, 2), 0))
    assert (row["state"], row["done"], row["repaid"]) == ("closed", 1, pytest.approx(OWED))
