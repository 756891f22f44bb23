"""Bindings as grants: on what a policy is of, and on what is known to lie within it."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from graph.schema import CAN_ACCESS, GROUP, HUMAN, MEMBER_OF
from graph.values import WrongValue, canonical, derived_id, instant, iso
from ingest.rows import Place, Rows, text
from ingest.secrets.redaction import redact_text
from ingest.sources.gcp.documents import Policy, Thing
from ingest.sources.gcp.hierarchy import Hierarchy
from ingest.sources.gcp.members import BASIC, Member, convenience, member_of
from ingest.sources.gcp.names import MANAGER, Named
from ingest.sources.gcp.roles import EVERY, READ, ROLE, Role, by_name, of_permissions, predefined

UNSHOWN = "a condition that the export does not show"
ENDS = re.compile(r"\s*request\.time\s*<\s*timestamp\(\s*[\"']([^\"']{1,40})[\"']\s*\)\s*")


@dataclass(frozen=True, slots=True)
class Bound:
    """A role that members have on a resource."""

    scope: Named
    role: str
    members: tuple[Member, ...]
    condition: str | None
    expires_at: pd.Timestamp | None
    place: Place

    @property
    def name(self) -> str:
        """The name of the binding: its scope, its role and its condition."""
        path = self.scope.path if self.scope.in_hierarchy else self.scope.id().removeprefix("gcp:")
        name = f"{path} {self.role}"
        return f"{name} if {derived_id('C', (self.limits,))}" if self.limits else name

    @property
    def limits(self) -> str:
        """What limits it, its condition or its end; "" if nothing does."""
        ends = f"until {iso(self.expires_at)}" if self.expires_at is not None else ""
        return self.condition or ends


@dataclass
class Access:
    """The grants of an export; `things` has what lies in each project, and `ids` the accounts."""

    rows: Rows
    hierarchy: Hierarchy
    ids: Mapping[str, str]  # addresses of accounts by their unique numbers
    things: defaultdict[str, dict[Named, None]] = field(default_factory=lambda: defaultdict(dict))
    own_roles: dict[str, Role] = field(default_factory=dict)
    bound: list[Bound] = field(default_factory=list)
    guessed: Counter[str] = field(default_factory=Counter)
    taken: dict[str, tuple[str, Place]] = field(default_factory=dict)
    _joined: set[tuple[str, str]] = field(default_factory=set)
    _granted: set[tuple[str, str, str]] = field(default_factory=set)

    def add_role(self, thing: Thing) -> None:
        """Note the permissions of a custom role."""
        name = text(thing.body.get("name"))
        name = name if ROLE.fullmatch(name) else thing.resource.path
        listed = thing.body.get("includedPermissions")
        if thing.body.get("deleted") is True:
            self.own_roles[name] = of_permissions(())
        elif isinstance(listed, list):
            self.own_roles[name] = of_permissions(map(text, listed))

    def add_policy(self, policy: Policy) -> None:
        """Note the bindings of a policy, unless another one of the same resource was read."""
        scope = self.scope_of(policy.resource)
        content = canonical(policy.body.get("bindings"))
        known = self.taken.setdefault(scope.id(), (content, policy.place))
        if known[1] is not policy.place:
            if known[0] != content:
                self.rows.all_read = False
                reason = f"another policy of {scope.id()} was read, from {known[1].file}"
                self.rows.reject(policy.place, reason)
            return
        bindings = policy.body.get("bindings")
        for number, binding in enumerate(bindings if isinstance(bindings, list) else ()):
            self._bind(scope, binding, policy.place.at("bindings", number))

    def place(self, thing: Named, project: str) -> None:
        """Note that a resource lies in a project."""
        if project:
            self.things[self.hierarchy.path(project)][thing] = None

    def scope_of(self, resource: Named) -> Named:
        """Return what a policy is of; an account by its address where that is known."""
        resource = self.hierarchy.resolved(resource)
        address = self.ids.get(resource.account)
        if address:
            return Named(resource.service, f"{resource.path.rpartition('/')[0]}/{address}")
        return resource

    def _bind(self, scope: Named, binding: Any, place: Place) -> None:
        role = text(binding.get("role")) if isinstance(binding, dict) else ""
        named = binding.get("members") if isinstance(binding, dict) else None
        if not ROLE.fullmatch(role) or not isinstance(named or [], list):
            self.rows.all_read = False
            self.rows.reject(place, "must have a role, and a list of members")
            return
        members = []
        for number, name in enumerate(named or []):
            member = member_of(text(name), self.hierarchy.numbers)
            if member is None:
                self.rows.all_read = False
                self.rows.reject(place.at("members", number), "is no form of a member")
            else:
                members.append(member)
        members.sort(key=lambda member: member.condition is not None)  # the certain first
        ends, condition = _terms(binding.get("condition"))
        self.bound.append(Bound(scope, role, tuple(members), condition, ends, place))

    def add_rows(self) -> None:
        """Add members, memberships and grants as rows."""
        for bound in self.bound:
            for member in bound.members:
                self.rows.node(member.label, member.id, bound.place, **member.facts)
        self._convenience()
        self._sets()
        targets = self._within()
        for bound in self.bound:
            role = self.role(bound.role)
            for member in bound.members:
                for target, certain in targets(bound.scope):
                    self._grant(bound, role, member, target, certain)
        self._warn()

    def role(self, name: str) -> Role:
        """Return what a role gives; what follows from its name only is assumed."""
        known = self.own_roles.get(name) or predefined().get(name)
        if known is not None:
            return known
        guess = by_name(name)
        self.guessed[name] += 1
        return guess or Role({EVERY: {READ}}, assumed=True)

    def _within(self) -> Any:
        """Return a function that lists a scope and all within it, with whether that is certain."""
        below: defaultdict[str, list[tuple[Named, bool]]] = defaultdict(list)
        for path in self.hierarchy.paths:
            things = list(self.things.get(path, ()))
            for thing in things:
                below[path].append((thing, True))
            for above, certain in self.hierarchy.above(path):
                below[above].append((Named(MANAGER, path), certain))
                below[above] += [(thing, certain) for thing in things]

        def targets(scope: Named) -> Iterator[tuple[Named, bool]]:
            yield scope, True
            if scope.in_hierarchy:
                yield from below[scope.path]

        return targets

    def _grant(
        self, bound: Bound, role: Role, member: Member, target: Named, certain: bool
    ) -> None:
        here = target == bound.scope
        levels = self._levels(role, target)
        key = (member.id, target.id(), bound.name)
        if key in self._granted or not (here or levels):
            return
        self._granted.add(key)
        # Within the hierarchy the rules of escalation go down from the scope by themselves.
        stated = here or (target.in_hierarchy and not certain)
        terms = [t for t in (bound.condition, member.condition) if t]
        self.rows.link(
            CAN_ACCESS,
            member.id,
            target.id(),
            bound.place,
            grant_id=bound.name,
            role_name=bound.role if stated else None,
            actions=self._actions(role, target, stated=stated),
            levels=canonical(levels),
            expires_at=bound.expires_at,
            policy_id=bound.name,
            condition=" and ".join(terms) or None,
            derived=None if here else True,
            assumed=True if role.assumed or not certain else None,
        )

    def _levels(self, role: Role, target: Named) -> list[str]:
        if target.in_hierarchy:
            return role.on_hierarchy(target.kind)
        if target.account:
            return []  # what one can do as it follows by the rules of escalation
        return role.on(target.permissions)

    def _actions(self, role: Role, target: Named, *, stated: bool) -> str | None:
        if role.permissions is None or (target.in_hierarchy and not stated):
            return None
        service = f"{target.permissions}."
        own = target.in_hierarchy or target.account
        return canonical([p for p in role.permissions if own or p.startswith(service)])

    def _convenience(self) -> None:
        """Let those who have a basic role on a project be members of the set that policies name."""
        sets = {f"roles/{role}": role for role in BASIC.values()}
        for bound in sorted(self.bound, key=lambda bound: bool(bound.limits)):
            role = sets.get(bound.role)
            if role is None or bound.scope.kind != "project":
                continue
            group = convenience(bound.scope.name, role)
            if group.id in self.rows.labels:
                for member in bound.members:
                    if member.id != group.id:
                        self._join(member, group.id, bound.place, bound.limits or None)

    def _sets(self) -> None:
        """Let members be in the sets that their own names say: a domain, a pool, a namespace."""
        for bound in self.bound:
            for member in bound.members:
                for group in member.within:
                    of_domain = group.startswith("gcp:domain:")
                    if group in self.rows.labels and (not of_domain or member.label is HUMAN):
                        self._join(member, group, bound.place)

    def _join(self, member: Member, group: str, place: Place, condition: str | None = None) -> None:
        if (member.id, group) not in self._joined and self.rows.labels[group] is GROUP:
            self._joined.add((member.id, group))
            self.rows.link(MEMBER_OF, member.id, group, place, condition=condition)

    def _warn(self) -> None:
        own = sorted(name for name in self.guessed if not name.startswith("roles/"))
        if own:
            self.rows.warn(
                f"the permissions of {len(own)} custom roles are not in the export (gcloud iam"
                f" roles describe): what they give is assumed from their names: {', '.join(own)}"
            )
        if others := sorted(self.guessed.keys() - set(own)):
            self.rows.warn(
                f"what {len(others)} predefined roles give is assumed from their names:"
                f" {', '.join(others)}"
            )


def _terms(condition: Any) -> tuple[pd.Timestamp | None, str | None]:
    """Return the end of a binding, or the condition that nobody evaluates here."""
    if not condition:
        return None, None
    shown = condition if isinstance(condition, dict) else {}
    expression = text(shown.get("expression")) or text(shown.get("title")) or UNSHOWN
    match = ENDS.fullmatch(expression)
    if match:
        try:
            return instant(match[1]), None
        except WrongValue:
            pass
    return None, redact_text(expression)
