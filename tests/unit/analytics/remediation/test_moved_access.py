"""Without its last login an account keeps its access: it stays with who had it, and is shown."""

import numpy as np
import pytest

from analytics.answers.what_if import posture_without
from tests.support.estates.small_estates import Estate, ago
from tests.support.printed import cut, path, what_if

LOGINS = ["k", "inv,USES,k", "k,AUTHENTICATES_AS,svc"]
OWED = {"granted_at": ago(20), "expires_at": ago(-20), "reviewed_at": ago(20)}


def served() -> Estate:
    """State a well-kept agent; its account answers to nobody else."""
    e = Estate().person("ann", "bob").resource("invoices", "confidential", env="prod")
    e.agent("inv", declared_scope=[{"resource": "invoices", "level": "read"}], env="prod",
            created_at=ago(100), aars=0)  # fmt: skip
    e.owned("inv", "ann", "bob", since=ago(100)).account("svc", env="prod", created_at=ago(100))
    e.thing("Credential", "k", type="access_key", storage="vault", strength="strong",
            created_at=ago(20), expires_at=ago(-10))  # fmt: skip
    e.link("inv", "USES", "k").link("k", "AUTHENTICATES_AS", "svc")
    used = {"telemetry": "true", "last_used_at": {"read": ago(5)}}
    return e.can("svc", "read", "invoices", **OWED, **used)


@pytest.mark.parametrize("item", LOGINS)
def test_without_its_login_the_access_of_an_account_stays_with_the_agent(item):
    answer = what_if(served().posture(), [item])
    assert answer["before"]["debt"] == 0
    assert (answer["after"]["debt"], answer["after"]["reach"]) == (0, answer["before"]["reach"])
    assert (answer["lost"], answer["gained"]) == ([], [])
    (moved,) = answer["moved"]
    ends = [moved[name]["id"] for name in ("from", "to", "answers")]
    assert (ends, moved["weighted"], moved["debt"]) == (["inv", "svc", "inv"], 10.0, 0.0)


def test_without_its_agent_an_account_answers_for_itself():
    answer = what_if(served().posture(), ["inv"])
    assert answer["after"]["reach"] == answer["before"]["reach"] == 10.0
    (moved,) = answer["moved"]
    assert [moved[name]["id"] for name in ("from", "to", "answers")] == ["inv", "svc", "svc"]
    assert moved["debt"] == answer["after"]["debt"] > 0  # nobody owns the account
    for name, who in (("lost", "inv"), ("gained", "svc")):
        rows = [(r["identity"]["id"], r["resource"]["id"], r["level"]) for r in answer[name]]
        assert rows == [(who, "invoices", "read")]


def test_where_another_agent_uses_the_account_a_login_is_a_real_removal():
    e = served().agent("other").link("other", "RUNS_AS", "svc")
    answer = what_if(e.posture(), ["k"])
    assert (answer["before"]["reach"], answer["after"]["reach"]) == (20.0, 10.0)
    assert (answer["moved"], answer["gained"]) == ([], [])
    assert [row["identity"]["id"] for row in answer["lost"]] == ["inv"]


def test_when_all_agents_lose_an_account_it_stays_with_all_of_them():
    e = served().agent("other").link("other", "USES", "k")
    answer = what_if(e.posture(), ["k"])
    assert answer["after"]["reach"] == answer["before"]["reach"] == 20.0
    assert {row["from"]["id"] for row in answer["moved"]} == {"inv", "other"}
    assert answer["after"]["debt"] < answer["before"]["debt"]  # the key is not shared any more


def test_what_an_agent_keeps_is_no_more_than_it_had():
    e = served().can("svc", "admin", "invoices", **OWED).resource("vault", "restricted")
    e.rows = {x: [r | {"ceiling": "read"} if x.name == "USES" else r for r in rows]
              for x, rows in e.rows.items()}  # fmt: skip
    answer = what_if(e.posture(), ["k"])
    assert answer["after"]["reach"] == answer["before"]["reach"] == 10.0


def test_a_login_by_an_expired_key_opens_nothing_afterwards_either():
    e = served()
    for rows in e.rows.values():
        for row in rows:
            if row.get("id") == "k":
                row["expires_at"] = ago(1)
    answer = what_if(e.posture(), ["k"])
    assert answer["before"]["reach"] == answer["after"]["reach"] == 0.0
    assert answer["after"]["debt"] <= answer["before"]["debt"]


def test_a_use_by_a_login_that_is_gone_fails_although_the_access_stays():
    e = served().link("inv", "USED", "invoices", level="read", last_at=ago(2))
    answer = what_if(e.posture(), ["inv,USES,k"])
    assert answer["after"]["reach"] == answer["before"]["reach"]
    assert ("inv", "invoices") in {
        (row["identity"]["id"], row["resource"]["id"]) for row in answer["breaks"]
    }


def test_the_picture_after_a_removal_shows_the_step_that_stands_for_moved_access():
    posture = served().posture()
    after = posture_without(posture, ["k"])
    ends = after.graph.find("inv"), after.graph.find("invoices")
    (step, *_), *_ = (p["steps"] for p in path(after, *ends)["paths"])
    assert (step["from"]["id"], step["relationship"], step["to"]["id"]) == ("inv", "RUNS_AS", "svc")
    assert step["id"] is None


def test_a_cut_takes_the_grant_rather_than_a_login_that_only_moves_access():
    e = served()
    e.rows = {x: [r | {"last_used_at": None} for r in rows] if x.name == "CAN_ACCESS" else rows
              for x, rows in e.rows.items()}  # fmt: skip
    posture = e.posture()
    ends = [np.array([posture.graph.find(name)]) for name in ("inv", "invoices")]
    made = cut(posture, *ends)
    assert [(row["relationship"], row["moves"]) for row in made["edges"]] == [("CAN_ACCESS", False)]
    item = "svc,CAN_ACCESS,invoices"
    after = what_if(posture, [item])
    assert (after["after"]["reach"], after["breaks"], after["moved"]) == (0.0, [], [])


def test_a_cut_that_needs_a_last_login_says_so():
    e = served().resource("ledger", "restricted").can("svc", "read", "ledger", granted_at=ago(300))
    e.rows = {x: [r | {"last_used_at": None} for r in rows] if x.name == "CAN_ACCESS" else rows
              for x, rows in e.rows.items()}  # fmt: skip
    posture = e.posture()
    ends = [np.array([posture.graph.find(n) for n in names])
            for names in (("inv",), ("invoices", "ledger"))]  # fmt: skip
    made = cut(posture, *ends)
    assert (made["cost"], made["max_flow"]) == (1, 1)  # two grants, or one login
    assert [row["moves"] for row in made["edges"]] == [True]
    assert "only move access" in made["certificate"]
