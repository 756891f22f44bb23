"""A small house, and the manifest of a modest agent for it, which is fine in each part."""

import copy
import json
from pathlib import Path
from typing import Any

from tests.support.estates.small_estates import Estate, ago

MODEST: dict[str, Any] = {
    "agent": {
        "name": "close-bot",
        "kind": "ai_agent",
        "purpose": "monthly close",
        "environment": "prod",
        "runs_on": "cluster-1",
        "expires_at": ago(-30),
        "review_every_days": 30,
    },
    "owners": {"business": "ann", "technical": "bob", "sponsor": "cy"},
    "credentials": [{"type": "client_secret", "storage": "vault", "rotated_every_days": 30}],
    "access": [{"resource": "wiki", "levels": ["read"], "until": ago(-30), "why": "calendar"}],
    "tools": [{"name": "search", "scopes": ["search:read"]}],
    "delegates_to": ["helper"],
    "acts_for": ["ann"],
    "revocation": {"how": "disable the workload", "by": "bob", "within": "1h"},
    "autonomy": {"execution_autonomy": 0.5},
}


def house() -> Estate:
    """State people, three resources of different classes, and who has what of them."""
    e = Estate().person("ann", "bob", "cy", status="active").person("zed", left=ago(100))
    for name, sensitivity in (("wiki", "internal"), ("papers", "confidential")):
        e.resource(name, sensitivity, env="prod")
    e.resource("ledger", "restricted", env="prod").resource("attic", None, env="prod")
    e.thing("Group", "readers").can("readers", "read", "papers")
    e.thing("Role", "keeper", env="prod").can("keeper", "read write admin", "ledger")
    e.agent("helper", "resident", env="prod").owned("resident", "ann", "bob")
    e.agent("idle", status="disabled").thing("Team", "crew", "desk")
    e.resource("keys", "internal", type="secret_store", env="prod")
    for team, person in (("crew", "ann"), ("crew", "bob"), ("desk", "ann")):
        e.link(person, "MEMBER_OF", team)
    e.thing("Tool", "search", approved=True, status="active").thing("Tool", "shady", approved=False)
    return e.thing("Tool", "odd").can("resident", "read", "wiki")


def but(**parts: Any) -> dict[str, Any]:
    """Return the modest manifest with other parts; None leaves a part out."""
    made = {**copy.deepcopy(MODEST), **parts}
    return {name: part for name, part in made.items() if part is not None}


def about(**facts: Any) -> dict[str, Any]:
    """Return the modest manifest with other facts of the agent; None leaves one out."""
    facts = {**MODEST["agent"], **facts}
    return but(agent={name: fact for name, fact in facts.items() if fact is not None})


def written(folder: Path, manifest: Any, name: str = "agent.json") -> Path:
    """Write a manifest as JSON."""
    path = folder / name
    path.write_text(json.dumps(manifest))
    return path
