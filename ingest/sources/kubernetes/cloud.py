"""Access to a cluster on AWS: roles and users of the account, as groups of the cluster.

By the map `aws-auth` (https://docs.aws.amazon.com/eks/latest/userguide/auth-configmap.html), or by
access entries (https://docs.aws.amazon.com/eks/latest/userguide/access-entries.html).
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from graph.schema import CAN_ACCESS, CONTROLS, HUMAN, MEMBER_OF, ROLE
from graph.values import canonical
from ingest.files.yaml import parse_yaml
from ingest.rows import Place, listed, text
from ingest.secrets.redaction import redact_text
from ingest.source import InputRefused
from ingest.sources.kubernetes.builtin_roles import builtin_rules
from ingest.sources.kubernetes.cluster import Cluster
from ingest.sources.kubernetes.rules import ALL, EVERYWHERE, Granted, Rule

POLICY = ":cluster-access-policy/"
# The built-in cluster role with the same rules, but for tokens that may not be asked for:
# https://docs.aws.amazon.com/eks/latest/userguide/access-policy-permissions.html
POLICIES = {
    "AmazonEKSClusterAdminPolicy": "cluster-admin",
    "AmazonEKSAdminPolicy": "admin",
    "AmazonEKSEditPolicy": "edit",
    "AmazonEKSViewPolicy": "view",
    "AmazonEKSAdminViewPolicy": "view",
}
SEES_ALL = {"AmazonEKSAdminViewPolicy": Rule(("get", "list", "watch"), (ALL,), (ALL,), ())}
NOT_GIVEN = "serviceaccounts/token"


def cloud_grants(cluster: Cluster) -> list[Granted]:
    """Write the identities of a cloud account that act in the cluster; return their grants."""
    grants: list[Granted] = []
    for document, place in cluster.objects.entries:
        policies = document.get("associatedAccessPolicies")
        if policies is not None:
            grants += _permitted(cluster, document, listed(policies), place)
        else:
            groups = listed(document.get("kubernetesGroups"))
            _let_in(cluster, document.get("principalArn"), document.get("username"), groups, place)
    for document, place in cluster.objects.auth_maps:
        for key, arn_key in (("mapRoles", "rolearn"), ("mapUsers", "userarn")):
            for entry in _mapped(cluster, document, key, place):
                groups, user = listed(entry.get("groups")), entry.get("username")
                _let_in(cluster, entry.get(arn_key), user, groups, place.at("data", key))
    return grants


def _mapped(cluster: Cluster, auth_map: dict[str, Any], key: str, place: Place) -> Iterator[Any]:
    """Yield the entries of a map, which is YAML within a text."""
    data = auth_map.get("data")
    inner = text(data.get(key)) if isinstance(data, dict) else ""
    try:
        documents = parse_yaml(inner, Path(place.file)) if inner else []
    except InputRefused:
        cluster.rows.reject(place.at("data", key), "is not YAML")
        return
    for document in documents:
        for entry in listed(document.value):
            if isinstance(entry, dict):
                yield entry
            else:
                cluster.rows.reject(place.at("data", key), "must be an object")


def _principal(cluster: Cluster, value: Any, place: Place) -> str:
    """Add a role or user of the account, which another export describes; return its id."""
    arn = redact_text(text(value))
    if not arn.startswith("arn:") or not (":role/" in arn or ":user/" in arn):
        cluster.rows.reject(place, "names no role or user of AWS")
        return ""
    cluster.rows.node(ROLE if ":role/" in arn else HUMAN, arn, place, provider="aws")
    cluster.let_in[arn] = None
    return arn


def _let_in(cluster: Cluster, arn: Any, user: Any, groups: list[Any], place: Place) -> None:
    principal = _principal(cluster, arn, place)
    if not principal:
        return
    for name in dict.fromkeys(filter(None, map(text, groups))):
        group = cluster.group(redact_text(name), place)
        cluster.rows.link(MEMBER_OF, principal, group, place)
    known = cluster.id("", "user", redact_text(text(user)))
    if known in cluster.rows.labels:
        cluster.rows.link(CONTROLS, principal, known, place)


def _permitted(
    cluster: Cluster, entry: dict[str, Any], policies: list[Any], place: Place
) -> Iterator[Granted]:
    """Yield the grants of access policies of EKS on the cluster, or on some namespaces."""
    principal = _principal(cluster, entry.get("principalArn"), place)
    for policy in policies if principal else ():
        policy_arn = text(policy.get("policyArn")) if isinstance(policy, dict) else ""
        name = redact_text(policy_arn.rpartition(POLICY)[2])
        scope = policy.get("accessScope") if isinstance(policy, dict) else None
        scope = scope if isinstance(scope, dict) else {}
        spaces = [redact_text(text(n)) for n in listed(scope.get("namespaces")) if text(n)]
        if name not in POLICIES:
            cluster.rows.warn("unknown access policies: their permissions are unknown")
        for space in [EVERYWHERE] if scope.get("type") == "cluster" else spaces:
            target = (
                cluster.cluster(place) if space == EVERYWHERE else cluster.namespace(space, place)
            )
            if name in POLICIES:
                yield Granted(principal, space, _rules(name), redact_text(policy_arn), name, place)
                continue
            cluster.rows.link(
                CAN_ACCESS,
                principal,
                target,
                place,
                grant_id=redact_text(policy_arn) or None,
                role_name=name or None,
                levels=canonical([]),
            )


def _rules(policy: str) -> tuple[Rule, ...]:
    """Return the rules of an access policy of EKS."""
    rules = [*builtin_rules(POLICIES[policy]), *([SEES_ALL[policy]] if policy in SEES_ALL else [])]
    return tuple(
        replace(rule, resources=tuple(r for r in rule.resources if r != NOT_GIVEN))
        for rule in rules
    )
