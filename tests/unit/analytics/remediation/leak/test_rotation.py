"""What breaks with a key where derived edges elsewhere rest on it."""

import numpy as np
import pytest

from analytics.remediation.leak import rotation
from analytics.remediation.removal.before_and_after import changed
from analytics.remediation.removal.ended_uses import ended
from analytics.remediation.removal.what_if import removals
from tests.support.estates.escalating import ROOT, Aws
from tests.support.estates.small_estates import ago


def takeover(*keys: str) -> Aws:
    """State a user who may rewrite the policy of another, and becomes that one by any of `keys`.

    So she administers the account (rule A5), and was seen reading a database in it. The derived
    edge leads past the keys, and rests on the facts of one of them.
    """
    e = Aws().user("ann").user("helper")
    ann, helper = e.known("ann"), e.known("helper")
    e.resource(ROOT, "restricted", type="account", control_plane="true")
    e.resource("db", "restricted", parent_id=ROOT).thing("Credential", *keys)
    for key in keys:
        e.link(ann, "CONTROLS", key).link(key, "AUTHENTICATES_AS", helper)
    e.may("ann", "iam:PutUserPolicy", "helper")
    e.link(ann, "USED", "db", level="read", last_at=ago(2), count=1)
    return e


def broken(*keys: str) -> list[tuple[list[str], list[str]]]:
    """Return the things whose use breaks with each key: at once, and by its removal alone."""
    posture = takeover(*keys).posture()
    rows = rotation.broken_uses(posture, posture.graph.numbers(_series(keys)).astype(np.int64))
    things, both = posture.graph.things["id"], []
    for key in keys:
        gone = removals(posture, [key])
        alone = ended(posture, changed(posture, gone), gone)
        own = rows["thing"][rows["credential"] == posture.graph.number(key)]
        both.append((things.iloc[own].tolist(), things.iloc[alone["thing"]].tolist()))
    return both


def _series(keys: tuple[str, ...]):
    import pandas as pd

    return pd.Series(keys, dtype="string")


def test_a_use_over_an_edge_that_rests_on_the_key_breaks_with_it():
    assert broken("k") == [(["db"], ["db"])]


def test_it_breaks_with_neither_of_two_keys_alone():
    """The edge is derived anew from the other key, whichever it rests on."""
    assert broken("k1", "k2") == [([], []), ([], [])]


@pytest.mark.parametrize("keys", [("k",)])
def test_the_twin_that_does_not_look_past_the_key_misses_it(monkeypatch, keys):
    monkeypatch.setattr(rotation, "_may_fall", lambda *_: False)
    assert broken(*keys) == [([], ["db"])]
