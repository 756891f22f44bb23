"""Cluster roles that gather the rules of others, and exports that hold nothing about access.

By https://kubernetes.io/docs/reference/access-authn-authz/rbac/#aggregated-clusterroles, whose
example adds rules to the user-facing roles by the labels `aggregate-to-view` and others, and
https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/.
"""

import json

import pytest

from graph.schema import CAN_ACCESS
from ingest.source import InputRefused
from ingest.sources.kubernetes import SOURCE
from tests.support.exports.kubernetes_cluster import account, binding, rule, thing
from tests.support.exports.loading import load

ADD = "rbac.authorization.k8s.io/aggregate-to-"
EVENT = {
    "kind": "Event",
    "apiVersion": "audit.k8s.io/v1",
    "level": "Metadata",
    "auditID": "a",
    "stage": "ResponseComplete",
    "verb": "list",
    "user": {"username": "system:serviceaccount:shop:bot"},
    "impersonatedUser": {"username": "ann"},
    "objectRef": {"resource": "secrets", "namespace": "shop"},
    "requestReceivedTimestamp": "2026-07-01T00:00:00.000000Z",
}


def cluster_role(name, labels=None, rules=(), selects=None):
    role = thing("ClusterRole", name, rules=list(rules))
    role["metadata"]["labels"] = labels or {}
    if selects:
        role["aggregationRule"] = {"clusterRoleSelectors": [{"matchLabels": selects}]}
    return role


def actions(loaded):
    return {a for r in loaded.rows(CAN_ACCESS) for a in json.loads(r["actions"])}


@pytest.mark.parametrize(
    ("to", "bound", "gathers"),
    [
        ("view", "view", True),
        ("view", "edit", True),  # edit gathers view, admin gathers edit
        ("edit", "admin", True),
        ("edit", "view", False),
        ("admin", "edit", False),
        ("cluster-admin", "cluster-admin", False),  # gathers nothing
    ],
)
def test_a_label_adds_rules_to_a_built_in_role_that_is_not_in_the_export(read, to, bound, gathers):
    added = cluster_role("crontabs", {f"{ADD}{to}": "true"}, [rule("get", "crontabs", "x.test")])
    loaded = read(added, binding(bound, account("bot"), namespace="shop", kind="ClusterRole"))
    assert ("get crontabs" in actions(loaded)) is gathers


def test_another_value_of_the_label_adds_nothing(read):
    added = cluster_role("crontabs", {f"{ADD}view": "false"}, [rule("get", "crontabs", "x.test")])
    loaded = read(added, binding("view", account("bot"), namespace="shop", kind="ClusterRole"))
    assert "get crontabs" not in actions(loaded)


def test_a_selected_role_that_selects_others_hands_on_their_rules(read):
    loaded = read(
        cluster_role("top", selects={"to": "top"}),
        cluster_role("mid", {"to": "top"}, selects={"to": "mid"}),
        cluster_role("leaf", {"to": "mid"}, [rule("get", "nodes")]),
        binding("top", account("bot")),
    )
    assert actions(loaded) == {"get nodes"}


@pytest.mark.parametrize("selector", [{}, {"matchLabels": {}}, {"matchExpressions": []}])
def test_an_empty_selector_selects_every_cluster_role(read, selector):
    """As everywhere in Kubernetes: an empty label selector matches all objects.

    https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/label-selector/
    """
    top = cluster_role("top") | {"aggregationRule": {"clusterRoleSelectors": [selector]}}
    leaf = cluster_role("leaf", rules=[rule("get", "nodes")])
    assert actions(read(top, leaf, binding("top", account("bot")))) == {"get nodes"}


def test_roles_that_select_each_other_end(read):
    loaded = read(
        cluster_role("one", {"to": "two"}, selects={"to": "one"}),
        cluster_role("two", {"to": "one"}, selects={"to": "two"}),
        binding("one", account("bot")),
    )
    assert actions(loaded) == set()


def test_a_role_that_lists_rules_was_filled_by_the_cluster(read):
    loaded = read(
        cluster_role("top", rules=[rule("get", "pods")], selects={"to": "top"}),
        cluster_role("late", {"to": "top"}, [rule("get", "nodes")]),
        binding("top", account("bot")),
    )
    assert actions(loaded) == {"get pods"}


@pytest.mark.parametrize("form", ["list", "event", "others"])
def test_an_export_of_what_is_no_access_is_refused_and_ends_nothing(tmp_path, form):
    """An empty reading would be complete, and end all that is known of the cluster."""
    other = {"kind": "ServiceList", "apiVersion": "v1", "items": [{"metadata": {"name": "web"}}]}
    audit = {"kind": "EventList", "apiVersion": "audit.k8s.io/v1", "items": [EVENT]}
    path = tmp_path / "audit.json"
    path.write_text(json.dumps({"list": audit, "event": EVENT, "others": other}[form]))
    with pytest.raises(InputRefused, match="nothing in it concerns access"):
        load(SOURCE, tmp_path / "s", path, scope="c")
