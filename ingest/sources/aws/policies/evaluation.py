"""Evaluation of policies: what is allowed, after denials and permission boundaries.

An action is allowed on a resource if a statement allows it, none denies it, and the boundary,
where there is one, allows it too. Conditions about the caller alone are decided; with any other a
permission is conditional, and a denial makes the permissions that it covers conditional.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from graph.aws import escalation
from graph.aws.actions import Service, known_services
from graph.aws.arn import parse
from graph.aws.patterns import contains, is_wild, overlaps
from graph.aws.resources import containing_resource
from graph.values import canonical
from ingest.rows import Place
from ingest.sources.aws.policies.accounts import CLOSED, HAS_LISTS, across
from ingest.sources.aws.policies.catalogue import Catalogue
from ingest.sources.aws.policies.decided import decided, holds
from ingest.sources.aws.policies.documents import Document, Statement, term, unless
from ingest.sources.aws.policies.regions import Region, covers, region_of, touches
from ingest.sources.aws.policies.targets import (
    Target,
    Targets,
    is_broad,
    meets,
)

# Paths of roles that only AWS changes: those of services, and of IAM Identity Center.
# https://repost.aws/knowledge-center/identity-center-aws-reserved-sso
CHANGED_BY_AWS = (":role/aws-service-role/", ":role/aws-reserved/")


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """The actions of one statement on one target; `role` is its kind (see `Evaluator`)."""

    statement: Statement
    service: Service
    bits: int
    region: Region
    role: str
    broad: bool


@dataclass(frozen=True, slots=True)
class HeldPolicy:
    """A policy of a holder; the root user's own has no id."""

    policy_id: str | None
    document: Document


@dataclass(frozen=True, slots=True)
class Boundary:
    """A permission boundary; its document is None if the export lacks it."""

    arn: str
    document: Document | None


@dataclass(slots=True, eq=False)
class Holder:
    """A holder of policies, with its denials and boundary."""

    id: str
    account: str
    partition: str
    place: Place
    policies: list[HeldPolicy]
    denying: tuple[Document, ...] = ()
    boundary: Boundary | None = None
    unique_id: str = ""
    denials: dict[str, list[tuple[int, Statement]]] = field(default_factory=dict)


Part = tuple[int, tuple[str, ...]]
"""Some actions, as bits, and the conditions that must hold for them."""


@dataclass(frozen=True, slots=True, eq=False)
class Allowed:
    """Actions that a holder has on a target by one statement, on some conditions."""

    policy_id: str | None
    entry: Entry
    bits: int
    terms: tuple[str, ...]


class Evaluator:
    """Evaluates documents against targets, each document once.

    The roles of entries: `on` a resource or principal; `wide` for actions of an account as a
    whole; `create` and `take` for actions that make, or take over, something that runs as a
    role; `iam` for IAM as a whole.
    """

    def __init__(self, targets: Targets, catalogue: Catalogue) -> None:
        self.targets = targets
        self.catalogue = catalogue
        self._masks: dict[tuple[Statement, str], int] = {}
        self._by_prefix: dict[Statement, dict[str, list[str]]] = {}
        self._entries: dict[Document, dict[Target, list[Entry]]] = {}
        self._escalating: dict[tuple[str, frozenset[str]], int] = {}
        self.denied_by_resource: Callable[[Holder, Target], Sequence[Statement]] = _nobody
        self.admitted_by_resource: Callable[[Holder, Target], Sequence[Entry] | None] = _unknown

    def mask(self, statement: Statement, service: Service) -> int:
        """Return the actions of a service that a statement covers."""
        key = (statement, service.prefix)
        if key not in self._masks:
            bits = 0
            for pattern in self._patterns(statement, service.prefix):
                bits |= service.matched(pattern)
            self._masks[key] = service.every & ~bits if statement.except_actions else bits
        return self._masks[key]

    def _patterns(self, statement: Statement, prefix: str) -> list[str]:
        if statement not in self._by_prefix:
            index: dict[str, list[str]] = {}
            for pattern in statement.actions:
                own = pattern.partition(":")[0].lower()
                index.setdefault("*" if is_wild(own) else own, []).append(pattern)
            self._by_prefix[statement] = index
        index = self._by_prefix[statement]
        return index.get(prefix, []) + index.get("*", [])

    def entries(self, document: Document) -> dict[Target, list[Entry]]:
        """Return the entries of a document by target, without denials and boundaries."""
        if document not in self._entries:
            entries_by_target: dict[Target, list[Entry]] = {}
            for statement in document.statements:
                if statement.allow:
                    for target, entry in self._reached(statement):
                        entries_by_target.setdefault(target, []).append(entry)
            self._entries[document] = entries_by_target
        return self._entries[document]

    def _reached(self, statement: Statement) -> Iterator[tuple[Target, Entry]]:
        for target, number, region, broad in self._meant(statement):
            for service in self._services(target, statement, broad=broad):
                mask = self.mask(statement, service)
                bits = mask and mask & self._applicable(service, target, number, region)
                if bits:
                    yield target, Entry(statement, service, bits, region, "on", broad)
        for account in self.targets.accounts.values():
            for entry in self._account_wide(statement, account):
                yield account, entry

    def _services(
        self, target: Target, statement: Statement, *, broad: bool
    ) -> tuple[Service, ...]:
        """Return the services with actions on a target; of unknown resources, only named ones."""
        if broad and target.service not in known_services() and "*" not in statement.actions:
            return ()
        if target.kind == "principal":
            return self.catalogue["iam"], self.catalogue["sts"]
        if target.whole_service:
            return (self.catalogue[target.service],)
        return self.catalogue.acting_on(target.service, by_name=not broad)

    def _applicable(self, service: Service, target: Target, number: int, region: Region) -> int:
        acting = service.acting_on(_names(target)[number])
        if target.kind != "principal":
            for base in region.bases:  # a part of what bears the name, such as the indexes
                acting &= service.acting_on(base)
            return acting
        names = escalation.ON_POLICY if number else escalation.ON_PRINCIPAL
        if any(path in target.id for path in CHANGED_BY_AWS):
            names &= escalation.ON_CHANGED_BY_AWS
        return acting & self.escalating(service, names)

    def escalating(self, service: Service, names: frozenset[str]) -> int:
        """Return those of some escalation actions that belong to a service."""
        key = (service.prefix, names)
        if key not in self._escalating:
            bits = [bit for name, bit in service.escalates.items() if name in names]
            self._escalating[key] = sum(bits)
        return self._escalating[key]

    def _meant(self, statement: Statement) -> Iterator[tuple[Target, int, Region, bool]]:
        """Yield the targets that a statement's resources match, with the matching names."""
        if statement.except_resources:
            yield from self._all_but(statement)
            return
        for pattern in statement.resources:
            broad = is_broad(pattern)
            for target in self._candidates(pattern):
                for number, name in enumerate(_names(target)):
                    how = "all" if pattern == "*" else meets(pattern, target, name, statement)
                    if how:
                        yield target, number, region_of(pattern, name, how), broad

    def _candidates(self, pattern: str) -> Iterable[Target]:
        base = containing_resource(pattern)
        if is_wild(base):
            return self._things()
        target = self.targets.resources.get(base) or self.targets.principals.get(base)
        policies = [t for t in self.targets.principals.values() if base in t.attached_policies]
        return [*([target] if target else []), *policies]

    def _things(self) -> Iterator[Target]:
        yield from self.targets.resources.values()
        yield from self.targets.principals.values()

    def _all_but(self, statement: Statement) -> Iterator[tuple[Target, int, Region, bool]]:
        for target in self._things():
            for number, name in enumerate(_names(target)):
                if not any(contains(r, name) for r in statement.resources):
                    excluded = tuple(r for r in statement.resources if overlaps(r, name))
                    yield target, number, Region((name,), excluded), True

    def _account_wide(self, statement: Statement, account: Target) -> Iterator[Entry]:
        """Yield the entries of a statement for an account beyond its known resources."""
        patterns = ("*",) if statement.except_resources else statement.resources
        wild = [p for p in patterns if is_wild(p) and _can_be_of(p, account)]
        if not wild:
            return
        for service in self._in_play():
            mask = self.mask(statement, service)
            for pattern in wild if mask else ():
                yield from self._of_account(statement, service, mask, pattern, account)

    def _in_play(self) -> list[Service]:
        return [self.catalogue[p] for p in sorted(self.catalogue.named | {"iam", "sts", "s3"})]

    def _of_account(
        self, statement: Statement, service: Service, mask: int, pattern: str, account: Target
    ) -> Iterator[Entry]:
        excluded = statement.resources if statement.except_resources else ()
        everything = contains(pattern, "*")
        acting = mask if everything else mask & service.acting_on(pattern)
        region = Region((pattern,), excluded)
        senses = [("create", acting & self.escalating(service, escalation.CREATES), region)]
        if everything or _kind_wide(pattern):
            takes = acting & self.escalating(service, escalation.TAKES)
            senses.append(("take", takes & ~self._on_listed(service, account), region))
        if everything:
            senses.append(("wide", mask & self._wide(service), Region(("*",), literal=True)))
        name = account.id.removesuffix("root") + "*"
        left_out = any(contains(e, name) for e in excluded)
        if service.prefix == "iam" and contains(pattern, name) and not left_out:
            senses.append(("iam", mask & service.manages, Region((name,), literal=True)))
        for role, bits, of in senses:
            if bits:
                yield Entry(statement, service, bits, of, role, True)

    def _on_listed(self, service: Service, account: Target) -> int:
        """Return the actions on compute that is there, where an inventory lists it.

        They are entries of each listed thing, where denials and regions count.
        """
        bits = 0
        for name in self.targets.listed.get(account.account, {}).values():
            bits |= service.acting_on(name)
        return bits & self.escalating(service, escalation.ON_EXISTING)

    def _wide(self, service: Service) -> int:
        """Return the actions on the account: on no resource, or on IAM's own records.

        Actions on a principal or a policy are entries of the principal.
        """
        if service.prefix != "iam":
            return service.resourceless
        on_identities = escalation.ON_PRINCIPAL | escalation.ON_POLICY
        return service.every & ~self.escalating(service, on_identities)

    def allowed(self, holder: Holder, target: Target) -> list[Allowed]:
        """Return the permissions of a holder on a target, policy by policy."""
        permissions: list[Allowed] = []
        admitted = self._admitted(holder, target)
        if admitted is not None and not admitted and target.service != HAS_LISTS:
            return permissions
        more = self.denied_by_resource(holder, target)
        for policy in holder.policies:
            for entry in self.entries(policy.document).get(target, ()):
                own = term(entry.statement.condition)
                for limit, terms in across(holder, target, entry, admitted):
                    for bits, rest in self.narrowed(
                        holder, entry, (*terms, *own), more_denying=more
                    ):
                        if bits & limit:
                            permissions.append(Allowed(policy.policy_id, entry, bits & limit, rest))
        return permissions

    def _admitted(self, holder: Holder, target: Target) -> Sequence[Entry] | None:
        """Return what the policy of another account's resource, or of a key, allows, if known."""
        if target.kind != "resource":
            return None
        asked = target.service == CLOSED or target.account not in ("", holder.account)
        return self.admitted_by_resource(holder, target) if asked else None

    def narrowed(
        self,
        holder: Holder,
        entry: Entry,
        terms: tuple[str, ...],
        *,
        more_denying: Sequence[Statement] = (),
        bounded: bool = True,
    ) -> list[Part]:
        """Remove what is denied to the holder, or outside the boundary, and decided terms."""
        parts: list[Part] = [(entry.bits, terms)]
        for bits, statement in self._denials(holder, entry.service):
            if bits & entry.bits:
                parts = self._without(parts, statement, entry)
        for statement in more_denying:
            parts = self._without(parts, statement, entry)
        if bounded:
            parts = self._within(parts, holder, entry)
        left = [(had, decided(rest, holder.id, holder.unique_id)) for had, rest in parts]
        return [(had, rest) for had, rest in left if rest is not None]

    def _denials(self, holder: Holder, service: Service) -> list[tuple[int, Statement]]:
        """Return the holder's denials of a service, with the denied actions."""
        if service.prefix not in holder.denials:
            denials = [s for d in holder.denying for s in d.statements if not s.allow]
            masked = [(self.mask(s, service), s) for s in denials]
            holder.denials[service.prefix] = [(bits, s) for bits, s in masked if bits]
        return holder.denials[service.prefix]

    def _without(self, parts: list[Part], denial: Statement, entry: Entry) -> list[Part]:
        bits = self.mask(denial, entry.service) & entry.bits
        if not bits or not covers(denial, entry.region):
            return parts
        left = [(had & ~bits, terms) for had, terms in parts]
        if denial.condition:
            exception = unless(denial.condition)
            left += [(had & bits, _joined(terms, exception)) for had, terms in parts]
        return [(had, terms) for had, terms in left if had]

    def _within(self, parts: list[Part], holder: Holder, entry: Entry) -> list[Part]:
        boundary = holder.boundary
        if boundary is None:
            return parts
        if boundary.document is None:
            limit = f"permission boundary {boundary.arn} not in the export"
            return [(had, _joined(terms, canonical({"Unknown": limit}))) for had, terms in parts]
        free, bound = 0, []
        for statement in boundary.document.statements:
            if statement.allow and touches(statement, entry.region):
                bits = self.mask(statement, entry.service)
                verdict = holds(statement.condition, holder.id, holder.unique_id)
                if verdict is None:
                    bound.append((bits, statement.condition))
                elif verdict:
                    free |= bits
        inside = [(had & free, terms) for had, terms in parts]
        for bits, condition in bound:
            limit = canonical({"PermissionsBoundary": condition})
            inside += [(had & bits & ~free, _joined(terms, limit)) for had, terms in parts]
            free |= bits
        return [(had, terms) for had, terms in inside if had]


def _nobody(holder: Holder, target: Target) -> Sequence[Statement]:
    return ()


def _unknown(holder: Holder, target: Target) -> Sequence[Entry] | None:
    return None


def _joined(terms: tuple[str, ...], added: str) -> tuple[str, ...]:
    return tuple(sorted({*terms, added}))


def _names(target: Target) -> tuple[str, ...]:
    """Return the names of a target: those of a principal include its policies."""
    return (*target.names, *target.attached_policies)


def _can_be_of(pattern: str, account: Target) -> bool:
    """Return whether a pattern can name something of an account; many names hold no account."""
    arn = parse(pattern)
    return arn is None or not arn.account or overlaps(arn.account, account.account)


def _kind_wide(pattern: str) -> bool:
    """Return whether a pattern matches everything of its kind, such as `...:function:*`."""
    arn = parse(pattern)
    return arn is not None and arn.resource in ("*", f"{arn.kind}/*", f"{arn.kind}:*")
