"""The smallest policy by observed use, on worlds whose answer is worked out by hand.

The moment is day 0, the window its last 90 days, and the held-out part its last quarter: uses
less than 23 days ago, as the split lies at midnight.
"""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analytics.posture import Posture, assess
from analytics.remediation.policy.format import UnknownFormat
from analytics.remediation.policy.smaller_policy import NoPolicy
from graph.access import AccessGraph
from graph.facts import Facts
from graph.schema import USE_EVENT
from graph.usage.by_day import write
from tests.support.estates.small_estates import Estate, ago, together
from tests.support.printed import policy
from tests.support.references.policies import cedar_allows, rego_allows

DAY_0 = int(pd.Timestamp(ago(0)).timestamp()) // 86_400


def watched(*estates: Estate, since: float | None = 400) -> Posture:
    """Judge estates whose sources saw use since so many days ago."""
    facts = together(*estates)
    start = None if since is None else pd.Timestamp(ago(since))
    seen = tuple(replace(c, usage_window_start=start) for c in facts.coverage)
    return assess(AccessGraph.of(Facts.of(dict(facts.frames), seen)))


def asked(posture: Posture, thing: str = "bot", form: str = "cedar", **more: Any) -> dict[str, Any]:
    return policy(posture, posture.graph.find(thing), form, **more)


def used(e: Estate, *days: float, by: str = "bot", what: str = "db", **more: Any) -> Estate:
    for at in days:
        count = len(e.rows.get(USE_EVENT, ()))
        facts = {"level": "read", "outcome": "success", **more}
        e.add(USE_EVENT, id=f"u{count}", at=ago(at), principal=by, resource=what, **facts)
    return e


def bot(levels: str = "read write", **grant: Any) -> Estate:
    e = Estate().agent("bot").account("svc").link("bot", "RUNS_AS", "svc").resource("db")
    facts = {"granted_at": ago(300), "telemetry": "true", "id": "g", **grant}
    return e.can("svc", levels, "db", **facts)


def row(rows: list[dict[str, Any]], grant: str = "g") -> dict[str, Any]:
    (chosen,) = [r for r in rows if r["grant"] == grant]
    return chosen


def grants(rows: list[dict[str, Any]]) -> set[str]:
    return {r["grant"] for r in rows}


# -- kept, dropped, asked --------------------------------------------------------------------------


def test_a_level_that_was_used_is_kept_and_the_other_is_lost():
    answer = asked(watched(used(bot(), 5, 40)))
    kept = row(answer["kept"])
    assert (kept["levels"], kept["used"], kept["state"]) == (["read"], ["read"], "used")
    assert (kept["uses"], kept["certain"], kept["last_used_at"]) == (2, True, ago(5))
    assert [thing["id"] for thing in kept["through"]] == ["svc"]
    assert row(answer["narrowed"])["levels"] == ["write"]
    assert (answer["dropped"], answer["asked"]) == ([], [])
    assert answer["counts"] == {
        "granted": 1, "kept": 1, "dropped": 0, "asked": 0, "narrowed": 1, "not_written": 0
    }  # fmt: skip


@pytest.mark.parametrize(
    ("grant", "since", "state"),
    [
        ({}, 400, "unused"),
        ({"last_used_at": {"read": ago(91)}}, 400, "unused"),
        ({"telemetry": "false"}, 400, "not_observable"),
        ({"granted_at": ago(89)}, 400, "watched_too_short"),
        ({}, 89, "watched_too_short"),  # the log begins there
        ({"tags": ["seasonal"]}, 400, "watched_too_short"),  # granted 300 days ago: not a year
        ({"tags": ["seasonal"], "granted_at": ago(390)}, 400, "unused"),
        ({"tags": ["break-glass"]}, 400, "break_glass"),
        ({"expires_at": ago(1)}, 400, "ended"),
        ({"expires_at": ago(1), "last_used_at": {"read": ago(0.5)}}, 400, "ended"),
        ({"expires_at": ago(-1), "last_used_at": {"read": ago(90), "write": ago(1)}}, 400, "used"),
    ],
)
def test_the_state_of_a_grant(grant, since, state):
    answer = asked(watched(bot(**grant), since=since))
    where = {"unused": "dropped", "ended": "dropped"}.get(state, "kept")
    assert row(answer[where])["state"] == state
    assert grants(answer["asked"]) == ({"g"} if where == "kept" and state != "used" else set())
    assert not answer["dropped" if where == "kept" else "kept"]


def test_access_that_nobody_could_see_is_kept_beside_what_was_seen():
    """Without telemetry, a level that was seen in use is used, and the other one is asked."""
    answer = asked(watched(used(bot(telemetry="false"), 5)))
    assert row(answer["kept"])["levels"] == ["read", "write"]
    assert row(answer["kept"])["used"] == ["read"]
    assert row(answer["asked"])["levels"] == ["write"]
    assert row(answer["asked"])["state"] == "not_observable"


def test_a_use_of_unknown_level_keeps_every_level():
    answer = asked(watched(used(bot(), 5, level=None, action="frobnicate")))
    assert row(answer["kept"])["used"] == ["read", "write"]


def test_a_use_that_failed_or_came_before_the_window_keeps_nothing():
    e = used(used(bot(), 5, outcome="denied"), 95)
    assert row(asked(watched(e))["dropped"])["last_used_at"] == ago(95)


@pytest.mark.parametrize("summed", [False, True])
def test_a_use_by_a_clock_that_runs_ahead_is_one_of_the_moment(summed):
    """After the export was taken, as `show` and findings take it; it was dropped."""
    e = bot("read") if summed else used(bot("read"), -2 / 1440)
    if summed:
        days, times = {DAY_0 - 200: 1, DAY_0 + 1: 1}, {"first_at": ago(200), "last_at": ago(-1.5)}
        e.link("bot", "USED", "db", level="read", by_day=write(days), **times)
    answer = asked(watched(e))
    assert grants(answer["kept"]) == {"g"}
    assert row(answer["kept"])["last_used_at"] == ago(0)


def test_a_longer_window_keeps_more():
    posture = watched(used(bot(), 95))
    assert grants(asked(posture, days=90)["dropped"]) == {"g"}
    assert grants(asked(posture, days=100)["kept"]) == {"g"}


def test_grants_of_groups_roles_and_keys_are_those_of_the_identity():
    e = Estate().agent("bot").account("svc").thing("Credential", "K").thing("Group", "team-x")
    e.thing("Role", "dep").resource("db").resource("repo").resource("mail")
    e.link("bot", "USES", "K").link("K", "AUTHENTICATES_AS", "svc")
    e.link("svc", "MEMBER_OF", "team-x").link("svc", "ASSUMES", "dep", ceiling="read")
    e.can("svc", "read", "db", id="own", telemetry="false")
    e.can("team-x", "read", "repo", id="group", telemetry="false")
    e.can("dep", "read write", "mail", id="role", telemetry="false")
    kept = {r["grant"]: r for r in asked(watched(e))["kept"]}
    through = {grant: [t["id"] for t in r["through"]] for grant, r in kept.items()}
    assert through == {
        "own": ["K", "svc"],
        "group": ["K", "svc", "team-x"],
        "role": ["K", "svc", "dep"],
    }
    assert kept["role"]["levels"] == ["read"]  # the ceiling of the step
    of_account = asked(watched(e), "svc")["kept"]
    assert grants(of_account) == {"own", "group", "role"}


@pytest.mark.parametrize("key", [{"expires_at": ago(10)}, {"status": "disabled"}])
def test_a_key_that_opens_nothing_gives_the_policy_nothing(key):
    e = Estate().agent("bot").account("svc").resource("db").thing("Credential", "K", **key)
    e.link("bot", "USES", "K").link("K", "AUTHENTICATES_AS", "svc")
    e.can("svc", "read", "db", id="g", last_used_at={"read": ago(20)}).can("K", "read", "db")
    answer = asked(watched(e.can("bot", "read", "db", id="own", telemetry="false")))
    assert (grants(answer["kept"]), answer["dropped"]) == ({"own"}, [])


def test_what_another_did_through_a_shared_group_is_not_ours():
    e = (
        Estate()
        .agent("bot", "other")
        .account("svc", "svc2")
        .thing("Group", "team-x")
        .resource("db")
    )
    e.link("bot", "RUNS_AS", "svc").link("other", "RUNS_AS", "svc2")
    e.link("svc", "MEMBER_OF", "team-x").link("svc2", "MEMBER_OF", "team-x")
    e.can("team-x", "read", "db", id="g", granted_at=ago(300), telemetry="true")
    used(e, 5, 6, by="other")
    assert grants(asked(watched(e), "bot")["dropped"]) == {"g"}
    assert grants(asked(watched(e), "other")["kept"]) == {"g"}


def test_what_the_log_puts_on_a_shared_account_may_be_ours():
    e = bot().agent("other").link("other", "RUNS_AS", "svc")
    kept = row(asked(watched(used(e, 5, by="svc")))["kept"])
    assert (kept["used"], kept["uses"], kept["certain"]) == (["read"], 1, False)


def test_a_use_that_the_grant_reports_is_certain_only_of_the_only_holder():
    alone = bot(last_used_at={"read": ago(5)})
    assert row(asked(watched(alone))["kept"])["certain"] is True
    shared = bot(last_used_at={"read": ago(5)}).agent("other").link("other", "RUNS_AS", "svc")
    assert row(asked(watched(shared))["kept"])["certain"] is False


def test_what_an_agent_did_is_of_its_account_where_the_account_gives_it():
    e = used(used(bot(), 5), 5, what="elsewhere").resource("elsewhere")
    answer = asked(watched(e), "svc")
    assert row(answer["kept"])["used"] == ["read"]
    assert answer["held_out"]["uses"] == 1  # the use of what the account does not give is not its


def logged(posture: Posture, *names: str) -> np.ndarray:
    return np.array([posture.graph.find(name) for name in names], np.int64)


def test_things_that_somebody_says_are_logged_count_as_watched():
    """From the first log on: 100 days ago the window was watched, 80 days ago it was not."""
    e = used(bot(telemetry="false"), 5)
    posture = watched(e, since=100)
    answer = asked(posture, logged=logged(posture, "db"))
    assert (row(answer["kept"])["levels"], answer["asked"]) == (["read"], [])
    assert answer["notes"] == [
        "Things that count as watched because this question says so, not a source: 1."
    ]
    assert row(asked(posture, logged=logged(posture, "svc"))["asked"])["levels"] == ["write"]
    late = watched(e, since=80)
    assert row(asked(late, logged=logged(late, "db"))["asked"])["state"] == "watched_too_short"


def test_without_a_date_of_any_log_the_word_counts_for_the_whole_window():
    posture = watched(used(bot(telemetry="false"), 5), since=None)
    assert row(asked(posture, logged=logged(posture, "db"))["kept"])["levels"] == ["read"]


# -- calls -----------------------------------------------------------------------------------------


def caller(**facts: Any) -> Estate:
    e = Estate().agent("bot").thing("Tool", "mail", kind="mcp_server")
    return e.link("bot", "CALLS", "mail", id="c", **facts)


@pytest.mark.parametrize(
    ("facts", "days", "state"),
    [
        ({"telemetry": "true", "valid_from": ago(300)}, [], "unused"),
        ({"telemetry": "true", "valid_from": ago(300)}, [3], "used"),
        ({"telemetry": "true", "valid_from": ago(10)}, [], "watched_too_short"),
        ({"telemetry": "true", "last_used_at": ago(4)}, [], "used"),
        ({}, [], "not_observable"),
    ],
)
def test_the_state_of_a_call(facts, days, state):
    answer = asked(watched(used(caller(**facts), *days, what="mail")), form="mcp")
    place = "dropped" if state == "unused" else "kept"
    assert row(answer[place], "c")["state"] == state
    servers = [{"id": "mail", "name": "mail", "tools": ["*"]}] if place == "kept" else []
    assert answer["policy"] == {"servers": servers, "tools": [], "refused": []}


# -- conditions, ends and activation ---------------------------------------------------------------


def test_conditions_of_the_grant_and_of_the_steps_are_kept_word_for_word():
    e = Estate().agent("bot").thing("Role", "dep").resource("db")
    e.link("bot", "ASSUMES", "dep", condition='only "at night"')
    e.can("dep", "read", "db", id="g", telemetry="false", condition="from the office")
    answer = asked(watched(e))
    both = ["from the office", 'only "at night"']
    assert row(answer["kept"])["conditions"] == both
    for form, allows in (("cedar", cedar_allows), ("rego", rego_allows)):
        text = asked(watched(e), form=form)["policy"]
        assert allows(text, "bot", "read", "db", conditions=both)
        assert not allows(text, "bot", "read", "db", conditions=both[:1])
        assert not allows(text, "bot", "read", "db")


def test_of_two_ways_the_one_without_a_condition_counts():
    e = Estate().agent("bot").thing("Role", "dep").account("svc").resource("db")
    e.link("bot", "ASSUMES", "dep", condition="at night")
    e.link("bot", "RUNS_AS", "svc").link("svc", "ASSUMES", "dep", ceiling="read")
    e.can("dep", "read write", "db", id="g", telemetry="false")
    rows = {tuple(r["levels"]): r["conditions"] for r in asked(watched(e))["kept"]}
    assert rows == {("read",): [], ("write",): ["at night"]}


def test_an_end_and_an_activation_are_kept():
    e = bot("read", telemetry="false", expires_at=ago(-10), eligible="true")
    end = (DAY_0 + 10) * 86_400
    for form, allows in (("cedar", cedar_allows), ("rego", rego_allows)):
        text = asked(watched(e), form=form)["policy"]
        assert allows(text, "bot", "read", "db", activated=["g"], now=end - 1)
        assert not allows(text, "bot", "read", "db", activated=["g"], now=end)
        assert not allows(text, "bot", "read", "db", now=end - 1)


# -- the held-out uses -----------------------------------------------------------------------------


def test_later_uses_are_asked_of_a_policy_from_before_them():
    """Reads were seen before the split, writes only after it; days 22 and less are held out."""
    e = used(used(bot(), 80, 50, 30, 20, 10, 1), 5, 4, level="write")
    of = asked(watched(e))["held_out"]
    assert (of["uses"], of["allowed"], of["unseen"], of["unplaced"]) == (5, 3, 0, 0)
    (refused,) = of["refused"]
    assert (refused["resource"]["id"], refused["level"], refused["uses"]) == ("db", "write", 2)
    assert (refused["first_at"], refused["last_at"]) == (ago(5), ago(4))
    assert (of["from"], of["split_at"], of["to"]) == (ago(90), ago(23), ago(0))


@pytest.mark.parametrize("action", ["db:Read", None])
def test_a_refused_use_whose_log_names_no_action_has_none(action):
    """An absent fact is null: JSON knows no NaN, so the answer could not be printed."""
    refused = asked(watched(used(used(bot(), 10), 9, action=action)))["held_out"]["refused"]
    assert {row["action"] for row in refused} == {None, action}
    json.dumps(refused, allow_nan=False)


def test_a_use_that_only_unseen_access_allows_is_counted_by_itself():
    of = asked(watched(used(bot("read", telemetry="false"), 10, 5)))["held_out"]
    assert (of["uses"], of["allowed"], of["unseen"]) == (2, 2, 2)


def test_the_last_use_of_a_grant_says_nothing_of_those_before():
    """A log that only repeats what the grant reports does not show that it was idle before."""
    e = used(bot("read", last_used_at={"read": ago(5)}), 5)
    of = asked(watched(e))["held_out"]
    assert (of["uses"], of["allowed"], of["unseen"]) == (1, 1, 1)
    of = asked(watched(used(e, 9)))["held_out"]  # the log has more, and nothing before the split
    assert (of["uses"], of["allowed"], len(of["refused"])) == (2, 0, 1)


@pytest.mark.parametrize(
    ("estate", "why"),
    [
        (bot(last_used_at={"read": ago(1)}), "no log of uses was read"),
        (used(bot().agent("other"), 5, by="other"), "no log has a use by it"),
        (used(bot(), 50), "no log has a use by it in the held-out part"),
    ],
)
def test_without_a_log_nothing_is_fine(estate, why):
    of = asked(watched(estate))["held_out"]
    assert (of["uses"], of["allowed"], of["refused"], of["why"]) == (None, None, [], why)


def test_days_of_a_log_that_was_added_up_are_parted_at_the_split():
    e = bot("read").link("bot", "USED", "db", level="read", first_at=ago(60), last_at=ago(1),
        count=7, by_day=write({DAY_0 - 60: 4, DAY_0 - 23: 1, DAY_0 - 2: 2}))  # fmt: skip
    of = asked(watched(e))["held_out"]
    assert (of["uses"], of["allowed"], of["unseen"]) == (3, 3, 0)


def test_of_a_sum_without_days_only_the_ends_are_placed():
    e = bot("read").link(
        "bot", "USED", "db", level="read", first_at=ago(60), last_at=ago(1), count=9
    )
    of = asked(watched(e))["held_out"]
    assert (of["uses"], of["allowed"], of["unplaced"]) == (1, 1, 7)


def test_one_use_that_two_logs_tell_counts_once():
    """The log of calls counts a use by account and by key; an event tells one of them again."""
    e = Estate().agent("bot").account("svc").thing("Credential", "K").resource("db")
    e.link("bot", "USES", "K").link("K", "AUTHENTICATES_AS", "svc")
    e.can("svc", "read", "db", id="g", granted_at=ago(300), telemetry="true")
    days = write({DAY_0 - 50: 2, DAY_0 - 3: 2})
    for name in ("svc", "K"):
        e.link(name, "USED", "db", level="read", first_at=ago(49.5), last_at=ago(2.5), by_day=days)
    used(e, 2.5, by="svc")
    answer = asked(watched(e))
    assert row(answer["kept"])["uses"] == 4
    assert answer["held_out"]["uses"] == 2


def test_a_use_that_no_grant_gives_is_refused():
    e = used(bot("write"), 50, 5)
    of = asked(watched(e))["held_out"]
    assert [r["why"] for r in of["refused"]] == ["no grant that is known gives it"]


# -- unknown, and refused --------------------------------------------------------------------------


def test_where_nobody_states_grants_there_is_no_policy():
    answer = asked(watched(Estate(declares=("owners",)).agent("bot")))
    assert answer["policy"] is None
    assert answer["notes"] == ["No source states what it holds, so no policy can be written."]


def test_where_nothing_is_granted_the_policy_permits_nothing():
    assert not cedar_allows(asked(watched(Estate().agent("bot")))["policy"], "bot", "read", "db")


@pytest.mark.parametrize("thing", ["ann", "team-x", "db", "K", "ops", "mail"])
def test_only_identities_have_a_policy(thing):
    e = caller().person("ann").thing("Group", "team-x").resource("db").thing("Credential", "K")
    e.thing("Team", "ops")
    with pytest.raises(NoPolicy, match=thing) as refused:
        asked(watched(e), thing)
    assert refused.value.exit_code == 2


def test_a_deleted_identity_has_none():
    with pytest.raises(NoPolicy, match="does not exist"):
        asked(watched(Estate().agent("bot", status="deleted")))


def test_an_unknown_format_is_refused():
    with pytest.raises(UnknownFormat, match=r"latin.*cedar, iam, mcp, rego"):
        asked(watched(bot()), form="latin")


def test_lists_are_cut_and_counted():
    e = bot()
    for number in range(4):
        e.can("svc", "read", "db", id=f"h{number}", granted_at=ago(300), telemetry="true")
    answer = asked(watched(e), limit=2)
    assert (len(answer["dropped"]), answer["left_out"], answer["counts"]["dropped"]) == (2, 3, 5)


def test_just_in_time_access_is_judged_for_what_is_kept():
    """Two days of use in ninety: the duty is 2/90, and by hand only half of the score is left."""
    kept = row(asked(watched(used(bot("read", task_id="t"), 5, 9)))["kept"])
    assert kept["duty"] == pytest.approx(2 / 90)
    assert kept["score"] == pytest.approx(100 * (1 - 2 / 90) * 0.5)
    assert kept["benefit"] == pytest.approx((1 - 2 / 90) * 1.25 * 3 * 1 * 90)
