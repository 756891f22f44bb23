"""The example whose figures were worked out by hand: 0, 19 and 38 at one, two and three hops.

With weights 3 for internal and 10 for confidential resources, 1 for read and 3 for write:
two hops reach crm (10 * 1) and smtp (3 * 3), the third adds the invoices (10 * 1) and the
repository (3 * 3). With the means to pass a role to a new function, a fourth hop adds the
ledger: 30 * (1 + 3 + 10) = 420.
"""

import pytest

from tests.support.estates.small_estates import Estate, example, ids
from tests.support.printed import blast_radius, exposure, identities, path


def _reach(estate: Estate, start: str, **options):
    posture = estate.posture()
    return blast_radius(posture, posture.graph.find(start), **options)


def test_weight_at_each_hop():
    found = _reach(example(), "A")
    assert [(p["hops"], p["weighted"]) for p in found["hop_profile"]] == [(1, 0), (2, 19), (3, 38)]
    assert found["weighted"] == 38
    assert [p["resources"] for p in found["hop_profile"]] == [0, 2, 4]


@pytest.mark.parametrize(("hops", "weighted"), [(0, 0), (1, 0), (2, 19), (3, 38), (9, 38)])
def test_a_bounded_reach_says_so(hops, weighted):
    found = _reach(example(), "A", max_hops=hops)
    assert found["weighted"] == weighted
    assert found["max_hops"] == hops
    assert any("hops only" in note for note in found["notes"])


def test_a_leaked_key_is_not_its_agent():
    """Children and tools of the agent stay out of reach of whoever holds the key."""
    found = _reach(example(), "K1", leaked=True)
    assert found["weighted"] == 19
    assert sorted(ids(found["resources"])) == ["repo:app", "s3:invoices"]


def test_the_ceiling_of_a_call_takes_admin_away():
    levels = {r["id"]: r["levels"] for r in _reach(example(), "A")["resources"]}
    assert levels["smtp"] == ["write"]
    without = example()
    for row in without.rows[next(e for e in without.rows if e.name == "CALLS")]:
        del row["ceiling"]
    assert {r["id"]: r["levels"] for r in _reach(without, "A")["resources"]}["smtp"] == [
        "write",
        "admin",
    ]


def test_cutting_the_role_leaves_29():
    cut = example()
    cut.rows = {e: r for e, r in cut.rows.items() if e.name != "ASSUMES"}
    assert _reach(cut, "A")["weighted"] == 29


def test_trust_alone_is_never_walked():
    """A role that trusts a principal is not reached by it: trust is one half of two."""
    trusting = example().link("adm", "TRUSTS", "svc").link("svc", "TRUSTS", "adm")
    assert _reach(trusting, "A")["weighted"] == 38


def test_exposure_and_path_agree_with_the_example():
    posture = example().posture()
    find = posture.graph.find
    ledger = exposure(posture, find("db:ledger"))
    assert ids(ledger["identities"]) == ["adm"]
    invoices = exposure(posture, find("s3:invoices"))
    assert set(ids(invoices["identities"])) == {"A", "K1", "svc"}
    way = path(posture, find("A"), find("s3:invoices"))["paths"][0]
    assert [s["relationship"] for s in way["steps"]] == [
        "USES",
        "AUTHENTICATES_AS",
        "MEMBER_OF",
        "CAN_ACCESS",
    ]
    assert path(posture, find("A"), find("db:ledger"))["paths"] == []


def test_of_all_accountable_identities():
    """A and B answer for themselves; svcb is run as by B, svc is A's through its key."""
    posture = example().posture()
    rows = identities(posture)["identities"]
    assert [(r["id"], r["blast_radius"]) for r in rows] == [
        ("mailer", {"resources": 1, "weighted": 39.0}),
        ("A", {"resources": 4, "weighted": 38.0}),
        ("B", {"resources": 1, "weighted": 10.0}),
    ]


# -- with a step that a rule derives -------------------------------------------------------------

SUPPORTS = ("iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction", "the trust")


def escalating(without: str = "") -> Estate:
    """Let dep pass adm, which trusts functions, to a function that it creates and invokes."""
    e = example().resource("account", "restricted", type="account")
    e.resource("lambda.amazonaws.com", type="service")
    for action in SUPPORTS[:3]:
        if action != without:
            on = "adm" if action == "iam:PassRole" else "account"
            e.can("dep", "", on, actions=[action], grant_id=action)
    return e if without == "the trust" else e.link("adm", "TRUSTS", "lambda.amazonaws.com")


def test_the_derived_step_adds_420_at_the_fourth_hop():
    found = _reach(escalating(), "A")
    profile = [(p["hops"], p["weighted"]) for p in found["hop_profile"]]
    assert profile == [(1, 0), (2, 19), (3, 38), (4, 458)]
    assert (found["weighted"], found["derived_weighted"]) == (458, 420)
    assert {r["id"] for r in found["resources"] if r["derived"]} == {"db:ledger"}
    assert (found["interval"]["confirmed"], found["interval"]["possible"]) == (458, 458)
    assert _reach(escalating(), "K1", leaked=True)["weighted"] == 439


@pytest.mark.parametrize("missing", SUPPORTS)
def test_without_any_one_fact_the_derived_step_falls(missing):
    found = _reach(escalating(without=missing), "A")
    assert (found["weighted"], found["derived_weighted"]) == (38, 0)


def test_the_derived_step_names_its_rule_and_its_four_facts():
    posture = escalating().posture()
    find = posture.graph.find
    steps = path(posture, find("A"), find("db:ledger"))["paths"][0]["steps"]
    assert [s["relationship"] for s in steps][-2:] == ["CONTROLS", "CAN_ACCESS"]
    assert steps[-2]["rule"] == "A2:lambda-001"
    assert len(set(steps[-2]["support"])) == 4
    who = exposure(posture, find("db:ledger"), level="admin")
    assert set(ids(who["identities"])) == {"A", "K1", "svc", "dep", "adm"}
