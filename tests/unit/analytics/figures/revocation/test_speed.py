"""How long what should have ended stays, over snapshots whose lives are known by hand."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from analytics.figures.revocation.speed import overdue, ungoverned
from analytics.history import History
from analytics.posture import Posture
from graph.journal.journal import Journal
from tests.support.estates.small_estates import AS_OF, EVERYTHING, Estate, ago
from tests.support.histories.small_history import history_of
from tests.support.printed import revocation

ENDS = {"a": 100, "b": 100, "c": 100, "d": 100, "e": 75}  # days ago
GONE = {"a": 90, "b": 80, "c": 70}


def state(days_ago: float, **options: Any) -> Estate:
    return Estate(at=AS_OF - pd.Timedelta(days=days_ago), **options)


def grants(days_ago: float) -> Estate:
    """State five grants of which three go away; their ids change from read to read."""
    e = state(days_ago)
    for name, end in ENDS.items():
        e.agent(name).resource(f"r-{name}")
        if days_ago > GONE.get(name, -1):
            facts = {"expires_at": ago(end), "grant_id": f"{name}-{days_ago}"}
            e.can(name, "read", f"r-{name}", granted_at=ago(200), **facts)
    return e


def last(history: History, as_of: pd.Timestamp | None = None) -> Posture:
    return history.posture(history.infos[-1].id, as_of)


FIVE = (100, 90, 80, 70, 60)


def test_what_is_still_open_counts() -> None:
    """Gone after 10, 20 and 30 days, open for 15 and 40: the median is 30, not 20."""
    found = revocation(last(history_of(*map(grants, FIVE))))["time_to_revoke"]
    assert (found["median_days"], found["censored"], found["ended"]) == (30, 2, 3)
    assert (found["p95_days"], found["snapshots"]) == (None, 5)
    assert (found["met_sla"], found["met"], found["met_of"]) == (0, 0, 5)


def test_of_one_identity() -> None:
    posture = last(history_of(*map(grants, FIVE)))
    one = revocation(posture, posture.graph.number("b"))
    assert one["time_to_revoke"]["median_days"] == 20
    (item,) = one["items"]
    assert (item["kind"], item["since"], item["ended_at"]) == ("grant", ago(100), ago(80))


def test_of_several_snapshots_of_one_instant_the_last_is_examined() -> None:
    found = revocation(last(history_of(*map(grants, (100, 90, 90, 80)))))["time_to_revoke"]
    assert (found["snapshots"], found["ended"]) == (3, 2)


def test_what_a_source_no_longer_declares_was_not_revoked() -> None:
    """The key and the owner who left are out of sight, not ended."""
    first = state(20).agent("bot").person("ann", left=ago(50)).owned("bot", "ann", "ann")
    first.thing("Credential", "key", expires_at=ago(40)).link("bot", "USES", "key")
    silent = [kind for kind in EVERYTHING if kind not in ("credentials", "owners")]
    later = state(10, declares=silent).agent("bot").person("ann", left=ago(50))
    found = revocation(last(history_of(first, later)))
    assert {(i["kind"], i["days"], i["ended_at"]) for i in found["items"]} == {
        ("credential", 20, None),
        ("owner", 30, None),
    }
    assert (found["time_to_revoke"]["ended"], found["time_to_revoke"]["censored"]) == (0, 3)


def test_a_vacancy_after_an_attested_owner_ends(tmp_path: Path) -> None:
    """What people decided has no source that is read again."""
    states = [
        state(days).agent("bot").person("ann", left=left).person("bob")
        for days, left in ((40, None), (20, ago(30)), (10, ago(30)))
    ]
    states[2].owned("bot", "bob")
    path = tmp_path / "journal.sqlite"
    at = AS_OF - pd.Timedelta(days=40)
    Journal(path).attest("bot", "ann", "business", "ann", "", at)
    (item,) = revocation(last(history_of(*states, journal=path)))["items"]
    assert (item["key"], item["days"], item["ended_at"]) == ("bot/business", 20, ago(10))


def test_a_role_is_vacant_since_its_last_owner_of_any_kind_left() -> None:
    """Ann left 150 days ago, and her team answered until bob, its last member, left: 60 days."""
    e = state(0).agent("bot").person("ann", left=ago(150)).person("bob", left=ago(60))
    e.thing("Team", "ops").link("bob", "MEMBER_OF", "ops")
    e.owned("bot", "ann", since=ago(250)).owned("bot", "ops", since=ago(240))
    e.owned("bot", technical="ann", since=ago(250))
    rows = overdue(e.posture()).of("owner").rows
    assert dict(zip(rows["key"], rows["days"], strict=True)) == {
        "bot/business": 60,
        "bot/technical": 150,
    }


def test_as_of_an_earlier_snapshot_nothing_later_is_known() -> None:
    history = history_of(*map(grants, FIVE))
    then = history.posture(history.infos[1].id)
    found = revocation(then)["time_to_revoke"]
    assert (found["ended"], found["censored"]) == (1, 3)
    moved = last(history, AS_OF - pd.Timedelta(days=10))  # nothing new seen, fifty days older
    assert revocation(moved)["time_to_revoke"]["open_p90_days"] == pytest.approx(65 + 0.9 * 25)


def test_without_history_all_is_open() -> None:
    found = revocation(grants(60).posture())["time_to_revoke"]
    assert (found["median_days"], found["censored"], found["ended"]) == (None, 2, 0)


def test_what_is_gone_because_its_source_is_gone_was_not_revoked() -> None:
    """The twin, where the source is read and does not mention the grant, is an end."""
    before, after = (state(d, source="other").agent("x") for d in (100, 5))
    lost = overdue(last(history_of([grants(95), before], after))).rows
    assert (len(lost), lost["ended"].sum()) == (4, 0)
    assert set(lost["days"]) == {5}
    read = state(5).agent("a")
    assert overdue(last(history_of([grants(95), before], [read, after]))).rows["ended"].all()


def test_what_comes_back_had_not_ended() -> None:
    with_it, without = grants(60), state(50).agent("d", "e").resource("r-d").resource("r-e")
    found = overdue(last(history_of(with_it, without, grants(40))))
    assert not found.rows["ended"].any()


def test_access_under_a_new_end_is_no_longer_overdue() -> None:
    e = state(1).agent("a").resource("r-a")
    e.can("a", "read", "r-a", granted_at=ago(200), expires_at=ago(-30))
    (row,) = (
        overdue(last(history_of(grants(95), e)))
        .of("grant")
        .rows.query("key == 'a -> r-a'")
        .itertuples()
    )
    assert row.ended


def test_credentials_agents_and_owners_past_their_end() -> None:
    """A key, a term and an owner each end ten days before; only a new owner is found."""

    def made(days_ago: float) -> Estate:
        e = state(days_ago).person("ann", left=ago(10)).person("bob")
        e.agent("bot", expires_at=ago(10)).owned("bot", "ann", "bob", since=ago(90))
        e.thing("Credential", "key", expires_at=ago(10)).link("bot", "USES", "key")
        e.thing("Credential", "off", expires_at=ago(10), status="revoked")
        e.link("bot", "USES", "off")
        return e.owned("bot", "bob") if days_ago < 5 else e

    found = overdue(last(history_of(made(8), made(4)))).rows.set_index("kind")
    assert sorted(found.index) == ["credential", "identity", "owner"]
    assert found["ended"].to_dict() == {"credential": False, "identity": False, "owner": True}
    assert found["key"]["owner"] == "bot/business"
    assert found["days"].to_dict() == {"credential": 6, "identity": 6, "owner": 6}


def test_a_decision_to_revoke_starts_the_clock() -> None:
    e = Estate().agent("bot").resource("r").can("bot", "read", "r", grant_id="g")
    e.thing("Review", "no", decision="revoke", decided_at=ago(7), kind="access_review")
    e.link("no", "COVERS", "bot", grant_id="g")
    (row,) = overdue(e.posture()).rows.itertuples()
    assert (row.kind, row.days) == ("grant", 7)


def test_time_until_a_change_is_decided_on() -> None:
    """Approved after 10 days, taken away after 30, never looked at for 50; 500 are too old."""

    def made(days_ago: float) -> Estate:
        e = state(days_ago)
        for name, granted in (("ok", 100), ("gone", 60), ("open", 50), ("old", 500)):
            e.agent(name).resource(f"r-{name}")
            if (name != "gone" or days_ago > 30) and granted >= days_ago:
                facts = {"reviewed_at": ago(90)} if name == "ok" else {}
                e.can(name, "read", f"r-{name}", granted_at=ago(granted), **facts)
        return e

    found = ungoverned(last(history_of(made(55), made(40), made(30), made(0)))).rows
    assert dict(zip(found["key"], found["days"], strict=True)) == {
        "ok -> r-ok": 10,
        "gone -> r-gone": 30,
        "open -> r-open": 50,
    }
    assert found.set_index("key")["ended"].to_dict() == {
        "ok -> r-ok": True,
        "gone -> r-gone": True,
        "open -> r-open": False,
    }


def test_the_first_decision_counts_though_only_the_last_is_stated() -> None:
    """A later snapshot knows the newest approval only; the earlier one saw the first."""

    def made(days_ago: float, reviewed: float) -> Estate:
        e = state(days_ago).agent("bot").resource("r")
        return e.can("bot", "read", "r", granted_at=ago(100), reviewed_at=ago(reviewed))

    (row,) = ungoverned(last(history_of(made(60, 95), made(0, 5)))).rows.itertuples()
    assert (row.days, row.ended) == (5, True)
    (only,) = ungoverned(made(0, 5).posture()).rows.itertuples()
    assert only.days == 95  # all that this snapshot alone can say


def test_what_is_gone_once_its_source_is_read_again_has_ended_by_then() -> None:
    """Between two reads of the grants one of keys alone shows none of them."""

    def made(days_ago: float, *, gone: bool = False, blind: bool = False) -> Estate:
        e = state(days_ago, declares=("credentials",) if blind else EVERYTHING).agent("bot")
        e.resource("r")
        return e if gone else e.can("bot", "read", "r", expires_at=ago(80))

    looks = made(60), made(40, gone=True, blind=True)
    assert spells(history_of(*looks)) == [(80, 20, False)]
    assert spells(history_of(*looks, made(10, gone=True))) == [(80, 70, True)]
    assert spells(history_of(*looks, made(0))) == [(80, 80, False)]


def test_what_is_dated_anew_has_not_ended() -> None:
    """Personnel corrects the day on which the only owner left: the role is open as before."""

    def made(days_ago: float, left: float) -> Estate:
        return state(days_ago).person("ann", left=ago(left)).agent("bot").owned("bot", "ann")

    assert spells(history_of(made(60, 100), made(30, 95), made(0, 95))) == [(95, 95, False)]
    assert spells(history_of(made(60, 95), made(30, 99), made(0, 97))) == [(97, 97, False)]
    twice = made(70, 100), made(60, 100), made(30, 95), made(10, 95)
    assert spells(history_of(*twice)) == [(95, 85, False)]


def test_what_was_renewed_and_ended_again_is_a_second_item() -> None:
    def made(days_ago: float, *expired: float) -> Estate:
        e = state(days_ago).agent("bot").resource("r")
        for number, days in enumerate(expired):
            e.can("bot", "read", "r", grant_id=f"g{number}", expires_at=ago(days))
        return e

    history = history_of(made(60, 80), made(30, 50), made(0, 50))
    assert spells(history) == [(80, 50, True), (50, 50, False)]
    # two grants of the same access; the older one is taken away
    assert spells(history_of(made(40, 80, 50), made(0, 50))) == [(80, 80, True), (50, 50, False)]


def spells(history: History) -> list[tuple[float, float, bool]]:
    """Return for each item how many days ago it was due, how long it lasted, and if it ended."""
    rows = overdue(last(history)).rows
    due = (AS_OF - pd.to_datetime(rows["since"], unit="ms", utc=True)) / pd.Timedelta(days=1)
    return list(zip(due, rows["days"], rows["ended"], strict=True))


@pytest.mark.parametrize("about", [None, "g"])
@pytest.mark.parametrize("decision", ["approve", "revoke", "modify"])
def test_of_several_reviews_the_first_since_the_grant_counts(
    about: str | None, decision: str
) -> None:
    """Granted 300 days ago, first reviewed after 5 of them, and each quarter since."""
    e = Estate().agent("bot").resource("r")
    e.can("bot", "read", "r", grant_id="g", granted_at=ago(300))
    for days in (310, 295, 205, 115, 25):  # the first is of what was there before
        e.thing("Review", f"v{days}", decision=decision, decided_at=ago(days))
        e.link(f"v{days}", "COVERS", "bot", grant_id=about)
    (row,) = ungoverned(e.posture()).rows.itertuples()
    assert (row.days, row.ended) == (5, True)


@pytest.mark.parametrize("declares", [(), EVERYTHING])
def test_nothing_at_all(declares: tuple[str, ...]) -> None:
    answer = revocation(Estate(declares=declares).agent("bot").posture())
    assert answer["time_to_revoke"]["met_sla"] is None
    assert answer["items"] == []
