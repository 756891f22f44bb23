"""The type of a policy format, and what it is given to write: one allowance for each permission."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from analytics.remediation.policy.aws_actions import Wanted
from graph.schema import CALLS


class UnknownFormat(Exception):
    """A format of policies that is not known."""

    exit_code, code = 2, "usage"


@dataclass(frozen=True)
class Thing:
    """A node, as an answer shows it; `kind` is the type of a resource or the kind of a tool."""

    id: str
    label: str
    name: str
    kind: str | None = None


@dataclass(frozen=True)
class Allowance:
    """A permission that is kept.

    `levels` are the kept ones, `actions` those of the grant that are kept, as its source names
    them. `conditions` are the texts of the grant's own conditions, `step_conditions` those of the
    steps to `holder`. `ends_at` is in milliseconds since 1970. `activation`: it must be activated
    first. `pattern`: the target stands for a pattern of names. `wanted` is what AWS's own table is
    asked for. `granted_actions` are all that the grant names; `actions_on` those on each name or
    pattern of names, where not all of them are on all of the target.
    """

    id: str
    relationship: str
    holder: Thing
    target: Thing
    levels: tuple[str, ...]
    actions: tuple[str, ...]
    conditions: tuple[str, ...]
    step_conditions: tuple[str, ...]
    activation: bool
    ends_at: int | None
    pattern: bool
    wanted: Wanted
    granted_actions: tuple[str, ...]
    actions_on: dict[str, list[str]] | None = None

    @property
    def verbs(self) -> tuple[str, ...]:
        """The kept levels; `call` for a call, and the actions of a grant without a level."""
        if self.relationship == CALLS.name:
            return ("call",)
        return self.levels or self.actions

    @property
    def requirements(self) -> tuple[str, ...]:
        """The texts of all conditions: its own, and those of the steps to the holder."""
        return tuple(dict.fromkeys((*self.conditions, *self.step_conditions)))


@dataclass(frozen=True)
class Draft:
    """What a format writes: the kept permissions of an identity, and the things it loses."""

    identity: Thing
    allowances: Sequence[Allowance]
    dropped: Sequence[Thing]


@dataclass(frozen=True)
class Written:
    """A policy, and the allowances that its language cannot state, by id, with the reason.

    `documents` are the parts in which it can be attached, each with `holder`, `policy`,
    `characters` and `fits`; none if the policy is attached as it is. `limit` are the characters
    of a document.
    """

    policy: Any
    not_written: dict[str, str]
    documents: list[dict[str, Any]] = field(default_factory=list)
    limit: int | None = None


@dataclass(frozen=True)
class Format:
    """A language of policies. `by_action`: a policy decides by actions, not by levels alone."""

    name: str
    write: Callable[[Draft], Written]
    by_action: bool
