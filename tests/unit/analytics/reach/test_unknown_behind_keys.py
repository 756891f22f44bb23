"""What nobody states of access behind an expired key, or to be activated first, is not known."""

import pytest

from analytics.posture import Posture, assess
from graph.access import AccessGraph
from tests.support.estates.small_estates import Estate, ago, together
from tests.support.printed import blast_radius, debt, findings, identities

LINKS = {
    "an expired key": lambda e, **key: key_of(e, expires_at=ago(5)),
    "a key that ended": lambda e: key_of(e, status="revoked"),
    "a login to activate": lambda e: e.link("bot", "RUNS_AS", "svc", eligible="true"),
}


def key_of(e: Estate, **facts: str) -> Estate:
    """Give the agent a key of the account."""
    e.thing("Credential", "key", created_at=ago(300), storage="vault", **facts)
    return e.link("bot", "USES", "key").link("key", "AUTHENTICATES_AS", "svc")


def judged(link: str, grants: tuple[str, ...]) -> Posture:
    """State an agent whose account is of a scope that states grants, or of one that does not."""
    other = Estate(source="other", scope="x", declares=("inventory", *grants)).account("svc")
    e = LINKS[link](Estate().agent("bot").resource("db", "restricted"))
    return assess(AccessGraph.of(together(other, e)))


@pytest.mark.parametrize("link", ["an expired key", "a login to activate"])
def test_what_nobody_states_of_the_account_is_not_known(link):
    posture = judged(link, ())
    (bot,) = (row for row in identities(posture)["identities"] if row["id"] == "bot")
    assert (bot["debt"], bot["tdr"]) == (None, None)
    assert debt(posture)["debt"] is None
    found = findings(posture)["findings"]
    assert {"low"} & {f["severity"] for f in found} == set()
    assert all("gives access to is not known" in f["sentence"] for f in found)
    assert blast_radius(posture, posture.graph.number("bot"))["weighted"] == 0  # as of now


@pytest.mark.parametrize("link", ["an expired key", "a login to activate"])
def test_where_its_grants_would_be_stated_it_owes_nothing(link):
    posture = judged(link, ("grants",))
    (bot,) = (row for row in identities(posture)["identities"] if row["id"] == "bot")
    assert bot["debt"] == 0


def test_a_key_that_somebody_ended_hides_nothing():
    (bot, *_) = identities(judged("a key that ended", ()))["identities"]
    assert (bot["id"], bot["debt"]) == ("bot", 0)


def test_a_key_behind_an_expired_key():
    """Each of a chain of expired keys leads on."""
    other = Estate(source="other", scope="x", declares=("inventory",)).account("svc")
    e = Estate().agent("bot", "middle").resource("db", "restricted")
    e.thing("Credential", "first", "second", expires_at=ago(5))
    e.link("bot", "USES", "first").link("first", "AUTHENTICATES_AS", "middle")
    e.link("middle", "USES", "second").link("second", "AUTHENTICATES_AS", "svc")
    posture = assess(AccessGraph.of(together(other, e)))
    assert not posture.entitlements_known[posture.graph.number("bot")]


def test_an_expired_key_of_nothing_known_may_lead_anywhere():
    keys = Estate(source="other", scope="x", declares=("credentials",))
    keys.thing("Credential", "key", expires_at=ago(5))
    e = Estate().agent("bot").link("bot", "USES", "key").resource("db", "restricted")
    posture = assess(AccessGraph.of(together(keys, e)))
    number = posture.graph.number("bot")
    assert (bool(posture.entitlements_known[number]), bool(posture.reach_known[number])) == (
        False,
        True,
    )
