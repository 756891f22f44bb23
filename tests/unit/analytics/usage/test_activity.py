"""Last uses of nodes and steps, as a log states them."""

import numpy as np
import pytest

from analytics.usage.activity import lately
from analytics.usage.unused_levels import unused_levels
from graph.instants import DAY, NEVER
from graph.schema import CAN_ACCESS, LEVELS, USE_EVENT
from tests.support.estates.small_estates import Estate, ago

KNOWN: tuple[tuple[tuple[str, str, str], ...], ...] = (
    (),
    (("key", "AUTHENTICATES_AS", "svc"),),
    (("bot", "USES", "key"),),
)


@pytest.mark.parametrize("user", ["svc", "bot"])
@pytest.mark.parametrize("links", KNOWN, ids=("nothing", "its account", "its agent"))
def test_a_credential_was_used_when_a_log_names_it(
    links: tuple[tuple[str, str, str], ...], user: str
) -> None:
    """Whatever else is known of it: what it opens, and who has it, may be stated nowhere."""
    estate = Estate().agent("bot").account("svc").resource("x")
    estate.thing("Credential", "key", "other").can("svc", "read", "x")
    for link in links:
        estate.link(*link)
    event = {"principal": user, "credential": "key", "resource": "x", "level": "read"}
    posture = estate.add(USE_EVENT, id="u", at=ago(3), **event).posture()
    used = {name: int(posture.activity.node[posture.graph.find(name)]) for name in ("key", "other")}
    assert used["key"] >= 0
    fact = posture.activity.fact(used["key"], posture.graph)
    assert fact is not None
    assert fact["id"] == "u"
    assert used["other"] == -1


def test_a_use_of_just_ninety_days_ago_is_of_lately() -> None:
    graph = Estate().agent("bot").posture().graph
    days = np.array([0, 90, 90]) * DAY + [0, 0, 1]
    mask = lately(graph, np.append(graph.now - days, NEVER), 90)
    assert mask.tolist() == [True, True, False, False]


def test_of_the_same_use_seen_twice_the_later_counts() -> None:
    estate = Estate().agent("bot").resource("x").can("bot", "read", "x")
    for name, days in (("later", 3), ("earlier", 9)):
        event = {"principal": "bot", "resource": "x", "level": "read"}
        estate.add(USE_EVENT, id=name, at=ago(days), **event)
    posture = estate.posture()
    place = int(posture.activity.node[posture.graph.find("bot")])
    fact = posture.activity.fact(place, posture.graph)
    assert fact is not None
    assert fact["id"] == "later"


def seen_at_once(turned: bool) -> Estate:
    """Return what a log, grants and steps saw in use at one instant, in either order of rows."""
    estate = Estate().agent("bot", "held").account("a", "b").resource("x").resource("y")
    events = [("u1", "y"), ("u2", "x")]
    for name, resource in reversed(events) if turned else events:
        event = {"principal": "bot", "resource": resource, "level": "read"}
        estate.add(USE_EVENT, id=name, at=ago(3), **event)
    ends = [("a", "g2"), ("b", "g1")]
    estate.thing("Group", "g")
    for account, grant in reversed(ends) if turned else ends:
        used = {"grant_id": grant, "telemetry": True, "last_used_at": {"read": ago(3)}}
        estate.can("held", "read", "x", **used)
        estate.link(account, "MEMBER_OF", grant[0], rule=grant, last_used_at=ago(4))
    return estate


def test_what_is_shown_of_uses_at_one_instant_does_not_follow_the_order_of_rows() -> None:
    """The last of the rows was named as the fact that tells of the last use."""
    named = []
    for turned in (False, True):
        posture = seen_at_once(turned).posture()
        graph, act = posture.graph, posture.activity
        places = [act.node[graph.find(name)] for name in ("bot", "held", "a", "g")]
        facts = [act.fact(int(place), graph) for place in places]
        named.append([fact and fact["id"] for fact in facts])
    assert named[0] == named[1]
    assert named[0][0] == "u1", "of several things used at once the last by its id"


@pytest.mark.parametrize("telemetry", [None, True])
@pytest.mark.parametrize("summed", [False, True])
def test_a_use_of_no_level_may_have_been_of_each(summed: bool, telemetry: bool | None) -> None:
    """The grant was called unused. Twin: one that says that its use would be seen."""
    estate = Estate().agent("bot").account("svc").resource("x").link("bot", "RUNS_AS", "svc")
    estate.can("svc", "read write", "x", granted_at=ago(200), telemetry=telemetry)
    estate.resource("y").can("svc", "read", "y", granted_at=ago(200))
    if summed:
        estate.link("svc", "USED", "x", first_at=ago(4), last_at=ago(3))
    else:
        event = {"principal": "svc", "resource": "x", "action": "frobnicate", "outcome": "success"}
        estate.add(USE_EVENT, id="u", at=ago(3), **event)
    posture = estate.posture()
    act, names = posture.activity, posture.graph.frames[CAN_ACCESS]["target_id"].tolist()
    x, y = names.index("x"), names.index("y")
    assert (act.last_granted == NEVER).all(), "of no level for certain"
    unused = unused_levels(posture)
    bits = {"read": 1 << LEVELS.index("read"), "write": 1 << LEVELS.index("write")}
    assert unused[x] == (sum(bits.values()) if telemetry else 0)
    assert unused[y] == bits["read"], "another resource was not used"
