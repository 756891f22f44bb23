"""Conditions about the caller alone: what they say of a user or role whose name is known.

A group is none: it never calls. Every caller may choose an encrypted connection.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from graph.aws.arn import parse
from graph.aws.conditions import Facts, left, verdict

KIND = {"user": "User", "role": "AssumedRole"}  # as `aws:PrincipalType` has it


@lru_cache(maxsize=65_536)
def decided(terms: tuple[str, ...], caller: str) -> tuple[str, ...] | None:
    """Return the terms that stay undecided for a caller; None if one of them does not hold.

    >>> user = "arn:aws:iam::123456789012:user/ann"
    >>> decided(('{"Unless":{"StringEquals":{"aws:username":"ann"}}}',), user) is None
    True
    """
    facts = _facts(caller) if terms else None
    return terms if facts is None else left(terms, facts)


def holds(condition: Mapping[str, Any] | None, caller: str) -> bool | None:
    """Return whether a statement's condition holds for a caller; None if that is undecided."""
    if not condition:
        return True
    facts = _facts(caller)
    return None if facts is None else verdict(condition, facts)


@lru_cache(maxsize=65_536)
def _facts(caller: str) -> Facts | None:
    """Return what a request of a user or role has for certain; None for any other caller."""
    arn = parse(caller)
    if arn is None or not arn.is_principal or arn.kind not in KIND:
        return None
    return {
        "aws:principalarn": caller,
        "aws:principalaccount": arn.account,
        "aws:principaltype": KIND[arn.kind],
        "aws:principalisawsservice": "false",
        "aws:username": arn.resource.rsplit("/", 1)[-1] if arn.kind == "user" else None,
        "aws:securetransport": "true",
    }
