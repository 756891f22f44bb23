"""Who depends on a credential, and which to rotate first."""

from tests.support.estates.small_estates import Estate, ago, ids
from tests.support.printed import hubs


def _rows(estate: Estate, order: str = "hubs") -> dict[str, dict]:
    found = hubs(estate.posture(), order=order)
    return {row["id"]: row for row in found["hubs"]}


def _pair() -> Estate:
    """Build a key that two agents share, and one of a third agent."""
    e = Estate().agent("A", "B", "C").account("s", "t").thing("Credential", "shared", "own")
    e.link("A", "USES", "shared", last_used_at=ago(3)).link("B", "USES", "shared")
    e.link("C", "USES", "own", last_used_at=ago(200)).link("own", "AUTHENTICATES_AS", "t")
    e.link("shared", "AUTHENTICATES_AS", "s").resource("x", "restricted")
    return e.can("s", "read", "x").can("t", "read write", "x")


def test_a_shared_key_has_all_its_agents_and_opens_what_its_account_may():
    row = _rows(_pair())["shared"]
    uses = {d["id"]: d["use"] for d in row["dependents"]}
    assert uses == {"A": "in_use", "B": "unknown"}
    assert (row["count"], row["in_use"], row["unknown"]) == (2, 1, 1)
    assert row["reach"] == {"resources": 1, "weighted": 30.0}
    assert (row["articulation"], row["pieces"]) == (True, 2)


def test_a_key_of_one_agent_splits_nothing():
    row = _rows(_pair())["own"]
    assert (row["articulation"], row["pieces"], row["count"]) == (False, 1, 1)
    assert row["dependents"][0]["use"] == "idle"


def test_a_second_shared_key_keeps_two_agents_together():
    e = _pair().thing("Credential", "second")
    e.link("A", "USES", "second").link("B", "USES", "second")
    rows = _rows(e)
    assert not rows["shared"]["articulation"]
    assert not rows["second"]["articulation"]


def test_rotation_goes_by_use_then_doubt_then_reach():
    e = _pair().agent("D", "E").account("u", "v").thing("Credential", "dark", "small")
    e.link("D", "USES", "dark").link("dark", "AUTHENTICATES_AS", "u").can("u", "admin", "x")
    e.link("E", "USES", "small", telemetry="true").link("small", "AUTHENTICATES_AS", "v")
    e.can("v", "list", "x")
    found = hubs(e.posture(), order="rotation")
    # own and small are seen not to be used; own opens more. Nobody would see dark being used.
    assert ids(found["hubs"]) == ["own", "small", "dark", "shared"]
    assert [row["rotation"] for row in found["hubs"]] == [1, 2, 3, 4]


def test_the_log_of_a_credential_speaks_for_its_only_user():
    e = Estate().agent("A", "B").thing("Credential", "k", "l", last_used_at=ago(2))
    e.link("A", "USES", "k").link("A", "USES", "l").link("B", "USES", "l")
    rows = _rows(e)
    assert rows["k"]["in_use"] == 1
    assert (rows["l"]["in_use"], rows["l"]["unknown"]) == (0, 2)


def test_the_credential_of_a_blueprint_is_that_of_all_its_agents():
    e = Estate().agent("plan", kind="blueprint").thing("Credential", "k")
    e.agent("A", blueprint_id="plan", last_active_at=ago(1)).agent("B", blueprint_id="plan")
    e.agent("away", blueprint_id="plan", status="deleted").agent("other", blueprint_id="none")
    row = _rows(e.link("k", "AUTHENTICATES_AS", "plan"))["k"]
    assert row["blueprint"]
    assert {d["id"]: d["use"] for d in row["dependents"]} == {
        "A": "in_use",
        "B": "unknown",
        "plan": "unknown",
    }


def test_an_account_of_its_own_depends_on_its_keys_and_an_agents_account_does_not():
    e = _pair().account("own-account").thing("Credential", "k")
    row = _rows(e.link("k", "AUTHENTICATES_AS", "own-account"))["k"]
    assert ids(row["dependents"]) == ["own-account"]


def test_what_opens_nothing_any_more_is_no_hub():
    e = Estate().agent("A").thing("Credential", "k", status="revoked").link("A", "USES", "k")
    assert _rows(e) == {}
    old = Estate().agent("A").thing("Credential", "k").link("A", "USES", "k", valid_to=ago(1))
    assert _rows(old) == {}


def test_what_most_hangs_on_comes_first_and_the_rest_is_counted():
    found = hubs(_pair().posture(), limit=1)
    assert ids(found["hubs"]) == ["shared"]
    assert (found["shared"], found["articulations"], found["left_out"]) == (1, 1, 1)
