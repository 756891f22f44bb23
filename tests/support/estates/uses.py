"""Small worlds in which one use is stated, in each of the ways in which a use can be stated.

An agent `bot` holds the key `K` of the account `svc`, which may read `db`. In each world the
same use is stated once, by another fact; what the fact tells of beside the agent is listed.
"""

from collections.abc import Callable, Mapping
from typing import Any

from graph.schema import USE_EVENT
from tests.support.estates.small_estates import Estate, ago

LONG = 300  # days since anything was made
Fact = Callable[[dict[str, dict[str, object]], Estate, str], None]


def _on(part: str, name: str) -> Fact:
    def state(facts: dict[str, dict[str, object]], _: Estate, at: str) -> None:
        facts[part][name] = {"read": at} if part == "grant" else at

    return state


def _event(who: str, **more: object) -> Fact:
    def state(_: dict[str, dict[str, object]], e: Estate, at: str) -> None:
        facts = {"principal": who, "resource": "db", "level": "read", "action": "read", **more}
        e.add(USE_EVENT, id=f"{who} {sorted(more)}", at=at, **facts)

    return state


def _sum(who: str) -> Fact:
    def state(_: dict[str, dict[str, object]], e: Estate, at: str) -> None:
        e.link(who, "USED", "db", level="read", first_at=at, last_at=at, count=3)

    return state


WAYS: dict[str, Fact] = {
    "the agent acted": _on("bot", "last_active_at"),
    "the agent was used": _on("bot", "last_used_at"),
    "the account acted": _on("svc", "last_active_at"),
    "the account was used": _on("svc", "last_used_at"),
    "the key was used": _on("K", "last_used_at"),
    "the agent used the key": _on("uses", "last_used_at"),
    "the key signed in": _on("login", "last_used_at"),
    "the grant was used": _on("grant", "last_used_at"),
    "an event of the agent": _event("bot"),
    "an event of the agent by its key": _event("bot", credential="K"),
    "an event of the account": _event("svc"),
    "an event of the account by its key": _event("svc", credential="K"),
    "an event of the key": _event("K"),
    "a sum of the agent": _sum("bot"),
    "a sum of the account": _sum("svc"),
    "a sum of the key": _sum("K"),
}
OF_AGENT = ("the agent acted", "the agent was used")
OF_RESOURCE = tuple(w for w in WAYS if w.startswith(("an event", "a sum", "the grant")))
OF_KEY = tuple(w for w in WAYS if "key" in w)


def world(
    seen: Mapping[str, float],
    agents: tuple[str, ...] = ("bot",),
    telemetry: bool | None = None,
    **estate: Any,
) -> Estate:
    """Make the world; each of `agents` holds the key, and `seen` says how many days ago by way."""
    e = Estate(**estate)
    parts = ("bot", "svc", "K", "uses", "login", "grant")
    facts: dict[str, dict[str, object]] = {part: {} for part in parts}
    for way, days in seen.items():
        WAYS[way](facts, e, ago(days))
    e.thing("Human", "ann").resource("db", "restricted")
    for agent in agents:
        mine = facts["bot"] if agent == "bot" else {}
        e.agent(agent, created_at=ago(LONG), **mine).owned(agent, "ann", "ann", since=ago(LONG))
        e.link(agent, "USES", "K", **(facts["uses"] if agent == "bot" else {}))
    e.account("svc", created_at=ago(LONG), **facts["svc"])
    e.thing("Credential", "K", type="access_key", created_at=ago(LONG), **facts["K"])
    e.link("K", "AUTHENTICATES_AS", "svc", **facts["login"])
    said = {} if telemetry is None else {"telemetry": telemetry}
    return e.can("svc", "read", "db", granted_at=ago(LONG), **said, **facts["grant"])
