"""CAN_ACCESS rows of the results of the evaluation.

One row for each holder, policy, target and condition. `actions` has the patterns as the policy
writes them, or, where a denial or a boundary takes part of a pattern away, the actions that
are left; and always, by their exact names, the actions of `escalation` among them.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

from graph.aws.actions import Service
from graph.schema import LEVELS
from ingest.rows import Place
from ingest.sources.aws.policies.documents import text_of
from ingest.sources.aws.policies.evaluation import Allowed, Entry, Evaluator, Holder
from ingest.sources.aws.policies.targets import Target

ASSUME = "sts:AssumeRole"


@dataclass(slots=True, eq=False)
class Grant:
    """One CAN_ACCESS row in the making; `services` are those whose actions it grants.

    `id` is a short hash of holder, policy, target and condition. For resources, `on` has the
    actions by the names, or patterns of names, that the policy gives them on, and `bits` the
    same as bits of each service.
    """

    id: str
    holder: str
    policy_id: str | None
    target: Target
    condition: str | None
    place: Place
    levels: set[str] = field(default_factory=set)
    actions: dict[str, None] = field(default_factory=dict)
    services: set[str] = field(default_factory=set)
    on: dict[str, dict[str, None]] = field(default_factory=dict)
    bits: dict[tuple[str, Service], int] = field(default_factory=dict)

    @property
    def content(self) -> tuple[object, ...]:
        """Its content without the holder, for comparison."""
        return (
            self.policy_id,
            self.target.id,
            self.condition,
            frozenset(self.levels),
            frozenset(self.actions),
            frozenset((name, frozenset(actions)) for name, actions in self.on.items()),
        )

    def add(self, levels: Iterable[str], actions: Iterable[str], service: str) -> None:
        """Add the levels and actions of one statement."""
        self.levels.update(levels)
        self.actions.update(dict.fromkeys(actions))
        self.services.add(service)

    def note(self, permission: Allowed, actions: Iterable[str]) -> None:
        """Note on which name of the target the actions of one statement are given."""
        name, service = permission.entry.region.name, permission.entry.service
        self.on.setdefault(name, {}).update(dict.fromkeys(actions))
        self.bits[name, service] = self.bits.get((name, service), 0) | permission.bits

    def merge(self, other: "Grant") -> None:
        """Add the levels and actions of another grant with the same key."""
        self.levels |= other.levels
        self.actions |= other.actions
        self.services |= other.services
        for name, actions in other.on.items():
            self.on.setdefault(name, {}).update(actions)
        for key, bits in other.bits.items():
            self.bits[key] = self.bits.get(key, 0) | bits

    def actions_on(self) -> dict[str, list[str]] | None:
        """Return the actions by name; None if all of them on all names would be no more."""
        wide = self.on.keys() <= set(self.target.names) and not self._excepting
        if not self.on or (wide and self._same_everywhere()):
            return None
        return {name: list(self.on[name]) for name in sorted(self.on)}

    @property
    def _excepting(self) -> bool:
        return any(action.startswith("NotAction(") for action in self.actions)

    def _same_everywhere(self) -> bool:
        for service in {service for _, service in self.bits}:
            every = 0
            for action in self.actions:
                every |= service.matched(action)
            for name in self.target.names:
                if every & service.acting_on(name) & ~self.bits.get((name, service), 0):
                    return False
        return True

    def sorted_levels(self) -> list[str]:
        """Return the levels from the lowest to the highest."""
        return [level for level in LEVELS if level in self.levels]


def grant_id(holder: str, policy: str | None, target: str, condition: str | None) -> str:
    """Return the id of a grant: a hash of its key."""
    key = "|".join((holder, policy or "", target, condition or ""))
    return f"aws:{hashlib.sha256(key.encode()).hexdigest()[:20]}"


@dataclass(slots=True)
class Admin:
    """The grants that make a holder administrator of its account: unconditional, conditional."""

    free: str | None = None
    conditional: str | None = None

    def instead_of(self, terms: tuple[str, ...]) -> str | None:
        """Return the grant that includes any other on these conditions."""
        return self.free or (self.conditional if terms else None)


Key = tuple[str | None, str, str | None]
"""Policy, target and condition: the key of a grant among those of one holder."""


@dataclass(slots=True)
class Granted:
    """The grants of one holder.

    `assumes` has for each role the conditions and the grants by which it may be requested, `admin`
    the grants of administration.
    """

    grants: dict[Key, Grant] = field(default_factory=dict)
    assumes: dict[str, list[tuple[tuple[str, ...], str]]] = field(default_factory=dict)
    admin: Admin = field(default_factory=Admin)

    @property
    def content(self) -> tuple[object, ...]:
        """Its content without the holder: the grants, and which roles may be asked for how."""
        return (
            {grant.content for grant in self.grants.values()},
            {(role, terms) for role, ways in self.assumes.items() for terms, _ in ways},
        )

    def grant(
        self, holder: Holder, policy: str | None, target: Target, condition: str | None
    ) -> Grant:
        """Return the grant with this key, which is created if it is missing."""
        key = (policy, target.id, condition)
        if key not in self.grants:
            id_ = grant_id(holder.id, *key)
            self.grants[key] = Grant(id_, holder.id, policy, target, condition, holder.place)
        return self.grants[key]

    def drop_empty(self, target: Target) -> None:
        """Drop the grants on a target without levels and actions."""
        keys = [k for k, g in self.grants.items() if g.target is target]
        for key in keys:
            if not self.grants[key].levels and not self.grants[key].actions:
                del self.grants[key]


def granted(evaluator: Evaluator, holder: Holder) -> Granted:
    """Return the grants of a holder."""
    result = Granted()
    result.admin = _account(evaluator, holder, result)
    reached: dict[Target, None] = {}
    for policy in holder.policies:
        reached |= dict.fromkeys(evaluator.entries(policy.document))
    for target in reached:
        if target.kind == "resource":
            permissions = evaluator.allowed(holder, target)
            add_resource_grants(permissions, holder, target, result)
        elif target.kind == "principal":
            add_principal_grants(evaluator.allowed(holder, target), holder, target, result)
    return result


def _grouped(
    permissions: Iterable[Allowed],
) -> list[tuple[tuple[str | None, tuple[str, ...]], list[Allowed]]]:
    """Group by policy and conditions, the unconditional first."""
    groups: dict[tuple[str | None, tuple[str, ...]], list[Allowed]] = {}
    for permission in permissions:
        groups.setdefault((permission.policy_id, permission.terms), []).append(permission)
    return sorted(groups.items(), key=lambda g: (g[0][0] or "", len(g[0][1]), g[0][1]))


def add_resource_grants(
    permissions: list[Allowed], holder: Holder, target: Target, result: Granted
) -> None:
    """Add grants on a resource; a conditional one only for levels that no other gives."""
    free: dict[str | None, set[str]] = {}
    for (policy, terms), group in _grouped(permissions):
        known = free.setdefault(policy, set())
        levels = set().union(*(a.entry.service.levels(a.bits) for a in group)) - known
        if not terms:
            known |= levels
        elif not levels:
            continue
        grant = result.grant(holder, policy, target, text_of(terms))
        for permission in group:
            raised = permission.entry.service.levels(permission.bits) & levels
            if raised:
                actions = written(permission)
                grant.add(raised, actions, permission.entry.service.prefix)
                grant.note(permission, actions)


def written(permission: Allowed) -> list[str]:
    """Return the actions: patterns of the policy, or the rest of them, and escalations exactly."""
    entry, service = permission.entry, permission.entry.service
    actions = []
    for text, bits in _patterns(entry):
        left = bits & permission.bits
        if left:
            actions += [text] if left == bits else service.shown(left)
    return [*actions, *_exactly(entry, permission.bits)]


def _patterns(entry: Entry) -> list[tuple[str, int]]:
    statement, service = entry.statement, entry.service
    if statement.except_actions:
        return [(f"NotAction({', '.join(statement.actions)})", entry.bits)]
    return [(p, service.matched(p) & entry.bits) for p in statement.actions]


def _exactly(entry: Entry, bits: int) -> list[str]:
    return [name for name, bit in sorted(entry.service.escalates.items()) if bits & bit]


def add_principal_grants(
    permissions: list[Allowed], holder: Holder, target: Target, result: Granted
) -> None:
    """Add permissions on a principal by their exact names; an administrator has all of them."""
    free: dict[str | None, set[str]] = {}
    for (policy, terms), group in _grouped(permissions):
        known = free.setdefault(policy, set())
        names = {n for a in group for n in _exactly(a.entry, a.bits)} - known
        if not terms:
            known |= names
        if not names:
            continue
        condition = text_of(terms)
        by = result.admin.instead_of(terms)
        if by is None:
            grant = result.grant(holder, policy, target, condition)
            grant.actions.update(dict.fromkeys(sorted(names)))
            grant.services |= {n.partition(":")[0] for n in names}
            by = grant.id
        if ASSUME in names:
            result.assumes.setdefault(target.id, []).append((terms, by))


def _account(evaluator: Evaluator, holder: Holder, result: Granted) -> Admin:
    """Add grants on the account as a whole, and return those of its administration."""
    id_ = f"arn:{holder.partition}:iam::{holder.account}:root"
    target = evaluator.targets.accounts[id_]
    permissions = evaluator.allowed(holder, target)
    wide = [a for a in permissions if a.entry.role != "iam"]
    free: dict[str | None, set[str]] = {}
    for (policy, terms), group in _grouped(wide):
        known = free.setdefault(policy, set())
        grant = result.grant(holder, policy, target, text_of(terms))
        for permission in group:
            _add_wide(grant, permission, known)
        if not terms:
            known |= grant.levels | grant.actions.keys()
    result.drop_empty(target)
    return _administer(
        evaluator, holder, target, [a for a in permissions if a.entry.role == "iam"], result
    )


def _add_wide(grant: Grant, permission: Allowed, known: set[str]) -> None:
    """Add account-wide actions; one action alone never makes an administrator."""
    service = permission.entry.service
    exact = [n for n in _exactly(permission.entry, permission.bits) if n not in known]
    if permission.entry.role != "wide":
        grant.add((), exact, service.prefix)
        return
    levels = {"write" if x == "admin" else x for x in service.levels(permission.bits)} - known
    if levels:
        actions = [
            text if bits & permission.bits == bits else f"{text} (narrowed)"
            for text, bits in _patterns(permission.entry)
            if bits & permission.bits
        ]
        grant.add(levels, [*actions, *exact], service.prefix)


def _administer(
    evaluator: Evaluator,
    holder: Holder,
    target: Target,
    permissions: list[Allowed],
    result: Granted,
) -> Admin:
    """Grant `admin` on the account to whoever may use all of IAM's permission management."""
    needed = evaluator.catalogue["iam"].manages
    admin = Admin()
    by_policy: dict[str | None, list[Allowed]] = {}
    for permission in permissions:
        by_policy.setdefault(permission.policy_id, []).append(permission)
    alone = [p for p, group in by_policy.items() if not needed & ~_bits(group)]
    for policy in alone or ([None] if permissions and not needed & ~_bits(permissions) else []):
        group = by_policy[policy] if alone else permissions
        free = [a for a in group if not a.terms]
        group = group if needed & ~_bits(free) else free
        terms = tuple(sorted({t for a in group for t in a.terms}))
        grant = result.grant(holder, policy, target, text_of(terms))
        for permission in group:
            grant.add(
                ["admin"],
                written(permission) if needed & ~permission.bits else _all(permission),
                "iam",
            )
        if terms:
            admin.conditional = admin.conditional or grant.id
        else:
            admin.free = admin.free or grant.id
    return admin


def _bits(permissions: Iterable[Allowed]) -> int:
    bits = 0
    for permission in permissions:
        bits |= permission.bits
    return bits


def _all(permission: Allowed) -> list[str]:
    """Return the patterns that give all of IAM's permission management."""
    return [text for text, bits in _patterns(permission.entry) if bits]
