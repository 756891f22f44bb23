"""A relationship that ceased is as one that is not there, for every answer that follows it.

Each is stated with an end that has passed, one that is now, and one that is ahead.
"""

import pytest

from analytics.answers.changes import changes
from analytics.answers.table import as_json
from analytics.answers.tickets import tickets
from analytics.debt.owed import debt_of
from analytics.ownership.bus_factor import keepers
from analytics.posture import Posture
from analytics.remediation.handover.terraform import Addresses
from tests.support.estates.small_estates import Estate, ago
from tests.support.printed import findings, identities, orphans, show

OVER = {"over": ago(30), "ends now": ago(0)}
STILL = {"without an end": None, "ends tomorrow": ago(-1)}
EITHER = [*((end, False) for end in OVER.values()), (None, True)]
LOGINS = ("RUNS_AS", "USES", "AUTHENTICATES_AS")


def owed(posture: Posture) -> dict[str, float]:
    """Return what each identity owes."""
    return {row["id"]: row["debt"] for row in identities(posture)["identities"]}


def login(which: str, ends: str | None) -> Posture:
    """State an agent that logs in to an account, by one relationship that ends then."""
    e = Estate().agent("bot", kind="workload").account("svc").resource("db", "restricted")
    e.can("svc", "write", "db", granted_at=ago(300))
    if which == "RUNS_AS":
        return e.link("bot", "RUNS_AS", "svc", valid_to=ends).posture()
    end = {which: {"valid_to": ends}}
    e.thing("Credential", "key", storage="vault", created_at=ago(300))
    e.link("bot", "USES", "key", **end.get("USES", {}))
    return e.link("key", "AUTHENTICATES_AS", "svc", **end.get("AUTHENTICATES_AS", {})).posture()


@pytest.mark.parametrize("ends", OVER)
@pytest.mark.parametrize("which", LOGINS)
def test_an_account_that_no_agent_uses_any_more_owes_for_itself(which, ends):
    debt = owed(login(which, OVER[ends]))
    assert debt["bot"] == 0
    assert debt["svc"] >= 90  # at least the principal of nobody answering for write on restricted


@pytest.mark.parametrize("ends", STILL)
@pytest.mark.parametrize("which", LOGINS)
def test_an_account_that_an_agent_uses_is_the_agents(which, ends):
    debt = owed(login(which, STILL[ends]))
    assert list(debt) == ["bot"]
    assert debt["bot"] >= 90


def test_a_login_that_is_yet_to_begin_is_none():
    e = Estate().agent("bot", kind="workload").account("svc").resource("db", "restricted")
    e.can("svc", "write", "db").link("bot", "RUNS_AS", "svc", valid_from=ago(-1))
    assert set(owed(e.posture())) == {"bot", "svc"}


@pytest.mark.parametrize(("ends", "judged"), EITHER)
def test_a_role_that_trusts_no_service_any_more_is_no_identity(ends, judged):
    e = Estate().thing("Role", "deployer").resource("lambda", type="service")
    e.link("deployer", "TRUSTS", "lambda", valid_to=ends)
    assert ("deployer" in owed(e.posture())) is judged


@pytest.mark.parametrize(("ends", "manned"), EITHER)
def test_a_group_that_was_in_a_team_mans_it_no_more(ends, manned):
    e = Estate().agent("bot").resource("db", "restricted").can("bot", "read", "db").person("ann")
    e.thing("Group", "inner", "outer").link("ann", "MEMBER_OF", "inner")
    e.link("inner", "MEMBER_OF", "outer", valid_to=ends).owned("bot", "outer", "outer")
    posture = e.posture()
    found = {f["rule"] for f in findings(posture)["findings"]}
    assert ("OWN-01" in found) is not manned
    assert bool(keepers(posture)[posture.graph.number("bot")] if manned else ()) is manned
    (owner,) = (row for row in identities(posture)["identities"] if row["id"] == "bot")
    assert (owner["owners"]["business"] is not None) is manned
    if not manned:
        assert {row["since"] for row in orphans(posture)["orphaned"]} == {ends}
        assert debt_of(posture).principal.sum() > 0


def test_a_key_that_was_given_up_is_of_the_account_that_it_opens():
    e = Estate().agent("before", kind="workload").account("svc").resource("db", "restricted")
    e.can("svc", "write", "db", granted_at=ago(300)).thing("Credential", "key", status="leaked")
    e.link("before", "USES", "key", valid_to=ago(60)).link("key", "AUTHENTICATES_AS", "svc")
    posture = e.posture()
    assert show(posture, posture.graph.number("before"))["credentials"] == []
    (key,) = show(posture, posture.graph.number("svc"))["credentials"]
    assert key["id"] == "key"
    made = as_json(tickets(posture, changes(posture, addresses=Addresses()).changes))["tickets"]
    assert [r["agent"]["id"] for r in made if r["action"] == "deactivate_credential"] == ["svc"]
