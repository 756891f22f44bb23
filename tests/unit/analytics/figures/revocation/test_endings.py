"""How long what an identity had outlives it, over snapshots whose lives are known by hand."""

from typing import Any

import pandas as pd

from analytics.history import History
from analytics.posture import Posture
from tests.support.estates.small_estates import AS_OF, EVERYTHING, Estate, ago
from tests.support.histories.small_history import history_of
from tests.support.printed import revocation

DAY = 86_400
NODES = {"key": "Credential", "spare": "Credential", "svc": "ServiceAccount"}


def state(
    days_ago: float, *alive: str, bot: dict[str, Any] | None = None, **options: Any
) -> Estate:
    """State a bot, unless it is gone, with those of its key, spare key, account and grant alive."""
    e = Estate(at=AS_OF - pd.Timedelta(days=days_ago), **options).agent("other").resource("db")
    if bot is not None:
        e.agent("bot", **bot)
    for name in alive:
        if name in NODES:
            e.thing(NODES[name], name)
    if "key" in alive and bot is not None:
        e.link("bot", "USES", "key")
    if {"key", "svc"} <= set(alive):
        e.link("key", "AUTHENTICATES_AS", "svc")
    if {"spare", "svc"} <= set(alive):
        e.link("spare", "AUTHENTICATES_AS", "svc")
    if {"grant", "svc"} <= set(alive):
        e.can("svc", "read", "db", id=f"grant-{days_ago}")
    return e


ALL = ("key", "spare", "svc", "grant")
ENDED = {"status": "disabled", "status_at": ago(30)}


def last(history: History, as_of: pd.Timestamp | None = None) -> Posture:
    return history.posture(history.infos[-1].id, as_of)


def asked(*states: Estate, about: str | None = "bot", as_of: pd.Timestamp | None = None):
    posture = last(history_of(*states), as_of)
    return revocation(posture, posture.graph.find(about) if about else None)


def one(*states: Estate, about: str | None = "bot") -> dict[str, Any]:
    (row,) = asked(*states, about=about)["kill_sets"]
    return row


def alive(answer: dict[str, Any]) -> set[str]:
    return {row["id"] for row in answer["residue"]}


def test_a_partial_kill_names_what_is_alive_and_for_how_long():
    """The bot ended 30 days ago; its key was gone 20 days ago, the rest lives on."""
    answer = asked(
        state(40, *ALL, bot={}),
        state(20, "spare", "svc", "grant", bot=ENDED),
        state(0, "spare", "svc", "grant", bot=ENDED),
    )
    (row,) = answer["kill_sets"]
    assert (row["elements"], row["alive"], row["dead"], row["unknown"]) == (4, 3, 1, 0)
    assert (row["ended_at"], row["started_at"], row["completed_at"]) == (ago(30), ago(30), None)
    assert row["atomic"] is False
    stragglers = {s["id"]: s for s in row["stragglers"]}
    assert stragglers.keys() == {"spare", "svc", "grant-0"}
    assert {s["alive_seconds"] for s in stragglers.values()} == {30 * DAY}
    residue = {r["id"]: r for r in answer["residue"]}
    assert residue.keys() == {"spare", "svc", "grant-0"}
    assert {(r["of"]["id"], r["alive_since"], r["alive_seconds"]) for r in residue.values()} == {
        ("bot", ago(30), 30 * DAY)
    }


def test_the_residue_is_named_though_nothing_ties_it_to_the_identity():
    """In the last snapshot the bot has no key any more, and its account is alive all the same."""
    answer = asked(state(40, *ALL, bot={}), state(0, "svc", "grant", bot=ENDED))
    assert alive(answer) == {"svc", "grant-0"}
    plain = asked(state(0, "svc", "grant", bot=ENDED))  # the twin: without the history
    assert alive(plain) == set()


def test_a_kill_within_the_window_is_atomic():
    row = one(
        state(30.5, *ALL, bot={}),
        state(29.5, bot=ENDED),
    )
    assert (row["atomic"], row["alive"], row["stragglers"]) == (True, 0, [])
    assert (row["completed_at"], row["seconds"]) == (ago(29.5), DAY / 2)


def test_a_death_between_snapshots_may_be_on_either_side_of_the_window():
    """Gone at the latest 5 days after the end: who knows whether within a day."""
    row = one(state(31, *ALL, bot={}), state(25, bot=ENDED))
    assert (row["dead"], row["atomic"], row["stragglers"]) == (4, None, [])
    early = state(29.5, *ALL, bot=ENDED)  # half a day after the end, all is alive
    assert one(state(31, *ALL, bot={}), early, state(25, bot=ENDED))["atomic"] is None


def test_what_was_seen_alive_after_the_window_is_late_though_it_is_dead():
    row = one(state(31, *ALL, bot={}), state(28, *ALL, bot=ENDED), state(25, bot=ENDED))
    assert (row["dead"], row["atomic"]) == (4, False)
    assert {s["state"] for s in row["stragglers"]} == {"dead"}
    assert {s["alive_seconds"] for s in row["stragglers"]} == {5 * DAY}


def test_a_source_that_says_when_is_believed():
    """The key was revoked an hour after the end, as its source says, and seen 5 days later."""
    revoked = {"status": "revoked", "status_at": ago(30 - 1 / 24)}
    before = Estate(at=AS_OF - pd.Timedelta(days=31)).agent("bot").thing("Credential", "key")
    after = Estate(at=AS_OF - pd.Timedelta(days=25)).agent("bot", **ENDED)
    after.thing("Credential", "key", **revoked)
    row = one(before.link("bot", "USES", "key"), after.link("bot", "USES", "key"))
    assert (row["atomic"], row["completed_at"], row["seconds"]) == (
        True,
        revoked["status_at"],
        3600,
    )


def test_what_is_gone_with_its_source_is_unknown():
    gone = Estate(at=AS_OF, source="other").agent("bot", **ENDED)
    before = [state(40, *ALL, bot={}), Estate(at=AS_OF - pd.Timedelta(days=40), source="other")]
    before[1].agent("bot")
    posture = last(history_of(before, [gone]))
    (row,) = revocation(posture, posture.graph.find("bot"))["kill_sets"]
    assert (row["unknown"], row["alive"], row["dead"], row["atomic"]) == (4, 0, 0, None)


def test_what_its_source_no_longer_declares_is_unknown():
    silent = [kind for kind in EVERYTHING if kind != "credentials"]
    blind = [state(d, "svc", "grant", bot=ENDED, declares=silent) for d in (20, 10)]
    row = one(state(40, *ALL, bot={}), *blind)
    assert (row["unknown"], row["dead"], row["atomic"]) == (2, 0, False)  # the account is alive
    row = one(state(40, *ALL, bot={}), *blind, state(0, "svc", "grant", bot=ENDED))
    assert (row["unknown"], row["dead"]) == (0, 2)


def test_who_is_gone_from_its_source_has_ended():
    (row,) = asked(state(40, *ALL, bot={}), state(10, "svc", "grant"), about=None)["kill_sets"]
    assert (row["id"], row["ended_at"], row["alive"]) == ("bot", ago(10), 2)
    answer = asked(state(40, *ALL, bot={}), state(10, "svc", "grant"), about=None)
    assert {r["of"]["name"] for r in answer["residue"]} == {"bot"}


def test_who_is_back_had_not_ended():
    answer = asked(state(40, *ALL, bot={}), state(30, *ALL, bot=ENDED), state(0, *ALL, bot={}))
    assert (answer["kill_sets"], answer["residue"], answer["revived"]) == ([], [], [])


def test_a_name_used_again_after_it_was_gone_is_a_revival():
    states = (
        state(40, *ALL, bot={"created_at": ago(400)}),
        state(20, "svc", "grant"),
        state(0, "svc", "grant", bot={"created_at": ago(5)}),
    )
    (row,) = asked(*states)["revived"]
    assert (row["id"], row["deleted_at"], row["revived_at"]) == ("bot", ago(20), ago(5))
    assert (row["shown_by"], set(row["facts"])) == ("snapshots", {"svc", "grant-20"})
    same = state(0, "svc", "grant", bot={"created_at": ago(400)})
    assert asked(*states[:2], same)["revived"] == []  # the twin: as old as the one before


def test_the_rule_on_revived_names_and_the_answer_agree():
    e = Estate().agent("bot", created_at=ago(60), deleted_at=ago(90)).resource("db")
    e.can("bot", "read", "db", id="old", granted_at=ago(200))
    (row,) = revocation(e.posture())["revived"]
    assert (row["id"], row["facts"], row["shown_by"]) == ("bot", ["old"], "source")


def test_survival_per_kind_counts_what_is_open():
    """Keys outlive their bots by 10, 20 and 30 days, and two live on since 15 and 40 days.

    So the median of keys is 30, as in the example of Kaplan and Meier.
    """
    ends = {"a": 100, "b": 100, "c": 100, "d": 100, "e": 75}
    died = {"a": 90, "b": 80, "c": 70}

    def made(days_ago: float) -> Estate:
        e = Estate(at=AS_OF - pd.Timedelta(days=days_ago))
        for name, end in ends.items():
            over = end >= days_ago
            e.agent(name, **({"status": "disabled", "status_at": ago(end)} if over else {}))
            if days_ago > died.get(name, -1):
                e.thing("Credential", f"key-{name}").link(name, "USES", f"key-{name}")
        return e

    answer = asked(*map(made, (110, 100, 90, 80, 70, 60)), about=None)["time_to_kill"]
    (kind,) = answer["by_kind"]
    assert (kind["kind"], kind["median_days"], kind["p95_days"]) == ("credential", 30, None)
    assert (kind["censored"], kind["ended"]) == (2, 3)
    assert (answer["median_days"], answer["censored"]) == (30, 2)


def test_a_shared_key_is_dead_for_it_once_rotated():
    def made(days_ago: float, bot: dict[str, Any], **key: Any) -> Estate:
        e = Estate(at=AS_OF - pd.Timedelta(days=days_ago)).agent("bot", **bot).agent("other")
        e.account("svc").thing("Credential", "key", **key).link("key", "AUTHENTICATES_AS", "svc")
        return e.link("bot", "USES", "key").link("other", "USES", "key")

    row = one(made(40, {}), made(0, ENDED, rotated_at=ago(29)))
    assert (row["dead"], row["alive"], row["completed_at"]) == (1, 0, ago(29))
    row = one(made(40, {}), made(0, ENDED, rotated_at=ago(31)))  # the twin: before the end
    assert (row["dead"], row["alive"]) == (0, 1)


def test_a_shared_key_counts_as_replaced_from_when_its_undated_end_may_have_been():
    """Taken off the list between two snapshots, and rotated there as `decommission` asks."""

    def made(days_ago: float, *, bot: bool, **key: Any) -> Estate:
        e = Estate(at=AS_OF - pd.Timedelta(days=days_ago)).agent("other")
        e.account("svc").thing("Credential", "key", **key).link("key", "AUTHENTICATES_AS", "svc")
        if bot:
            e.agent("bot").link("bot", "USES", "key")
        return e.link("other", "USES", "key")

    rotated = made(20, bot=False, rotated_at=ago(30)), made(0, bot=False, rotated_at=ago(30))
    answer = asked(made(40, bot=True), *rotated, about=None)
    (row,) = answer["kill_sets"]
    assert (row["dead"], row["alive"], answer["residue"]) == (1, 0, [])
    assert (row["ended_at"], row["completed_at"]) == (ago(20), ago(30))
    before = made(20, bot=False, rotated_at=ago(50))  # the twin: it was in service after that
    assert [r["id"] for r in asked(made(40, bot=True), before, about=None)["residue"]] == ["key"]


def test_no_rotation_is_after_an_end_that_nobody_dates():
    e = Estate().agent("bot", status="disabled").agent("other").account("svc")
    e.thing("Credential", "key", rotated_at=ago(200)).link("key", "AUTHENTICATES_AS", "svc")
    answer = asked(e.link("bot", "USES", "key").link("other", "USES", "key"))
    (row,) = answer["kill_sets"]
    assert (row["dead"], row["alive"]) == (0, 1)
    assert [r["id"] for r in answer["residue"]] == ["key"]


def test_revocation_lags_behind_behaviour():
    """Used outside its scope 50 days ago, ended 30 days ago, its key gone 20 days ago."""
    scope = [{"resource": "wiki", "level": "read"}]

    def made(days_ago: float, *, key: bool, **bot: Any) -> Estate:
        e = Estate(at=AS_OF - pd.Timedelta(days=days_ago)).resource("db").resource("wiki")
        e.agent("bot", declared_scope=scope, **bot)
        if key:
            e.thing("Credential", "key").link("bot", "USES", "key")
        used = {"last_used_at": {"read": ago(50)}, "telemetry": "true"} if days_ago <= 50 else {}
        return e.can("bot", "read", "db", **used) if days_ago > 20 else e

    row = one(made(40, key=True), made(20, key=False, **ENDED))
    assert row["out_of_scope_at"] == ago(50)
    assert (row["started_at"], row["completed_at"]) == (ago(30), ago(20))
    assert (row["seconds"], row["lag_seconds"]) == (10 * DAY, 30 * DAY)


def test_without_an_ended_identity_nothing_is_told():
    answer = asked(state(0, *ALL, bot={}))
    assert (answer["kill_sets"], answer["revived"]) == ([], [])
    assert answer["time_to_kill"]["median_days"] is None
    assert answer["time_to_kill"]["by_kind"] == []


def test_an_end_without_a_date_has_no_duration():
    row = one(state(0, *ALL, bot={"status": "retired"}))
    assert (row["ended_at"], row["seen_before"], row["atomic"]) == (None, False, None)
    assert {s["alive_seconds"] for s in row["stragglers"]} == {None}


def test_all_that_is_left_of_an_end_without_a_date_is_alive_since_the_snapshot_that_shows_it():
    """What still hangs on the bot, and what its kill set adds, have one end."""
    retired = {"status": "retired"}
    answer = asked(
        state(40, *ALL, bot={}), state(20, *ALL, bot=retired), state(0, *ALL, bot=retired)
    )
    (row,) = answer["kill_sets"]
    assert row["ended_at"] == ago(20)
    assert {r["id"] for r in answer["residue"]} >= {"key", "svc", "grant-0"}
    assert {(r["alive_since"], r["alive_seconds"]) for r in answer["residue"]} == {
        (ago(20), 20 * DAY)
    }
    alone = asked(state(0, *ALL, bot=retired))["residue"]
    assert {(r["alive_since"], r["alive_seconds"]) for r in alone} == {(None, None)}


def test_what_is_yet_to_be_created_has_not_ended():
    """Asked of a day before it was created, an agent in service is no kill set to look at."""
    made = {"created_at": ago(10)}
    before = asked(state(0, bot=made), about=None, as_of=AS_OF - pd.Timedelta(days=20))
    assert before["kill_sets"] == []
    ended = asked(state(0, bot=made | {"status": "disabled"}), about=None)
    assert [row["id"] for row in ended["kill_sets"]] == ["bot"]
