"""An acceptance pauses interest: debts that can be worked out by hand, with and without it.

Day 0 is a hundred days before `AS_OF`. The agent has the autonomy 1 and may read what is internal,
so its exposure is 3; outside its scope that is a principal of 2.25, and 0.075 more each day.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from analytics.answers import journal as decisions
from analytics.assumptions.model import ASSUMPTIONS, NUMBER
from analytics.debt import debt_of
from analytics.debt.forecast import forecast
from analytics.debt.past import past_debt
from analytics.findings.evaluation import find_all
from analytics.posture import Posture
from graph.schema import CAN_ACCESS, SOD_RULE
from tests.support.estates.small_estates import AS_OF, Estate, together
from tests.support.few_rules import all_families, only_about, only_rules
from tests.support.histories.small_history import books, history_of
from tests.support.printed import debt, findings, what_if

facts = cache(together)  # of an estate that is stated as a whole
OWNERS = "no_accountable_owner", "owner_departed", "one_owner_role"
UNUSED = "unused_grant", "unused_level", "stale_access_path"
SCOPE = "no_declared_scope", "scope_drift"
OTHERS = "standing_access", "secret_outside_vault", "separation_of_duties"
ALL = (*OWNERS, *UNUSED, *SCOPE, *OTHERS)


@pytest.fixture(autouse=True, scope="module")
def _scope_alone() -> Iterator[None]:
    """Keep to the scope, which most tests are about."""
    with only_about("scope", *SCOPE):
        yield


def day(number: float) -> pd.Timestamp:
    return AS_OF + pd.Timedelta(days=number - 100)


def said(number: float) -> str:
    return day(number).isoformat().replace("+00:00", "Z")


def state(at: float = 0, *owners: str, **agent: Any) -> Estate:
    """State an agent that has no access yet, as of a day; nothing is in its scope."""
    facts: dict[str, Any] = {"kind": "workload", "env": "prod", "declared_scope": "[]"}
    e = Estate(at=day(at)).agent("bot", **facts | {"created_at": said(0)} | agent)
    e.resource("crm", "internal", env="prod").resource("hr", "internal", env="prod")
    e.person("ann", "bob")
    for role in owners:
        e.owned("bot", **{role: "ann"})
    return e


def reading(e: Estate, name: str = "g1", level: str = "read", what: str = "crm", **facts: Any):
    return e.can("bot", level, what, id=name, granted_at=said(0), **facts)


@cache
def plain() -> Estate:
    return reading(state())


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


@pytest.fixture(scope="module")
def accepted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Accept from day 10 to 40 that access is outside the scope; for tests that only look."""
    file = tmp_path_factory.mktemp("accepted") / "journal.sqlite"
    accept(at(file, 10), "SCP-02", 40)
    return file


def at(file: Path, number: float, *states: Estate) -> Posture:
    """Judge what the last of some states that there is by a day says of that day."""
    return history_of(*map(facts, states or (plain(),)), journal=file).at(day(number))


def accept(posture: Posture, rule: str, until: float, about: str = "") -> int:
    """Accept the one finding of a rule until a day; `about` names its object or is in its key."""
    rows = find_all(posture)
    rows = rows[rows["rule"] == rule]
    named = [
        (posture.graph.thing(n)["id"] if n >= 0 else "", key)
        for n, key in zip(rows["object"].tolist(), rows["key"], strict=True)
    ]
    (finding,) = [
        i for i, names in zip(rows["id"], named, strict=True) if not about or about in names
    ]
    written = decisions.accept(posture, finding, day(until), "ann", "for now")
    if written.get("second") and posture.journal is not None:
        posture.journal.confirm(written["entry"], "ben", "agreed", posture.graph.as_of)
    return int(written["entry"])


def owed(posture: Posture, assumption: str = "scope") -> float:
    return float(debt_of(posture).debt[:, NUMBER[assumption]].sum())


def items(posture: Posture, assumption: str, by: str) -> dict[str, float]:
    return {str(row[by]): row["debt"] for row in listed(posture, assumption)}


def listed(posture: Posture, assumption: str) -> list[dict[str, Any]]:
    rows = debt(posture, items=True)["items"]
    return [row for row in rows if row["assumption"] == assumption]


# ---------------------------------------------------------------- one finding, one item


@pytest.mark.parametrize(
    ("now", "days", "growing", "in_force"),
    [
        (10, 10, 0.0, True),  # in force from the moment it is decided
        (25, 10, 0.0, True),
        (40, 10, 0.075, False),  # it lapsed by itself
        (41, 11, 0.075, False),
        (100, 70, 0.075, False),
    ],
)
def test_interest_stands_still_while_an_acceptance_is_in_force(
    accepted, now, days, growing, in_force
):
    answer = debt(at(accepted, now), items=True)
    (item,) = [i for i in answer["items"] if i["assumption"] == "scope"]
    (scope,) = [g for g in answer["groups"] if g["key"] == "scope"]
    assert item["debt"] == scope["debt"] == pytest.approx(2.25 * (1 + days / 30))
    assert item["cycles"] == pytest.approx(days / 30)
    assert item["interest_per_day"] == scope["interest_per_day"] == pytest.approx(growing)
    assert item["accepted"] is in_force
    assert scope["accepted"] == pytest.approx(scope["debt"] if in_force else 0.0)
    assert item["principal"] == 2.25  # what is broken is as broken as before


def test_without_an_acceptance_and_before_it_is_decided_interest_goes_on(file, accepted):
    assert owed(at(file, 100)) == pytest.approx(2.25 * (1 + 100 / 30))
    assert owed(at(accepted, 9)) == pytest.approx(2.25 * (1 + 9 / 30))


@only_rules(*ALL)
@all_families()
def test_other_assumptions_are_not_paused(file, accepted):
    before, after = at(file, 100), at(accepted, 100)
    for name in ASSUMPTIONS:
        assert (owed(before, name) == owed(after, name)) == (name != "scope"), name


def test_accepted_lapsed_and_accepted_again(file):
    accept(at(file, 10), "SCP-02", 40)
    accept(at(file, 60), "SCP-02", 80)
    assert owed(at(file, 50)) == pytest.approx(2.25 * (1 + 20 / 30))
    assert owed(at(file, 70)) == pytest.approx(2.25 * (1 + 30 / 30))
    assert owed(at(file, 100)) == pytest.approx(2.25 * (1 + 50 / 30))


@pytest.mark.parametrize(("second", "days"), [((30, 50), 60), ((20, 30), 70)])
def test_two_that_overlap_count_once_and_one_within_another_adds_nothing(file, second, days):
    accept(at(file, 10), "SCP-02", 40)
    accept(at(file, second[0]), "SCP-02", second[1])
    assert owed(at(file, 100)) == pytest.approx(2.25 * (1 + days / 30))


def test_a_withdrawal_ends_it(file):
    number = accept(at(file, 10), "SCP-02", 40)
    decisions.withdraw(at(file, 20), number, "ann", "not so")
    assert owed(at(file, 15)) == pytest.approx(2.25 * (1 + 10 / 30))
    assert owed(at(file, 100)) == pytest.approx(2.25 * (1 + 90 / 30))


def test_interest_that_was_capped_grows_again_only_past_the_pause(accepted):
    """Four cycles are 120 days; 30 days were accepted, so the cap is met on day 150."""
    full = pytest.approx(2.25 * 5)
    assert [owed(at(accepted, n)) for n in (120, 150, 400)] == [pytest.approx(9.0), full, full]


def test_what_broke_while_it_was_accepted_bears_interest_from_its_end_only(file):
    e = reading(state(declared_scope=None))
    e.can("bot", "read", "hr", id="g2", granted_at=said(20))
    accept(at(file, 10, e), "SCP-01", 40)
    assert items(at(file, 50, e), "scope", "grant") == {
        "g1": pytest.approx(2.25 * (1 + 20 / 30)),
        "g2": pytest.approx(2.25 * (1 + 10 / 30)),
    }


def test_a_lapsed_acceptance_is_listed(file):
    number = accept(at(file, 10), "SCP-02", 40)
    assert [o["entry"] for o in decisions.journal(at(file, 41))["expired_and_open"]] == [number]
    assert decisions.journal(at(file, 39))["expired_and_open"] == []


# ---------------------------------------------------------------- which items a finding is about


def two_grants(**agent: Any) -> Estate:
    return reading(reading(state(**agent)), "g2", "write", "hr")


def test_a_finding_of_an_identity_pauses_all_its_items(file):
    """Reading is 3 and writing 9: three quarters of twelve are 9."""
    e = two_grants(declared_scope=None)
    accept(at(file, 10, e), "SCP-01", 40)
    assert owed(at(file, 100, e)) == pytest.approx(9 * (1 + 70 / 30))


def test_a_finding_of_a_grant_pauses_that_grant(file):
    e = two_grants()
    accept(at(file, 10, e), "SCP-02", 40, "g1")
    assert items(at(file, 100, e), "scope", "grant") == {
        "g1": pytest.approx(2.25 * (1 + 70 / 30)),
        "g2": pytest.approx(6.75 * (1 + 100 / 30)),
    }


def test_of_two_grants_of_one_resource_the_one_that_is_accepted(file):
    e = reading(reading(state()), "g2")
    accept(at(file, 10, e), "SCP-02", 40, "g2")
    assert items(at(file, 100, e), "scope", "grant") == {
        "g1": pytest.approx(2.25 * (1 + 100 / 30)),
        "g2": pytest.approx(2.25 * (1 + 70 / 30)),
    }


def test_another_identity_that_holds_the_same_grant_is_not_accepted(file):
    e = reading(state()).agent("other", kind="workload", declared_scope="[]").thing("Role", "r")
    e.link("bot", "ASSUMES", "r").link("other", "ASSUMES", "r")
    e.can("r", "read", "hr", id="shared", granted_at=said(0))
    posture = at(file, 10, e)
    rows = find_all(posture)
    mine = rows[(rows["rule"] == "SCP-02") & (rows["key"] == "shared")]
    (finding,) = mine["id"][mine["subject"] == posture.graph.number("bot")]
    decisions.accept(posture, finding, day(40), "ann", "for now")
    rows = [i for i in debt(at(file, 100, e), items=True)["items"] if i["grant"] == "shared"]
    found = {i["identity"]["id"]: i["debt"] for i in rows if i["assumption"] == "scope"}
    assert found == {
        "bot": pytest.approx(2.25 * (1 + 70 / 30)),
        "other": pytest.approx(2.25 * (1 + 100 / 30)),
    }


@only_about("necessity", *UNUSED)
def test_an_item_of_several_findings_is_paused_while_any_of_them_is_accepted(file):
    """Unused since day 0 is broken since day 90; 100 to 120 and 110 to 150 are fifty days."""
    e = reading(state(), telemetry="true")
    accept(at(file, 100, e), "LPR-01", 120)
    accept(at(file, 110, e), "TIM-04", 150)
    assert owed(at(file, 200, e), "necessity") == pytest.approx(2.25 * (1 + 60 / 90))


@only_about("ownership", *OWNERS)
def test_an_owner_who_left_is_accepted_in_the_roles_in_which_nobody_followed(file):
    e = reading(state()).person("cid", left=said(2)).person("dan", left=said(4))
    e.owned("bot", "cid", "dan")
    accept(at(file, 6, e), "OWN-02", 20, "cid")
    assert items(at(file, 20, e), "owner", "object") == {
        "business": pytest.approx(1.5 * (1 + 4 / 7)),
        "technical": pytest.approx(1.5 * (1 + 16 / 7)),
    }


@only_about("credentials", "secret_outside_vault")
def test_a_credential_is_accepted_and_another_is_not(file):
    e = state().account("svc").can("svc", "read", "crm", id="g", granted_at=said(0))
    for key in ("k1", "k2"):
        e.thing("Credential", key, storage="code", created_at=said(0), kind="secret")
        e.link("bot", "USES", key).link(key, "AUTHENTICATES_AS", "svc")
    accept(at(file, 10, e), "CRD-02", 40, "k1")
    assert items(at(file, 70, e), "cred_storage", "object") == {
        "k1": pytest.approx(2.75 * (1 + 40 / 30)),
        "k2": pytest.approx(2.75 * (1 + 70 / 30)),
    }


@only_about("separation", "separation_of_duties")
def test_of_two_duties_the_one_that_is_accepted(file):
    """Each pair shares .75 x 3 in halves; "crm" with "hr" is accepted, "crm" with "pay" is not."""
    e = reading(reading(state()), "g2", what="hr").resource("pay", "internal", env="prod")
    reading(e, "g3", what="pay")
    for other in ("hr", "pay"):
        e.add(SOD_RULE, id=f"to-{other}", rule="apart", left_resource="crm", right_resource=other)
    accept(at(file, 10, e), "ISO-03", 40, "hr")
    rows = listed(at(file, 90, e), "sod")
    found = {(i["grant"], i["object"].rpartition(" ")[2]): i["debt"] for i in rows}
    short, long = pytest.approx(1.125 * (1 + 60 / 90)), pytest.approx(1.125 * (1 + 90 / 90))
    assert found == {
        ("g1", "g2"): short, ("g2", "g1"): short, ("g1", "g3"): long, ("g3", "g1"): long,
    }  # fmt: skip


# ---------------------------------------------------------------- what is mended, and what is left


@only_about("necessity", *UNUSED)
def test_a_finding_that_became_another_keeps_what_was_accepted(file):
    """Of two unused levels one is used again: what is left is found anew, and not accepted."""

    def unused(number: float, **use: str) -> Estate:
        return reading(state(number), level="read write", telemetry="true", last_used_at=use)

    states = unused(0), unused(100), unused(120, read=said(119))
    accept(at(file, 100, *states), "LPR-01", 150)
    before, after = at(file, 119, *states), at(file, 140, *states)
    assert owed(before, "necessity") == pytest.approx(9 * (1 + 10 / 90))
    assert owed(after, "necessity") == pytest.approx(6.75 * (1 + 30 / 90))
    assert debt(after)["accepted"] == 0


@only_about("ownership", *OWNERS)
def test_interest_runs_again_once_the_finding_is_resolved(file):
    states = reading(state(0)), reading(state(20, "business"))
    accept(at(file, 10, *states), "OWN-01", 40)
    assert owed(at(file, 19, *states), "owner") == pytest.approx(3 * (1 + 10 / 7))
    assert owed(at(file, 20, *states), "owner") == pytest.approx(1.5 * (1 + 10 / 7))
    assert owed(at(file, 25, *states), "owner") == pytest.approx(1.5 * (1 + 15 / 7))


@only_about("ownership", *OWNERS)
def test_a_finding_that_comes_back_is_accepted_again_but_not_for_the_time_between(file):
    first, mended = reading(state(0)), reading(state(20, "business"))
    states = first, mended, reading(state(22))
    accept(at(file, 10, *states), "OWN-01", 40)
    posture = at(file, 30, *states)
    assert {r["state"] for r in findings(posture, rule="OWN-01")["findings"]} == {"accepted"}
    assert items(posture, "owner", "object")["technical"] == pytest.approx(1.5 * (1 + 12 / 7))


@only_about("ownership", *OWNERS)
def test_what_nobody_saw_mended_stays_accepted(file):
    """The history is gone: only what the acceptance says of itself tells what it was about."""
    accept(at(file, 10), "OWN-01", 40)
    alone = reading(state(20, "business"))
    assert owed(at(file, 30, alone), "owner") == pytest.approx(1.5 * (1 + 10 / 7))


@pytest.mark.parametrize(("again", "days"), [(True, 60), (False, 10)])
def test_a_new_thing_of_an_old_name_is_not_accepted(file, again, days):
    accept(at(file, 10), "SCP-02", 60)
    dates = {"created_at": said(20), "revived_at": said(20), "deleted_at": said(15)}
    later = reading(state(30, **dates) if again else state(30))
    assert owed(at(file, 60, later)) == pytest.approx(2.25 * (1 + days / 30))


# ---------------------------------------------------------------- the books, ahead, and back


@all_families()
def test_the_books_close_and_tell_that_nothing_grew(file):
    days = 0, 25, 60
    states = [facts(reading(state(n, "business", "technical"), expires_at=said(500))) for n in days]
    accept(history_of(*states, journal=file).at(day(10)), "SCP-02", 40)
    history = history_of(*states, journal=file)
    done = books(history)
    for kept in (done, *done.steps):
        f = kept.figures
        whole = f["opening"] + f["new"] - f["retired"] + f["accrued"] + f["rescored"]
        assert whole == f["closing"]
    assert done.figures["opening"] == pytest.approx(2.25)
    assert done.figures["accrued"] == pytest.approx(30 * 0.075)
    assert [s.figures["accrued"] for s in done.steps] == pytest.approx([10 * 0.075, 20 * 0.075])
    paused = books(history, day(10), day(40)).figures
    assert paused["opening"] == paused["closing"] == pytest.approx(2.25 * (1 + 10 / 30))
    assert (paused["accrued"], paused["new"], paused["retired"]) == (0, 0, 0)


@all_families()
def test_looking_ahead_interest_resumes_when_the_acceptance_lapses(accepted):
    today, later = at(accepted, 20), at(accepted, 50)
    (ahead,) = forecast(today, (30,))
    assert ahead.debt == pytest.approx(debt_of(later).debt.sum())
    assert owed(later) - owed(today) == pytest.approx(10 * 0.075)


@all_families()
def test_what_is_kept_of_the_past_is_counted_anew_when_an_acceptance_ends(file):
    states = [facts(reading(state(n))) for n in (0, 30, 60)]
    number = accept(history_of(*states, journal=file).at(day(10)), "SCP-02", 50)

    def past() -> list[float]:
        history = history_of(*states, journal=file)
        posture = history.at(day(60))
        return [one.debt for one in past_debt(posture, history.infos)]

    before = past()
    decisions.withdraw(history_of(*states, journal=file).at(day(20)), number, "ann", "not so")
    after = past()
    grown = [b - a for a, b in zip(before, after, strict=True)]
    assert grown == pytest.approx([0, 10 * 0.075, 30 * 0.075])


# ---------------------------------------------------------------- what-if


@pytest.mark.parametrize("gone", ["g1", "g2"])
@only_rules(*ALL)
@all_families()
def test_what_if_is_the_world_without_the_item(file, gone):
    """Whatever is removed, the same is accepted of the rest as where it never was."""
    e = two_grants(declared_scope=None)
    accept(at(file, 10, e), "SCP-01", 40)
    accept(at(file, 10, e), "TIM-01", 60)
    whole = at(file, 50, e)
    answer = what_if(whole, [gone])
    left = two_grants(declared_scope=None)
    left.rows[CAN_ACCESS] = [row for row in left.rows[CAN_ACCESS] if row["id"] != gone]
    without = at(file, 50, left)
    assert answer["before"]["debt"] == pytest.approx(debt_of(whole).debt.sum())
    assert answer["after"]["debt"] == pytest.approx(debt_of(without).debt.sum())
    assert answer["after"]["debt"] < answer["before"]["debt"]
