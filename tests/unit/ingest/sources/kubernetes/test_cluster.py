"""Kubernetes objects, by https://kubernetes.io/docs/reference/access-authn-authz/rbac/.

Lists have the shape that `kubectl get -o json` writes; manifests that of the documentation.
"""

import json

import pandas as pd
import pytest

from graph.schema import (
    ASSUMES,
    CAN_ACCESS,
    HUMAN,
    MEMBER_OF,
    RESOURCE,
    ROLE,
    RUNS_AS,
    SERVICE_ACCOUNT,
)
from ingest.sources.kubernetes import SOURCE
from ingest.sources.kubernetes.rules import EVERYWHERE, Rule, permitted
from tests.support.exports.kubernetes_cluster import MANIFEST, account, binding, grants, rule, thing
from tests.support.exports.loading import load, reached


@pytest.fixture
def small(tmp_path):
    (tmp_path / "all.yaml").write_text(MANIFEST)
    return load(SOURCE, tmp_path / "s", tmp_path / "all.yaml", scope="prod")


@pytest.fixture(scope="module")
def real(real_data, tmp_path_factory):
    return load(SOURCE, tmp_path_factory.mktemp("k8s"), real_data / "kubehound-rbac")


# -- one small cluster, from file to graph ---------------------------------------------------------


def test_accounts_roles_and_what_they_permit(small):
    bot = small.one(SERVICE_ACCOUNT, id="k8s:prod/shop/serviceaccount/bot")
    assert (bot["name"], bot["created_at"]) == ("bot", pd.Timestamp("2026-01-02", tz="UTC"))
    role = small.one(ROLE, id="k8s:prod/shop/role/reader")
    assert role["assumable"] is True
    assert grants(small, "role/reader") == {
        "shop/pods/*": (
            ["list", "read"],
            ["get pods", "get pods/log", "list pods", "list pods/log"],
        ),
        "shop/configmap/prices": (["read", "write"], ["get configmaps", "update configmaps"]),
    }
    pods = small.one(RESOURCE, type="pods")
    assert (pods["name"], pods["parent_id"]) == ("pods of shop", "k8s:prod/-/namespace/shop")
    assert small.reasons == []


def test_subjects_take_the_role(small):
    assert small.links(ASSUMES) == {
        ("bot", "reader"),
        ("ann@example.com", "reader"),
        ("system:serviceaccounts:shop", "reader"),
    }
    assert small.one(HUMAN)["email"] == "ann@example.com"
    assert small.links(MEMBER_OF) == {("bot", "system:serviceaccounts:shop")}


def test_pods_run_as_their_account(small):
    assert small.links(RUNS_AS) == {("web", "bot")}
    assert small.graph.coverage[0].declares == ("grants", "inventory")


def test_json_lists_say_the_same_as_manifests(small, read):
    """A typed list leaves kind and version of its items to itself."""
    import yaml

    items = list(yaml.safe_load_all(MANIFEST))
    assert set(read(*items, scope="prod").graph.ids.to_pylist()) == set(small.graph.ids.to_pylist())


def test_a_typed_list_gives_its_kind_to_its_items(tmp_path):
    items = [{"metadata": {"name": "a", "namespace": "n"}}, {"metadata": {"name": "b"}}]
    path = tmp_path / "sa.json"
    path.write_text(json.dumps({"kind": "ServiceAccountList", "apiVersion": "v1", "items": items}))
    loaded = load(SOURCE, tmp_path / "s", path)
    assert set(loaded.of(SERVICE_ACCOUNT, "id")) == {
        "k8s:demo/n/serviceaccount/a",
        "k8s:demo/default/serviceaccount/b",
    }


# -- what rules permit -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "namespace", "expected"),
    [
        (("get", "*", "secrets"), "n", {("secrets", "get secrets", "read")}),
        (("list", "*", "secrets"), "n", {("secrets", "list secrets", "read")}),
        (("list", "*", "pods"), "n", {("pods", "list pods", "list")}),
        (("create", "*", "serviceaccounts/token"), "n",
         {("serviceaccounts", "create serviceaccounts/token", "admin")}),
        (("impersonate", "*", "users"), "n", set()),
        (("get", "*", "nodes"), "n", set()),
        (("get", "*", "nodes"), EVERYWHERE, {("nodes", "get nodes", "read")}),
        (("bind", "*", "clusterroles"), "n", {("clusterroles", "bind clusterroles", "admin")}),
        (("escalate", "*", "clusterroles"), "n", set()),
        (("update", "*", "*/scale"), "n", {
            (plural, f"update {plural}/scale", "write") for plural in
            ("deployments", "replicasets", "statefulsets", "replicationcontrollers")}),
        (("create", "*", "*/token"), EVERYWHERE,
         {("serviceaccounts", "create serviceaccounts/token", "admin")}),
        (("get", "*", "*/log"), "n", {("pods", "get pods/log", "read")}),
        (("get", "apps", "*/exec"), "n", set()),
        (("get", "acme.io", "*"), "n", {("acme.io", "get *.acme.io", "read")}),
        (("create", "batch.volcano.sh", "jobs"), "n",
         {("jobs.batch.volcano.sh", "create jobs.batch.volcano.sh", "write")}),
        (("get", "metrics.k8s.io", "pods/x"), "n",
         {("pods.metrics.k8s.io", "get pods.metrics.k8s.io/x", "read")}),
        (("create", "apps", "pods"), "n", set()),
        (("create", "extensions", "deployments"), "n",
         {("deployments", "create deployments", "write")}),
        (("get", "acme.io", "widgets"), "n", {("widgets", "get widgets", "read")}),
        (("get", "batch", "*"), "n", {
            ("jobs", "get jobs", "read"), ("jobs", "get jobs/*", "read"),
            ("cronjobs", "get cronjobs", "read"), ("cronjobs", "get cronjobs/*", "read")}),
    ],
)  # fmt: skip
def test_what_a_rule_permits(said, namespace, expected):
    """A part of all sorts is a part of those that have it.

    https://kubernetes.io/docs/reference/generated/kubernetes-api/v1.31/
    """
    verbs, groups, resources = (tuple(part.split()) for part in said)
    found = {
        (one.plural, action, level)
        for one in permitted(Rule(verbs, groups, resources, ()), namespace)
        for action in one.actions
        for level in one.levels
    }
    assert found == expected


def test_things_of_another_api_with_an_equal_name_hand_over_no_account(read):
    """Jobs of Volcano are not those of Kubernetes, and deployments are not in the core group."""
    said = [rule("create", "jobs", "batch.volcano.sh"), rule("get patch", "pods", "metrics.k8s.io")]
    wrong = rule("create", "deployments") | {"apiGroups": [""]}
    loaded = read(
        thing("ServiceAccount", "boss", "shop"),
        thing("Role", "r", "shop", rules=[*said, wrong]),
        binding("r", account("bot"), namespace="shop"),
    )
    thing_of = loaded.graph.thing
    taken = [p for p in loaded.posture.escalated.proofs if thing_of(p.source)["name"] == "r"]
    assert taken == []
    assert set(grants(loaded, "role/r")) == {
        "shop/jobs.batch.volcano.sh/*",
        "shop/pods.metrics.k8s.io/*",
    }
    assert any(w.startswith("1 rules grant what is not there") for w in loaded.done.warnings)


@pytest.mark.parametrize("sort", ["secrets", "services", "namespaces"])
def test_a_star_among_names_is_no_wildcard(read, sort):
    """The server compares names letter by letter: such a rule permits nothing.

    https://kubernetes.io/docs/reference/access-authn-authz/rbac/#referring-to-resources
    """
    role = thing("Role", "r", "shop", rules=[rule("get", sort, names=["*"])])
    loaded = read(role, binding("r", account("bot"), namespace="shop"))
    assert grants(loaded, "role/r") == {}
    assert any(w.startswith("1 rules grant what is not there") for w in loaded.done.warnings)


def test_create_cannot_be_limited_to_a_name(read):
    role = thing("Role", "r", "shop", rules=[rule("create get", "secrets", names=["key"])])
    loaded = read(role, binding("r", account("bot"), namespace="shop"))
    assert grants(loaded, "role/r") == {"shop/secret/key": (["read"], ["get secrets"])}


def test_everything_in_a_namespace_is_the_namespace_and_what_is_in_it(read):
    """The twin: everything but one verb is not the administration of the namespace."""
    everything = thing("Role", "all", "shop", rules=[rule("*", "*")])
    nearly = thing("Role", "most", "shop", rules=[rule("get list", "*")])
    bound = [binding(name, account("bot"), namespace="shop") for name in ("all", "most")]
    loaded = read(everything, nearly, *bound, thing("Pod", "web", "shop", spec={}))
    whole = grants(loaded, "role/all")
    assert whole["-/namespace/shop"] == (["list", "read", "write", "admin"], ["* *"])
    assert whole["shop/pods/*"][0] == ["list", "read", "write", "admin"]
    assert grants(loaded, "role/most")["-/namespace/shop"] == (
        ["read"], ["get namespaces", "get namespaces/*"]
    )  # fmt: skip
    assert grants(loaded, "role/most")["shop/secrets/*"][0] == ["list", "read"]


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        (rule("get delete", "namespaces"), ["read", "write"]),
        (rule("get", "namespaces", names=["shop"]), ["read"]),
        (rule("*", "namespaces"), ["list", "read", "write"]),
        (rule("delete", "namespaces", names=["home"]), None),  # a request on it is within home
        (rule("list create", "namespaces"), None),  # such a request names none
        (rule("get", "nodes"), None),
    ],
)
def test_a_role_of_a_namespace_may_permit_what_is_done_to_the_namespace(read, of, expected):
    """The server takes a request on a namespace by its name for one within that namespace.

    Whoever may do anything to it does not administer what is in it.
    """
    loaded = read(
        *(thing("Namespace", name) for name in ("shop", "home")),
        thing("ServiceAccount", "x", "shop"),
        thing("Role", "r", "shop", rules=[of]),
        binding("r", account("bot"), namespace="shop"),
    )
    given = grants(loaded, "role/r")
    assert set(given) == ({"-/namespace/shop"} if expected else set())
    assert given.get("-/namespace/shop", (None,))[0] == expected
    thing_of, proofs = loaded.graph.thing, loaded.posture.escalated.proofs
    assert [p for p in proofs if thing_of(p.source)["name"] == "r"] == []


def test_a_cluster_role_bound_in_a_namespace_counts_there_only(read):
    role = thing("ClusterRole", "reader", rules=[rule("get", "secrets nodes")])
    loaded = read(role, binding("reader", account("bot"), namespace="shop", kind="ClusterRole"))
    assert set(grants(loaded, "serviceaccount/bot")) == {"shop/secrets/*"}
    assert loaded.links(ASSUMES) == set()
    assert reached(loaded, "bot") == {"secrets of shop": "read"}


def test_a_cluster_role_bound_in_the_cluster_counts_everywhere(read):
    role = thing("ClusterRole", "reader", rules=[rule("get", "secrets")])
    other = thing("Role", "own", "shop", rules=[rule("get", "secrets")])
    own = binding("own", account("other"), namespace="shop")
    loaded = read(role, other, own, binding("reader", account("bot")))
    assert reached(loaded, "bot") == {
        "secrets of all namespaces": "read",
        "secrets of shop": "read",
    }


def test_who_may_read_all_secrets_may_read_the_named_one(read):
    """A rule names the Secret `key` of shop: whoever may read all of shop, or all, may read it.

    Who may only create Secrets there, or read those of another namespace, may not.
    """
    held = (
        ("one", "shop", rule("get", "secrets", names=["key"])),
        ("every", "shop", rule("list", "secrets")),
        ("maker", "shop", rule("create", "secrets")),
        ("far", "home", rule("get", "secrets")),
        ("ruler", "shop", rule("*", "*")),
    )
    objects = [thing("ClusterRole", "all", rules=[rule("get", "secrets")])]
    objects.append(binding("all", account("wide")))
    for name, where, of in held:
        objects.append(thing("Role", name, where, rules=[of]))
        objects.append(binding(name, account(name), namespace=where))
    loaded = read(*objects)
    levels = {
        name: grants(loaded, f"role/{name}").get("shop/secret/key", ([],))[0]
        for name in ("one", "every", "maker", "far", "ruler")
    }
    assert levels == {
        "one": ["read"],
        "every": ["read"],
        "maker": [],
        "far": [],
        "ruler": ["list", "read", "write", "admin"],
    }
    assert grants(loaded, "clusterrole/all")["shop/secret/key"][0] == ["read"]
    assert grants(loaded, "role/every")["shop/secret/key"][1] == []  # the action is on all of them


def test_a_name_in_a_namespace_is_known_to_a_rule_of_the_cluster(read):
    """Whichever rule comes first, the Secret `key` of all namespaces is that of shop."""
    objects = []
    for kind, where in (("ClusterRole", ""), ("Role", "shop")):
        objects.append(thing(kind, "r", where, rules=[rule("get", "secrets", names=["key"])]))
    bound = [binding("r", account("bot")), binding("r", account("other"), namespace="shop")]
    for given in (objects, objects[::-1]):
        assert set(grants(read(*given, *bound), "clusterrole/r")) == {"shop/secret/key"}


def test_a_role_that_nobody_has_permits_nothing(read):
    """Its twins: one that is bound, and one that somebody may bind, count."""
    roles = [
        thing("Role", name, "shop", rules=[rule("get", "secrets")]) for name in ("a", "b", "c")
    ]
    binder = thing("Role", "binder", "shop", rules=[rule("bind", "roles", names=["c"])])
    wide = thing("ClusterRole", "wide", rules=[rule("get", "secrets")])
    loaded = read(
        *roles,
        binder,
        wide,
        binding("b", account("bot"), namespace="shop"),
        binding("binder", account("bot"), namespace="shop"),
        binding("wide", account("bot"), namespace="shop", kind="ClusterRole"),
    )
    held = {name: bool(grants(loaded, f"role/{name}")) for name in ("a", "b", "c", "wide")}
    assert held == {"a": False, "b": True, "c": True, "wide": False}
    assert {r["name"]: r["assumable"] for r in loaded.rows(ROLE)} == {
        "a": False, "b": True, "c": False, "binder": True, "wide": False,
    }  # fmt: skip


def test_an_aggregated_role_has_the_rules_of_those_it_selects(read):
    chosen = thing("ClusterRole", "part", rules=[rule("get", "secrets")])
    chosen["metadata"]["labels"] = {"agg": "yes"}
    other = thing("ClusterRole", "not", rules=[rule("delete", "secrets")])
    whole = thing("ClusterRole", "whole", rules=None)
    whole["aggregationRule"] = {"clusterRoleSelectors": [{"matchLabels": {"agg": "yes"}}]}
    loaded = read(chosen, other, whole, binding("whole", account("bot")))
    assert grants(loaded, "clusterrole/whole") == {"-/secrets/*": (["read"], ["get secrets"])}


def test_the_built_in_superuser_and_the_masters_rule_the_cluster(read):
    loaded = read(
        binding("cluster-admin", account("bot"), {"kind": "Group", "name": "system:masters"}),
        binding("unheard-of", account("other")),
    )
    assert reached(loaded, "bot")["demo"] == "admin"
    assert reached(loaded, "system:masters")["demo"] == "admin"
    assert reached(loaded, "other") == {}
    said = " ".join(loaded.done.warnings)
    assert "unheard-of-binding: names a role that is not in the export" in said


@pytest.mark.parametrize(("kind", "namespace", "holder", "target"), [
    ("ClusterRole", None, "clusterrole/lost", "-/cluster/demo"),
    ("ClusterRole", "shop", "serviceaccount/bot", "-/namespace/shop"),
    ("Role", "shop", "role/lost", "-/namespace/shop"),
])  # fmt: skip
def test_a_role_that_is_not_in_the_export_is_granted_by_its_name(
    read, kind, namespace, holder, target
):
    """What it permits is unknown, so no reach follows; that somebody has it is no secret."""
    loaded = read(binding("lost", account("bot"), namespace=namespace, kind=kind))
    assert grants(loaded, holder) == {target: ([], [])}
    [row] = [r for r in loaded.rows(CAN_ACCESS) if r["role_name"] == "lost"]
    assert row["policy_id"].endswith("/lost-binding")
    assert reached(loaded, "bot") == {}


# -- real files ------------------------------------------------------------------------------------


def test_real_cluster_has_its_accounts_and_roles(real):
    """Counted in the files: 17 accounts, 8 cluster roles and 12 roles, 24 bindings, 30 pods."""
    accounts = [r for r in real.rows(SERVICE_ACCOUNT) if r["name"] != "default"]
    assert len(accounts) == 17
    wide = [r for r in real.rows(ROLE) if "/clusterrole/" in r["id"]]
    assert (len(wide), len(real.rows(ROLE))) == (8, 20)
    assert len([r for r in real.rows(RESOURCE) if r["type"] == "pod"]) == 30
    assert real.reasons == []
    assert "Service (1)" in " ".join(real.done.warnings)
