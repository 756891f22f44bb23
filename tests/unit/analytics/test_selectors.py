"""Selectors: which things a command or a page means."""

import pytest

from analytics.selectors import WrongSelector, select
from graph.access import AmbiguousThing, UnknownThing
from tests.support.estates.small_estates import Estate


def _estate() -> Estate:
    e = Estate().agent("bot", env="prod").agent("old", status="deleted", env="prod")
    e.account("svc", env="test").thing("Role", "admin")
    e.resource("jewel", "restricted").resource("plain", "internal").resource("unknown")
    e.resource("plane", None, control_plane="true", env=" Production")
    return e.resource("open plane", "public", control_plane="true")


def _chosen(*selectors: str) -> set[str]:
    posture = _estate().posture()
    return {posture.graph.thing(int(n))["id"] for n in select(posture, selectors)}


@pytest.mark.parametrize(
    ("selectors", "expected"),
    [
        (["all-agents"], {"bot"}),
        (["crown-jewels"], {"jewel", "plane", "open plane"}),
        (["label:ServiceAccount"], {"svc"}),
        (["label:serviceaccount"], {"svc"}),
        (["env:prod"], {"bot", "plane"}),
        (["env:Production"], {"bot", "plane"}),
        (["env:test", "label:Role", "jewel"], {"svc", "admin", "jewel"}),
        (["old"], {"old"}),
        (["BOT", "bot"], {"bot"}),
        ([], set()),
    ],
)
def test_a_selector_means_these_things(selectors, expected):
    assert _chosen(*selectors) == expected


@pytest.mark.parametrize(
    ("selector", "error", "said"),
    [
        ("label:Robot", WrongSelector, "Agent, ServiceAccount"),
        ("env:moon", WrongSelector, "known: prod, test$"),
        ("env:", WrongSelector, "known: prod, test$"),
        ("bott", UnknownThing, "bot"),
    ],
)
def test_a_selector_that_means_nothing_is_refused_with_what_there_is(selector, error, said):
    with pytest.raises(error, match=said) as refused:
        _chosen("all-agents", selector)
    assert refused.value.exit_code == 2


def test_a_name_that_two_things_have_is_refused():
    e = Estate().agent("a1", name="twin").agent("a2", name="twin")
    with pytest.raises(AmbiguousThing):
        select(e.posture(), ["twin"])
