"""Each ownership rule on the case it is for, and on the nearest case it is not for."""

from functools import cache
from typing import Any

import pandas as pd
import pytest

from analytics.findings.evaluation import find_all
from analytics.findings.rules import all_rules
from analytics.posture import Posture
from analytics.weights import severity
from graph.schema import SPAWNS
from tests.support.estates.rule_findings import Beside, found
from tests.support.estates.side_by_side import named, side_by_side
from tests.support.estates.small_estates import AS_OF, Estate, ago, example
from tests.support.few_rules import only_families, only_rules
from tests.support.printed import findings

OWN = ("no_accountable_owner", "owner_departed", "one_owner_role", "team_only_owner")
IDS = [f"OWN-0{number}" for number in range(1, 8)]
OWN += ("orphan_by_spawn", "owned_by_software", "silent_transfer")


def _all(estate: Estate | Posture) -> list[dict[str, Any]]:
    """Return the findings about owners."""
    posture = estate.posture() if isinstance(estate, Estate) else estate
    with only_rules(*OWN), only_families("ownership"):
        return findings(posture)["findings"]


def _rows(posture: Posture) -> pd.DataFrame:
    with only_rules(*OWN), only_families("ownership"):
        return find_all(posture)


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
    "an empty team beside one with a member": (
        lambda: _team("ann").thing("Team", "idle").owned("bot", "idle", "ops"),
        {"OWN-03", "OWN-04"},
    ),
    "an empty team, and the parent is owned in person": (
        lambda: (
            _team().agent("mum").owned("mum", "ann", "ann").link("mum", "SPAWNS", "bot")
        ).owned("bot", "ops"),
        set(),
    ),
    "a team, and the parent is owned in person": (
        lambda: (
            _team("ann").agent("mum").owned("mum", "ann", "ann").link("mum", "SPAWNS", "bot")
        ).owned("bot", "ops"),
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
    "software by inference": (
        lambda: _people().account("svc").owned("bot", "svc", "svc", evidence="inferred"),
        {"OWN-01"},  # what is inferred makes nothing known: decision 0029
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
    "a source without acceptances, since others have them": (
        lambda: _people().owned("bot", "ann", "bob", since=ago(200)),
        set(),
    ),
    "named before its source had acceptances": (
        lambda: _accepting(100).owned("bot", "ann", "bob", since=ago(200)),
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


def _accepting(days: int = 300) -> Estate:
    """Return an estate whose source states acceptances, first one of something else."""
    e = _people().agent("other")
    return e.owned("other", "ann", "bob", since=ago(days), acknowledged_at=ago(days - 1))


@cache
def _all_cases() -> list[dict[str, Any]]:
    """Judge all of them side by side; of acceptances each scope knows its own."""
    return _all(side_by_side({case: make() for case, (make, _) in CASES.items()}))


@pytest.mark.parametrize("case", CASES)
def test_rules_of_ownership(case):
    _, expected = CASES[case]
    bot = named(case, "bot")
    assert {f["rule"] for f in _all_cases() if f["subject"]["id"] == bot} == expected


def test_stale_access_path_and_its_near_miss():
    for used, subjects in ((91, ["bot"]), (90, [])):
        e = _people().owned("bot", "ann", "ann").resource("x", "restricted")
        e.can("bot", "write", "x", granted_at=ago(400), last_used_at={"write": ago(used)})
        assert [one.subject for one in found(e, "TIM-04")] == subjects


def test_one_rule_a_thing_however_many_ways_it_fails():
    """Ids never collide: they are what tickets and acceptances hang on."""
    e = _accepting().owned("bot", "ann", "ann", since=ago(31))
    found = _all(e)
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
        frame = _rows(e.posture(as_of))
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


ORPHANS = [
    ("workload", "read", "restricted", "high"),
    ("workload", "write", "restricted", "critical"),
    ("workload", "read", "confidential", "medium"),
    ("workload", "read", "internal", "low"),
    ("ai_agent", "read", "restricted", "high"),  # 30 * 1.25
    ("ai_agent", "list", "restricted", "medium"),  # 30 * 0.3 * 1.25 = 11.25
    ("workload", "admin", None, "high"),  # 3 * 10: internal where nobody says
]


def orphan(case) -> Estate:
    kind, levels, sensitivity, _ = case
    e = Estate(declares=("grants", "owners")).agent("bot", kind=kind)
    return e.resource("x", sensitivity).can("bot", levels, "x")


WEIGHED = Beside(ORPHANS, orphan)


@pytest.mark.parametrize("case", ORPHANS)
def test_an_orphan_is_as_severe_as_its_heaviest_entitlement(case):
    found = {rule: WEIGHED.found(case, rule) for rule in IDS}
    assert {rule: [f.severity for f in rows] for rule, rows in found.items() if rows} == {
        "OWN-01": [case[-1]]
    }


def test_access_that_is_not_open_at_once_weighs_as_it_is_owed_for():
    """It may be activated, or opens again by a new key: `debt` counts both."""
    e = Estate(declares=("grants", "owners")).agent("eligible", "expired", kind="workload")
    e.resource("x", "restricted").account("svc").can("eligible", "write", "x", eligible="true")
    e.thing("Credential", "k", expires_at=ago(2)).can("svc", "write", "x")
    e.link("expired", "USES", "k").link("k", "AUTHENTICATES_AS", "svc")
    rows = [f for f in _all(e) if f["rule"] == "OWN-01"]
    assert [(f["subject"]["id"], f["severity"]) for f in rows] == [
        ("eligible", "critical"),
        ("expired", "critical"),
    ]


def test_half_an_owner_is_half_as_severe():
    e = Estate(declares=("grants", "owners")).agent("bot", kind="workload").person("ann")
    e.resource("x", "restricted").can("bot", "write", "x").owned("bot", "ann")
    found = _all(e)
    assert [(f["rule"], f["severity"]) for f in found] == [("OWN-04", "high")]


@pytest.mark.parametrize("declares", [("grants",), ("grants", "usage"), ("grants", "owners"), ()])
def test_a_rule_without_facts_is_not_evaluable_and_finds_nothing(declares):
    """Also where no rule at all can be evaluated."""
    e = Estate(declares=declares).agent("bot").resource("x")
    told = findings(e.posture())
    lacking = {r["rule"]: r["because"] for r in told["not_evaluable"]}
    expected = {r.id for r in all_rules().values() if set(r.needs) - set(declares)}
    assert set(lacking) == expected
    assert not expected & {f["rule"] for f in told["findings"]}
    assert all("no source declares" in because for because in lacking.values())


def test_filters_and_the_number_left_out():
    posture = example().posture()
    every = findings(posture)
    assert every["left_out"] == 0
    only = findings(posture, rule="own-01")["findings"]
    assert {f["rule"] for f in only} == {"OWN-01"}
    worse = findings(posture, severity="medium")["findings"]
    assert {f["severity"] for f in worse} <= {"critical", "high", "medium"}
    assert worse == [f for f in every["findings"] if f["severity"] != "low"]
    about = findings(posture, about=posture.graph.number("B"))["findings"]
    assert about
    assert all("B" in (f["subject"]["id"], (f["object"] or f["subject"])["id"]) for f in about)
    cut = findings(posture, limit=1)
    assert (len(cut["findings"]), cut["left_out"]) == (1, len(every["findings"]) - 1)


def test_a_finding_tells_who_is_accountable_or_says_nobody():
    e = _people().agent("half").owned("half", "ann").owned("bot", "zed", "zed", since=ago(300))
    for f in findings(e.posture())["findings"]:
        if f["subject"]["id"] == "half":
            assert f["accountable"]["id"] == "ann"
        else:
            assert f["accountable"] is None
            assert "obody" in f["sentence"]
    gone = next(f for f in findings(e.posture())["findings"] if f["rule"] == "OWN-02")
    assert (gone["since"], gone["object"]["id"]) == (ago(35), "zed")
    assert "zed" in gone["sentence"]
    assert all(f["remediation"] and f["references"] for f in [gone])


def test_without_any_owner_since_the_last_of_them_went():
    """The first owner left a year ago, the second last month: unowned since last month."""
    e = Estate().agent("bot", created_at=ago(800)).person("first", left=ago(365))
    e.person("second", left=ago(30)).owned("bot", "first", "second", since=ago(700))
    rows = [f for f in _all(e) if f["rule"] == "OWN-01"]
    assert [(r["subject"]["id"], r["since"]) for r in rows] == [("bot", ago(30))]


def test_the_most_specific_finding_about_an_identity_comes_first():
    e = _people().agent("mum", status="retired").link("mum", "SPAWNS", "bot")
    e.owned("bot", "zed", "zed")
    rules = [f["rule"] for f in _all(e) if f["subject"]["id"] == "bot"]
    assert rules == ["OWN-02", "OWN-05", "OWN-01"]


def test_an_owner_who_left_in_one_role_is_half_as_severe():
    def of(*owners):
        e = _people().resource("x", "restricted").can("bot", "write", "x").owned("bot", *owners)
        return next(f for f in _all(e) if f["rule"] == "OWN-02")

    both, half = of("zed", "zed"), of("zed", "ann")
    assert (both["severity"], half["severity"]) == ("critical", "high")  # 112.5, 56.25
    assert (
        "The last business and technical owner of bot, zed, left on 2026-06-27" in both["sentence"]
    )
    assert "The last business owner of bot, zed" in half["sentence"]
    assert "rotate every credential that zed could have copied" in half["remediation"]


def test_each_owner_who_left_a_role_empty_is_a_finding():
    e = _people().person("yan", left=ago(9)).owned("bot", "zed", "yan")
    gone = [(f["object"]["id"], f["since"]) for f in _all(e) if f["rule"] == "OWN-02"]
    assert sorted(gone) == [("yan", ago(9)), ("zed", ago(35))]


def test_one_role_is_empty_since_its_owner_left_or_since_the_beginning():
    e = Estate().agent("bot", "bat", created_at=ago(300)).person("ann").person("zed", left=ago(35))
    e.owned("bot", "zed", "ann").owned("bat", None, "ann")
    since = {f["subject"]["id"]: f["since"] for f in _all(e) if f["rule"] == "OWN-04"}
    assert since == {"bot": ago(35), "bat": ago(300)}


def test_what_to_do_names_the_identity_and_what_hangs_on_it():
    e = _people().resource("x").can("bot", "list read write", "x")
    (one,) = _all(e)
    assert one["remediation"].startswith("Assign a business owner and a technical owner to bot")
    assert "its 3 entitlements" in one["remediation"]


def test_an_orphan_by_spawn_shows_what_made_it_one():
    e = _people().agent("mum", status="retired").link("mum", "SPAWNS", "bot")
    posture = e.posture()
    rows = _rows(posture)
    (evidence,) = rows["evidence"][rows["rule"] == "OWN-05"]
    assert evidence == tuple(posture.graph.frames[SPAWNS]["id"])


@pytest.mark.parametrize("ids", [("s1", "s2"), ("s2", "s1")])
def test_what_made_it_one_is_shown_in_one_order_whatever_that_of_the_rows(ids):
    e = _people().agent("mum", status="retired")
    for id_ in ids:
        e.link("mum", "SPAWNS", "bot", id=id_)
    rows = _rows(e.posture())
    assert rows["evidence"][rows["rule"] == "OWN-05"].tolist() == [("s1", "s2")]


def test_a_team_alone_owns_since_the_last_person_went():
    e = _team("ann").thing("Team", "idle").person("yan", left=ago(9)).agent("bat", "cat")
    e.owned("bot", "zed", "zed", since=ago(300)).owned("bot", "ops", "ops", since=ago(200))
    e.owned("bat", "yan", since=ago(300)).owned("bat", "idle", "idle", since=ago(200))
    e.owned("cat", "ops", "ops", since=ago(20)).owned("cat", "bob", valid_to=ago(3))
    found = {f["subject"]["id"]: f for f in _all(e) if f["rule"] == "OWN-03"}
    since = {thing: f["since"] for thing, f in found.items()}
    assert since == {"bot": ago(35), "bat": None, "cat": ago(3)}  # nobody ever was in idle
    assert found["bot"]["sentence"].startswith("Only the team ops owns bot")


def test_software_alone_owns_since_the_last_person_went():
    e = _people().account("svc").agent("bat", created_at=ago(300))
    e.owned("bot", "svc", "svc", since=ago(300)).owned("bot", "ann", "ann", valid_to=ago(3))
    e.owned("bat", "svc", "svc", since=ago(200))
    since = {f["subject"]["id"]: f["since"] for f in _all(e) if f["rule"] == "OWN-06"}
    assert since == {"bot": ago(3), "bat": ago(200)}


def test_a_child_is_an_orphan_since_its_parent_is():
    e = _people().agent("kid", created_at=ago(300)).link("bot", "SPAWNS", "kid")
    rows = [f for f in _all(e.owned("bot", "zed", "zed")) if f["subject"]["id"] == "kid"]
    assert {f["rule"]: f["since"] for f in rows} == {"OWN-05": ago(35), "OWN-01": ago(35)}
