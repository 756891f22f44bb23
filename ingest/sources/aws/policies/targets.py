"""The targets of permissions: resources, principals and accounts, and patterns that match them.

Known resources are those of inventories and every concrete name in a policy. A name pattern
that matches no known resource becomes a resource of its own, so that no grant is lost; so does
a whole service that a policy opens with `*` and of which nothing is known.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from graph.aws.arn import ACCOUNT, Arn, account_id, parse
from graph.aws.patterns import contains, is_wild, overlaps
from graph.aws.resources import containing_resource, names_of
from ingest.sources.aws.export import Export
from ingest.sources.aws.policies.catalogue import Catalogue
from ingest.sources.aws.policies.documents import Document, Statement, fill
from ingest.sources.aws.principals import Principal

TYPES = {"s3": "bucket", "sqs": "queue", "sns": "topic"}  # whose names do not hold a kind


@dataclass(slots=True, eq=False)
class Target:
    """Something that a permission can be on.

    `names` are the resource names (or patterns) that statements match: the thing itself, then its
    parts. `homes` are the accounts whose policies name it, if its own name has no account.
    """

    id: str
    kind: str
    names: tuple[str, ...]
    service: str
    account: str = ""
    type: str = ""
    title: str = ""
    wild: bool = False
    whole_service: bool = False
    homes: set[str] = field(default_factory=set)
    attached_policies: tuple[str, ...] = ()


def is_broad(resource: str) -> bool:
    """Return whether a pattern names no service, such as `*`."""
    arn = parse(resource)
    return is_wild(resource) if arn is None else is_wild(arn.service)


def type_of(arn: Arn) -> str:
    """Return the type of the resource with a name."""
    if arn.service in TYPES and "/" not in arn.resource:
        return TYPES[arn.service]
    kind = arn.kind if re.search("[:/]", arn.resource) else arn.service
    return (arn.service if is_wild(kind) else kind).replace("-", "_")


def variables_open(resource: str, statement: Statement) -> str:
    """Replace the policy variables of a statement's resource by `*`."""
    return resource if statement.literal else fill(resource, {})[0] or resource


class Targets:
    """All targets of one reading, by id.

    `listed` has for each account one name of each sort of thing that an inventory lists there.
    """

    def __init__(self) -> None:
        self.listed: dict[str, dict[tuple[str, str], str]] = {}
        self.resources: dict[str, Target] = {}
        self.principals: dict[str, Target] = {}
        self.accounts: dict[str, Target] = {}

    def __iter__(self) -> Iterator[Target]:
        """Iterate over all targets."""
        yield from self.resources.values()
        yield from self.principals.values()
        yield from self.accounts.values()

    def add_resource(self, id_: str, *, homes: Iterable[str] = (), account: str = "") -> Target:
        """Add the resource of this name unless it exists, and the accounts that name it."""
        if id_ not in self.resources:
            arn = parse(id_)
            assert arn is not None
            wild = is_wild(id_)
            kind = f"{type_of(arn)} pattern" if wild else type_of(arn)
            owner = arn.account if ACCOUNT.fullmatch(arn.account) else account
            title = id_ if wild else arn.name
            self.resources[id_] = Target(
                id_, "resource", names_of(id_), arn.service, owner, kind, title, wild
            )
        self.resources[id_].homes.update(homes)
        return self.resources[id_]

    def add_service(self, service: str, account: str, partition: str) -> Target:
        """Add a resource that represents everything of a service in an account."""
        id_ = f"arn:{partition}:{service}:*:{account}:*"
        if id_ not in self.resources:
            names = (f"arn:{partition}:{service}:*",)
            title = f"all {service} resources"
            self.resources[id_] = Target(
                id_, "resource", names, service, account, f"{service} resources", title, True, True
            )
        return self.resources[id_]


def known_targets(export: Export, owner: Callable[[str], str]) -> Targets:
    """List the accounts, principals and inventoried resources of an export."""
    targets = Targets()
    for person in export.people:
        account = account_id(person.account, person.partition)
        if account not in targets.accounts:
            targets.accounts[account] = Target(
                account, "account", (), "", person.account, "account", person.account
            )
        if person.kind != "root":
            targets.principals[person.arn] = Target(
                person.arn, "principal", (person.arn,), "iam", person.account, person.kind,
                person.name, attached_policies=_own_policies(person),
            )  # fmt: skip
    for thing in export.things.values():
        known = ACCOUNT.fullmatch(thing.account)
        account = thing.account if known else owner(thing.place.file)
        target = targets.add_resource(thing.id, account=account)
        target.type, target.title = thing.type, thing.name
        targets.listed.setdefault(account, {}).setdefault((target.service, target.type), target.id)
    return targets


def _own_policies(person: Principal) -> tuple[str, ...]:
    """Return the attached policies that the account itself manages."""
    parsed = [(p, parse(p)) for p in person.attached]
    return tuple(p for p, arn in parsed if arn and arn.account == person.account != "aws")


@dataclass(frozen=True, slots=True)
class Named:
    """A document in use in an account."""

    account: str
    partition: str
    document: Document


def add_named(targets: Targets, used: Iterable[Named], catalogue: Catalogue) -> set[str]:
    """Add what policies name: concrete resources first, then patterns that match none of them.

    Returns
    -------
    set of str
        Concrete names of users, roles and groups that the export does not have.
    """
    used = list(used)
    unknown: set[str] = set()
    patterns: dict[str, set[str]] = {}
    for named in used:
        for statement in named.document.statements:
            for resource in () if statement.except_resources else statement.resources:
                base = containing_resource(variables_open(resource, statement))
                arn = parse(base)
                if arn is None or is_broad(base) or arn.resource == "root":
                    continue
                if is_wild(base):
                    if statement.allow:
                        patterns.setdefault(base, set()).add(named.account)
                elif arn.is_principal:
                    unknown |= {base} - targets.principals.keys()
                else:
                    targets.add_resource(base, homes=(named.account,))
    _add_patterns(targets, patterns)
    _add_services(targets, used, catalogue)
    return unknown


def _add_patterns(targets: Targets, patterns: dict[str, set[str]]) -> None:
    concrete = [t.names[0] for t in targets.resources.values()] + list(targets.principals)
    for pattern in sorted(patterns):
        if not any(contains(pattern, name) or pattern == name for name in concrete):
            targets.add_resource(pattern, homes=patterns[pattern])


def _add_services(targets: Targets, used: Iterable[Named], catalogue: Catalogue) -> None:
    for named in used:
        have = {
            t.service
            for t in targets.resources.values()
            if not t.wild and (t.account == named.account or named.account in t.homes)
        }
        for statement in named.document.statements:
            if not statement.allow or not any(is_broad(r) for r in statement.resources):
                continue
            for service in sorted(_opened(statement, catalogue) - have):
                targets.add_service(service, named.account, named.partition)


def _opened(statement: Statement, catalogue: Catalogue) -> set[str]:
    """Find the services whose resources a statement on `*` opens by name."""
    if statement.except_actions or statement.except_resources:
        return set()
    opened = set()
    for pattern in statement.actions:
        prefix = pattern.partition(":")[0].lower()
        if prefix in catalogue.named and prefix not in ("iam", "sts"):
            service = catalogue[prefix]
            if service.matched(pattern) & ~service.resourceless:
                opened.add(prefix)
    return opened


def meets(pattern: str, target: Target, name: str, statement: Statement) -> str:
    """Return how much of a target's name a pattern of a statement matches.

    Returns
    -------
    str
        `all` of what bears that name, `part` of it, or empty for nothing.
    """
    if contains(pattern, name):
        return "all"
    if not is_wild(name):
        return ""
    base = containing_resource(variables_open(pattern, statement))
    ours = base == target.names[0] or (not target.wild and contains(base, target.names[0]))
    return "part" if ours and overlaps(pattern, name) else ""
