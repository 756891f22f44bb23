"""Kubernetes: what it gives to bind one cluster role, by its name, in one namespace (K5)."""

import pytest

from tests.support.estates.small_estates import Estate

C = "k8s:prod"


@pytest.mark.parametrize(
    ("name", "administers", "expected"),
    [
        ("wide", None, ("-/clusterrole/wide", True)),
        ("wide", "-/cluster/prod", ("-/namespace/shop", False)),
        ("cluster-admin", None, ("-/namespace/shop", False)),
    ],
)
def test_binding_one_cluster_role_in_a_namespace(name, administers, expected):
    """One that permits everything gives the namespace, and never the cluster.

    What another one gives of the namespace is not known.
    """
    role, bindings = f"{C}/-/clusterrole/{name}", f"{C}/shop/rolebindings/*"
    e = Estate(declares=("grants",)).person("mallory").thing("Role", role)
    e.resource(f"{C}/-/cluster/prod", type="cluster").resource(bindings, type="rolebindings")
    for namespace in ("shop", "back"):
        e.resource(f"{C}/-/namespace/{namespace}", type="namespace")
    e.can("mallory", "", role, actions=["bind clusterroles"], id="b")
    e.can("mallory", "", bindings, actions=["create rolebindings"], id="c")
    if administers:
        e.can(role, "admin", f"{C}/{administers}")
    posture = e.posture()
    thing = posture.graph.thing
    gained = [
        (thing(p.target)["id"].removeprefix(f"{C}/"), bool(p.condition))
        for p in posture.escalated.proofs
        if p.rule == "K5" and thing(p.source)["id"] == "mallory"
    ]
    assert gained == [expected]
