"""How long credentials lived on after they should have ended, in histories worked out by hand."""

import pandas as pd
import pytest

from analytics.figures.revocation.time_to_dead import time_to_dead
from tests.support.estates.small_estates import AS_OF, Estate, ago
from tests.support.histories.small_history import history_of

DAY = 24  # hours


def at(days: int, **keys: dict[str, str] | None) -> Estate:
    """State keys as of some days ago, and an account that they may open."""
    e = Estate(at=AS_OF - pd.Timedelta(days=days)).account("svc")
    for name, facts in keys.items():
        if facts is not None:
            e.thing("Credential", name, **facts)
    return e


def played(*states: Estate):
    history = history_of(*states)
    return time_to_dead(history.posture(history.infos[-1].id))


def test_leaks_and_terms_that_passed_are_followed_to_their_end():
    """Lived on: k1 21 days and ended, k2 20 days so far, k3 15 days until it was gone."""
    leak, over = {"status": "leaked"}, {"status": "active", "expires_at": ago(15)}
    past = played(
        at(20, k1=leak | {"status_at": ago(25)}, k2=leak, k3=over),
        at(10, k1=leak | {"status_at": ago(25)}, k2=leak, k3=over),
        at(0, k1={"status": "revoked", "status_at": ago(4)}, k2=leak),
    )
    assert past.every.times.tolist() == [15 * DAY, 21 * DAY]
    assert (past.every.censored, past.every.quantile(0.5)) == (1, 21 * DAY)
    assert past.leaked.times.tolist() == [21 * DAY]
    assert (past.leaked.censored, int(past.leaked.ended.sum())) == (1, 1)


def test_a_key_of_an_identity_that_ended_lives_on_until_it_is_revoked():
    def state(days: int, status: str) -> Estate:
        e = Estate(at=AS_OF - pd.Timedelta(days=days)).thing("Credential", "k", status=status)
        e.account("svc", status="disabled", status_at=ago(12))
        return e.link("k", "AUTHENTICATES_AS", "svc")

    past = played(state(10, "active"), state(0, "revoked"))
    assert past.every.times.tolist() == [12 * DAY]  # the second look, 10 days after the first
    assert past.leaked.censored == 0


@pytest.mark.parametrize("keys", [{}, {"k": {"status": "active"}}])
def test_nothing_is_known_without_a_key_that_should_have_ended(keys):
    past = played(at(10, **keys), at(0, **keys))
    assert (past.every.quantile(0.5), past.every.censored, len(past.every.times)) == (None, 0, 0)


def test_what_vanished_with_its_source_is_censored():
    gone = Estate(source="other", scope="elsewhere").account("far")
    past = played(at(10, k={"status": "leaked", "status_at": ago(13)}), gone)
    assert (past.every.censored, len(past.every.times)) == (1, 0)


def test_what_its_source_no_longer_declares_had_not_ended():
    """The second read is without credentials; the third shows the key as the first did."""
    leak = {"status": "leaked", "status_at": ago(25)}
    blind = Estate(AS_OF - pd.Timedelta(days=10), declares=("grants", "inventory")).account("svc")
    past = played(at(20, k=leak), blind)
    assert (past.every.times.tolist(), past.every.censored) == ([], 1)
    past = played(at(20, k=leak), blind, at(5, k=leak), at(0))
    assert (past.every.times.tolist(), past.every.censored) == ([25 * DAY], 0)
    past = played(at(20, k=leak), blind, at(0))  # gone by the first read that could show it
    assert (past.every.times.tolist(), past.every.censored) == ([25 * DAY], 0)


def test_a_key_that_leaks_again_counts_twice():
    leak = {"status": "leaked"}
    past = played(at(30, k=leak), at(20, k={"status": "revoked"}), at(10, k=leak), at(0, k=leak))
    assert (past.leaked.times.tolist(), past.leaked.censored) == ([10 * DAY], 1)


def test_without_a_store_there_is_this_moment_only():
    posture = at(0, k={"status": "leaked", "status_at": ago(3)}).posture()
    past = time_to_dead(posture)
    assert (past.leaked.censored, past.leaked.quantile(0.5)) == (1, None)
