"""Who acted, what is unknown, and what the answer about evidence says."""

import pandas as pd

from analytics.evidence.matching import evidence, unexplained, uses
from analytics.evidence.window import Window
from analytics.posture import assess
from graph.access import AccessGraph
from graph.schema import USE_EVENT
from tests.support.estates.decision_log import Log, at, log, told
from tests.support.estates.small_estates import Estate, ago, together
from tests.support.printed import evidence as evidence_answer

# -- who acted -------------------------------------------------------------------------------------


def _by_account() -> Log:
    e = log()
    return e.account("svc").thing("Credential", "k").link("k", "AUTHENTICATES_AS", "svc")


def _who(e: Estate) -> list[str]:
    posture = e.posture()
    return [posture.graph.thing(int(n))["id"] for n in uses(posture)["identity"]]


def test_a_use_by_an_account_is_that_of_the_one_agent_behind_it():
    e = _by_account().link("bot", "USES", "k").used("10:05", "svc").decided("10:00")
    assert _who(e) == ["bot"]
    assert told(e.posture()) == [("explained", "d2")]


def test_of_two_agents_behind_an_account_neither_is_blamed():
    e = _by_account().agent("twin").link("bot", "USES", "k").link("twin", "RUNS_AS", "svc")
    e.used("10:05", "svc").decided("10:00")
    assert _who(e) == ["svc"]
    assert told(e.posture()) == [("unexplained", None)]
    e.decided("10:01", identity="svc")  # made with that very account
    assert told(e.posture()) == [("explained", "d3")]


def test_the_credential_tells_two_agents_apart():
    e = _by_account().agent("twin").thing("Credential", "k2").link("k2", "AUTHENTICATES_AS", "svc")
    e.link("bot", "USES", "k").link("twin", "USES", "k2")
    e.used("10:05", "svc", credential="k2").used("10:06", "svc")
    assert _who(e) == ["twin", "svc"]


def test_a_credential_that_expired_since_still_tells():
    e = log().account("svc").link("k", "AUTHENTICATES_AS", "svc").link("bot", "USES", "k")
    e.thing("Credential", "k", expires_at=ago(2)).used("10:05", "svc")
    assert _who(e) == ["bot"]


def test_a_role_that_only_one_agent_takes():
    e = _by_account().link("bot", "USES", "k").thing("Role", "dep").link("svc", "ASSUMES", "dep")
    assert _who(e.used("10:05", "dep")) == ["bot"]
    e.account("other").link("other", "ASSUMES", "dep")
    assert _who(e) == ["dep"]


def test_an_account_of_its_own_stands_for_itself_and_people_for_themselves():
    e = log().account("job").person("ann").used("10:05", "job").used("10:06", "ann")
    assert _who(e) == ["job", "ann"]


def test_what_nobody_states_is_counted_and_not_guessed():
    posture = log().used("10:05", "stranger").used("10:06", resource="elsewhere").posture()
    assert told(posture) == []
    assert evidence(posture).unplaced == 2


# -- what is unknown -------------------------------------------------------------------------------


def test_without_a_source_of_decisions_nothing_is_unexplained():
    e = log(declares=("grants", "usage")).used("10:05")
    posture = e.posture()
    assert told(posture) == [("unknown", None)]
    assert unexplained(posture).empty
    assert evidence_answer(posture)["coverage"]["count"] is None


def test_only_what_a_decision_point_watches_is_judged():
    """A second scope records decisions: about one agent of the first, and on one resource."""
    e = log(declares=("grants", "usage")).agent("free", "seen").resource("other", "confidential")
    e.used("10:05", "free", "other").used("10:06", "seen", "other").used("10:07", "free")
    points = Log(declares=("decisions",), source="decisions", scope="pdp")
    points.decided("09:00", subject="seen").decided("09:01", subject="nobody")
    posture = assess(AccessGraph.of(together(e, points)))
    assert told(posture) == [("unknown", None), ("unexplained", None), ("unexplained", None)]


def test_what_happens_later_is_not_known_yet():
    e = log().used("10:05").decided("10:00").used("12:00").decided("12:01")
    assert len(told(e.posture(pd.Timestamp(at("10:30"))))) == 1
    early = told(e.posture(pd.Timestamp(at("12:00"))))
    assert early == [("explained", "d2"), ("unexplained", None)]
    assert told(e.posture())[1] == ("after_the_fact", "d4")


# -- the answer ------------------------------------------------------------------------------------


def test_coverage_counts_sensitive_uses_and_weighs_them():
    e = log().resource("vault", "restricted").resource("wiki", "internal")
    e.decided("10:00").used("10:05").used("10:06", resource="vault", level="write")
    e.used("10:07", resource="wiki")
    told = evidence_answer(e.posture())
    assert told["coverage"] == {
        "count": 0.5,
        "weighted": 10 / (10 + 30 * 3),
        "explained": 1,
        "sensitive": 2,
        "unknown": 0,
        "explained_weight": 10.0,
        "sensitive_weight": 100.0,
    }
    assert [u["state"] for u in told["uses"]] == ["unexplained", "unexplained", "explained"]
    assert told["states"]["unexplained"] == 2
    assert [(r["identity"]["id"], r["count"]) for r in told["identities"]] == [("bot", 0.5)]


def test_uses_of_one_thing_and_how_many_are_left_out():
    e = log().agent("other").resource("s", "confidential")
    e.used("10:05").used("10:06", "other").used("10:07", "other", "s")
    posture = e.posture()
    number = posture.graph.number
    assert [u["id"] for u in evidence_answer(posture, number("other"))["uses"]] == ["u3", "u2"]
    assert [u["id"] for u in evidence_answer(posture, number("r"))["uses"]] == ["u2", "u1"]
    cut = evidence_answer(posture, limit=1)
    assert (len(cut["uses"]), cut["left_out"]) == (1, 2)


def test_uses_that_leave_their_platform_are_counted():
    e = Log().agent("bot", provider="entra").resource("r", "internal", provider="aws")
    e.resource("s", "internal", provider="entra").used("10:05").used("10:06", resource="s")
    e.resource("t", "internal").used("10:07", resource="t")
    assert evidence_answer(e.posture())["crossing"] == {"uses": 1, "unexplained": 1}


def test_what_the_records_leave_out_by_engine():
    e = log().decided("10:00", engine="cedar", purpose="close", justification="monthly close 1")
    e.decided("10:01", engine="cedar", task_id="t", executed="true", policy_version="1")
    e.decided("10:02", "deny", engine="opa", executed="true")
    told = evidence_answer(e.used("10:05", level="write").posture())["decisions"]
    assert (told["records"], told["allow"], told["deny"], told["escalate"]) == (3, 2, 1, 0)
    assert (told["never_used"], told["executed_though_denied"]) == (2, 1)
    cedar, opa = told["engines"]
    assert (cedar["engine"], cedar["records"]) == ("cedar", 2)
    assert (cedar["missing"]["purpose"], cedar["missing"]["justification"]) == (0.0, 0.5)
    assert cedar["missing"]["risk"] == opa["missing"]["purpose"] == 1.0


def test_records_count_within_the_window_and_about_what_is_asked():
    e = log().agent("other").decided("10:00", justification="close").used("10:05")
    e.decided("11:00", "deny", subject="other").decided("12:00", subject="other", executed="true")
    posture = e.posture()
    other, window = posture.graph.number("other"), Window(pd.Timestamp(at("11:30")))
    told = evidence_answer(posture, other)["decisions"]
    assert (told["records"], told["deny"], told["never_used"]) == (2, 1, 1)
    assert told["engines"][0]["lacking"]["justification"] == 2
    told = evidence_answer(posture, window=window)["decisions"]
    assert (told["records"], told["deny"], told["never_used"]) == (1, 0, 1)
    assert evidence_answer(posture)["decisions"]["records"] == 3


def test_justifications_that_differ_in_numbers_alone_are_templates():
    e = log()
    for n in range(10):
        e.decided(f"10:{n:02}", justification=f"Ticket {n}")
    e.decided("11:00", justification="Closing the books of July")
    assert evidence_answer(e.posture())["decisions"]["templates"] == 10


# -- for the debt ----------------------------------------------------------------------------------


def test_explained_or_not_within_the_last_ninety_days():
    e = log().decided("10:00").used("10:05").used("11:05")
    e.add(USE_EVENT, id="old", at=ago(91), principal="bot", resource="r", level="read")
    posture = e.posture()
    rows = unexplained(posture)
    assert rows["explained"].tolist() == [True, False]
    assert set(rows.columns) == {"identity", "resource", "level", "at", "explained"}
    assert [pd.Timestamp(a, unit="ms", tz="UTC") for a in rows["at"]] == [
        pd.Timestamp(at("10:05")),
        pd.Timestamp(at("11:05")),
    ]
