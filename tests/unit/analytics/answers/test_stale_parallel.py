"""Two steps between the same ends: the one is named that makes the access stale, in any order."""

from typing import Any

import pytest

from tests.support.estates.small_estates import Estate, ago
from tests.support.printed import stale

Step = tuple[str, float, float | None]  # id, days since it was given, and since it was used

FRESH: Step = ("fresh", 300, 1)
OLD: Step = ("old", 300, None)
LATER: Step = ("later", 300, 100)


def facts(step: Step) -> dict[str, Any]:
    id_, given, used = step
    return {"id": id_, "telemetry": "true", "given": ago(given), "used": used}


def by_edges(*steps: Step) -> Estate:
    """Return an agent that runs as an account in several ways; its grant was not used."""
    e = Estate().agent("bot").account("svc").resource("db", "restricted")
    for step in steps:
        row = facts(step)
        used = None if row["used"] is None else ago(row["used"])
        e.link("bot", "RUNS_AS", "svc", id=row["id"], telemetry="true", valid_from=row["given"],
               last_used_at=used)  # fmt: skip
    return e.can("svc", "read", "db", id="grant", telemetry="true", granted_at=ago(400),
                 last_used_at={"read": ago(200)})  # fmt: skip


def by_grants(*steps: Step) -> Estate:
    e = Estate().agent("bot").resource("db", "restricted")
    for step in steps:
        row = facts(step)
        used = {} if row["used"] is None else {"read": ago(row["used"])}
        e.can("bot", "read", "db", id=row["id"], grant_id=row["id"], telemetry="true",
              granted_at=row["given"], last_used_at=used)  # fmt: skip
    return e


def named(e: Estate) -> tuple[str, float, str]:
    (path,) = stale(e.posture())["paths"]
    return path["first_stale"]["id"], path["unused_days"], path["state"]


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ((FRESH, OLD), ("grant", 200, "partly_used")),
        ((OLD, LATER), ("later", 100, "stale")),
        ((OLD, ("an_old", 300, None)), ("an_old", 300, "stale")),
    ],
)
def test_a_step_is_stale_only_if_all_between_its_ends_are(
    steps: tuple[Step, ...], expected: tuple[str, float, str], turned: bool
) -> None:
    assert named(by_edges(*steps[:: -1 if turned else 1])) == expected


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ((OLD, LATER), ("later", 100, "stale")),
        ((OLD, ("newer", 95, None)), ("newer", 95, "unused_since_granted")),
        ((OLD, ("an_old", 300, None)), ("an_old", 300, "unused_since_granted")),
    ],
)
def test_of_two_grants_the_one_used_last_is_named(
    steps: tuple[Step, ...], expected: tuple[str, float, str], turned: bool
) -> None:
    assert named(by_grants(*steps[:: -1 if turned else 1])) == expected


@pytest.mark.parametrize("turned", [False, True])
def test_a_used_step_that_lets_less_through_does_not_stand_for_another(turned: bool) -> None:
    e = Estate().agent("bot").account("svc").resource("db", "restricted")
    rows = [("narrow", "list", ago(1)), ("wide", None, None)]
    for id_, ceiling, used in rows[:: -1 if turned else 1]:
        e.link("bot", "RUNS_AS", "svc", id=id_, telemetry="true", valid_from=ago(300),
               ceiling=ceiling, last_used_at=used)  # fmt: skip
    e.can("svc", "write", "db", id="grant", telemetry="true", granted_at=ago(400),
          last_used_at={"write": ago(2)})  # fmt: skip
    assert named(e) == ("wide", 300, "stale")


@pytest.mark.parametrize("names", [("a", "b"), ("b", "a")])
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("again", [False, True])
def test_of_two_routes_as_long_the_first_by_its_nodes_is_shown(
    names: tuple[str, str], turned: bool, again: bool
) -> None:
    """Whatever the order of rows: over one account to a group, or over another to it."""
    used, unused = names
    e = Estate().agent("bot").account("a", "b").thing("Group", "g").resource("db", "restricted")
    facts = {"telemetry": "true", "valid_from": ago(300)}
    for name in sorted(names, reverse=turned):
        last = ago(1) if name == used else None
        e.link("bot", "RUNS_AS", name, last_used_at=last, **facts)
    for name in sorted(names, reverse=again):
        e.link(name, "MEMBER_OF", "g", **facts)
    e.can("g", "read", "db", telemetry="true", granted_at=ago(300))
    (path,) = stale(e.posture())["paths"]
    assert [step["to"]["id"] for step in path["steps"]] == ["a", "g", "db"]
    assert path["first_stale"]["relationship"] == ("RUNS_AS" if unused == "a" else "MEMBER_OF")
