"""What the policies of a Cedar set can tell apart, by their JSON form.

https://docs.cedarpolicy.com/policies/json-format.html
"""

from collections.abc import Iterator, Mapping
from typing import Any

from analytics.engines.policy_set import Mentions

CONTEXT = {"Var": "context"}
NOW = "now"
COMPARED = ("<", "<=", ">", ">=", "==", "!=")


class _Mentioned:
    """The parts of `Mentions`, as they are collected."""

    def __init__(self) -> None:
        self.attributes: set[str] = set()
        self.valued: set[str] = set()
        self.presence: set[str] = set()
        self.now_against: set[int | str] = set()
        self.now_exact = False
        self.everything = False


def mentions_of(policies: Iterator[Mapping[str, Any]]) -> Mentions:
    """Return what policies in the JSON form of Cedar mention.

    >>> body = {"has": {"left": {"Var": "context"}, "attr": "why"}}
    >>> when = {"conditions": [{"kind": "when", "body": body}]}
    >>> mentions_of(iter([when])).presence
    frozenset({'why'})
    """
    noted = _Mentioned()
    for policy in policies:
        for condition in policy.get("conditions", ()):
            _note(condition.get("body"), noted)
    return Mentions(
        frozenset(noted.attributes),
        frozenset(noted.valued),
        frozenset(noted.presence - noted.valued),
        frozenset(noted.now_against),
        noted.now_exact,
        noted.everything,
    )


def _note(body: Any, noted: _Mentioned) -> None:
    """Walk an expression, without recursion: policies of others may be nested deeply."""
    left_to_see = [body]
    while left_to_see:
        node = left_to_see.pop()
        if isinstance(node, list):
            left_to_see.extend(node)
        elif isinstance(node, Mapping):
            if node == CONTEXT:
                noted.everything = True  # the context as a whole
            for operator, given in node.items():
                left_to_see.extend(_noted(operator, given, noted))


def _noted(operator: str, given: Any, noted: _Mentioned) -> list[Any]:
    """Note what one operator mentions; return the expressions below it that are not noted yet."""
    if operator == "Value":
        return []
    if not isinstance(given, Mapping):
        return [given]
    sides = given.get("left"), given.get("right")
    if operator in COMPARED and _is_now(sides[0]) != _is_now(sides[1]):
        other = sides[1] if _is_now(sides[0]) else sides[0]
        against = _against(other)
        if against is not None:
            noted.now_against.add(against)
            noted.presence.update([against] if isinstance(against, str) else [])
            return []
    if operator in (".", "has") and "attr" in given:
        return _attribute(operator, given, noted)
    return list(given.values())


def _attribute(operator: str, given: Mapping[str, Any], noted: _Mentioned) -> list[Any]:
    steps = given["attr"] if isinstance(given["attr"], list) else [given["attr"]]
    first = str(steps[0])
    if given.get("left") != CONTEXT:
        noted.attributes.update(map(str, steps))
        return [given.get("left")]
    if operator == "has" and len(steps) == 1:
        noted.presence.add(first)
    elif first == NOW:
        noted.now_exact = True
    else:
        noted.valued.add(first)
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
