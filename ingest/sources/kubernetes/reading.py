"""Rows of the objects of a cluster: the holders of roles, and the grants of roles."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from graph.element import Node
from graph.schema import (
    ASSUMES,
    CAN_ACCESS,
    GROUP,
    HUMAN,
    LEVELS,
    RESOURCE,
    ROLE,
    SERVICE_ACCOUNT,
    STORED_IN,
)
from graph.values import canonical
from ingest.files.export import scope_of, taken_at
from ingest.rows import Place, Rows, text
from ingest.secrets.redaction import redact_text
from ingest.source import Reading, Request
from ingest.sources.kubernetes.aggregation import added_to_builtin, gathered
from ingest.sources.kubernetes.builtin_roles import builtin_rules, version
from ingest.sources.kubernetes.cloud import cloud_grants
from ingest.sources.kubernetes.cluster import PROVIDER, TOKEN_SUFFIX, Cluster, created, tags_of
from ingest.sources.kubernetes.objects import BINDINGS, ROLES, WORKLOADS, Thing, gather
from ingest.sources.kubernetes.rules import (
    EVERYWHERE,
    SINGULAR,
    Granted,
    Permitted,
    Rule,
    levels_on_existing,
    permitted,
    rule_of,
)
from ingest.tags.tag_map import Tagger

WIDE = ("clusterroles", "users", "groups", "namespaces")  # whose names are of the whole cluster
ACCOUNT_USER = "system:serviceaccount:"  # begins the user names of accounts, which no rule is on
PRINCIPALS = {
    "serviceaccounts": SERVICE_ACCOUNT,
    "roles": ROLE,
    "clusterroles": ROLE,
    "users": HUMAN,
    "groups": GROUP,
}


def read(request: Request) -> Reading:
    """Read the objects of one cluster.

    Raises
    ------
    InputRefused
        If a document is broken, or if nothing is an object of a cluster.
    """
    rows = Rows()
    objects = gather(request, rows)
    scope = scope_of(request)
    tagger = Tagger(request.tags)
    _Access(Cluster(rows, objects, scope.replace("/", ":"), tagger)).write()
    for warning in tagger.warnings():
        rows.warn(warning)
    declares = {
        "grants": {*ROLES, *BINDINGS},
        "inventory": {"Pod", *WORKLOADS},
        "credentials": {"Secret"},
    }
    could = [kind for kind, kinds in declares.items() if objects.listed & kinds]
    could += ["owners"] if request.tags.complete else []
    return rows.reading(scope, taken_at(request, objects.files, rows), could)


@dataclass
class _Given:
    """The actions and levels of a holder on one target, from all rules of one role."""

    actions: set[str] = field(default_factory=set)
    levels: set[str] = field(default_factory=set)


class _Access:
    """A writer of roles and bindings as rows."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster, self.rows, self.objects = cluster, cluster.rows, cluster.objects
        self.bindings = self.objects.of(*BINDINGS)
        self.bound = {
            self._bound(binding)
            for binding in self.bindings
            if binding.kind == "ClusterRoleBinding"
            or text(binding.part("roleRef", "kind")) == "Role"
        }
        self.paths = 0
        self.builtin: Counter[str] = Counter()
        self.own_rules = {
            self._role_id(role): tuple(self._own_rules(role)) for role in self.objects.of(*ROLES)
        }
        self.binds = self._find_binds()
        self.grants: list[Granted] = []
        self.named: dict[tuple[str, str], dict[str, None]] = {}  # by plural and namespace
        self.taken: set[tuple[str, str]] = set()

    def write(self) -> None:
        """Write all rows."""
        for thing in self.objects.of("Namespace"):
            self.cluster.namespace(thing.name, thing.place)
        for thing in self.objects.of("ServiceAccount"):
            self.cluster.account(thing.namespace, thing.name, thing.place, thing)
        self.cluster.associations()
        self.cluster.compute()
        self.cluster.tokens()
        for role in self.objects.of(*ROLES):
            self._role(role)
        for binding in self.bindings:
            self._bind(binding, list(self.cluster.subjects(binding)))
        self.grants += cloud_grants(self.cluster)
        self._name_targets()
        for grant in self.grants:
            self._write(grant)
        self.cluster.memberships()
        if self.builtin:
            named = ", ".join(f"{name} ({count})" for name, count in sorted(self.builtin.items()))
            self.rows.warn(
                "bindings name built-in roles that are not in the export, assumed to be those of"
                f" {version()}: {named}"
            )
        if self.paths:
            self.rows.warn(
                f"{self.paths} rules are on paths of the server, not on things: left out"
            )

    # -- roles and bindings -----------------------------------------------------------------------

    def _role_id(self, role: Thing) -> str:
        return self.cluster.id(role.namespace, role.kind, role.name)

    def _role(self, role: Thing) -> None:
        """Add a role, which holds its grants in its namespace, or everywhere."""
        around = self.cluster.spaces.get(role.namespace)
        self.rows.node(
            ROLE,
            self._role_id(role),
            role.place,
            **self.cluster.tagger.read(ROLE, {**tags_of(around), **tags_of(role)}).facts,
            name=role.name,
            provider=PROVIDER,
            assumable=self._role_id(role) in self.bound,
            created_at=created(role),
        )
        self.cluster.native(self._role_id(role), role)
        if role.namespace:
            self.cluster.namespace(role.namespace, role.place)
        if self._role_id(role) in self.bound or self._bindable(role):
            self._grant(self._role_id(role), role.namespace or EVERYWHERE, role, role)

    def _bindable(self, role: Thing) -> bool:
        """Return whether some rule permits to bind this role where it is valid, so that it counts.

        The right to bind any cluster role is access to the cluster or a namespace, not to a role.
        """
        plural = f"{role.kind.lower()}s"
        for where, names in self.binds.get(plural, ()):
            if role.kind == "Role" and where in (EVERYWHERE, role.namespace):
                if not names or role.name in names:
                    return True
            elif role.name in names:
                return True
        return False

    def _find_binds(self) -> dict[str, list[tuple[str, tuple[str, ...]]]]:
        """Return the roles that rules permit to bind: by sort of role, the namespace and names."""
        binds: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
        for role in self.objects.of(*ROLES):
            for rule in self._rules(role, role):
                if {"bind", "*"} & set(rule.verbs):
                    for plural in ("roles", "clusterroles"):
                        if {plural, "*"} & set(rule.resources):
                            where = role.namespace or EVERYWHERE
                            binds.setdefault(plural, []).append((where, rule.names))
        return binds

    def _bound(self, binding: Thing) -> str:
        """Return the id of the role that a binding names."""
        kind = text(binding.part("roleRef", "kind"))
        name = redact_text(text(binding.part("roleRef", "name")))
        return self.cluster.id(binding.namespace if kind == "Role" else "", kind, name)

    def _bind(self, binding: Thing, subjects: list[str]) -> None:
        """Let subjects assume a role; a cluster role bound in a namespace is granted there only."""
        kind, name = (text(binding.part("roleRef", key)) for key in ("kind", "name"))
        inside = binding.kind == "RoleBinding"
        if kind not in ROLES or not name or (kind == "Role" and not inside):
            self.rows.reject(binding.place, "the binding names no role that it can bind")
            return
        where = binding.namespace if kind == "Role" else ""
        role = self.objects.things.get((kind, where, redact_text(name)))
        if role is None and kind == "ClusterRole" and builtin_rules(name):
            self.builtin[name] += 1
        elif role is None:
            problem = "names a role that is not in the export, so its permissions are unknown"
            self.rows.warn(f"{binding.kind} {binding.name}: {problem}")
        if inside and kind == "ClusterRole":
            for subject in subjects:
                self._grant(subject, binding.namespace, role, binding)
            return
        id_ = self._bound(binding)
        if role is None and self.rows.node(
            ROLE, id_, binding.place, name=redact_text(name), provider=PROVIDER
        ):
            self._grant(id_, where or EVERYWHERE, None, binding)
        for subject in subjects:
            if (subject, id_) not in self.taken:
                self.taken.add((subject, id_))
                since = created(binding)
                self.rows.link(ASSUMES, subject, id_, binding.place, valid_from=since)

    # -- grants -----------------------------------------------------------------------------------

    def _grant(self, holder: str, namespace: str, role: Thing | None, why: Thing) -> None:
        """Grant a role to a holder by the object `why`; None if the export does not hold it."""
        rules = tuple(self._rules(role, why))
        by = self.cluster.id(why.namespace, why.kind, why.name)
        named = role.name if role else redact_text(text(why.part("roleRef", "name")))
        self.grants.append(
            Granted(holder, namespace, rules, by, named, why.place, created(why), role is None)
        )

    def _rules(self, role: Thing | None, why: Thing) -> Iterator[Rule]:
        """Yield the rules of a role, of those that it aggregates, or of a built-in one."""
        sources: list[Thing] = []
        if role is not None:
            sources = [role, *gathered(role, self.objects.of("ClusterRole"))]
        elif text(why.part("roleRef", "kind")) == "ClusterRole":
            name = text(why.part("roleRef", "name"))
            yield from builtin_rules(name)
            sources = added_to_builtin(name, self.objects.of("ClusterRole"))
        for source in sources:
            yield from self.own_rules[self._role_id(source)]

    def _own_rules(self, role: Thing) -> Iterator[Rule]:
        """Yield the rules that a role lists, and reject invalid ones."""
        for number, value in enumerate(self.cluster.list_of(role, "rules")):
            rule = rule_of(value)
            if rule is not None:
                yield rule
            elif isinstance(value, dict) and value.get("nonResourceURLs"):
                self.paths += 1
            else:
                reason = "a rule needs verbs and resources, as lists of texts"
                self.rows.reject(role.place.at("rules", number), reason)

    def _name_targets(self) -> None:
        """Add collections and named things in rules first, so that wider grants cover all of them.

        Names in a namespace come before those everywhere, which are about each namespace with one.
        """
        without, named = 0, []
        for grant in self.grants:
            for rule in grant.rules:
                permissions = list(permitted(rule, grant.namespace))
                without += not permissions
                for permission in permissions:
                    if permission.name:
                        named.append((permission, grant.place))
                    elif permission.plural:
                        self.cluster.collection(
                            permission.namespace, permission.plural, grant.place
                        )
        for permission, place in sorted(named, key=lambda n: n[0].namespace == EVERYWHERE):
            for namespace, id_ in self._single(permission, place):
                if self.rows.labels[id_] is RESOURCE and permission.plural not in WIDE:
                    self.named.setdefault((permission.plural, namespace), {})[id_] = None
        if without:
            self.rows.warn(
                f"{without} rules grant what is not there, things of the whole cluster within a"
                " namespace or things that an API group does not have: they have no effect"
            )

    def _write(self, grant: Granted) -> None:
        """Write the grants of a holder, as one row for each target."""
        if grant.assumed and not grant.rules:
            self._write_unknown(grant)
        given_by_target: dict[str, _Given] = {}
        for rule in grant.rules:
            for permission in permitted(rule, grant.namespace):
                for target, primary in self._targets(permission, grant.place):
                    given = given_by_target.setdefault(target, _Given())
                    given.levels |= permission.levels
                    given.actions |= set(permission.actions) if primary else set()
                levels = set() if permission.name else levels_on_existing(permission)
                for target in self._named_within(permission) if levels else ():
                    given_by_target.setdefault(target, _Given()).levels |= levels
        for target, given in given_by_target.items():
            principal = self.rows.labels[target] is not RESOURCE
            self.rows.link(
                CAN_ACCESS,
                grant.holder,
                target,
                grant.place,
                grant_id=grant.by,
                policy_id=grant.by,
                role_name=grant.role_name,
                actions=canonical(sorted(given.actions)),
                levels=canonical([] if principal else [x for x in LEVELS if x in given.levels]),
                granted_at=grant.since,
                assumed=True if grant.assumed else None,
            )

    def _write_unknown(self, grant: Granted) -> None:
        """Write a grant by its role's name alone, where nobody states what the role permits."""
        cluster, space, place = self.cluster, grant.namespace, grant.place
        self.rows.link(
            CAN_ACCESS,
            grant.holder,
            cluster.cluster(place) if space == EVERYWHERE else cluster.namespace(space, place),
            place,
            grant_id=grant.by,
            policy_id=grant.by,
            role_name=grant.role_name,
            actions=canonical([]),
            levels=canonical([]),
            granted_at=grant.since,
        )

    def _targets(self, permission: Permitted, place: Place) -> Iterator[tuple[str, bool]]:
        """Yield the ids that a permission is on, and False for the parts of a wider target."""
        everywhere = permission.namespace == EVERYWHERE
        if permission.name:
            yield from ((id_, True) for _, id_ in self._single(permission, place))
        elif permission.plural:
            yield self.cluster.collection(permission.namespace, permission.plural, place), True
            if everywhere:
                parts = self.cluster.collections[permission.plural].items()
                yield from ((id_, False) for namespace, id_ in parts if namespace != EVERYWHERE)
        elif everywhere:
            yield self.cluster.cluster(place), True
            yield from ((id_, False) for id_ in self.cluster.namespaces())
            for known in self.cluster.collections.values():
                yield from ((id_, False) for id_ in known.values())
        else:
            yield self.cluster.namespace(permission.namespace, place), True
            for known in self.cluster.collections.values():
                if permission.namespace in known:
                    yield known[permission.namespace], False

    def _named_within(self, permission: Permitted) -> Iterator[str]:
        """Yield the ids of resources that rules name and that a permission on all of a sort covers.

        One that is named in no known namespace is covered only by what is permitted everywhere.
        """
        for (plural, namespace), ids in self.named.items():
            if permission.plural in ("", plural) and permission.namespace in (
                EVERYWHERE,
                namespace,
            ):
                yield from ids

    def _single(self, permission: Permitted, place: Place) -> Iterator[tuple[str, str]]:
        """Yield the namespace and id of a thing that a rule names, in every namespace with it."""
        kind = SINGULAR.get(permission.plural, permission.plural)
        spaces = [""] if permission.plural in WIDE else self._spaces(permission, kind)
        for namespace in spaces:
            id_ = self.cluster.id(namespace, kind, permission.name)
            if id_ not in self.rows.labels:
                self._name(id_, permission, namespace, place)
            yield namespace, id_

    def _spaces(self, permission: Permitted, kind: str) -> list[str]:
        """Return the namespaces that have a thing of this name, as far as it is known."""
        if permission.namespace != EVERYWHERE:
            return [permission.namespace]
        begin, ending = f"k8s:{self.cluster.name}/", f"/{kind}/{permission.name}"
        things = dict.fromkeys(id_.removesuffix(TOKEN_SUFFIX) for id_ in self.rows.labels)
        known = [i for i in things if i.startswith(begin) and i.endswith(ending)]
        return [i.removeprefix(begin).removesuffix(ending) for i in known] or [EVERYWHERE]

    def _name(self, id_: str, permission: Permitted, namespace: str, place: Place) -> None:
        """Add a thing that only a rule names, or of which only the token is known."""
        if permission.plural == "groups":
            self.cluster.group(permission.name, place)  # that of the masters has a grant
            return
        if permission.plural == "users" and not permission.name.startswith(ACCOUNT_USER):
            self.cluster.user(permission.name, place)
            return
        label: Node = PRINCIPALS.get(permission.plural, RESOURCE)
        facts: dict[str, object] = {"name": permission.name, "provider": PROVIDER}
        if label is not RESOURCE:
            self.rows.node(label, id_, place, **facts)
            return
        parent = (
            self.cluster.cluster(place)
            if namespace in ("", EVERYWHERE)
            else self.cluster.namespace(namespace, place)
        )
        kind = SINGULAR.get(permission.plural, permission.plural)
        self.rows.node(label, id_, place, type=kind, parent_id=parent, **facts)
        if f"{id_}{TOKEN_SUFFIX}" in self.rows.labels:
            self.rows.link(STORED_IN, f"{id_}{TOKEN_SUFFIX}", id_, place)
