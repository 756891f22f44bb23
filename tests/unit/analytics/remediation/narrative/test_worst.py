"""Which way in is the worst: exposure, then level, weight, steps and id."""

import pytest

from analytics.selectors import select
from tests.support.estates.small_estates import Estate
from tests.support.printed import narrative


def _one(estate: Estate, *starts: str, **options: object) -> dict:
    posture = estate.posture()
    begin = select(posture, starts) if starts else None
    (row,) = narrative(posture, select(posture, ["jewel"]), begin, **options)["narratives"]
    return row


def _entry(estate: Estate, *starts: str) -> tuple[str, str, int]:
    row = _one(estate, *starts)
    return row["entry"]["id"], row["level"], row["hops"]


def _jewel(*agents: str) -> Estate:
    return Estate().resource("jewel", "restricted").agent(*agents)


def _strange(estate: Estate, agent: str) -> Estate:
    """Let an agent call a tool that brings what strangers write."""
    estate.thing("Tool", "web", capabilities=["untrusted_input"])
    return estate.link(agent, "CALLS", "web")


def test_the_most_exposed_entry_counts_first_whatever_it_may_do():
    e = _jewel("a", "b").can("a", "admin", "jewel").can("b", "list", "jewel")
    assert _entry(e) == ("a", "admin", 0)
    assert _entry(_strange(e, "b")) == ("b", "list", 0)


EXPOSED = ["public", "leaked", "untrusted_input", "third_party", "secret_outside_vault"]


def _exposed(estate: Estate, agent: str, exposure: str) -> None:
    """Expose an agent; the entry is then a role anybody may take, its leaked key, or itself."""
    if exposure == "public":
        estate.thing("Role", f"role-{agent}").resource("anybody", type="anyone")
        estate.link(f"role-{agent}", "TRUSTS", "anybody").can(f"role-{agent}", "read", "jewel")
    elif exposure == "untrusted_input":
        _strange(estate, agent)
    elif exposure == "third_party":
        next(r for r in estate.rows[next(k for k in estate.rows if k.name == "Agent")]
             if r["id"] == agent)["third_party"] = "true"  # fmt: skip
    else:
        facts = {"status": "leaked"} if exposure == "leaked" else {"storage": "code"}
        estate.thing("Credential", f"key-{agent}", type="api_key", **facts)
        estate.link(agent, "USES", f"key-{agent}").link(f"key-{agent}", "AUTHENTICATES_AS", agent)


@pytest.mark.parametrize("place", range(len(EXPOSED) - 1))
def test_exposures_rank_by_how_near_a_stranger_is(place):
    e = _jewel("a", "b").can("a", "read", "jewel").can("b", "read", "jewel")
    _exposed(e, "b", EXPOSED[place]), _exposed(e, "a", EXPOSED[place + 1])
    row = _one(e)
    assert (row["entry"]["id"], row["exposures"][0]) == (
        {"public": "role-b", "leaked": "key-b"}.get(EXPOSED[place], "b"),
        EXPOSED[place],
    )


def test_of_equally_exposed_ones_the_highest_level_counts_then_the_weight():
    e = _jewel("a", "b", "c").can("a", "read", "jewel").can("b", "write", "jewel")
    assert _entry(e) == ("b", "write", 0)
    assert _entry(e.can("c", "read write", "jewel")) == ("c", "write", 0)


def test_then_the_fewest_steps_to_that_level_and_then_the_first_id():
    e = _jewel("a", "b", "c").account("s").can("s", "read", "jewel").link("a", "RUNS_AS", "s")
    e.can("b", "read", "jewel").can("c", "read", "jewel")
    assert _entry(e) == ("b", "read", 0)
    assert _entry(e, "a", "c") == ("c", "read", 0)


def test_the_steps_are_those_to_the_highest_level():
    e = _jewel("a").account("s").thing("Role", "r").can("a", "read", "jewel")
    e.can("r", "write", "jewel").link("a", "RUNS_AS", "s").link("s", "ASSUMES", "r")
    assert _entry(e) == ("a", "write", 2)


def test_a_leaked_key_is_an_entry_of_its_own():
    e = _jewel().account("s").thing("Credential", "k", status="leaked")
    e.link("k", "AUTHENTICATES_AS", "s").can("s", "read", "jewel")
    row = _one(e)
    assert (row["entry"]["id"], row["exposures"]) == ("k", ["leaked"])


def test_what_a_ceiling_stops_is_not_on_the_way():
    e = _jewel("a", "b").can("b", "read admin", "jewel").link("a", "SPAWNS", "b", ceiling="read")
    row = _one(e, "a")
    assert (row["level"], row["steps"][-1]["levels"]) == ("read", ["read"])


def test_of_equal_paths_the_one_whose_ids_come_first_is_shown_in_any_order_of_facts():
    def two(first: str, second: str) -> Estate:
        e = _jewel("a").account("s", "t")
        for account in (first, second):
            e.link("a", "RUNS_AS", account).can(account, "read", "jewel")
        return e

    for estate in (two("s", "t"), two("t", "s")):
        assert [step["to"]["id"] for step in _one(estate)["steps"]] == ["s", "jewel"]


def test_access_to_activate_counts_in_potential_mode_only():
    e = _jewel("a").thing("Role", "r").can("r", "read", "jewel")
    e.link("a", "ASSUMES", "r", eligible="true")
    assert _one(e)["state"] == "not_reached"
    assert _one(e, mode="potential")["state"] == "reached"


# -- jewels without a way in -----------------------------------------------------------------------


def test_a_jewel_that_nothing_reaches_says_so():
    posture = _jewel("a", "b").posture()
    answer = narrative(posture, select(posture, ["crown-jewels"]))
    (row,) = answer["narratives"]
    assert (answer["reached"], answer["not_reached"], answer["not_known"]) == (0, 1, 0)
    assert (row["state"], row["entry"], row["level"], row["cut"]) == ("not_reached", *[None] * 3)
    assert row["story"]["text"] == "None of 2 starts reaches jewel."


def test_where_some_start_may_do_more_than_sources_state_it_is_not_known():
    e = _jewel("a").agent("b").thing("Credential", "k").link("b", "USES", "k")
    e.declares = ("owners",)
    posture = e.posture()
    answer = narrative(posture, select(posture, ["jewel"]))
    (row,) = answer["narratives"]
    assert (answer["not_reached"], answer["not_known"], row["state"]) == (0, 1, "not_known")
    assert "is not known" in row["story"]["text"]
    assert answer["starts_not_known"] > 0


def test_no_jewels_no_narratives():
    posture = Estate().agent("a").posture()
    answer = narrative(posture, select(posture, ["crown-jewels"]))
    assert (answer["targets"], answer["narratives"]) == (0, [])


def test_a_list_is_cut_and_the_worst_come_first():
    e = _jewel("a", "b").resource("other", "restricted").resource("third", "restricted")
    e.can("a", "read", "jewel").can("b", "admin", "other")
    posture = e.posture()
    every = narrative(posture, select(posture, ["crown-jewels"]))
    assert [r["jewel"]["id"] for r in every["narratives"]] == ["other", "jewel", "third"]
    for limit, shown in ((1, 1), (2, 2), (3, 3), (4, 3)):
        answer = narrative(posture, select(posture, ["crown-jewels"]), limit=limit)
        assert (len(answer["narratives"]), answer["left_out"]) == (shown, 3 - shown)
        assert answer["narratives"] == every["narratives"][:shown]
