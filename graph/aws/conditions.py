"""Conditions of AWS policies: what they say where some keys of a request are known.

A test of a key that is not known, an operator for several values, and a value with a variable stay
undecided.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from graph.aws.patterns import compiled, contains, is_wild, overlaps
from graph.values import canonical

Facts = Mapping[str, str | None]
"""The known keys of a request, in lower case; None is a key that it does not have.

A value with `*` is any of these, as the caller chooses: the name of a session.
"""

VARIABLE = "${"
IF_EXISTS = "ifexists"
OPPOSITE = {  # operators that hold where none of their values fits
    "stringnotequals": "stringequals",
    "stringnotequalsignorecase": "stringequalsignorecase",
    "stringnotlike": "stringlike",
    "arnnotequals": "arnlike",
    "arnnotlike": "arnlike",
}
SAME = {"arnequals": "arnlike"}
ARN_PARTS = 6
ALL_OF = "AllOf"


def left(terms: tuple[str, ...], facts: Facts) -> tuple[str, ...] | None:
    """Return the conditions, as JSON, that stay undecided; None if one of them does not hold.

    >>> left(('{"StringEquals":{"aws:username":"ann"}}',), {"aws:username": "ann"})
    ()
    """
    verdicts = {term: _term(json.loads(term), facts) for term in terms}
    if False in verdicts.values():
        return None
    return tuple(term for term in terms if verdicts[term] is None)


def left_of(text: str, facts: Facts) -> str | None:
    """Return what stays undecided of the text of a condition; None if it does not hold."""
    try:
        document = json.loads(text) if text else {}
    except ValueError:
        return text
    all_of = document.get(ALL_OF) if isinstance(document, dict) else None
    parts = all_of if isinstance(all_of, list) else [document] if text else []
    rest = left(tuple(map(canonical, parts)), facts)
    if rest is None or len(rest) == len(parts):
        return None if rest is None else text
    if not rest:
        return ""
    return rest[0] if len(rest) == 1 else canonical({ALL_OF: [*map(json.loads, rest)]})


def _term(term: Any, facts: Facts) -> bool | None:
    if not isinstance(term, dict):
        return None
    if term.keys() == {"Unless"}:
        answer = verdict(term["Unless"], facts)
        return None if answer is None else not answer
    bounded = term.keys() == {"PermissionsBoundary"}
    return verdict(term["PermissionsBoundary"] if bounded else term, facts)


def verdict(condition: Any, facts: Facts) -> bool | None:
    """Return whether a condition holds: False as soon as one test does not, None if unknown."""
    if not isinstance(condition, dict):
        return None
    verdicts = [
        _test(operator.lower(), facts[key.lower()], values) if key.lower() in facts else None
        for operator, tests in condition.items()
        for key, values in (tests if isinstance(tests, dict) else {"": tests}).items()
    ]
    return False if False in verdicts else None if None in verdicts else True


def _test(operator: str, actual: str | None, values: Any) -> bool | None:
    listed = [str(v).lower() if isinstance(v, bool) else v for v in _listed(values)]
    wanted = [v for v in listed if isinstance(v, str) and VARIABLE not in v]
    if not wanted or len(wanted) != len(listed):
        return None
    if operator == "null":
        answers = {v.lower(): (actual is None) is (v.lower() == "true") for v in wanted}
        return any(answers.values()) if answers.keys() <= {"true", "false"} else None
    name = operator.removesuffix(IF_EXISTS)
    negated = name in OPPOSITE
    if actual is None:  # a value that is absent fits nothing
        known = SAME.get(name, OPPOSITE.get(name, name)) in (*OPPOSITE.values(), "bool")
        return (negated or name != operator) if known else None
    fits = [_fits(SAME.get(name, OPPOSITE.get(name, name)), actual, value) for value in wanted]
    if True in fits:
        return not negated
    return None if None in fits else negated


def _listed(values: Any) -> list[Any]:
    return values if isinstance(values, list) else [values]


def _fits(operator: str, actual: str, value: str) -> bool | None:
    """Return whether one value of a test fits; None for an operator that is not decided."""
    if is_wild(actual):
        pattern = value if operator == "stringlike" else re.sub("[*?]", "-", value)
        fits = operator in ("stringequals", "stringlike")
        return _fits_any(pattern, actual) if fits else None
    if operator == "stringequals":
        return value == actual
    if operator in ("stringequalsignorecase", "bool"):
        return value.lower() == actual.lower()
    if operator == "stringlike":
        return compiled(value).fullmatch(actual) is not None
    if operator == "arnlike":
        parts, has = value.split(":", ARN_PARTS - 1), actual.split(":", ARN_PARTS - 1)
        if len(parts) != ARN_PARTS or len(has) != ARN_PARTS:
            return None  # no name of a resource
        fitting = (compiled(p).fullmatch(h) for p, h in zip(parts, has, strict=True))
        return all(match is not None for match in fitting)
    return None


def _fits_any(pattern: str, actual: str) -> bool | None:
    """Return whether all, or none, of what a caller may choose fits; None if some of it does."""
    if contains(pattern, actual):
        return True
    return None if overlaps(pattern, actual) else False
