"""Last uses of nodes and steps, as a log states them."""

import numpy as np
import pytest

from analytics.usage.activity import lately
from graph.instants import DAY, NEVER
from graph.schema import USE_EVENT
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
