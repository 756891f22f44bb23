"""Cedar export (https://docs.cedarpolicy.com): `entities.json`, and an example `policies.cedar`.

Identities are entities of their label, resources of the type `Resource`, below the resource that
contains them; actions are the access levels, such as `Action::"write"`.
"""

import json
from pathlib import Path
from typing import Any

from analytics.posture import Posture
from app.cli.exchange.policy_input import PolicyInput, policy_input
from graph.files.private import private_folder, private_text
from graph.schema import RESOURCE

POLICIES = Path(__file__).with_name("example.cedar")


def save(posture: Posture, path: Path) -> int:
    """Write both files to the folder `path`; return the number of entities."""
    made = entities(policy_input(posture))
    private_folder(path)
    text = json.dumps(made, ensure_ascii=False, allow_nan=False, indent=1, sort_keys=True)
    with private_text(path / "entities.json") as out:
        out.write(f"{text}\n")
    with private_text(path / POLICIES.name.replace("example", "policies")) as out:
        out.write(POLICIES.read_text(encoding="utf-8"))
    return len(made)


def entities(of: PolicyInput) -> list[dict[str, Any]]:
    """Return the entities, in the JSON format of Cedar."""
    principals = [
        {"uid": _uid(of.labels[thing], thing), "attrs": _attributes(facts), "parents": []}
        for thing, facts in of.principals.items()
    ]
    resources = [
        {
            "uid": _uid(RESOURCE.name, thing),
            "attrs": {name: value for name, value in facts.items() if name != "parents"},
            "parents": [_uid(RESOURCE.name, parent) for parent in facts["parents"]],
        }
        for thing, facts in of.resources.items()
    ]
    return principals + resources


def _uid(kind: str, thing: str) -> dict[str, str]:
    return {"type": kind, "id": thing}


def _attributes(facts: dict[str, Any]) -> dict[str, Any]:
    """Return attributes in Cedar's form: the resources in a scope are references to entities."""
    scope = facts.get("declared_scope")
    if scope is None:
        return facts
    allowed = {
        level: [{"__entity": _uid(RESOURCE.name, thing)} for thing in things]
        for level, things in scope.items()
    }
    return facts | {"declared_scope": allowed}
