"""Since when nobody answers: an owner who is gone without a date went when last seen."""

from collections.abc import Iterator

import pandas as pd
import pytest

from tests.support.estates.small_estates import AS_OF, Estate, ago
from tests.support.few_rules import only_families, only_rules
from tests.support.histories.small_history import history_of
from tests.support.printed import debt, findings
from tests.support.printed import orphans as orphans_answer

RULES = ("no_accountable_owner", "owner_departed", "one_owner_role")
DAY = pd.Timedelta(days=1)
CREATED = ago(400)


@pytest.fixture(autouse=True, scope="module")
def _owners_only() -> Iterator[None]:
    """Keep to owners: the other rules and assumptions have no say in since when one lacks."""
    with only_rules(*RULES), only_families("ownership"):
        yield


def state(days, *owners, **facts):
    """State an agent made 400 days ago, so many days before the last snapshot."""
    e = Estate(at=AS_OF - days * DAY).agent("bot", created_at=CREATED)
    e.person("ann", **facts).person("tec").resource("db", "restricted")
    e.can("bot", "read", "db", granted_at=CREATED, reviewed_at=ago(1))
    for owner in owners:
        e.owned("bot", owner)
    return e.owned("bot", None, "tec")


def latest(*states, journal=None):
    history = history_of(*states, journal=journal)
    return history.posture(history.infos[-1].id)


def told(posture):
    """Return since when the business owner lacks: as debt, as the finding and as orphans say."""
    items = debt(posture, items=True)["items"]
    owed = [i["since"] for i in items if i["assumption"] == "owner" and i["degree"]]
    found = findings(posture)["findings"]
    rules = {f["rule"]: f["since"] for f in found if f["rule"] in ("OWN-02", "OWN-04", "OWN-01")}
    orphans = [o["since"] for o in orphans_answer(posture)["orphaned"]]
    return owed, rules, orphans


@pytest.mark.parametrize("kept", [True, False])
def test_a_statement_that_vanished_counted_until_it_was_last_seen(kept, tmp_path):
    """Seen 200 and 40 days ago, and not today: 40 days without an owner, not 400."""
    states = state(200, "ann"), state(40, "ann"), state(0)
    posture = latest(*states, journal=tmp_path / "journal.sqlite" if kept else None)
    for _ in range(2):  # worked out, and as the journal remembers it
        assert told(posture) == ([ago(40)], {"OWN-04": ago(40)}, [ago(40)])
        posture = latest(*states, journal=tmp_path / "journal.sqlite" if kept else None)


def test_who_never_had_one_lacks_it_from_the_beginning():
    posture = latest(state(200), state(40), state(0))
    assert told(posture) == ([CREATED], {"OWN-04": CREATED}, [CREATED])


def test_the_last_time_counts():
    posture = latest(state(300, "ann"), state(200), state(100, "ann"), state(50), state(0))
    assert told(posture)[0] == [ago(100)]


def test_who_left_on_no_day_went_when_last_seen():
    posture = latest(state(90, "ann"), state(30, "ann"), state(0, "ann", status="left"))
    assert told(posture) == ([ago(30)], {"OWN-02": ago(30), "OWN-04": ago(30)}, [ago(30)])


def test_who_left_on_a_day_went_then():
    gone = {"status": "left", "left_at": ago(12)}
    posture = latest(state(90, "ann"), state(30, "ann"), state(0, "ann", **gone))
    assert told(posture) == ([ago(12)], {"OWN-02": ago(12), "OWN-04": ago(12)}, [ago(12)])


PARENTS = {
    "ended on a day": ({"status": "retired", "status_at": ago(20)}, {}, "ann", ago(20)),
    "ended on no day": ({"status": "retired"}, {}, "ann", None),
    "ended before the child was made": (
        {"status": "retired", "status_at": ago(450)},
        {},
        "ann",
        CREATED,
    ),
    "ended, its owner left earlier": (
        {"status": "retired", "status_at": ago(20)},
        {},
        "zed",
        ago(35),
    ),
    "its owner left": ({}, {}, "zed", ago(35)),
    "ended, and never had one": ({"status": "retired", "status_at": ago(20)}, {}, None, CREATED),
    "parted from it": ({}, {"valid_to": ago(15)}, "ann", ago(15)),
    "parted from it just now": ({}, {"valid_to": ago(0)}, "ann", ago(0)),
}


@pytest.mark.parametrize("case", PARENTS)
def test_who_inherited_lacks_one_since_its_parent_handed_none_down(case):
    """Decision 0013: an owner is also lost with a parent from whom ownership was inherited."""
    parent, link, owner, since = PARENTS[case]
    e = Estate().agent("mum", created_at=ago(500), **parent).agent("bot", created_at=CREATED)
    e.person("ann").person("zed", left=ago(35)).resource("db", "internal").can("bot", "read", "db")
    e.owned("mum", owner, owner).link("mum", "SPAWNS", "bot", **link)
    posture = e.posture()
    mine = {"about": posture.graph.number("bot"), "rule": "OWN-01"}
    assert told(posture)[0] == [since, since]
    assert [f["since"] for f in findings(posture, **mine)["findings"]] == [since]
    orphans = orphans_answer(posture)["orphaned"]
    assert {o["since"] for o in orphans if o["identity"]["id"] == "bot"} == {since}


def test_nobody_answers_since_an_unknown_day_where_one_owner_went_on_none():
    """One left the other role 12 days ago, or nobody ever had it: the last to go is not known."""
    e = Estate().agent("bot", "bat", created_at=CREATED).person("zed", left=ago(12))
    e.person("dee", status="disabled").owned("bot", "dee", "zed").owned("bat", None, "dee")
    rows = findings(e.posture(), rule="OWN-01")["findings"]
    assert {f["subject"]["id"]: f["since"] for f in rows} == {"bot": None, "bat": None}


GONE = {"status": "left", "left_at": ago(60)}


@pytest.mark.parametrize("kept", [True, False])
def test_a_statement_of_a_leaver_that_vanished_has_said_since_when(kept, tmp_path):
    """Ann left 60 days ago, as the statement said until 40 days ago; it is gone since."""
    states = state(90, "ann"), state(40, "ann", **GONE), state(20), state(0)
    for of in (states, states[1:]):  # also where no snapshot shows her in office
        path = tmp_path / f"journal{len(of)}.sqlite" if kept else None
        for _ in range(2):  # worked out, and as the journal remembers it
            assert told(latest(*of, journal=path)) == ([ago(60)], {"OWN-04": ago(60)}, [ago(60)])


def test_a_statement_of_a_leaver_without_a_day_that_vanished_leaves_it_unknown():
    """Nobody says since when: not since the creation, but not before Ann was last in office."""
    states = state(40, "ann", status="left"), state(0)
    assert told(latest(*states)) == ([None], {"OWN-04": None}, [None])
    posture = latest(state(90, "ann"), *states)
    assert told(posture) == ([ago(90)], {"OWN-04": ago(90)}, [ago(90)])


def test_who_took_over_and_is_gone_counts_and_not_who_left_before():
    states = state(50, "ann", **GONE), state(30, "bob").person("bob"), state(0)
    assert told(latest(*states))[0] == [ago(30)]
