"""Reviews: what is to be decided and by whom, and how far past decisions can be trusted."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from analytics.answers.journal import Refused, review
from analytics.history import History
from analytics.posture import Posture
from graph.access import UnknownThing
from graph.journal.journal import Journal
from tests.support.estates.judged_once import judged
from tests.support.estates.small_estates import AS_OF, EVERYTHING, Estate, ago, ids
from tests.support.few_rules import only_families, only_rules
from tests.support.histories.small_history import history_of
from tests.support.printed import reviews, what_if

DAY = pd.Timedelta(days=1)
DUE = 0.75 * (1 + 10 / 90)  # owed for an exposure of 1 without an approval for 10 days


@pytest.fixture(autouse=True, scope="module")
def _few_rules() -> Iterator[None]:
    """Keep to the rules that are asked here: what a revoke left."""
    rules = "revocation_not_executed", "review_overdue"
    with only_rules(*rules), only_families("ownership", "review"):
        yield


def day(number: float) -> pd.Timestamp:
    return AS_OF + number * DAY


def world(at: float = 0, status: str = "active", **options: Any) -> Estate:
    """State an agent of no autonomy with an owner in each role, and nothing that it may do."""
    e = Estate(at=day(at), **options).person("ann", "bob")
    scope = [{"resource": thing, "level": "read"} for thing in ("crm", "hr")]
    e.agent("bot", kind="workload", env="prod", declared_scope=scope, status=status)
    e.resource("crm", "internal", env="prod").resource("hr", "restricted", env="prod")
    return e.owned("bot", "ann", "bob")


def granted(e: Estate, thing: str = "crm", levels: str = "read", **facts: Any) -> Estate:
    """State a grant of which the last approval is 100 days old, and nothing else is wrong."""
    usual = {"granted_at": ago(200), "expires_at": ago(-400), "reviewed_at": ago(100)}
    usual |= {"last_used_at": {"read": ago(5)}, "telemetry": "true", "grant_id": f"g-{thing}"}
    return e.can("bot", levels, thing, **usual | facts)


def decided(
    e: Estate, id_: str, decision: str, days: float, thing: str = "bot", **facts: Any
) -> Estate:
    """State a decision on a node, or on one of its grants."""
    by = facts.pop("decided_by", "ann")
    e.thing("Review", id_, decision=decision, decided_at=ago(days), decided_by=by)
    return e.link(id_, "COVERS", thing, **facts)


def measure(posture: Posture, name: str) -> dict[str, Any]:
    (row,) = [m for m in reviews(posture)["measures"] if m["name"] == name]
    return row


def packets(posture: Posture, **asked: Any) -> list[dict[str, Any]]:
    return reviews(posture, **asked)["packets"]


def only(e: Estate) -> dict[str, Any]:
    (packet,) = packets(judged(e))
    return packet


# ---------------------------------------------------------------- what is to be reviewed


def test_what_a_packet_says():
    packet = only(granted(world()))
    assert (packet["identity"]["id"], packet["holder"]["id"], packet["resource"]["id"]) == (
        "bot",
        "bot",
        "crm",
    )
    assert (packet["levels"], packet["grant_id"]) == (["read"], "g-crm")
    assert packet["debt"] == packet["by_approval"] == pytest.approx(3 * DUE)
    assert packet["minutes"] == 2.5  # two, and half a minute for the one level
    assert packet["debt_per_minute"] == pytest.approx(3 * DUE / 2.5)
    assert packet["last_used"]["at"] == "2026-07-27T00:00:00Z"
    assert packet["last_used"]["window"]["days"] == 200
    assert packet["sentence"] == "bot has read on crm (last used 2026-07-27)."
    (use,) = packet["breaks"]
    assert (use["identity"]["id"], use["resource"]["id"], use["level"]) == ("bot", "crm", "read")
    assert packet["previous"] == {"decision": "approve", "at": "2026-04-23T00:00:00Z", "by": None}
    assert packet["due_since"] == "2026-07-22T00:00:00Z"
    assert packet["reason"] == "it was last approved on 2026-04-23"


def test_most_debt_per_minute_comes_first():
    e = granted(granted(world()), "hr")
    rows = packets(judged(e))
    assert ids(rows, "resource") == ["hr", "crm"]
    assert [r["debt"] for r in rows] == pytest.approx([30 * DUE, 3 * DUE])
    answer = reviews(judged(e), limit=1)
    assert (ids(answer["packets"], "resource"), answer["left_out"]) == (["hr"], 1)


def test_slow_decisions_come_later():
    """Three levels under a condition, of which nobody sees the use, take longer."""
    facts = {"telemetry": "false", "condition": "ip", "last_used_at": None}
    slow = granted(world(), "crm", "list read write", **facts)
    (packet,) = packets(slow.posture())
    assert packet["minutes"] == 2 + 3 * 0.5 + 2 + 1


def several(**agents: dict[str, Any]) -> Estate:
    """State an agent for each name, with a grant of its own that is due but for some facts."""
    e = Estate().person("ann")
    for name, facts in agents.items():
        status = facts.pop("status", "active")
        e.agent(name, status=status).resource(f"r-{name}", "internal").owned(name, "ann", "ann")
        usual = {"granted_at": ago(200), "reviewed_at": ago(100), "telemetry": "true"}
        e.can(name, "read", f"r-{name}", **usual | {"grant_id": f"g-{name}"} | facts)
    return e


def test_no_packet_where_there_is_nothing_to_decide():
    e = several(
        due={},
        approved={"reviewed_at": ago(80)},
        new={"reviewed_at": None, "granted_at": ago(80)},
        disabled={"status": "disabled"},
        deleted={"status": "deleted"},
        certified={},
        kept={},
        ended={},
        revoked={},
    )
    e.agent("idle")
    decided(e, "r1", "approve", 30, "certified")
    decided(e, "r2", "approve", 30, "kept", grant_id="g-kept")
    decided(e, "r3", "revoke", 30, "ended")
    decided(e, "r4", "revoke", 30, "revoked", grant_id="g-revoked")
    assert ids(packets(judged(e)), "identity") == ["due"]


def test_a_modification_decides_nothing():
    assert len(packets(decided(granted(world()), "r", "modify", 30).posture())) == 1


def test_never_approved():
    packet = only(granted(world(), reviewed_at=None))
    assert (packet["previous"], packet["reason"]) == (None, "it was never approved")


def test_where_no_source_states_reviews_nobody_knows():
    declares = tuple(kind for kind in EVERYTHING if kind != "reviews")
    packet = only(granted(world(declares=declares), reviewed_at=None))
    assert packet["reason"] == "no source could state whether it was reviewed"
    assert packet["by_approval"] == 0  # unknown is not owed


def test_one_packet_for_a_grant_that_several_use():
    e = world().account("svc").agent("two", kind="workload")
    for agent in ("bot", "two"):
        e.link(agent, "RUNS_AS", "svc")
    e.can("svc", "read", "crm", granted_at=ago(200), telemetry="true", expires_at=ago(-9))
    (packet,) = packets(judged(e))
    assert (packet["holder"]["id"], packet["identities"]) == ("svc", 2)
    assert packet["identity"]["id"] == "two"  # nobody owns it, so it owes more
    assert packet["sentence"].startswith("two runs as svc; svc has read on crm")
    assert packets(judged(e), about=judged(e).graph.find("svc")) == [packet]
    assert packets(judged(e), about=judged(e).graph.find("hr")) == []


def test_what_breaks_is_what_what_if_says():
    e = granted(granted(world()), "hr", last_used_at={"read": ago(3)})
    posture = judged(e)
    for packet in packets(posture):
        assert packet["breaks"] == what_if(posture, [packet["grant"]])["breaks"] != []


def test_a_second_way_breaks_nothing():
    e = granted(world()).account("svc").link("bot", "RUNS_AS", "svc")
    e.can("svc", "read", "crm", granted_at=ago(5), telemetry="true", expires_at=ago(-9))
    (packet,) = packets(judged(e))
    assert (packet["holder"]["id"], packet["breaks"]) == ("bot", [])


# ---------------------------------------------------------------- changed since


def kept(tmp_path: Path, *states: Estate) -> History:
    return history_of(*states, journal=tmp_path / "journal.sqlite")


def last(history: History) -> Posture:
    return history.posture(history.infos[-1].id)


def test_what_was_widened_after_the_approval_is_reviewed_again(tmp_path):
    first = granted(world(-60), reviewed_at=None)
    later = decided(granted(world(), levels="read write", reviewed_at=None), "r", "approve", 50)
    (packet,) = packets(last(kept(tmp_path, first, later)))
    assert packet["reason"] == "it gives more than when it was approved on 2026-06-12"
    assert packet["due_since"] is None  # no source dates what a grant gives


def test_the_twin_what_was_as_wide_is_not(tmp_path):
    first = granted(world(-60), levels="read write", reviewed_at=None)
    later = decided(granted(world(), levels="read write", reviewed_at=None), "r", "approve", 50)
    assert packets(last(kept(tmp_path, first, later))) == []


@pytest.mark.parametrize(
    ("granted_at", "since"), [(ago(40), ["2026-06-22T00:00:00Z"]), (ago(55), []), (None, [None])]
)
def test_what_was_given_after_the_approval_of_its_identity(tmp_path, granted_at, since):
    later = granted(world(), reviewed_at=None, granted_at=granted_at)
    history = kept(tmp_path, world(-60), decided(later, "r", "approve", 50))
    rows = packets(last(history))
    assert [r["due_since"] for r in rows] == since
    assert {r["reason"] for r in rows} <= {"it was given after the approval of 2026-06-12"}


# ---------------------------------------------------------------- who is to decide


def test_the_accountable_person_decides():
    packet = only(granted(world()))
    assert (packet["reviewer"]["id"], packet["independent"], packet["independence"]) == (
        "ann",
        True,
        None,
    )


@pytest.mark.parametrize(
    ("how", "because"),
    [
        (lambda e: e.can("ann", "admin", "crm"), "ann administers crm, and can grant"),
        (lambda e: e.link("ann", "CONTROLS", "bot"), "ann can act as bot"),
    ],
)
def test_nobody_reviews_what_they_could_grant(how, because):
    """Where the other owner is independent, that one is asked."""
    e = how(granted(world()))
    assert only(e)["reviewer"]["id"] == "bob"
    e = how(granted(world()))
    e.rows = {el: [r for r in rows if r.get("source_id") != "bob"] for el, rows in e.rows.items()}
    packet = only(e)
    assert (packet["reviewer"]["id"], packet["independent"]) == ("ann", False)
    assert packet["independence"].startswith(because)


def test_nobody_reviews_what_they_approved():
    packet = only(granted(world(), approved_by="ann"))
    assert packet["reviewer"]["id"] == "bob"
    assert packet["previous"]["by"]["id"] == "ann"


def test_where_nobody_answers_nobody_is_asked():
    e = granted(world())
    e.rows = {el: [r for r in rows if "role" not in r] for el, rows in e.rows.items()}
    packet = only(e)
    assert (packet["reviewer"], packet["independent"]) == (None, None)
    assert packet["independence"] == "no person answers for it"


# ---------------------------------------------------------------- a packet decided


def clocked(history: History, instant: pd.Timestamp) -> None:
    assert isinstance(history.journal, Journal)
    history.journal.now = lambda: instant


def test_a_packet_is_decided_by_its_id(tmp_path):
    history = kept(tmp_path, granted(granted(world()), "hr"))
    posture = last(history)
    hr, crm = packets(posture)
    written = review(posture, crm["id"], "approve", "ann", "needed", since=AS_OF)
    assert (written["thing"], written["grant"]) == ("bot", "g-crm")
    again = last(History(list(history.infos), history._read, history.journal))
    assert [p["id"] for p in packets(again)] == [hr["id"]]


def test_a_grant_without_an_id_of_its_own_is_decided_too(tmp_path):
    history = kept(tmp_path, granted(granted(world(), grant_id=None), "hr", grant_id=None))
    posture = last(history)
    hr, crm = packets(posture)
    review(posture, hr["id"], "revoke", "ann", "not needed", since=AS_OF)
    again = last(History(list(history.infos), history._read, history.journal))
    assert [p["id"] for p in packets(again)] == [crm["id"]]
    assert measure(again, "revokes_with_residue")["count"] == 1


def test_an_unknown_packet_is_refused(tmp_path):
    history = kept(tmp_path, granted(world()))
    with pytest.raises(UnknownThing, match="no packet"):
        review(last(history), "R-" + "0" * 16, "approve", "ann", "needed")
    (packet,) = packets(last(history))
    with pytest.raises(Refused, match="--grant"):
        review(last(history), packet["id"], "approve", "ann", "needed", grant="g-crm")


# ---------------------------------------------------------------- how it was decided


def decisions_of_journal(tmp_path: Path, *seconds: float, by: str = "ann") -> Posture:
    """Approve one packet again and again, so many seconds after noon."""
    history = kept(tmp_path, granted(world()))
    for second in seconds:
        clocked(history, day(0.5) + pd.Timedelta(seconds=second))
        review(last(history), "bot", "approve", by, "needed", since=AS_OF)
    return last(History(list(history.infos), history._read, history.journal))


def test_approvals_within_seconds_are_a_batch(tmp_path):
    posture = decisions_of_journal(tmp_path, 0, 5, 10, 16, 100)
    answer = reviews(posture)
    (batch,) = answer["batches"]
    assert (batch["by"]["id"], batch["decisions"]) == ("ann", 4)
    assert batch["seconds_per_item"] == pytest.approx(16 / 3)
    row = measure(posture, "batch_approvals")
    assert (row["count"], row["of"], row["value"]) == (4, 5, 0.8)


@pytest.mark.parametrize("seconds", [(0, 60, 120), (0, 5)])
def test_what_is_no_batch(tmp_path, seconds):
    assert reviews(decisions_of_journal(tmp_path, *seconds))["batches"] == []


def test_minutes_are_those_that_decisions_took(tmp_path):
    """Gaps of 60, 120, 90, 60 and 600 seconds: the median is 90; a pause of hours is none."""
    posture = decisions_of_journal(tmp_path, 0, 60, 180, 270, 330, 930, 90_000)
    row = measure(posture, "seconds_per_item")
    assert (row["value"], row["of"]) == (90, 5)
    later = posture.history.posture(posture.graph.snapshot.id, day(120))
    assert [p["minutes"] for p in packets(later)] == [1.5]


def test_too_few_decisions_tell_no_time(tmp_path):
    row = measure(decisions_of_journal(tmp_path, 0, 60), "seconds_per_item")
    assert (row["value"], row["of"]) == (None, 1)
    assert row["because"].startswith("fewer than 5")


def test_decisions_dated_by_day_tell_no_time():
    e = decided(decided(granted(world()), "r1", "approve", 30), "r2", "approve", 31)
    assert measure(judged(e), "seconds_per_item")["detail"] == {"undated": 2}
    row = measure(judged(e), "batch_approvals")
    assert (row["value"], row["because"]) == (None, "no approval is dated to less than a day")


def test_without_any_decision_nothing_can_be_said():
    answer = reviews(granted(world(), reviewed_at=None).posture())
    assert answer["decisions"] == {"approve": 0, "revoke": 0, "modify": 0}
    measures = {row["name"]: row for row in answer["measures"]}
    for name in ("batch_approvals", "against_evidence", "revokes_with_residue"):
        assert measures[name]["value"] is None
        assert measures[name]["because"].startswith("no source states a review, and nobody")


def test_approvals_against_the_evidence():
    """Each approved 30 days ago; a use after that hides what was before."""
    e = several(
        used={"last_used_at": {"read": ago(35)}},
        stale={"last_used_at": {"read": ago(150)}},
        never={},
        young={"granted_at": ago(100)},
        since={"last_used_at": {"read": ago(5)}},
        unwatched={"telemetry": "false"},
    )
    for name in ("used", "stale", "never", "young", "since", "unwatched"):
        decided(e, f"v-{name}", "approve", 30, name, grant_id=f"g-{name}")
    row = measure(judged(e), "against_evidence")
    assert row["detail"] == {"unused": 2, "unwatched": 1, "unknown": 2}
    assert (row["count"], row["of"], row["value"]) == (3, 4, 0.75)


def test_what_was_granted_after_an_approval_was_not_approved_by_it():
    """An approval from before a grant says nothing of it: decision 0013."""
    e = decided(granted(world(), granted_at=ago(20), telemetry="false"), "r", "approve", 30)
    assert measure(judged(e), "against_evidence")["value"] is None


@pytest.mark.parametrize("on", [{}, {"grant_id": "g-crm"}])
def test_a_revoke_that_left_residue_is_not_done(on):
    e = decided(granted(world()), "r", "revoke", 30, **on)
    row = measure(judged(e), "revokes_with_residue")
    assert (row["count"], row["of"], row["value"]) == (1, 1, 1.0)
    assert len(row["detail"]["findings"]) == 1
    gone = decided(world(), "r", "revoke", 30, **on)
    row = measure(judged(gone), "revokes_with_residue")
    assert (row["count"], row["of"], row["value"]) == (0, 1, 0.0)


def test_a_later_approval_replaces_a_revoke():
    e = decided(decided(granted(world()), "r", "revoke", 30), "s", "approve", 20)
    row = measure(judged(e), "revokes_with_residue")
    assert (row["of"], row["because"]) == (0, "a later decision replaces each decision to revoke")
