"""The facts that support steps: source, ends, and policy, role or action of each."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from analytics.answers.shape import plain
from analytics.posture import Posture
from graph.element import Relationship
from graph.schema import RELATIONSHIPS
from graph.values import among, strict_json

STATED = {"policy_id": "policy", "role_name": "role", "action": "action", "condition": "condition"}
LISTS = ("actions", "levels")


def with_facts(posture: Posture, steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return steps with `rests_on`: the facts of their support, or the fact of the step itself.

    A fact is `{id, from, relationship, to, source, scope}` and, if declared, `policy`, `role`,
    `action`, `condition`, `actions` and `levels`, and if known the `file` that it was read from
    with the `place` in it.
    """
    wanted = {fact_id for step in steps for fact_id in _ids(step)}
    facts = {fact["id"]: fact for fact in stated(posture, wanted)}
    return [
        step | {"rests_on": [facts[fact_id] for fact_id in _ids(step) if fact_id in facts]}
        for step in steps
    ]


def _ids(step: dict[str, Any]) -> list[str]:
    return list(step["support"]) or ([step["id"]] if step["id"] else [])


def stated(posture: Posture, ids: Iterable[str]) -> list[dict[str, Any]]:
    """Return the facts of the relationships with these ids, in no particular order."""
    wanted = set(ids)
    facts: list[dict[str, Any]] = []
    for relationship in RELATIONSHIPS if wanted else ():
        frame = posture.graph.frames[relationship]
        rows = np.flatnonzero(among(frame["id"], wanted))
        places = _places(posture, relationship, wanted) if len(rows) else {}
        for row in rows:
            fact = _fact(posture, relationship, int(row))
            facts.append(fact | places.get((fact["id"], fact["source"], fact["scope"]), {}))
    return facts


def _places(
    posture: Posture, relationship: Relationship, ids: Iterable[str]
) -> dict[tuple[str, str, str], dict[str, Any]]:
    """Return the file and the place of facts by id, source and scope, as far as they are known."""
    rows = posture.graph.origins(relationship, ids).itertuples(index=False, name=None)
    return {
        (id_, source, scope): {"file": file} | ({} if pd.isna(place) else {"place": place})
        for id_, source, scope, file, place in rows
    }


def _fact(posture: Posture, relationship: Relationship, place: int) -> dict[str, Any]:
    graph = posture.graph
    row = graph.frames[relationship].iloc[place]
    ends = [graph.thing(int(numbers[place])) for numbers in graph.ends(relationship)]
    fact: dict[str, Any] = {
        "id": row["id"],
        "from": ends[0],
        "relationship": relationship.name,
        "to": ends[1],
        "source": row["source"],
        "scope": row["scope"],
    }
    for column, name in STATED.items():
        if column in row.index and (value := plain(row[column])) is not None:
            fact[name] = value
    for column in LISTS:
        if column in row.index and (value := plain(row[column])):
            fact[column] = strict_json(value)
    return fact
