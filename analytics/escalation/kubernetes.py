"""Kubernetes: what an identity can make itself able to do in a cluster (rules K1 to K7).

K1 starts a pod as an account of the namespace; K2 acts in a pod that runs; K3 reads the Secrets
in which tokens may be kept; K4 asks for a token; K5 binds or widens a role; K6 impersonates;
K7 sees or changes by a webhook what others write to the cluster.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import numpy as np
import pyarrow.compute as pc

from analytics.escalation.kubernetes_permissions import (
    EVERYWHERE,
    Clusters,
    Located,
    Permission,
    clusters_of,
    located,
    principals,
)
from analytics.escalation.rule import Derivation, EscalationRule, Known
from analytics.escalation.support import NOTHING, Support, facts_of, together
from graph.once import once
from graph.schema import CAN_ACCESS, LEVELS

ADMIN = 1 << LEVELS.index("admin")
PRACTICES = "Kubernetes RBAC good practices"
# Names of signers that a rule has for certificates of clients; "" is all of them.
CLIENT_SIGNERS = ("", "kubernetes.io/*", "kubernetes.io/kube-apiserver-client")
WHERE = "in the namespaces where it binds"
CLUSTER_ADMIN = "/-/clusterrole/cluster-admin"


@once
def _clusters(known: Known) -> Clusters:
    return clusters_of(known.graph)


def _gains(
    rule: str, holder: int, targets: Iterable[int], by: Support, *, assumed: bool = False
) -> Iterator[Derivation]:
    support = replace(by, assumed=True) if assumed else by
    for target in targets:
        if target != holder:
            yield Derivation.of(holder, target, rule, support)


# -- K1 to K4: accounts ----------------------------------------------------------------------------


def started_pods(known: Known) -> Iterator[Derivation]:
    """K1: creates pods, or changes what creates them, and so acts as any account there.

    An administrator of the cluster or a namespace takes it over, with all its accounts.
    """
    clusters = _clusters(known)
    for permission in clusters.all("K1"):
        yield from _gains("K1", permission.holder, clusters.accounts_of(permission), permission.by)
    yield from _administered(known, clusters)
    for name, cluster in clusters.by_name.items():
        yield from _gains("K1", cluster, clusters.spaces[name].values(), NOTHING)
    for name, spaces in clusters.spaces.items():
        for space, number in spaces.items():
            yield from _gains("K1", number, clusters.accounts.get((name, space), ()), NOTHING)


def _administered(known: Known, clusters: Clusters) -> Iterator[Derivation]:
    graph = known.graph
    ruled = {*clusters.by_name.values(), *(n for s in clusters.spaces.values() for n in s.values())}
    if not ruled:
        return
    holder, target = graph.ends(CAN_ACCESS)
    fact = facts_of(graph, CAN_ACCESS)
    given = (graph.levels & ADMIN) > 0
    given &= np.isin(target, sorted(ruled)) & graph.in_force(CAN_ACCESS) & graph.live[holder]
    for row in np.flatnonzero(given).tolist():
        yield from _gains("K1", int(holder[row]), [int(target[row])], fact(row))


def entered_pods(known: Known) -> Iterator[Derivation]:
    """K2: runs commands in pods, or changes them; assumed where no source lists pods.

    On a node by name it is not known which pods these are.
    """
    clusters = _clusters(known)
    for permission in clusters.all("K2"):
        yield from _in_pods(clusters, permission, permission.name)


def _in_pods(clusters: Clusters, permission: Permission, only: str) -> Iterator[Derivation]:
    """Derive the accounts of the pods where a permission holds, or of the pod of a name."""
    for name, account, link in clusters.running_of(permission):
        if only in ("", name):
            by = together((permission.by, link))
            yield from _gains(permission.rule, permission.holder, [account], by)
    yield from _unlisted(clusters, permission, "inventory")


def _unlisted(clusters: Clusters, permission: Permission, kind: str) -> Iterator[Derivation]:
    """Derive every account where a permission holds, if no source declares a kind of fact."""
    if kind not in clusters.declared[permission.cluster]:
        accounts = clusters.accounts_of(permission)
        yield from _gains(permission.rule, permission.holder, accounts, permission.by, assumed=True)


def read_tokens(known: Known) -> Iterator[Derivation]:
    """K3: reads Secrets; assumed to hold tokens where no source lists them (else X1 decides)."""
    clusters = _clusters(known)
    for permission in clusters.all("K3"):
        yield from _unlisted(clusters, permission, "credentials")


def changed_webhooks(known: Known) -> Iterator[Derivation]:
    """K7: changes pods that are made, or sees Secrets that are written, if these are not listed."""
    clusters = _clusters(known)
    for permission in clusters.all("K7", "change"):
        yield from _in_pods(clusters, permission, "")
    for permission in clusters.all("K7", "see"):
        yield from _unlisted(clusters, permission, "credentials")


def asked_tokens(known: Known) -> Iterator[Derivation]:
    """K4: asks for a token of an account, or makes a Secret for one and reads it.

    What is read by its name alone may be there already, and is then not made.
    """
    clusters = _clusters(known)
    for permission in clusters.all("K4"):
        accounts = [permission.target] if permission.name else clusters.accounts_of(permission)
        yield from _gains("K4", permission.holder, accounts, permission.by)
    for principal, parts in _together(known, "K4"):
        looks: dict[tuple[str, str], list[Permission]] = {}
        for look in parts.get("look", ()):
            if not look.name:
                looks.setdefault((look.cluster, look.namespace), []).append(look)
        for make in parts.get("make", ()) if looks else ():
            for look in _meeting(make, looks):
                by = together((make.by, look.by))
                narrow = look if make.namespace == EVERYWHERE else make
                yield from _gains("K4", principal, clusters.accounts_of(narrow), by)


def _meeting(
    first: Permission, others: dict[tuple[str, str], list[Permission]]
) -> Iterator[Permission]:
    """Yield those of other permissions that hold in a namespace where the first one does."""
    if first.namespace == EVERYWHERE:
        for (cluster, _), listed in others.items():
            yield from listed if cluster == first.cluster else ()
    else:
        for namespace in (first.namespace, EVERYWHERE):
            yield from others.get((first.cluster, namespace), ())


# -- K5 and K6: what takes several permissions -----------------------------------------------------


@once
def _principals(known: Known) -> list[tuple[int, list[tuple[int, Support]]]]:
    return list(principals(known.graph))


def _together(known: Known, rule: str) -> Iterator[tuple[int, dict[str, list[Permission]]]]:
    """Yield each identity with its permissions for a rule, by part.

    A role or group has its own permissions; an identity with several of these has all together.
    """
    clusters = _clusters(known)
    permissions = (p for listed in clusters.by_holder.values() for p in listed)
    holders = {permission.holder for permission in permissions if permission.rule == rule}
    for holder in sorted(holders):
        yield holder, _by_part(clusters, [(holder, NOTHING)], rule)
    if not holders:
        return
    for principal, origins in _principals(known):
        relevant = [pair for pair in origins if pair[0] in holders]
        if len(relevant) > 1:
            yield principal, _by_part(clusters, relevant, rule)


def _by_part(
    clusters: Clusters, origins: list[tuple[int, Support]], rule: str
) -> dict[str, list[Permission]]:
    parts: dict[str, list[Permission]] = {}
    for holder, why in origins:
        for permission in clusters.by_holder.get(holder, ()):
            if permission.rule == rule:
                by = together((permission.by, why)) if why.facts else permission.by
                parts.setdefault(permission.part, []).append(replace(permission, by=by))
    return parts


def bound_roles(known: Known) -> Iterator[Derivation]:
    """K5: binds roles that it does not hold, or writes into its own role what it does not hold."""
    clusters = _clusters(known)
    for principal, parts in _together(known, "K5"):
        for bind in parts.get("bind", ()):
            for binding in parts.get("binding", ()):
                if bind.cluster == binding.cluster and not binding.name:
                    every = bind.target in _masters(known)
                    yield from _bound(clusters, principal, bind, binding, every=every)
        for escalate in parts.get("escalate", ()):
            for rewrite in parts.get("rewrite", ()):
                if escalate.cluster == rewrite.cluster and escalate.resource == rewrite.resource:
                    yield from _widened(known, clusters, principal, escalate, rewrite)
    yield from _widened_others(known, clusters)


@once
def _masters(known: Known) -> frozenset[int]:
    """Return the cluster roles that permit everything: bound in a namespace, they are all of it."""
    graph = known.graph
    holder, target = graph.ends(CAN_ACCESS)
    given = ((graph.levels & ADMIN) > 0) & graph.in_force(CAN_ACCESS)
    given &= np.isin(target, sorted(_clusters(known).by_name.values()))
    built_in = pc.ends_with(graph.ids, CLUSTER_ADMIN).to_numpy(zero_copy_only=False)
    return frozenset(holder[given].tolist()) | frozenset(np.flatnonzero(built_in).tolist())


def _bound(
    clusters: Clusters, principal: int, bind: Permission, binding: Permission, *, every: bool
) -> Iterator[Derivation]:
    """Derive what a binding gains: a role, or by any cluster role a namespace or the cluster.

    A cluster role by its name that permits `every` thing is any cluster role in that respect.
    """
    by = together((bind.by, binding.by))
    everywhere = binding.resource == "clusterrolebindings"
    spaces = clusters.spaces_of(bind, binding)
    if bind.resource == "roles":
        # in the whole cluster only cluster roles can be bound
        roles = [] if everywhere else _roles(clusters, bind, binding)
        yield from _gains("K5", principal, roles, by)
    elif not everywhere and bind.name and every:
        apart = bind.holder != binding.holder  # a right to bind in another namespace, perhaps
        here = replace(by, condition=_and(by.condition, WHERE)) if apart else by
        yield from _gains("K5", principal, spaces, here)
    elif not everywhere and bind.name:
        inside = replace(by, condition=_and(by.condition, WHERE))
        yield from _gains("K5", principal, [bind.target] if spaces else [], inside)
    elif not everywhere:
        yield from _gains("K5", principal, spaces, by)
    elif bind.namespace == EVERYWHERE:
        gained = [bind.target] if bind.name else [clusters.by_name.get(bind.cluster, principal)]
        yield from _gains("K5", principal, gained, by)


def _roles(clusters: Clusters, bind: Permission, binding: Permission) -> list[int]:
    return [
        role
        for (cluster, namespace), roles in clusters.roles.items()
        if cluster == bind.cluster and bind.reaches(namespace) and binding.reaches(namespace)
        for role in roles
        if not bind.name or role == bind.target
    ]


def _and(condition: str, more: str) -> str:
    return f"{condition} and {more}" if condition else more


def _widened(
    known: Known, clusters: Clusters, principal: int, escalate: Permission, rewrite: Permission
) -> Iterator[Derivation]:
    """Derive the gain of a role that may rewrite itself, for its holders."""
    own = located(str(known.graph.ids[rewrite.holder]))
    if own is None or f"{own.kind}s" != rewrite.resource:
        return
    if any(wanted.name not in ("", own.name) for wanted in (escalate, rewrite)):
        return  # it rewrites another role than its own
    by = together((escalate.by, rewrite.by))
    if escalate.reaches(own.namespace) and rewrite.reaches(own.namespace):
        yield from _gains("K5", principal, _widest(clusters, own, principal), by)


def _widened_others(known: Known, clusters: Clusters) -> Iterator[Derivation]:
    """Derive the gain of who may rewrite another role that it has as well."""
    wanted = {part: list(clusters.all("K5", part)) for part in ("escalate", "rewrite")}
    holders = {p.holder for permissions in wanted.values() for p in permissions}
    for principal, origins in _principals(known) if all(wanted.values()) else ():
        relevant = [pair for pair in origins if pair[0] in holders]
        parts = _by_part(clusters, relevant, "K5") if relevant else {}
        for escalate in parts.get("escalate", ()):
            for rewrite in parts.get("rewrite", ()):
                for role, why in origins:
                    own = located(str(known.graph.ids[role]))
                    if own is None or role == rewrite.holder:
                        continue  # what it may do to itself is derived for the role
                    if _is_on(escalate, role, own) and _is_on(rewrite, role, own):
                        by = together((escalate.by, rewrite.by, why))
                        yield from _gains("K5", principal, _widest(clusters, own, principal), by)


def _is_on(permission: Permission, number: int, role: Located) -> bool:
    """Return whether a permission on roles is on this one, by its name or with all others."""
    if (permission.cluster, permission.resource) != (role.cluster, f"{role.kind}s"):
        return False
    return permission.target == number if permission.name else permission.reaches(role.namespace)


def _widest(clusters: Clusters, role: Located, principal: int) -> list[int]:
    """Return what a role may give at most: the cluster, or its namespace."""
    if role.kind == "clusterrole":
        return [clusters.by_name.get(role.cluster, principal)]
    return [clusters.spaces[role.cluster].get(role.namespace, principal)]


def impersonated(known: Known) -> Iterator[Derivation]:
    """K6: acts as accounts, users and groups; anybody in any group is a master of the cluster.

    Besides by the verb, by a certificate that it asks for and approves itself.
    """
    clusters = _clusters(known)
    for principal, parts in _together(known, "K6"):
        yield from _signed(clusters, principal, parts)
        permissions = parts.get("impersonate", [])
        users = [p for p in permissions if p.resource != "groups"]
        for permission in permissions:
            if permission.resource == "groups":
                for user in users:
                    if user.cluster == permission.cluster:
                        cluster = clusters.by_name.get(permission.cluster, principal)
                        gained = [permission.target if permission.name else cluster]
                        by = together((user.by, permission.by))
                        yield from _gains("K6", principal, gained, by)
            else:
                yield from _gains("K6", principal, _others(clusters, permission), permission.by)


def _signed(
    clusters: Clusters, principal: int, parts: dict[str, list[Permission]]
) -> Iterator[Derivation]:
    """Derive whom a certificate may name: every user and account. The cluster signs no masters.

    https://kubernetes.io/docs/concepts/security/rbac-good-practices/#csrs-and-certificate-issuing
    """
    for request in parts.get("request", ()):
        for approve in parts.get("approve", ()):
            for sign in parts.get("sign", ()):
                together_here = request.cluster == approve.cluster == sign.cluster
                if together_here and not approve.name and sign.name in CLIENT_SIGNERS:
                    by = together((request.by, approve.by, sign.by))
                    others = clusters.users.get(request.cluster, [])
                    others = [*others, *clusters.accounts_of(request)]
                    yield from _gains("K6", principal, others, by)


def _others(clusters: Clusters, permission: Permission) -> list[int]:
    """Return the nodes a permission lets one act as.

    The full name of an account is no user's: the cluster asks for the permission on the account.
    """
    if permission.name:
        return [permission.target]
    if permission.resource != "users":
        return clusters.accounts_of(permission)
    return clusters.users.get(permission.cluster, [])


def _rule(
    id_: str,
    title: str,
    facts: tuple[str, ...],
    reference: str,
    derive: Callable[[Known], Iterable[Derivation]],
) -> EscalationRule:
    return EscalationRule(
        id_, title, ("grants",), facts, (PRACTICES, reference), derive, again=False
    )


RULES = (
    _rule(
        "K1",
        "Starts pods as other accounts",
        ("CAN_ACCESS.actions",),
        "KubeHound POD_CREATE",
        started_pods,
    ),
    _rule(
        "K2",
        "Acts in pods that run as other accounts",
        ("CAN_ACCESS.actions", "RUNS_AS"),
        "KubeHound POD_EXEC",
        entered_pods,
    ),
    _rule(
        "K3",
        "Reads Secrets that may hold tokens",
        ("CAN_ACCESS.actions", "AUTHENTICATES_AS"),
        "KubeHound TOKEN_LIST",
        read_tokens,
    ),
    _rule(
        "K4",
        "Asks for tokens of accounts",
        ("CAN_ACCESS.actions",),
        "MITRE ATT&CK T1528",
        asked_tokens,
    ),
    _rule(
        "K5", "Binds or widens roles", ("CAN_ACCESS.actions",), "KubeHound ROLE_BIND", bound_roles
    ),
    _rule(
        "K6",
        "Impersonates others",
        ("CAN_ACCESS.actions",),
        "KubeHound IDENTITY_IMPERSONATE",
        impersonated,
    ),
    _rule(
        "K7",
        "Controls admission webhooks",
        ("CAN_ACCESS.actions", "RUNS_AS"),
        "Threat matrix for Kubernetes: malicious admission controller",
        changed_webhooks,
    ),
)
