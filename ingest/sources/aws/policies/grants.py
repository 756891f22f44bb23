"""CAN_ACCESS rows: what the evaluation allows, written as grants.

One row for each holder, policy, target and condition. `actions` has the patterns as the policy
writes them, or, where a denial or a boundary takes part of a pattern away, the actions that
are left; and always, by their exact names, the actions of `escalation` among them.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

from graph.schema import LEVELS
from ingest.rows import Place
from ingest.sources.aws.policies.documents import text_of
from ingest.sources.aws.policies.evaluation import Allowed, Entry, Evaluator, Holder
from ingest.sources.aws.policies.targets import Target

ASSUME = "sts:AssumeRole"


@dataclass(slots=True, eq=False)
class Grant:
    """One CAN_ACCESS row in the making; `services` are those whose actions it grants.

    `id` is short, and the same as long as holder, policy, target and condition are.
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

    @property
    def says(self) -> tuple[object, ...]:
        """What it grants, whoever holds it."""
        return (
            self.policy_id,
            self.target.id,
            self.condition,
            frozenset(self.levels),
            frozenset(self.actions),
        )

    def add(self, levels: Iterable[str], actions: Iterable[str], service: str) -> None:
        """Add what one statement grants."""
        self.levels.update(levels)
        self.actions.update(dict.fromkeys(actions))
        self.services.add(service)

    def merge(self, other: "Grant") -> None:
        """Add what another grant of the same four says."""
        self.levels |= other.levels
        self.actions |= other.actions
        self.services |= other.services

    def sorted_levels(self) -> list[str]:
        """Return the levels from the lowest to the highest."""
        return [level for level in LEVELS if level in self.levels]


def grant_id(holder: str, policy: str | None, target: str, condition: str | None) -> str:
    """Name a grant by what tells it apart."""
    said = "|".join((holder, policy or "", target, condition or ""))
    return f"aws:{hashlib.sha256(said.encode()).hexdigest()[:20]}"


Key = tuple[str | None, str, str | None]
"""Policy, target and condition: what tells the grants of one holder apart."""


@dataclass(slots=True)
class Granted:
    """The grants of one holder.

    `assumes` says for each role on which conditions, and by which grant, it may ask for it.
    """

    grants: dict[Key, Grant] = field(default_factory=dict)
    assumes: dict[str, list[tuple[tuple[str, ...], str]]] = field(default_factory=dict)

    def grant(self, holder: Holder, policy: str | None, target: Target, said: str | None) -> Grant:
        """Return the grant of these four, new if need be."""
        key = (policy, target.id, said)
        if key not in self.grants:
            id_ = grant_id(holder.id, *key)
            self.grants[key] = Grant(id_, holder.id, policy, target, said, holder.place)
        return self.grants[key]

    def drop_empty(self, target: Target) -> None:
        """Drop the grants on a target that say nothing."""
        said = [k for k, g in self.grants.items() if g.target is target]
        for key in said:
            if not self.grants[key].levels and not self.grants[key].actions:
                del self.grants[key]


def granted(evaluator: Evaluator, holder: Holder) -> Granted:
    """Write what a holder may do as grants."""
    result = Granted()
    admin = _account(evaluator, holder, result)
    reached: dict[Target, None] = {}
    for held in holder.held:
        reached |= dict.fromkeys(evaluator.entries(held.document))
    for target in reached:
        if target.kind == "resource":
            found = evaluator.allowed(holder, target)
            add_resource_grants(found, holder, target, result)
        elif target.kind == "principal":
            _principal(evaluator.allowed(holder, target), holder, target, result, admin)
    return result


def _grouped(
    found: Iterable[Allowed],
) -> list[tuple[tuple[str | None, tuple[str, ...]], list[Allowed]]]:
    """Group by policy and conditions, the unconditional first."""
    groups: dict[tuple[str | None, tuple[str, ...]], list[Allowed]] = {}
    for one in found:
        groups.setdefault((one.policy_id, one.terms), []).append(one)
    return sorted(groups.items(), key=lambda g: (g[0][0] or "", len(g[0][1]), g[0][1]))


def add_resource_grants(
    found: list[Allowed], holder: Holder, target: Target, result: Granted
) -> None:
    """Write what is allowed on a resource; a condition counts for the levels it alone gives."""
    free: dict[str | None, set[str]] = {}
    for (policy, terms), group in _grouped(found):
        known = free.setdefault(policy, set())
        levels = set().union(*(a.entry.service.levels(a.bits) for a in group)) - known
        if not terms:
            known |= levels
        elif not levels:
            continue
        grant = result.grant(holder, policy, target, text_of(terms))
        for one in group:
            raised = one.entry.service.levels(one.bits) & levels
            if raised:
                grant.add(raised, written(one), one.entry.service.prefix)


def written(one: Allowed) -> list[str]:
    """Write the actions: as the policy does, or what is left of them, and escalations exactly."""
    entry, service = one.entry, one.entry.service
    said = []
    for text, bits in _patterns(entry):
        left = bits & one.bits
        if left:
            said += [text] if left == bits else service.shown(left)
    return [*said, *_exactly(entry, one.bits)]


def _patterns(entry: Entry) -> list[tuple[str, int]]:
    statement, service = entry.statement, entry.service
    if statement.except_actions:
        return [(f"NotAction({', '.join(statement.actions)})", entry.bits)]
    return [(p, service.matched(p) & entry.bits) for p in statement.actions]


def _exactly(entry: Entry, bits: int) -> list[str]:
    return [name for name, bit in sorted(entry.service.escalates.items()) if bits & bit]


def _principal(
    found: list[Allowed], holder: Holder, target: Target, result: Granted, admin: "_Admin"
) -> None:
    """Write permissions over a principal by their exact names; an administrator has them all."""
    free: dict[str | None, set[str]] = {}
    for (policy, terms), group in _grouped(found):
        known = free.setdefault(policy, set())
        names = {n for a in group for n in _exactly(a.entry, a.bits)} - known
        if not terms:
            known |= names
        if not names:
            continue
        said = text_of(terms)
        by = admin.instead_of(terms)
        if by is None:
            grant = result.grant(holder, policy, target, said)
            grant.actions.update(dict.fromkeys(sorted(names)))
            grant.services |= {n.partition(":")[0] for n in names}
            by = grant.id
        if ASSUME in names:
            result.assumes.setdefault(target.id, []).append((terms, by))


@dataclass(slots=True)
class _Admin:
    """The grants that make a holder administrator of its account: one free, one on condition."""

    free: str | None = None
    conditional: str | None = None

    def instead_of(self, terms: tuple[str, ...]) -> str | None:
        """Return the grant that makes another on these conditions needless."""
        return self.free or (self.conditional if terms else None)


def _account(evaluator: Evaluator, holder: Holder, result: Granted) -> _Admin:
    """Write what holds for the account as a whole, and whether it can be administered."""
    id_ = f"arn:{holder.partition}:iam::{holder.account}:root"
    target = evaluator.targets.accounts[id_]
    found = evaluator.allowed(holder, target)
    wide = [a for a in found if a.entry.role != "iam"]
    free: dict[str | None, set[str]] = {}
    for (policy, terms), group in _grouped(wide):
        known = free.setdefault(policy, set())
        grant = result.grant(holder, policy, target, text_of(terms))
        for one in group:
            _add_wide(grant, one, known)
        if not terms:
            known |= grant.levels | grant.actions.keys()
    result.drop_empty(target)
    return _administer(
        evaluator, holder, target, [a for a in found if a.entry.role == "iam"], result
    )


def _add_wide(grant: Grant, one: Allowed, known: set[str]) -> None:
    """Add account-wide actions; one action alone never makes an administrator."""
    service = one.entry.service
    exact = [n for n in _exactly(one.entry, one.bits) if n not in known]
    if one.entry.role != "wide":
        grant.add((), exact, service.prefix)
        return
    levels = {"write" if x == "admin" else x for x in service.levels(one.bits)} - known
    if levels:
        said = [
            text if bits & one.bits == bits else f"{text} (narrowed)"
            for text, bits in _patterns(one.entry)
            if bits & one.bits
        ]
        grant.add(levels, [*said, *exact], service.prefix)


def _administer(
    evaluator: Evaluator, holder: Holder, target: Target, found: list[Allowed], result: Granted
) -> _Admin:
    """Grant `admin` on the account to whoever may use all of IAM's permission management."""
    needed = evaluator.catalogue["iam"].manages
    admin = _Admin()
    by_policy: dict[str | None, list[Allowed]] = {}
    for one in found:
        by_policy.setdefault(one.policy_id, []).append(one)
    alone = [p for p, group in by_policy.items() if not needed & ~_bits(group)]
    for policy in alone or ([None] if found and not needed & ~_bits(found) else []):
        group = by_policy[policy] if alone else found
        free = [a for a in group if not a.terms]
        group = group if needed & ~_bits(free) else free
        terms = tuple(sorted({t for a in group for t in a.terms}))
        grant = result.grant(holder, policy, target, text_of(terms))
        for one in group:
            grant.add(["admin"], written(one) if needed & ~one.bits else _all(one), "iam")
        if terms:
            admin.conditional = admin.conditional or grant.id
        else:
            admin.free = admin.free or grant.id
    return admin


def _bits(found: Iterable[Allowed]) -> int:
    bits = 0
    for one in found:
        bits |= one.bits
    return bits


def _all(one: Allowed) -> list[str]:
    """Write the patterns that give all of IAM's permission management."""
    return [text for text, bits in _patterns(one.entry) if bits]
