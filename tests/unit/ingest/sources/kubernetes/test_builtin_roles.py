"""Cluster roles that every cluster is made with, bound by an export that does not list them.

What each permits: https://kubernetes.io/docs/reference/access-authn-authz/rbac/#user-facing-roles
"""

import json

import pytest

from graph.schema import CAN_ACCESS
from ingest.sources.kubernetes.builtin_roles import builtin_rules
from tests.support.exports.kubernetes_cluster import account, binding, thing


def bound(read, name, kind="ClusterRole"):
    return read(
        thing("ServiceAccount", "bot", "shop"),
        thing("ServiceAccount", "other", "shop"),
        binding(name, account("bot"), namespace="shop", kind=kind),
    )


def actions(loaded):
    return {a for r in loaded.rows(CAN_ACCESS) for a in json.loads(r["actions"])}


@pytest.mark.parametrize(
    ("name", "may", "may_not"),
    [
        ("view", {"get pods", "list configmaps"}, {"get secrets", "create pods", "create roles"}),
        ("edit", {"get secrets", "create pods", "create pods/exec", "get pods"}, {"create roles"}),
        ("admin", {"create rolebindings", "get secrets", "create deployments"}, {"* *"}),
        ("cluster-admin", {"* *"}, set()),
    ],
)
def test_a_built_in_role_permits_what_kubernetes_says(read, name, may, may_not):
    loaded = bound(read, name)
    assert may <= actions(loaded)
    assert not may_not & actions(loaded)
    assert {r["assumed"] for r in loaded.rows(CAN_ACCESS)} == {True}
    assert {r["role_name"] for r in loaded.rows(CAN_ACCESS)} == {name}
    (said,) = [w for w in loaded.done.warnings if "built-in" in w]
    assert said.endswith(f"those of Kubernetes 1.28 and later: {name} (1)")


@pytest.mark.parametrize(("name", "kind"), [("reader", "ClusterRole"), ("view", "Role")])
def test_what_is_no_built_in_cluster_role_permits_nothing_that_is_known(read, name, kind):
    loaded = bound(read, name, kind)
    assert actions(loaded) == set()
    assert any("its permissions are unknown" in w for w in loaded.done.warnings)


def test_who_may_edit_takes_over_the_accounts_of_the_namespace_and_who_views_does_not(read):
    taken = {}
    for role in ("edit", "view"):
        loaded = bound(read, role)
        name = loaded.graph.thing
        mine = [p for p in loaded.posture.escalated.proofs if name(p.source)["name"] == "bot"]
        taken[role] = {name(p.target)["name"] for p in mine}
        assert all(p.assumed for p in mine)
    assert taken == {"edit": {"other"}, "view": set()}


def test_a_role_of_the_export_stands_above_the_built_in_one(read):
    own = thing(
        "ClusterRole",
        "view",
        rules=[{"verbs": ["get"], "apiGroups": [""], "resources": ["services"]}],
    )
    loaded = read(
        thing("ServiceAccount", "bot", "shop"),
        own,
        binding("view", account("bot"), namespace="shop", kind="ClusterRole"),
    )
    assert actions(loaded) == {"get services"}
    assert not any(r["assumed"] for r in loaded.rows(CAN_ACCESS))


def test_each_gathers_the_one_below():
    view, edit, admin = (builtin_rules(name) for name in ("view", "edit", "admin"))
    assert set(view) < set(edit) < set(admin)
