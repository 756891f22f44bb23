"""What the policies of a Cedar set can tell apart, by their JSON form.

https://docs.cedarpolicy.com/policies/json-format.html
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from analytics.engines.policy_set import Mentions

CONTEXT, PRINCIPAL, RESOURCE = ({"Var": name} for name in ("context", "principal", "resource"))
ENDS = (PRINCIPAL, RESOURCE)
NOW = "now"
COMPARED = ("<", "<=", ">", ">=", "==", "!=")
WITH_LITERALS = ("==", "!=", "in")


class _Mentioned:
    """The parts of `Mentions`, as they are collected."""

    def __init__(self) -> None:
        self.attributes: set[str] = set()
        self.tested: set[str] = set()
        self.scopes: set[str] = set()
        self.literals: set[tuple[str, str]] = set()
        self.valued: set[str] = set()
        self.presence: set[str] = set()
        self.now_against: set[int | str] = set()
        self.now_exact = self.everything = False
        self.principal_itself = self.resource_itself = False


def mentions_of(policies: Iterable[Mapping[str, Any]]) -> Mentions:
    """Return what policies in the JSON form of Cedar mention.

    >>> body = {"has": {"left": {"Var": "context"}, "attr": "why"}}
    >>> when = {"conditions": [{"kind": "when", "body": body}]}
    >>> mentions_of([when]).presence
    frozenset({'why'})
    """
    noted = _Mentioned()
    for policy in policies:
        for part in ("principal", "action", "resource"):
            noted.literals.update(_entities(policy.get(part)))
        for condition in policy.get("conditions", ()):
            _note(condition.get("body"), noted)
    return Mentions(
        attributes=frozenset(noted.attributes),
        tested=frozenset(noted.tested - noted.attributes),
        scopes=frozenset(noted.scopes),
        literals=frozenset(noted.literals),
        principal_itself=noted.principal_itself,
        resource_itself=noted.resource_itself,
        valued=frozenset(noted.valued),
        presence=frozenset(noted.presence - noted.valued),
        now_against=frozenset(noted.now_against),
        now_exact=noted.now_exact,
        everything=noted.everything,
    )


def _note(body: Any, noted: _Mentioned) -> None:
    """Walk an expression, without recursion: policies of others may be nested deeply."""
    left_to_see = [body]
    while left_to_see:
        node = left_to_see.pop()
        if isinstance(node, list):
            left_to_see.extend(node)
        elif isinstance(node, Mapping):
            noted.everything |= node == CONTEXT  # the context as a whole
            noted.principal_itself |= node == PRINCIPAL
            noted.resource_itself |= node == RESOURCE
            for operator, given in node.items():
                left_to_see.extend(_noted(operator, given, noted))


def _noted(operator: str, given: Any, noted: _Mentioned) -> list[Any]:
    """Note what one operator mentions; return the expressions below it that are not noted yet."""
    if operator == "Value":
        noted.literals.update(_entities(given))
        return []
    if not isinstance(given, Mapping):
        return [given]
    sides = [given.get("left"), given.get("right")]
    if operator in COMPARED and _is_now(sides[0]) != _is_now(sides[1]):
        other = sides[1] if _is_now(sides[0]) else sides[0]
        against = _against(other)
        if against is not None:
            noted.now_against.add(against)
            noted.presence.update([against] if isinstance(against, str) else [])
            return []
    if operator in (".", "has") and "attr" in given:
        return _attribute(operator, given, noted)
    if operator == "is" and given.get("left") in ENDS:  # the type is always told apart
        within = given.get("in")
        return [] if within is None else [{"in": {"left": given["left"], "right": within}}]
    if operator in WITH_LITERALS and any(side in ENDS for side in sides):
        return _about_an_end(operator, sides, noted)
    return list(given.values())


def _about_an_end(operator: str, sides: list[Any], noted: _Mentioned) -> list[Any]:
    """Note a comparison of the principal or the resource with entities, or with a scope."""
    end, other = sides if sides[0] in ENDS else sides[::-1]
    if operator == "in" and end is sides[0]:
        scope = _path(other)
        if end == RESOURCE and scope is not None:
            noted.scopes.add(scope)
            return []
    if _is_literal(other) and (operator != "in" or end is sides[0]):
        noted.literals.update(_entities(other))
        return []
    return sides


def _is_literal(node: Any) -> bool:
    match node:
        case {"Value": {"__entity": _}}:
            return True
        case {"Set": list(nodes)}:
            return all(map(_is_literal, nodes))
    return False


def _path(node: Any) -> str | None:
    """Return the path of an attribute of the principal, such as `a.b`."""
    steps: list[str] = []
    while isinstance(node, Mapping) and isinstance(node.get("."), Mapping):
        steps.append(str(node["."].get("attr")))
        node = node["."].get("left")
    return ".".join(reversed(steps)) if steps and node == PRINCIPAL else None


def _entities(value: Any) -> Iterator[tuple[str, str]]:
    """Yield the entities named anywhere in a value, by type and id."""
    left_to_see = [value]
    while left_to_see:
        node = left_to_see.pop()
        if isinstance(node, list):
            left_to_see.extend(node)
        elif isinstance(node, Mapping):
            if isinstance(node.get("type"), str) and isinstance(node.get("id"), str):
                yield node["type"], node["id"]
            left_to_see.extend(node.values())


def _attribute(operator: str, given: Mapping[str, Any], noted: _Mentioned) -> list[Any]:
    left, steps = given.get("left"), given["attr"]
    steps = list(map(str, steps)) if isinstance(steps, list) else [str(steps)]
    if left != CONTEXT:
        tested = operator == "has" and len(steps) == 1 and left in ENDS
        (noted.tested if tested else noted.attributes).update(steps)
        return [] if left in ENDS else [left]
    if operator == "has" and len(steps) == 1:
        noted.presence.add(steps[0])
    elif steps[0] == NOW:
        noted.now_exact = True
    else:
        noted.valued.add(steps[0])
    return []


def _is_now(node: Any) -> bool:
    return bool(node == {".": {"left": CONTEXT, "attr": NOW}})


def _against(node: Any) -> int | str | None:
    """Return what an instant is compared with, if it is a number or a name in the context."""
    match node:
        case {"Value": int(number)} if not isinstance(number, bool):
            return number
        case {".": {"left": {"Var": "context"}, "attr": str(name)}}:
            return name
    return None
