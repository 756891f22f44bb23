"""A low identity that acts as a higher one through a third: where it counts, and where not."""

import pytest

from analytics.lineage import acting
from analytics.posture import assess
from graph.access import AccessGraph
from graph.schema import AGENT
from tests.support.estates.small_estates import Estate, together
from tests.support.printed import lineage
from tests.support.references.reach import number_of

Row = tuple[str, str, str, str, str, tuple[str, ...]]


def _rows(estate: Estate, mode: str = "standing") -> set[Row]:
    return {
        (
            row["low"]["id"],
            row["through"]["id"],
            row["high"]["id"],
            row["resource"]["id"],
            row["level"],
            tuple(row["because"]),
        )
        for row in lineage(estate.posture(), mode=mode)["laundering"]
    }


def _deputy(**call: object) -> Estate:
    """State an agent that reads notes and calls another, which administers a vault as root."""
    e = Estate().agent("low", "mid").account("root")
    e.resource("notes", "internal").resource("vault", "restricted")
    e.can("low", "read", "notes").can("root", "read admin", "vault")
    return e.link("low", "CALLS", "mid", **call).link("mid", "RUNS_AS", "root")


READ = ("low", "mid", "root", "vault", "read", ("clearance",))
ADMIN = ("low", "mid", "root", "vault", "admin", ("clearance",))


def test_a_low_agent_acts_as_an_account_through_the_agent_that_it_calls():
    assert _rows(_deputy()) == {READ, ADMIN}


def test_through_a_tool_where_the_resource_is_sensitive():
    e = Estate().agent("low").thing("Tool", "tool").account("root")
    e.resource("vault", "confidential").resource("wiki", "internal")
    e.can("root", "read", "vault").can("root", "admin", "wiki")
    e.link("low", "CALLS", "tool").link("tool", "RUNS_AS", "root")
    assert _rows(e) == {("low", "tool", "root", "vault", "read", ("clearance",))}


def test_the_called_agent_may_be_the_higher_one_itself():
    e = Estate().agent("low", "mid").resource("vault", "restricted").can("mid", "read", "vault")
    assert _rows(e.link("low", "CALLS", "mid")) == {
        ("low", "mid", "mid", "vault", "read", ("clearance",))
    }


def test_through_an_agent_that_acts_for_a_person():
    e = Estate().agent("low", "mid").person("boss").resource("vault", "restricted")
    e.link("low", "ACTS_FOR", "mid").link("mid", "ACTS_FOR", "boss").can("boss", "read", "vault")
    assert _rows(e) == {("low", "mid", "boss", "vault", "read", ("clearance",))}


def test_over_several_calls():
    e = _deputy().agent("first").link("first", "CALLS", "low")
    assert ("first", "low", "root", "vault", "admin", ("clearance",)) in _rows(e)


def test_what_a_group_gives_is_used_as_its_member():
    e = _deputy().thing("Group", "team").link("root", "MEMBER_OF", "team")
    e.resource("crm", "restricted").can("team", "write", "crm")
    assert ("low", "mid", "root", "crm", "write", ("clearance",)) in _rows(e)


# -- what is none ----------------------------------------------------------------------------------


def test_a_ceiling_limits_it():
    assert _rows(_deputy(ceiling="read")) == {READ}
    assert _rows(_deputy(ceiling="list")) == set()


def test_what_it_may_do_itself_is_none():
    e = _deputy().link("low", "RUNS_AS", "root")
    assert _rows(e) == set()


def test_what_is_no_more_sensitive_and_no_higher_than_its_own_is_none():
    e = _deputy().resource("safe", "restricted").can("low", "admin", "safe")
    assert _rows(e) == set()


@pytest.mark.parametrize(("sensitivity", "level"), [("restricted", "write"), ("internal", "admin")])
def test_as_high_or_as_sensitive_alone_is_not_enough(sensitivity, level):
    e = _deputy().resource("safe", sensitivity).can("low", level, "safe")
    assert ADMIN in _rows(e)


def test_what_it_declares_is_none():
    e = _deputy()
    e.rows[AGENT][0]["declared_scope"] = [{"resource": "vault", "level": "admin"}]
    assert _rows(e) == {READ}


def test_plain_delegation_is_none():
    e = Estate().agent("low", "mid").person("boss").resource("vault", "restricted")
    e.can("mid", "read", "vault").can("boss", "admin", "vault")
    assert _rows(e.link("low", "ACTS_FOR", "mid").link("low", "ACTS_FOR", "boss")) == set()


def test_what_a_parent_gets_by_its_child_is_a_widening_and_none():
    e = Estate().agent("low", "mid").account("root").resource("vault", "restricted")
    e.can("root", "read", "vault").link("low", "SPAWNS", "mid").link("mid", "RUNS_AS", "root")
    assert _rows(e) == set()


def test_an_ended_key_or_a_removed_call_is_none():
    e = Estate().agent("low", "mid").account("root").thing("Credential", "k", status="revoked")
    e.resource("vault", "restricted").can("root", "read", "vault").link("low", "CALLS", "mid")
    assert _rows(e.link("mid", "USES", "k").link("k", "AUTHENTICATES_AS", "root")) == set()
    assert _rows(_deputy(valid_to="2026-07-01T00:00:00Z")) == set()


def test_a_role_to_activate_counts_in_potential_mode_only():
    e = Estate().agent("low", "mid").thing("Role", "role").resource("vault", "restricted")
    e.link("low", "CALLS", "mid").link("mid", "ASSUMES", "role", eligible="true")
    e.can("role", "read", "vault")
    assert _rows(e) == set()
    assert _rows(e, "potential") == {("low", "mid", "role", "vault", "read", ("clearance",))}


# -- lower by other facts --------------------------------------------------------------------------


def _peers(low: dict, root: dict) -> Estate:
    """State a deputy whose caller has access of its own as sensitive and as high."""
    e = Estate().agent("low", **low).agent("mid").account("root", **root)
    e.resource("safe", "restricted").resource("vault", "restricted")
    e.can("low", "admin", "safe").can("root", "read", "vault")
    return e.link("low", "CALLS", "mid").link("mid", "RUNS_AS", "root")


def _reasons(estate: Estate) -> list[tuple[str, ...]]:
    return [row[-1] for row in _rows(estate)]


def test_from_outside_into_production():
    assert _reasons(_peers({"env": "dev"}, {"env": "prod"})) == [("environment",)]
    assert _reasons(_peers({"env": "dev"}, {"env": "staging"})) == []
    assert _reasons(_peers({"env": "prod"}, {"env": "prod"})) == []
    assert _reasons(_peers({}, {"env": "prod"})) == []  # where it is nobody says


def test_a_third_party_that_nobody_vetted():
    foreign = {"third_party": "true"}
    assert _reasons(_peers(foreign, {})) == [("third party",)]
    assert _reasons(_peers(foreign, foreign)) == []
    vetted = _peers(foreign, {}).thing(
        "Review", "v", decision="approve", decided_at="2026-07-01T00:00:00Z"
    )
    assert _reasons(vetted.link("v", "COVERS", "low")) == []


def test_the_lineage_of_one_thing_has_those_in_which_it_takes_part():
    posture = _deputy().agent("aside").link("aside", "CALLS", "mid").posture()
    for thing, count in (("low", 2), ("mid", 4), ("root", 4), ("notes", 0)):
        assert len(lineage(posture, number_of(posture, thing))["laundering"]) == count


def test_whose_own_access_nobody_could_have_stated_is_not_judged_but_counted():
    e = Estate(declares=["owners"], scope="elsewhere").agent("low").link("low", "CALLS", "mid")
    mid = Estate().agent("mid").account("root").resource("vault", "restricted")
    mid.can("root", "read", "vault").link("mid", "RUNS_AS", "root")
    answer = lineage(assess(AccessGraph.of(together(e, mid))))
    assert answer["laundering"] == []
    assert (answer["of"]["callers"], answer["of"]["callers_not_known"]) == (1, 1)


def _several() -> Estate:
    """State three callers of a deputy that administers eight vaults as two accounts."""
    e = Estate().agent("x", "y", "z", "mid").account("root", "admin")
    for number in range(8):
        e.resource(f"vault{number}", "restricted" if number % 2 else "confidential")
        e.can("root" if number < 5 else "admin", "read write", f"vault{number}")
    for caller in ("x", "y", "z"):
        e.link(caller, "CALLS", "mid")
    return e.link("mid", "RUNS_AS", "root").link("mid", "RUNS_AS", "admin")


def test_what_is_read_in_batches_is_what_is_read_at_once(monkeypatch):
    at_once = lineage(_several().posture())
    assert at_once["counts"]["laundering"] == len(at_once["laundering"]) == 3 * 8 * 2
    monkeypatch.setattr(acting, "BATCH", 5)
    assert lineage(_several().posture())["laundering"] == at_once["laundering"]
    few = lineage(_several().posture(), limit=7)
    assert few["laundering"] == at_once["laundering"][:7]
    assert few["counts"]["laundering"] == 48
