"""Each ownership rule on the case it is for, and on the nearest case it is not for."""

import pandas as pd
import pytest

from analytics import answers
from analytics.findings import find_all
from analytics.rules import all_rules
from analytics.weights import severity
from tests.small_estates import AS_OF, Estate, ago, example


def _found(estate: Estate) -> dict[str, list[str]]:
    rules: dict[str, list[str]] = {}
    for f in answers.findings(estate.posture())["findings"]:
        rules.setdefault(f["rule"], []).append(f["subject"]["id"])
    return rules


def _people() -> Estate:
    return Estate().agent("bot").person("ann", "bob").person("zed", left=ago(35))


CASES = {
    "nobody at all": (_people, {"OWN-01"}),
    "two people": (lambda: _people().owned("bot", "ann", "bob"), set()),
    "one person for both": (lambda: _people().owned("bot", "ann", "ann"), set()),
    "a sponsor is a business owner": (
        lambda: _people().owned("bot", None, "bob").link("ann", "OWNS", "bot", role="sponsor"),
        set(),
    ),
    "business only": (lambda: _people().owned("bot", "ann"), {"OWN-04"}),
    "technical only": (lambda: _people().owned("bot", None, "bob"), {"OWN-04"}),
    "both gone": (lambda: _people().owned("bot", "zed", "zed"), {"OWN-01", "OWN-02"}),
    "one gone": (lambda: _people().owned("bot", "zed", "ann"), {"OWN-02", "OWN-04"}),
    "gone, another took over": (
        lambda: _people().owned("bot", "zed", "zed").owned("bot", "ann", "bob"),
        set(),
    ),
    "disabled counts as gone": (
        lambda: _people().person("dee", status="disabled").owned("bot", "dee", "dee"),
        {"OWN-01", "OWN-02"},
    ),
    "ownership that ended": (
        lambda: _people().owned("bot", "ann", "ann", valid_to=ago(3)),
        {"OWN-01"},
    ),
    "ownership that begins later": (
        lambda: _people().owned("bot", "ann", "ann", since=ago(-3)),
        {"OWN-01"},
    ),
    "an inferred owner answers for nothing": (
        lambda: _people().owned("bot", "ann", "ann", evidence="inferred"),
        {"OWN-01"},
    ),
    "a team with a member": (
        lambda: _team("ann").owned("bot", "ops", "ops"),
        {"OWN-03"},
    ),
    "a team and a person": (
        lambda: _team("ann").owned("bot", "ops", "ops").owned("bot", "bob"),
        set(),
    ),
    "an empty team": (lambda: _team().owned("bot", "ops", "ops"), {"OWN-01", "OWN-03"}),
    "a team of leavers": (lambda: _team("zed").owned("bot", "ops", "ops"), {"OWN-01", "OWN-03"}),
    "a child of a retired parent": (
        lambda: _people().agent("mum", status="retired").link("mum", "SPAWNS", "bot"),
        {"OWN-01", "OWN-05"},
    ),
    "a child of an owned parent": (
        lambda: _people().agent("mum").owned("mum", "ann", "ann").link("mum", "SPAWNS", "bot"),
        set(),
    ),
    "a child of a retired but owned parent": (
        lambda: (
            _people()
            .agent("mum", status="retired")
            .owned("mum", "ann", "ann")
            .link("mum", "SPAWNS", "bot")
        ),
        {"OWN-01", "OWN-05"},
    ),
    "an owned child of a retired parent": (
        lambda: (
            _people()
            .agent("mum", status="retired")
            .link("mum", "SPAWNS", "bot")
            .owned("bot", "ann", "bob")
        ),
        set(),
    ),
    "itself": (lambda: _people().owned("bot", "bot", "bot"), {"OWN-01", "OWN-06"}),
    "another account": (
        lambda: _people().account("svc").owned("svc", "ann", "ann").owned("bot", "svc", "svc"),
        {"OWN-01", "OWN-06"},
    ),
    "software beside people": (
        lambda: _people().owned("bot", "bot", "bot").owned("bot", "ann", "bob"),
        set(),
    ),
    "never accepted": (
        lambda: _accepting().owned("bot", "ann", "bob", since=ago(31)),
        {"OWN-07"},
    ),
    "within the time of grace": (
        lambda: _accepting().owned("bot", "ann", "bob", since=ago(30)),
        set(),
    ),
    "accepted": (
        lambda: _accepting().owned("bot", "ann", "bob", since=ago(31), acknowledged_at=ago(29)),
        set(),
    ),
    "a source without acceptances": (
        lambda: _people().owned("bot", "ann", "bob", since=ago(400)),
        set(),
    ),
    "retired": (lambda: Estate().agent("bot", status="retired"), set()),
    "deleted": (lambda: Estate().agent("bot", status="deleted", deleted_at=ago(1)), set()),
}


def _team(*members: str) -> Estate:
    e = _people().thing("Team", "ops")
    for member in members:
        e.link(member, "MEMBER_OF", "ops")
    return e


def _accepting() -> Estate:
    """Return an estate whose source states acceptances: one of something else."""
    e = _people().agent("other")
    return e.owned("other", "ann", "bob", since=ago(300), acknowledged_at=ago(299))


@pytest.mark.parametrize("case", CASES)
def test_rules_of_ownership(case):
    make, expected = CASES[case]
    found = _found(make())
    assert {rule for rule, subjects in found.items() if "bot" in subjects} == expected


def test_stale_access_path_and_its_near_miss():
    for used, rules in ((91, {"TIM-04"}), (90, set())):
        e = _people().owned("bot", "ann", "ann").resource("x", "restricted")
        e.can("bot", "write", "x", granted_at=ago(400), last_used_at={"write": ago(used)})
        assert set(_found(e)) == rules


def test_one_rule_a_thing_however_many_ways_it_fails():
    """Ids never collide: they are what tickets and acceptances hang on."""
    e = _accepting().owned("bot", "ann", "ann", since=ago(31))
    found = answers.findings(e.posture())["findings"]
    assert [f["rule"] for f in found] == ["OWN-07"]
    assert "business and technical owner" in found[0]["sentence"]
    assert len(found[0]["evidence"]) == 2


def test_ids_stay_when_rows_move_and_time_passes():
    def build(*people):
        e = Estate(at=AS_OF).agent("bot", "bat").person(*people, left=ago(35))
        for person in people:
            e.owned("bot", person, person)
        return e.owned("bat", "bat", "bat")

    def named(e, as_of=None):
        frame = find_all(e.posture(as_of))
        return set(zip(frame["id"], frame["rule"], strict=True))

    first = named(build("zed", "yan"))
    assert len(first) == 4
    assert named(build("yan", "zed")) == first
    assert named(build("zed", "yan"), AS_OF + pd.Timedelta(days=9)) == first
    later = build("zed", "yan").agent("aaa").owned("aaa", "zed", "zed")
    assert first <= named(later)


@pytest.mark.parametrize(
    ("quantity", "band"),
    [(90, "critical"), (89.9, "high"), (30, "high"), (29.9, "medium"), (9, "medium"), (8.9, "low")],
)
def test_bands(quantity, band):
    assert severity(quantity) == band


@pytest.mark.parametrize(
    ("kind", "levels", "sensitivity", "band"),
    [
        ("workload", "read", "restricted", "high"),
        ("workload", "write", "restricted", "critical"),
        ("workload", "read", "confidential", "medium"),
        ("workload", "read", "internal", "low"),
        ("ai_agent", "read", "restricted", "high"),  # 30 * 1.25
        ("ai_agent", "list", "restricted", "medium"),  # 30 * 0.3 * 1.25 = 11.25
        ("workload", "admin", None, "high"),  # 3 * 10: internal where nobody says
    ],
)
def test_an_orphan_is_as_severe_as_its_heaviest_entitlement(kind, levels, sensitivity, band):
    e = Estate(declares=("grants", "owners")).agent("bot", kind=kind)
    e.resource("x", sensitivity).can("bot", levels, "x")
    found = answers.findings(e.posture())["findings"]
    assert [(f["rule"], f["severity"]) for f in found] == [("OWN-01", band)]


def test_half_an_owner_is_half_as_severe():
    e = Estate(declares=("grants", "owners")).agent("bot", kind="workload").person("ann")
    e.resource("x", "restricted").can("bot", "write", "x").owned("bot", "ann")
    found = answers.findings(e.posture())["findings"]
    assert [(f["rule"], f["severity"]) for f in found] == [("OWN-04", "high")]


@pytest.mark.parametrize("declares", [("grants",), ("grants", "usage"), ("grants", "owners"), ()])
def test_a_rule_without_facts_is_not_evaluable_and_finds_nothing(declares):
    """Also where no rule at all can be evaluated."""
    e = Estate(declares=declares).agent("bot").resource("x").can("bot", "read", "x")
    told = answers.findings(e.posture())
    lacking = {r["rule"]: r["because"] for r in told["not_evaluable"]}
    expected = {r.id for r in all_rules().values() if set(r.needs) - set(declares)}
    assert set(lacking) == expected
    assert not expected & {f["rule"] for f in told["findings"]}
    assert all("no source declares" in because for because in lacking.values())


def test_filters_and_the_number_left_out():
    posture = example().posture()
    every = answers.findings(posture)
    assert every["left_out"] == 0
    only = answers.findings(posture, rule="own-01")["findings"]
    assert {f["rule"] for f in only} == {"OWN-01"}
    worse = answers.findings(posture, severity="medium")["findings"]
    assert {f["severity"] for f in worse} <= {"critical", "high", "medium"}
    assert worse == [f for f in every["findings"] if f["severity"] != "low"]
    about = answers.findings(posture, about=posture.graph.number("B"))["findings"]
    assert {f["subject"]["id"] for f in about} == {"B"}
    cut = answers.findings(posture, limit=1)
    assert (len(cut["findings"]), cut["left_out"]) == (1, len(every["findings"]) - 1)


def test_a_finding_tells_who_is_accountable_or_says_nobody():
    e = _people().agent("half").owned("half", "ann").owned("bot", "zed", "zed", since=ago(300))
    for f in answers.findings(e.posture())["findings"]:
        if f["subject"]["id"] == "half":
            assert f["accountable"]["id"] == "ann"
        else:
            assert f["accountable"] is None
            assert "obody" in f["sentence"]
    gone = next(f for f in answers.findings(e.posture())["findings"] if f["rule"] == "OWN-02")
    assert (gone["since"], gone["object"]["id"]) == (ago(35), "zed")
    assert "zed" in gone["sentence"]
    assert all(f["remediation"] and f["references"] for f in [gone])


def test_without_any_owner_since_the_last_of_them_went():
    """The first owner left a year ago, the second last month: unowned since last month."""
    e = Estate().agent("bot", created_at=ago(800)).person("first", left=ago(365))
    e.person("second", left=ago(30)).owned("bot", "first", "second", since=ago(700))
    rows = answers.findings(e.posture(), rule="OWN-01")["findings"]
    assert [(r["subject"]["id"], r["since"]) for r in rows] == [("bot", ago(30))]
