"""Unknown reach is neither 0 nor fine: what every answer says of an agent nobody states grants of.

`bot` is of a configuration of tools: it has a secret in a file and a tool, and nobody states
what they open. `svc` is of a scope that states grants: it may write to a confidential database.
"""

import numpy as np
import pytest

from analytics.findings.evaluation import find_all
from analytics.posture import Posture, assess
from graph.access import AccessGraph
from tests.support.estates.small_estates import EVERYTHING, Estate, ago, together
from tests.support.printed import (
    blast_radius,
    choke_points,
    cut,
    debt,
    drift,
    durability,
    exposure,
    exposures,
    findings,
    frameworks,
    identities,
    kpis,
    stale,
    what_if,
)

REACH = ("debt", "debt_ratio", "principal", "interest", "lag_factor", "sensitive_reach",
         "reach_concentration", "debt_concentration", "standing_share", "standing_privilege",
         "verified_exposure")  # fmt: skip
WHY = "known what"


def clients() -> Estate:
    e = Estate(declares=("inventory", "credentials"), source="clients", scope="laptops")
    e.agent("bot").thing("Tool", "server").link("bot", "CALLS", "server")
    e.thing("Credential", "PASSWORD", type="password", storage="config", created_at=ago(9))
    return e.link("bot", "USES", "PASSWORD")


def cloud() -> Estate:
    e = Estate(declares=EVERYTHING, source="cloud").account("svc", created_at=ago(200))
    e.resource("db", "confidential").can("svc", "write", "db", granted_at=ago(200))
    return e.person("ann").owned("svc", "ann", "ann").account("bare").owned("bare", "ann", "ann")


def judged(*estates: Estate) -> Posture:
    return assess(AccessGraph.of(together(*estates)))


@pytest.fixture(scope="module")
def dark() -> Posture:
    """Return an estate of which nobody states grants."""
    return judged(clients())


@pytest.fixture(scope="module")
def mixed() -> Posture:
    """Return the same beside a scope that states grants."""
    return judged(clients(), cloud())


def row(posture: Posture, thing: str) -> dict:
    return next(r for r in identities(posture)["identities"] if r["id"] == thing)


def test_identities(dark, mixed):
    for posture in (dark, mixed):
        bot = row(posture, "bot")
        assert bot["blast_radius"] == {"resources": None, "weighted": None}
        assert (bot["debt"], bot["tdr"], bot["grade"]) == (None, None, "NR")
    assert row(mixed, "bare")["blast_radius"] == {"resources": 0, "weighted": 0.0}
    assert row(mixed, "bare")["debt"] == 0
    assert row(mixed, "svc")["blast_radius"] == {"resources": 1, "weighted": 30.0}


def test_identities_of_unknown_reach_come_last(mixed):
    listed = [r["id"] for r in identities(mixed)["identities"]]
    assert listed == ["svc", "bare", "bot"]


def test_blast_radius(dark):
    found = blast_radius(dark, dark.graph.number("bot"))
    assert found["weighted"] is found["derived_weighted"] is found["weighted_range"] is None
    assert found["counts"]["resources"] is None
    assert set(found["counts"]["by_level"].values()) == {None}
    assert found["interval"]["confirmed"] is found["interval"]["possible"] is None
    assert found["interval"]["unknowns"] is None
    assert {t["id"] for t in found["not_followed"]} == {"PASSWORD", "server"}
    assert found["notes"][0].startswith("What bot reaches is not known: no source states grants of")


def test_blast_radius_of_what_is_known_in_part():
    more = clients().link("bot", "RUNS_AS", "svc")
    posture = judged(more, cloud())
    found = blast_radius(posture, posture.graph.number("bot"))
    assert found["weighted"] == found["interval"]["confirmed"] == 30.0
    assert found["interval"]["possible"] is None
    assert {t["id"] for t in found["not_followed"]} == {"PASSWORD", "server"}
    assert any("the least that bot reaches" in note for note in found["notes"])
    assert row(posture, "bot")["blast_radius"] == {"resources": 1, "weighted": 30.0}


def test_blast_radius_where_all_is_known(mixed):
    found = blast_radius(mixed, mixed.graph.number("bare"))
    assert found["weighted"] == found["interval"]["possible"] == found["counts"]["resources"] == 0
    assert found["not_followed"] == found["notes"] == []


def test_debt(dark, mixed):
    nothing = debt(dark, by="identity")
    assert {nothing[k] for k in ("debt", "principal", "tdr", "coverage", "max_debt")} == {None}
    assert (nothing["grade"], nothing["identities"], nothing["not_known"]) == ("NR", 1, 1)
    assert nothing["grade_because"] == "of no identity is it known what it may use"
    assert [g["debt"] for g in nothing["groups"]] == [None]
    assert debt(dark)["groups"] == []
    some, alone = debt(mixed), debt(judged(cloud()))
    assert some["not_known"] == 1
    assert some["debt"] == alone["debt"] > 0
    assert some["tdr"] == alone["tdr"]


def test_a_grade_needs_most_identities_to_be_known(mixed):
    fleet = clients().agent("b", "c", "d")
    assert debt(judged(cloud()))["grade"] != "NR"
    assert debt(mixed)["grade"] == debt(judged(cloud()))["grade"]
    few = debt(judged(fleet, cloud()))
    assert few["grade"] == "NR"
    assert "less than 50% of the identities" in few["grade_because"]


def figures(posture: Posture) -> dict[str, dict]:
    return {k["name"]: k for k in kpis(posture)["kpis"]}


@pytest.mark.parametrize("name", REACH)
def test_figures_are_not_measured(dark, name):
    one = figures(dark)[name]
    assert one["value"] is None
    assert WHY in one["not_measured_because"]
    assert one["on_target"] is None


def test_figures_leave_out_what_is_not_known(mixed):
    one = figures(mixed)["sensitive_reach"]
    assert (one["numerator"], one["denominator"], one["detail"]["unknown"]) == (1, 2, 1)
    assert one["range"] == pytest.approx([1 / 3, 2 / 3])
    assert figures(judged(cloud()))["sensitive_reach"]["range"] is None


def test_a_target_is_not_met_by_what_is_not_known():
    scope = [{"resource": "r", "level": "list"}]
    calm = Estate(declares=EVERYTHING, source="cloud").account(
        "svc", declared_scope=scope, env="prod"
    )
    calm.person("ann").owned("svc", "ann", "ann").resource("r", "public", env="prod")
    calm.can("svc", "list", "r", granted_at=ago(1), last_used_at={"list": ago(0)})
    known, some = (figures(p)["debt_ratio"] for p in (judged(calm), judged(calm, clients())))
    assert known["value"] == pytest.approx(some["value"])
    assert known["value"] < known["target"]
    assert known["range"][1] < known["target"]
    assert known["on_target"] is True
    assert some["on_target"] is not True
    assert some["range"][1] == 1.0
    owners = figures(judged(calm, clients()))["ownership_coverage"]
    assert owners["value"] == 1.0
    assert owners["on_target"] is None
    assert figures(judged(calm))["ownership_coverage"]["on_target"] is True


def test_what_may_be_activated_is_not_followed_where_nobody_states_its_access():
    """Standing, the bot is known whole; once it activates the account, it may do more."""
    e = Estate(declares=("grants",)).agent("bot").resource("r").can("bot", "read", "r")
    named = Estate(declares=("inventory",), source="named", scope="n").agent("bot").account("svc")
    named.link("bot", "RUNS_AS", "svc", eligible="true")
    posture = assess(AccessGraph.of(together(e, named)))
    bot = posture.graph.find("bot")
    standing, potential = (blast_radius(posture, bot, mode=m) for m in ("standing", "potential"))
    assert (standing["not_followed"], standing["interval"]["possible"]) == ([], 3.0)
    assert [thing["id"] for thing in potential["not_followed"]] == ["svc"]
    assert (potential["weighted"], potential["interval"]["possible"]) == (3.0, None)


def test_exposure_counts_those_whose_reach_is_known_by_the_same_steps():
    """Standing, nothing is known of the bot but a key; what it may activate is known of it.

    So of two identities one reaches each resource, alone and in the list of all: 50 %.
    """
    keys = Estate(declares=("credentials",), source="mcp", scope="m").agent("bot")
    keys.thing("Credential", "k", status="active").link("bot", "USES", "k")
    e = (
        Estate(declares=("grants",))
        .agent("bot", "other")
        .account("svc")
        .resource("r")
        .resource("q")
    )
    e.link("bot", "RUNS_AS", "svc", eligible="true").can("svc", "read", "r")
    posture = assess(AccessGraph.of(together(keys, e.can("other", "read", "q"))))
    shares = {"standing": {"q": (1, 1), "r": (0, 1)}, "potential": {"q": (1, 2), "r": (1, 2)}}
    for mode, expected in shares.items():
        of_all = {x["id"]: x for x in exposures(posture, mode=mode)["resources"]}
        for name, (reaching, of) in expected.items():
            one = exposure(posture, posture.graph.find(name), mode=mode)
            for found in (one, of_all[name]):
                counted = found["accountable"]
                assert (counted["reaching"], counted["of"]) == (reaching, of)
                assert found["percent"] == 100 * reaching / of


def test_exposure_counts_those_whose_reach_is_known(mixed):
    one = exposure(mixed, mixed.graph.number("db"))
    assert one["accountable"] == {"reaching": 1, "of": 2, "not_known": 1}
    assert one["percent"] == 50.0
    whole = exposures(mixed)["resources"][0]
    assert whole["accountable"] == one["accountable"]
    assert whole["percent"] == 50.0


def test_a_finding_of_unknown_reach_is_at_least_medium(mixed):
    found = findings(mixed, rule="CRD-02")["findings"]
    assert [f["severity"] for f in found] == ["medium"]
    assert "How much that gives access to is not known." in found[0]["sentence"]
    rows = find_all(mixed)
    about_bot = rows["subject"] == mixed.graph.number("bot")
    assert not rows["reach_known"][about_bot].any()
    assert rows["reach_known"][~about_bot].all()


def test_a_finding_of_known_reach_may_be_low():
    e = Estate(declares=EVERYTHING, source="cloud").agent("bot", kind="bot").person("ann")
    e.owned("bot", "ann", "ann")
    e.thing("Credential", "PASSWORD", type="password", storage="config", created_at=ago(9))
    e.link("bot", "USES", "PASSWORD")
    found = findings(e.posture(), rule="CRD-02")["findings"]
    assert [f["severity"] for f in found] == ["low"]
    assert "not known" not in found[0]["sentence"].partition(".")[0]


def test_durability(mixed):
    found = durability(mixed)
    assert found["of"] == 0
    assert found["not_known"] == 1
    assert found["identities"][0]["routes"] is None


def test_what_removals_change_is_not_known(dark, mixed):
    none = what_if(dark, ["bot"])["before"]
    assert np.isnan([none["reach"], none["debt"]]).all()
    some = what_if(mixed, ["bot"])["before"]
    assert some["reach"] == 30.0
    starts, targets = (np.array([mixed.graph.number(n)]) for n in ("bot", "db"))
    assert choke_points(mixed, starts, targets)["not_known"] == 1
    said = cut(mixed, starts, targets)
    assert said["not_known"] == 1
    assert said["certificate"].endswith("What 1 of 1 starts reach is not known.")
    known = cut(mixed, np.array([mixed.graph.number("bare")]), targets)
    assert (known["not_known"], "not known" in known["certificate"]) == (0, False)


def test_what_one_gets_back_is_not_known_where_nobody_sees_use():
    """An account whose use nobody would see; then one that was used; then one that was not."""
    e = Estate(declares=EVERYTHING, source="cloud").account("svc").resource("db", "confidential")
    blind = e.can("svc", "write", "db", telemetry="false").posture()
    assert stale(blind)["regained"] == {"weighted": None, "of": 30.0, "unobserved": 30.0}
    assert stale(blind)["over_stale"]["weighted"] is None
    told = figures(blind)["stale_reach"]
    assert (told["value"], told["range"]) == (None, None)
    assert "see the use" in told["not_measured_because"]
    e.resource("wiki", "internal")
    e.can("svc", "read", "wiki", granted_at=ago(200), last_used_at={"read": ago(2)})
    some = e.posture()
    assert stale(some)["regained"] == {"weighted": 0.0, "of": 33.0, "unobserved": 30.0}
    assert figures(some)["stale_reach"]["range"] == pytest.approx([0.0, 30 / 33])
    e.resource("old", "internal").can("svc", "read", "old", granted_at=ago(200))
    assert stale(e.posture())["regained"]["weighted"] == 3.0


def test_drift(dark, mixed):
    assert drift(dark)["exposure"] is drift(dark)["drifted"] is None
    assert (drift(mixed)["not_known"], drift(mixed)["drifted"]) == (1, 0)


def test_a_control_counts_only_whom_its_rules_could_judge(mixed):
    """LPR-03, which grants of admin rights are evidence of, says nothing of the bot."""
    rows = frameworks(mixed)["controls"]
    judged = [e for r in rows for e in r["evidence"] if e.get("rule") == "LPR-03"]
    assert judged
    assert {e["judged"] for e in judged} == {2}
