"""The policy input as entities of Cedar (https://docs.cedarpolicy.com/auth/entities-syntax.html).

Things are entities of their label, resources below the resource that contains them. Sets of ids
become sets of references to entities.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from analytics.policies.policy_input import PolicyInput
from graph.schema import RESOURCE

SCOPE, SCOPE_AT = "declared_scope", "declared_scope_at"


def entities(of: PolicyInput) -> list[dict[str, Any]]:
    """Return an entity for each identity and each thing that is used, in Cedar's JSON format."""
    things = (*of.principals.items(), *of.resources.items())
    return merged(_entity(of, thing, facts) for thing, facts in things)


def _entity(of: PolicyInput, thing: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "uid": uid(of.labels[thing], thing),
        "attrs": _attributes({k: v for k, v in facts.items() if k != "parents"}),
        "parents": [uid(RESOURCE.name, parent) for parent in facts.get("parents", ())],
    }


def merged(listed: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return one entity for each thing, with the facts of all entities that stand for it.

    A thing has the facts of an identity where it acts, and those of a resource where it is used.
    """
    made: dict[tuple[str, str], dict[str, Any]] = {}
    for each in listed:
        key = each["uid"]["type"], each["uid"]["id"]
        entity = made.setdefault(key, {"uid": each["uid"], "attrs": {}, "parents": []})
        entity["attrs"] |= each["attrs"]
        entity["parents"] = entity["parents"] or each["parents"]
    return list(made.values())


def uid(kind: str, thing: str) -> dict[str, str]:
    """Return the identifier of an entity."""
    return {"type": kind, "id": thing}


def _attributes(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return attributes in Cedar's form: the resources in a scope are references to entities."""
    made = dict(facts)
    if SCOPE in made:
        made[SCOPE] = _references(made[SCOPE])
        made[SCOPE_AT] = {level: _references(ids) for level, ids in made[SCOPE_AT].items()}
    return made


def _references(ids: list[str]) -> list[dict[str, Any]]:
    return [{"__entity": uid(RESOURCE.name, thing)} for thing in ids]
