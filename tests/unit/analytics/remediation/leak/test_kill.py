"""What ends a leak, and which footholds may outlive it."""

import numpy as np
import pytest

from analytics.remediation.leak.kill import ended_by, kill_set_of_leak
from analytics.remediation.leak.opened import opened
from analytics.remediation.leak.outliving import Outliving, outliving
from tests.support.estates.small_estates import Estate, ago


def killed(estate: Estate, *keys: str) -> list[tuple[str, str]]:
    posture = estate.posture()
    rows = kill_set_of_leak(posture, numbers(posture, *keys))
    names = posture.graph.things["id"].iloc[rows["thing"]]
    return list(zip(names, rows["kind"], strict=True))


def left(estate: Estate, *keys: str) -> tuple[Outliving, dict[str, tuple[str, str]]]:
    """Return the footholds by name, each with who hands it on and how."""
    posture = estate.posture()
    leaked = numbers(posture, *keys)
    ended = ended_by(kill_set_of_leak(posture, leaked))
    after = outliving(posture, opened(posture, leaked).reach, ended)
    name = posture.graph.things["id"].iloc
    rows = after.footholds
    ways = zip(rows["thing"], rows["by"], rows["relationship"], strict=True)
    return after, {name[thing]: (name[by], how) for thing, by, how in ways}


def numbers(posture, *keys: str) -> np.ndarray:
    return np.array(sorted(posture.graph.number(key) for key in keys))


def family(made: str | None) -> Estate:
    """State a key of an agent that spawned another, which has a key and an account of its own."""
    e = Estate().agent("parent", created_at=ago(300)).agent("child", created_at=made)
    e.thing("Credential", "k", created_at=ago(100)).thing("Credential", "child-key")
    e.account("child-svc").resource("r", "restricted").link("k", "AUTHENTICATES_AS", "parent")
    e.link("parent", "SPAWNS", "child").link("child", "USES", "child-key")
    return e.link("child", "RUNS_AS", "child-svc").can("child-svc", "read", "r")


@pytest.mark.parametrize("made", [ago(50), ago(100), None], ids=["later", "same", "unknown"])
def test_an_agent_that_the_key_may_have_made_ends_with_all_that_it_has(made):
    assert killed(family(made), "k") == [
        ("child-key", "credential"),
        ("k", "credential"),
        ("parent", "sessions"),
        ("child", "child"),
        ("child-svc", "account"),
    ]
    assert left(family(made), "k")[1] == {}


def test_the_twin_an_older_child_stays_and_may_have_been_changed():
    assert killed(family(ago(200)), "k") == [("k", "credential"), ("parent", "sessions")]
    after, footholds = left(family(ago(200)), "k")
    assert footholds["child"] == ("parent", "SPAWNS")
    assert footholds["child-key"] == ("child", "USES")
    assert after.footholds["weighted"].max() == 30


def test_a_secret_that_the_key_could_read_outlives_it():
    e = Estate().account("svc", "other").thing("Credential", "k", "inner").resource("vault")
    e.resource("r", "restricted").link("k", "AUTHENTICATES_AS", "svc").can("svc", "read", "vault")
    e.link("inner", "STORED_IN", "vault").link("inner", "AUTHENTICATES_AS", "other")
    e.can("other", "write", "r")
    after, footholds = left(e, "k")
    assert footholds == {"inner": ("svc", "CONTROLS")}
    assert after.footholds["rule"].tolist() == ["X1"]
    assert after.footholds["weighted"].tolist() == [90]
    assert left(e, "k", "inner")[1] == {}


def test_a_secret_that_cannot_be_copied_does_not_outlive_it():
    e = Estate().agent("bot").account("svc").thing("Credential", "k").resource("r")
    e.thing("Credential", "bound", type="federated").link("k", "AUTHENTICATES_AS", "bot")
    e.link("bot", "USES", "bound").link("bound", "AUTHENTICATES_AS", "svc").can("svc", "read", "r")
    assert left(e, "k")[1] == {}


def test_a_foothold_keeps_no_more_than_its_step_passes_on():
    e = Estate().account("svc", "adm").thing("Credential", "k").resource("r", "restricted")
    e.link("k", "AUTHENTICATES_AS", "svc").can("adm", "read admin", "r")
    e.link("svc", "CONTROLS", "adm", ceiling="read")
    after, footholds = left(e, "k")
    assert footholds == {"adm": ("svc", "CONTROLS")}
    assert after.footholds["weighted"].tolist() == [30]


def test_a_foothold_that_needs_the_dead_key_itself_reaches_nothing():
    """The other account could come back only by the key that is gone."""
    e = Estate().account("svc").agent("bot").thing("Credential", "k").resource("r", "restricted")
    e.link("k", "AUTHENTICATES_AS", "svc").can("svc", "read", "r").link("svc", "CONTROLS", "bot")
    e.link("bot", "USES", "k")
    after, footholds = left(e, "k")
    assert footholds == {"bot": ("svc", "CONTROLS")}
    assert after.footholds["weighted"].tolist() == [0]


def test_what_others_act_as_too_is_marked():
    e = Estate().agent("bot").account("svc").thing("Credential", "k")
    e.link("k", "AUTHENTICATES_AS", "svc").link("bot", "RUNS_AS", "svc")
    posture = e.posture()
    rows = kill_set_of_leak(posture, numbers(posture, "k"))
    assert rows["shared"].tolist() == [False, True]
