"""The books of trust debt, entry by entry, on histories whose debt can be worked out by hand."""

from typing import Any

import pandas as pd
import pytest

from analytics.debt.forecast import forecast
from analytics.debt.ledger.moments import moment_at
from graph.journal.journal import Journal
from graph.schema import AGENT, CAN_ACCESS, OWNS, SOD_RULE
from graph.stores import NoSuchSnapshot
from tests.support.estates.small_estates import AS_OF, EVERYTHING, Estate, ago
from tests.support.histories.small_history import books, history_of, lines, only

E = 3.0  # read on something internal by what is no AI agent
ABOUT = ("OWN-01", "gone", "")  # what an accepted finding is about


def day(number: float) -> pd.Timestamp:
    return AS_OF + pd.Timedelta(days=number)


def state(at: float = 0, grant: dict[str, Any] | None = None, **options: Any) -> Estate:
    """State an agent that owes nothing on day 0; its approval and its use are recent."""
    e = Estate(at=day(at), **options)
    scope = [{"resource": "crm", "level": "read"}]
    e.agent("bot", kind="workload", env="prod", created_at=ago(200), declared_scope=scope)
    e.resource("crm", "internal", env="prod").person("bob").owned("bot", technical="bob")
    facts = {"granted_at": ago(100), "expires_at": ago(-400), "reviewed_at": ago(10)}
    facts |= {"last_used_at": {"read": ago(5)}, "telemetry": "true", "grant_id": "g1"}
    return e.can("bot", "read", "crm", **facts | (grant or {}))


def owned(e: Estate, owner: str = "ann", **facts: Any) -> Estate:
    return e.person(owner, **facts).owned("bot", owner)


def test_nothing_happens_where_nothing_is_owed():
    done = books(history_of(owned(state()), owned(state(5))))
    assert set(done.figures.values()) == {0.0}
    assert done.entries == ()


def test_an_owner_leaves_and_another_is_found():
    gone = owned(state(20), left=ago(-10))
    found = owned(state(30), left=ago(-10)).person("cid").owned("bot", "cid", since=ago(-25))
    done = books(history_of(owned(state()), gone, found))
    first, last = done.entries[::-1]
    owed = E / 2 * (1 + 10 / 7)
    assert (first.kind, first.at, first.recorded.at) == ("accrue", day(10), day(20))
    assert first.amount == pytest.approx(owed)
    assert (first.cause, first.facts) == ("the last business owner left", ("ann",))
    assert (last.kind, last.at, last.recorded.at) == ("repay", day(25), day(30))
    assert last.amount == pytest.approx(-owed)
    assert last.cause == "business owner assigned"
    assert [fact.partition(":")[0] for fact in last.facts] == ["OWNS", "cid"]
    assert [s.figures["new"] for s in done.steps] == pytest.approx([owed, 0])
    assert [s.figures["retired"] for s in done.steps] == pytest.approx([0, owed])
    assert done.figures["new"] == done.figures["retired"] == 0  # at neither end


def test_what_falls_due_by_itself_is_entered_when_it_fell_due():
    done = books(history_of(owned(state())), until=day(110))
    assert lines(done) == [
        ("accrue", "review", day(80), "approval ran out"),
        ("accrue", "necessity", day(85), "unused for too long"),
    ]
    amounts = [0.75 * E * (1 + 30 / 90), 0.75 * E * (1 + 25 / 90)]
    assert [e.amount for e in done.entries] == pytest.approx(amounts)


@pytest.mark.parametrize(
    ("assumption", "grant", "mended", "at", "cause"),
    [
        ("standing", {"expires_at": None}, {}, 40, "expiry set"),
        ("review", {"reviewed_at": ago(95)}, {"reviewed_at": ago(-33)}, 33, "reviewed"),
        ("necessity", {"last_used_at": None}, {"last_used_at": {"read": ago(-31)}}, 31, "used"),
        ("outlived", {"expires_at": ago(3)}, {}, 40, "end put off"),
    ],
)
def test_what_mends_a_grant_is_named_and_dated(assumption, grant, mended, at, cause):
    before, after = owned(state(grant=grant)), owned(state(40, mended))
    done = only(books(history_of(before, after)))
    assert (done.kind, done.item.assumption) == ("repay", assumption)
    assert (done.at, done.cause) == (day(at), cause)
    assert done.facts == (done.item.grant,)


def test_scope_that_is_narrowed_and_widened():
    narrow = owned(state(10))
    narrow.rows[AGENT][0]["declared_scope"] = []
    done = books(history_of(owned(state()), narrow, owned(state(20))))
    assert [(e.kind, e.cause, e.facts) for e in done.entries] == [
        ("repay", "declared scope covers it", ("bot",)),
        ("accrue", "declared scope changed", ("bot",)),
    ]
    assert done.entries[1].at == day(-100)  # since it was granted


def test_a_rotated_key_and_one_that_is_taken_away():
    def keyed(at: float, **facts: Any) -> Estate:
        e = owned(state(at)).account("svc", env="prod").resource("crm", "internal", env="prod")
        key = {"storage": "vault", "strength": "strong", "created_at": ago(200), **facts}
        return e.thing("Credential", "k1", **key).link("bot", "USES", "k1")

    rotated = keyed(10, rotated_at=ago(-4))
    done = only(books(history_of(keyed(0), rotated)))
    assert (done.kind, done.item.assumption, done.item.about) == ("repay", "cred_age", "k1")
    assert (done.cause, done.at, done.facts) == ("rotated", day(4), ("k1",))
    gone = only(books(history_of(keyed(0), owned(state(10)))))
    assert (gone.kind, gone.cause) == ("repay", "credential removed")
    assert "k1" in gone.facts


def keyed(at: float, status: str = "active") -> Estate:
    """State a key of the bot that is kept badly, and an account that it opens."""
    e = owned(state(at)).account("svc", env="prod").resource("log", "internal", env="prod")
    ended = {"status_at": ago(-4)} if status != "active" else {}
    e.thing("Credential", "k", storage="code", strength="weak", status=status, **ended)
    e.link("bot", "USES", "k").link("k", "AUTHENTICATES_AS", "svc")
    return e.can("svc", "read", "log", grant_id="g2", granted_at=ago(100), telemetry="true")


def test_a_key_that_is_disabled_was_not_moved_nor_made_strong():
    """What it opened ends with it; the account is nobody's from then on, and the books say so."""
    done = books(history_of(keyed(0), keyed(10, "disabled")))
    repaid = [e for e in done.entries if e.kind == "repay"]
    assert {e.item.assumption for e in repaid} >= {"cred_storage", "cred_auth", "scope"}
    assert {(e.cause, e.at, e.facts) for e in repaid} == {("credential ended", day(4), ("k",))}
    opened = [e for e in done.entries if e.kind == "accrue"]
    assert {(e.item.identity, e.cause) for e in opened} == {("svc", "it answers for itself now")}
    assert {e.facts for e in opened} == {("k",)}


def test_a_key_that_is_enabled_again():
    done = books(history_of(keyed(0, "disabled"), keyed(10)))
    told = {(e.kind, e.item.identity, e.cause) for e in done.entries}
    assert told == {
        ("accrue", "bot", "credential in force again"),
        ("repay", "svc", "it does not answer for itself any more"),
    }


def test_an_identity_that_ends():
    retired = owned(state(10))
    retired.rows[AGENT][0] |= {"status": "retired", "status_at": ago(-6)}
    done = only(books(history_of(owned(state()), retired)))
    assert (done.kind, done.item.assumption, done.at) == ("accrue", "outlived", day(6))
    assert (done.cause, done.facts) == ("identity ended, but access is still there", ("bot",))
    back = only(books(history_of(retired, owned(state(20)))))
    assert (back.kind, back.cause) == ("repay", "identity in service again")
    deleted = state(10)
    deleted.rows[AGENT][0] |= {"status": "deleted", "deleted_at": ago(-6)}
    gone = only(books(history_of(state(), deleted)))
    assert (gone.kind, gone.at, gone.cause) == ("repay", day(6), "identity ended")


def test_what_must_be_activated_has_no_expiry_by_that():
    standing = owned(state(grant={"expires_at": None}))
    eligible = owned(state(10, {"expires_at": None, "eligible": "true"}))
    assert only(books(history_of(standing, eligible))).cause == "activation is needed now"
    back = only(books(history_of(eligible, owned(state(20, {"expires_at": None})))))
    assert back.cause == "no activation is needed any more"


def test_a_rule_of_separation_that_comes_and_goes():
    def apart(at: float, rule: bool) -> Estate:
        e = owned(state(at)).resource("pay", "internal", env="prod")
        e.rows[AGENT][0]["declared_scope"].append({"resource": "pay", "level": "read"})
        facts = {"granted_at": ago(50), "expires_at": ago(-400), "telemetry": "true"}
        e.can("bot", "read", "pay", grant_id="g2", last_used_at={"read": ago(5)}, **facts)
        if rule:
            e.add(SOD_RULE, id="1", rule="apart", left_resource="crm", right_resource="pay")
        return e

    for rule, kind, cause in (
        (True, "accrue", "a rule keeps both sides apart now"),
        (False, "repay", "no rule keeps both sides apart any more"),
    ):
        done = books(history_of(apart(0, not rule), apart(10, rule)))
        assert {(e.kind, e.cause) for e in done.entries} == {(kind, cause)}


def test_a_grant_comes_and_goes():
    def extra(at: float) -> Estate:
        facts = {"granted_at": ago(1), "grant_id": "g2", "telemetry": "true"}
        return owned(state(at)).can("bot", "write", "crm", **facts)

    done = books(history_of(owned(state()), extra(10), owned(state(20))))
    by_kind = {kind: [e for e in done.entries if e.kind == kind] for kind in ("accrue", "repay")}
    assert {e.item.assumption for e in by_kind["accrue"]} == {"scope", "standing"}
    assert {e.cause for e in by_kind["accrue"]} == {"grant added"}
    assert {e.cause for e in by_kind["repay"]} == {"grant removed"}
    assert {e.item.level for e in done.entries} == {"write"}
    assert sum(e.amount for e in done.entries) == pytest.approx(0)


def test_access_opened_by_an_edge():
    def member(at: float, joined: bool) -> Estate:
        e = owned(state(at)).thing("Group", "g")
        e.can("g", "write", "crm", grant_id="g9", granted_at=ago(300), telemetry="true")
        return e.link("bot", "MEMBER_OF", "g") if joined else e

    done = books(history_of(member(0, False), member(10, True)))
    assert {e.cause for e in done.entries} == {"access opened by MEMBER_OF"}
    assert {e.facts[0].partition(":")[0] for e in done.entries} == {"MEMBER_OF"}
    back = books(history_of(member(0, True), member(10, False)))
    assert {(e.kind, e.cause) for e in back.entries} == {("repay", "access closed by MEMBER_OF")}


# ---------------------------------------------------------------- what is only seen


def test_a_source_that_ceases_to_declare_repays_nothing():
    mute = [kind for kind in EVERYTHING if kind != "owners"]
    owing, silent = state(), Estate(at=day(10), declares=mute)
    silent.rows = {e: rows for e, rows in state().rows.items() if e is not OWNS}
    done = books(history_of(owing, silent))
    lost, gone = sorted(done.entries, key=lambda e: e.item is not None)
    assert done.figures["retired"] == done.figures["retired_by_coverage"] > 0
    assert (gone.kind, gone.item.assumption, gone.amount) == (
        "unseen",
        "owner",
        -done.figures["opening"],
    )
    assert gone.cause == "coverage: estate/acme ceased to declare owners"
    assert (lost.kind, lost.amount, lost.unverified) == ("unseen", 0, done.figures["opening"])
    assert "estate/acme ceased to declare owners" in lost.cause
    assert done.steps[0].unverified > 0
    back = books(history_of(silent, state(20)))
    assert [(e.kind, e.cause) for e in back.entries] == [
        ("seen", "coverage: estate/acme began to declare owners")
    ]
    assert back.figures["new"] == back.figures["new_by_coverage"] > 0


def test_of_two_sources_that_are_lost_each_tells_what_it_showed():
    """Reading costs 30 in the west and 10 in the east, for what is granted without an end."""

    def scope(name: str, sensitivity: str) -> Estate:
        e = Estate(scope=name).agent(name, kind="bot", created_at=ago(50))
        e.resource(f"{name}-db", sensitivity)
        return e.can(name, "read", f"{name}-db", granted_at=ago(40), grant_id=name)

    both = [owned(state()), scope("west", "restricted"), scope("east", "confidential")]
    done = books(history_of(both, owned(state(10))))
    lost = {e.cause.split()[2]: e.unverified for e in done.entries if e.item is None}
    each = {
        f"estate/{name}": -sum(e.amount for e in done.entries if e.item and e.item.identity == name)
        for name in ("west", "east")
    }
    assert lost == pytest.approx(each)
    assert sum(lost.values()) == pytest.approx(done.figures["retired_by_coverage"])


def test_the_twin_an_owner_found_is_repaid():
    """The same debt goes, and the same source says why: that is no matter of coverage."""
    done = books(history_of(state(), owned(state(10))))
    assert [e.kind for e in done.entries] == ["repay"]
    assert done.figures["retired_by_coverage"] == 0


def test_a_newly_connected_scope_is_no_incident_and_its_loss_no_improvement():
    west = Estate(scope="west").agent("rogue", kind="bot", created_at=ago(50))
    west.resource("vault", "restricted").can("rogue", "admin", "vault", granted_at=ago(40))
    alone, both = owned(state()), [owned(state(10)), west]
    came = books(history_of(alone, both))
    assert came.figures["new"] == came.figures["new_by_coverage"] > 0
    assert {e.kind for e in came.entries} == {"seen"}
    assert {e.cause for e in came.entries} == {"coverage: estate/west connected"}
    went = books(history_of(both, owned(state(20))))
    assert went.figures["retired"] == went.figures["retired_by_coverage"] > 0
    assert {e.kind for e in went.entries} == {"unseen"}
    assert any("estate/west is no longer read" in e.cause for e in went.entries)


def test_what_a_new_witness_says_of_known_people_is_coverage():
    """The twin: the same word from a scope that was known is change."""
    west = Estate(day(10), scope="west").person("ann", left=ago(-5))
    heard = only(books(history_of(owned(state()), [owned(state(10)), west])))
    assert (heard.kind, heard.item.assumption) == ("seen", "owner")
    assert heard.cause == "coverage: estate/west connected"
    known = Estate(scope="west").person("ann")
    twin = only(books(history_of([owned(state()), known], [owned(state(10)), west])))
    assert (twin.kind, twin.cause) == ("accrue", "the last business owner left")


def test_a_new_inventory_leaves_what_was_known_as_it_is():
    """Things that were known before do not become news when their source lists what is there."""
    extra = {"granted_at": ago(1), "grant_id": "g2", "telemetry": "true"}
    unlisted = [kind for kind in EVERYTHING if kind != "inventory"]
    listed = owned(state(10, declares=[*unlisted, "inventory"])).agent("new", kind="bot")
    listed.can("bot", "write", "crm", **extra).can(
        "new", "read", "crm", **extra | {"grant_id": "g3"}
    )
    done = books(history_of(owned(state(declares=unlisted)), listed))
    assert {(e.item.identity, e.kind) for e in done.entries} == {("bot", "accrue"), ("new", "seen")}


def test_a_known_scope_that_grows_while_another_is_connected_did_change():
    extra = {"granted_at": ago(1), "expires_at": ago(-400), "grant_id": "g2"}
    grown = owned(state(10)).can("bot", "write", "crm", telemetry="true", **extra)
    west = Estate(scope="west").agent("rogue", created_at=ago(50)).resource("vault", "restricted")
    west.can("rogue", "admin", "vault", granted_at=ago(40))
    done = books(history_of(owned(state()), [grown, west]))
    kinds = {(e.item.identity, e.kind) for e in done.entries}
    assert kinds == {("bot", "accrue"), ("rogue", "seen")}
    assert 0 < done.figures["new_by_coverage"] < done.figures["new"]


def test_a_sensitivity_that_becomes_known_rescores():
    owing = owned(state(grant={"expires_at": None}))
    dearer = owned(state(10, {"expires_at": None}))
    dearer.rows[next(e for e in dearer.rows if e.name == "Resource")][0]["sensitivity"] = "public"
    done = books(history_of(owing, dearer))
    factor = 1 + 110 / 365
    assert done.entries == ()
    assert done.figures["rescored"] == pytest.approx((1 - 3) * 2 / 3 * factor)
    assert done.figures["accrued"] == pytest.approx(3 * 2 / 3 * 10 / 365)
    assert done.figures["rescored_by_coverage"] == 0


def test_what_people_attested_holds_on_any_ground(tmp_path):
    """An owner named in the product is no matter of coverage, whatever is connected meanwhile."""
    file = tmp_path / "journal.sqlite"
    Journal(file).attest("bot", "ann", "business", "ann", "mine", day(5))
    west = Estate(scope="west").agent("rogue").resource("vault", "restricted")
    west.can("rogue", "admin", "vault", granted_at=ago(40))
    states = state().person("ann"), [state(10).person("ann"), west]
    done = books(history_of(*states, journal=file))
    (mine,) = [e for e in done.entries if e.item and e.item.identity == "bot"]
    assert (mine.kind, mine.cause, mine.at) == ("repay", "business owner assigned", day(5))
    silent = books(history_of(*states))
    assert not [e for e in silent.entries if e.item and e.item.identity == "bot"]


def test_an_acceptance_is_entered_where_it_counts(tmp_path):
    file = tmp_path / "journal.sqlite"
    Journal(file).accept("F-1", day(8), "ann", "soon gone", day(3), ABOUT)
    withdrawn = Journal(file).accept("F-2", day(30), "ann", "soon gone", day(4), ABOUT)
    Journal(file).withdraw(withdrawn.number, "ann", "not so", day(6))
    history = history_of(owned(state()), owned(state(20)), journal=file)
    told = [(e.kind, e.finding, e.at, e.cause, e.amount) for e in books(history).entries]
    assert sorted(told, key=lambda row: row[2]) == [
        ("accept", "F-1", day(3), "ann accepted it: soon gone", 0),
        ("accept", "F-2", day(4), "ann accepted it: soon gone", 0),
        ("resume", "F-2", day(6), "withdrawn", 0),
        ("resume", "F-1", day(8), "the acceptance lapsed", 0),
    ]
    assert [e.at for e in books(history, since=day(3), until=day(7)).entries] == [day(6), day(4)]


# ---------------------------------------------------------------- moments


def test_what_was_known_then():
    late = [day(0), day(50)]  # the state of day 10 was recorded on day 50
    history = history_of(owned(state()), state(10), recorded=late)
    assert len(history.recorded_by(day(20)).infos) == 1
    known = books(history.recorded_by(day(20)), until=day(20))
    assert known.entries == ()
    assert [e.item.assumption for e in books(history, until=day(20)).entries] == ["owner"]


def test_no_moment_before_the_first_snapshot():
    with pytest.raises(NoSuchSnapshot):
        moment_at(history_of(state()), day(-1))


def test_re_ingesting_the_same_facts_enters_nothing():
    again = [owned(state(0)), state(10), state(20), state(30)]
    once = books(history_of(again[0], again[1], again[3]))
    twice = books(history_of(*again))
    assert [(e.at, e.amount, e.cause) for e in once.entries] == [
        (e.at, e.amount, e.cause) for e in twice.entries
    ]
    assert once.figures == twice.figures


def test_a_limit_keeps_the_newest_and_counts_the_rest():
    history = history_of(state(grant={"expires_at": None}), owned(state(10)), state(20))
    whole, cut = books(history), books(history, limit=1)
    assert cut.entries == whole.entries[:1]
    assert cut.left_out == len(whole.entries) - 1
    assert cut.steps == whole.steps


# ---------------------------------------------------------------- ahead


def test_a_forecast_knows_what_falls_due():
    leaving = owned(state(), left=ago(-20))
    month, quarter = forecast(leaving.posture())
    assert (month.days, month.at) == (30, day(30))
    assert month.debt == pytest.approx(E / 2 * (1 + 10 / 7))
    assert month.opening_items == 1
    assert month.by_assumption == {"owner": pytest.approx(month.debt)}
    assert set(quarter.by_assumption) == {"owner", "review", "necessity"}
    assert quarter.debt == pytest.approx(
        E / 2 * 5 + 0.75 * E * (1 + 10 / 90) + 0.75 * E * (1 + 5 / 90)
    )


def test_a_forecast_separates_interest_from_what_opens():
    owing = owned(state(grant={"expires_at": None, "reviewed_at": ago(0), "last_used_at": None}))
    owing.rows[CAN_ACCESS][0]["granted_at"] = ago(80)
    month, _ = forecast(owing.posture())
    standing = 2 / 3 * E
    assert month.interest == pytest.approx(standing * 30 / 365)
    assert month.by_assumption == {"necessity": pytest.approx(0.75 * E * (1 + 20 / 90))}
    assert month.ending == 0
