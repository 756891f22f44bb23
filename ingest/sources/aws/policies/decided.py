"""Conditions about the caller alone: what they say of a user or role whose name is known.

A group is none: it never calls. Every caller may choose an encrypted connection.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from graph.aws.arn import parse
from graph.aws.conditions import Facts, left, verdict

# Keys that only requests of services of AWS have, made for somebody.
OF_SERVICES = (
    "aws:sourcearn",
    "aws:sourceaccount",
    "aws:sourceorgid",
    "aws:sourceorgpaths",
    "aws:principalservicename",
    "aws:principalservicenameslist",
)
KIND = {"user": "User", "role": "AssumedRole"}  # as `aws:PrincipalType` has it


@lru_cache(maxsize=65_536)
def decided(terms: tuple[str, ...], caller: str, unique_id: str = "") -> tuple[str, ...] | None:
    """Return the terms that stay undecided for a caller; None if one of them does not hold.

    `unique_id` is the caller's, if it is known.

    >>> user = "arn:aws:iam::123456789012:user/ann"
    >>> decided(('{"Unless":{"StringEquals":{"aws:username":"ann"}}}',), user) is None
    True
    """
    facts = _facts(caller, unique_id) if terms else None
    return terms if facts is None else left(terms, facts)


def holds(condition: Mapping[str, Any] | None, caller: str, unique_id: str = "") -> bool | None:
    """Return whether a statement's condition holds for a caller; None if that is undecided."""
    if not condition:
        return True
    facts = _facts(caller, unique_id)
    return None if facts is None else verdict(condition, facts)


@lru_cache(maxsize=65_536)
def _facts(caller: str, unique_id: str) -> Facts | None:
    """Return what a request of a user or role has for certain; None for any other caller."""
    arn = parse(caller)
    if arn is None or not arn.is_principal or arn.kind not in KIND:
        return None
    user = arn.kind == "user"
    facts: dict[str, str | None] = {
        **dict.fromkeys(OF_SERVICES),
        "aws:principalarn": caller,
        "aws:principalaccount": arn.account,
        "aws:principaltype": KIND[arn.kind],
        "aws:principalisawsservice": "false",
        "aws:username": arn.resource.rsplit("/", 1)[-1] if user else None,
        "aws:securetransport": "true",
    }
    if unique_id:  # of a role with the name of the session, which whoever takes it chooses
        facts["aws:userid"] = unique_id if user else f"{unique_id}:*"
    return facts
