"""Kubernetes: each permission that hands over another identity, and near misses of each.

The near misses named `fail` are those of KubeHound's test cluster, where the attack must not be
found (https://kubehound.io/reference/attacks/ROLE_BIND/).
"""

import pytest

from ingest.sources.kubernetes import SOURCE
from tests.support.estates.small_estates import Estate
from tests.support.exports.loading import load
from tests.support.printed import path

C = "k8s:prod"
SHOP, BACK = "shop", "back"


def account(name, namespace=SHOP):
    return f"{C}/{namespace}/serviceaccount/{name}"


def role(name, namespace=SHOP):
    return f"{C}/{namespace}/{'role' if namespace != '-' else 'clusterrole'}/{name}"


def cluster(declares=("grants", "inventory", "credentials")):
    """Build two namespaces with two accounts each; a pod of `shop` runs as `bot`."""
    e = Estate(declares=declares)
    e.resource(f"{C}/-/cluster/prod", type="cluster", control_plane="true")
    for namespace in (SHOP, BACK):
        e.resource(f"{C}/-/namespace/{namespace}", type="namespace")
        e.account(account("bot", namespace), account("other", namespace))
        e.thing("Role", role("admin", namespace))
    e.resource(f"{C}/{SHOP}/pod/web", type="pod")
    e.link(f"{C}/{SHOP}/pod/web", "RUNS_AS", account("bot"), id="runs")
    e.thing("Role", role("wide", "-"))
    return e.person("mallory", f"{C}/-/user/eve")


def may(e, actions, what, namespace=SHOP, who="mallory", name="*", **facts):
    """State that somebody may do these actions on a sort of thing, or on one."""
    plural = what.split("/")[0]
    single = name != "*"
    target = f"{C}/{namespace}/{plural.rstrip('s') if single else plural}/{name}"
    stated = {row["id"] for rows in e.rows.values() for row in rows if "id" in row}
    if target not in stated:
        e.resource(target, type=plural)
    number = sum(len(rows) for rows in e.rows.values())
    said = [f"{action} {what}" for action in actions.split()]
    e.can(who, "", target, actions=said, id=f"may{number}", grant_id=f"g{number}", **facts)
    return e


def gained(e, who="mallory"):
    """Return what rules conclude that somebody controls, in short: (rule, kind/name)."""
    posture = e.posture()
    name = posture.graph.thing
    return {
        (p.rule, name(p.target)["id"].removeprefix(f"{C}/"))
        for p in posture.escalated.proofs
        if name(p.source)["id"] == who
    }


def accounts(rule, *places):
    return {(rule, f"{at}/serviceaccount/{name}") for at, name in places}


BOTH = ((SHOP, "bot"), (SHOP, "other"))
ALL = (*BOTH, (BACK, "bot"), (BACK, "other"))


# -- one permission --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("actions", "what", "namespace", "expected"),
    [
        ("create", "pods", SHOP, accounts("K1", *BOTH)),
        ("create", "pods", "-", accounts("K1", *ALL)),
        ("create", "cronjobs", SHOP, accounts("K1", *BOTH)),
        ("patch", "deployments", SHOP, accounts("K1", *BOTH)),
        ("create", "pods/exec", SHOP, accounts("K2", (SHOP, "bot"))),
        ("get", "pods/exec", SHOP, accounts("K2", (SHOP, "bot"))),
        ("create", "pods/attach", "-", accounts("K2", (SHOP, "bot"))),
        ("create", "pods/*", SHOP, accounts("K2", (SHOP, "bot"))),
        ("patch", "pods", SHOP, accounts("K2", (SHOP, "bot"))),
        ("get", "nodes/proxy", "-", accounts("K2", (SHOP, "bot"))),
        ("create", "nodes/proxy", "-", accounts("K2", (SHOP, "bot"))),
        ("get", "nodes/log", "-", set()),
        ("patch", "pods/ephemeralcontainers", SHOP, accounts("K2", (SHOP, "bot"))),
        ("create", "serviceaccounts/token", SHOP, accounts("K4", *BOTH)),
        ("create", "serviceaccounts/token", "-", accounts("K4", *ALL)),
        ("impersonate", "serviceaccounts", SHOP, accounts("K6", *BOTH)),
        ("impersonate", "users", "-", {("K6", "-/user/eve")}),
    ],
)
def test_a_permission_hands_over_the_accounts_of_its_namespace(actions, what, namespace, expected):
    assert gained(may(cluster(), actions, what, namespace)) == expected


@pytest.mark.parametrize(
    ("actions", "what"),
    [
        ("get list watch delete", "pods"),
        ("create", "pods/log"),
        ("create", "pods/portforward"),
        ("create", "configmaps"),
        ("delete", "deployments"),
        ("get list", "secrets"),
        ("create update", "serviceaccounts"),
        ("get", "serviceaccounts/token"),
        ("bind", "roles"),
        ("create", "rolebindings"),
        ("escalate", "roles"),
        ("update", "roles"),
        ("impersonate", "groups"),
        ("create", "pods.metrics.k8s.io"),
        ("createx", "pods"),
    ],
)
def test_other_permissions_hand_over_nothing(actions, what):
    assert gained(may(cluster(), actions, what)) == set()


def test_every_verb_covers_the_one_that_is_needed():
    """Creating a pod needs no pod that runs, so entering one is the longer way and is left out."""
    assert gained(may(cluster(), "*", "pods")) == accounts("K1", *BOTH)


def test_one_pod_hands_over_its_own_account_only():
    e = cluster().resource(f"{C}/{SHOP}/pod/db", type="pod")
    e.link(f"{C}/{SHOP}/pod/db", "RUNS_AS", account("other"), id="runs-db")
    assert gained(may(e, "create", "pods/exec", name="web")) == accounts("K2", (SHOP, "bot"))


def test_every_verb_on_one_pod_makes_no_other():
    """Nobody can be limited to create a thing of some name, so `*` on one name creates none."""
    assert gained(may(cluster(), "*", "pods", name="web")) == accounts("K2", (SHOP, "bot"))
    assert gained(may(cluster(), "*", "jobs", name="nightly")) == set()
    assert gained(may(cluster(), "*", "deployments", name="web")) == accounts("K1", *BOTH)


def test_a_token_of_one_account():
    e = cluster()
    e.can("mallory", "", account("bot"), actions=["create serviceaccounts/token"], id="t")
    assert gained(e) == accounts("K4", (SHOP, "bot"))


def test_supports_are_the_grant_and_the_pod():
    posture = may(cluster(), "create", "pods/exec").posture()
    (proof,) = [p for p in posture.escalated.proofs if p.rule == "K2"]
    assert "runs" in proof.support
    assert len(proof.support) == 2
    assert not proof.assumed


def test_a_condition_stays_on_the_step():
    posture = may(cluster(), "create", "pods", condition="MFA").posture()
    assert {p.condition for p in posture.escalated.proofs if p.rule == "K1" and p.support} == {
        "MFA"
    }


def test_an_account_does_not_gain_itself():
    e = may(cluster(), "create", "pods", who=account("bot"))
    assert gained(e, account("bot")) == accounts("K1", (SHOP, "other"))


# -- what no source lists is assumed ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("declares", "actions", "what", "rule"),
    [
        (("grants", "credentials"), "create", "pods/exec", "K2"),
        (("grants", "inventory"), "list", "secrets", "K3"),
        (("grants", "inventory"), "get", "secrets", "K3"),
    ],
)
def test_unlisted_pods_and_secrets_are_assumed(declares, actions, what, rule):
    """The estate format always declares inventory, so the twin takes a source that does not."""
    e = may(cluster(declares), actions, what)
    found = [p for p in e.posture().escalated.proofs if p.rule == rule and p.assumed]
    assert {e.posture().graph.thing(p.target)["id"] for p in found} == {
        account("bot"),
        account("other"),
    }


# -- several permissions ---------------------------------------------------------------------------


def test_binding_any_cluster_role_everywhere_is_the_cluster():
    e = may(cluster(), "bind", "clusterroles", "-")
    assert gained(may(e, "create", "clusterrolebindings", "-")) == {("K5", "-/cluster/prod")}


def test_binding_any_cluster_role_in_a_namespace_is_the_namespace():
    e = may(cluster(), "bind", "clusterroles", "-")
    assert gained(may(e, "create", "rolebindings")) == {("K5", "-/namespace/shop")}
    e = may(cluster(), "bind", "clusterroles")
    assert gained(may(e, "create", "rolebindings", "-")) == {("K5", "-/namespace/shop")}


def test_binding_roles_gains_those_of_the_namespace():
    e = may(cluster(), "bind", "roles", "-")
    assert gained(may(e, "create", "rolebindings", BACK)) == {("K5", "back/role/admin")}


def test_binding_one_role_gains_that_one():
    e = cluster().thing("Role", role("reader"))
    e.can("mallory", "", role("reader"), actions=["bind roles"], id="b")
    assert gained(may(e, "create", "rolebindings")) == {("K5", "shop/role/reader")}


@pytest.mark.parametrize(
    ("bind", "at", "binding", "where"),
    [
        ("roles", "-", "clusterrolebindings", "-"),
        ("clusterroles", SHOP, "clusterrolebindings", "-"),
        ("roles", BACK, "rolebindings", SHOP),
        ("clusterroles", BACK, "rolebindings", SHOP),
    ],
)
def test_bindings_that_cannot_be_made_gain_nothing(bind, at, binding, where):
    e = may(cluster(), "bind", bind, at)
    assert gained(may(e, "create", binding, where)) == set()


def test_permissions_of_two_roles_count_together():
    """Neither role can do it alone; the account that has both can, by four facts."""
    e = cluster().thing("Role", role("a"), role("b"))
    for name in ("a", "b"):
        e.link(account("bot"), "ASSUMES", role(name), id=f"takes-{name}")
    may(e, "bind", "clusterroles", who=role("a"))
    may(e, "create", "rolebindings", who=role("b"))
    assert gained(e, role("a")) == gained(e, role("b")) == set()
    posture = e.posture()
    (proof,) = [p for p in posture.escalated.proofs if p.rule == "K5"]
    assert posture.graph.thing(proof.source)["id"] == account("bot")
    assert {"takes-a", "takes-b"} < set(proof.support)
    assert len(proof.support) == 4


def test_who_may_escalate_its_own_role_has_the_namespace():
    e = may(cluster(), "escalate update", "roles", who=role("admin"))
    assert gained(e, role("admin")) == {("K5", "-/namespace/shop")}
    assert gained(may(cluster(), "escalate update", "roles")) == set()  # it holds no role to widen


@pytest.mark.parametrize(
    ("has", "changes", "expected"),
    [
        ("reader", "reader", {("K5", "-/namespace/shop")}),
        ("reader", "", {("K5", "-/namespace/shop")}),  # all roles of the namespace
        ("reader", "other", set()),
        ("other", "reader", set()),
    ],
)
def test_who_may_rewrite_a_role_that_it_has_has_the_namespace(has, changes, expected):
    """By another role, or by a grant of its own: what it writes into the role is its own then."""
    e = cluster().thing("Role", role("reader"), role("other"), role("editor"))
    e.link(account("bot"), "ASSUMES", role("editor"), id="edits")
    e.link(account("bot"), "ASSUMES", role(has), id="has")
    may(e, "escalate", "roles", who=role("editor"))
    if changes:
        e.can(account("bot"), "", role(changes), actions=["patch roles"], id="named")
    else:
        may(e, "patch", "roles", who=account("bot"))
    assert gained(e, account("bot")) == expected
    proofs = [p for p in e.posture().escalated.proofs if p.rule == "K5"]
    assert all({"edits", "has"} < set(p.support) for p in proofs if changes)


@pytest.mark.parametrize(("name", "expected"), [("admin", True), ("reader", False)])
@pytest.mark.parametrize("verb", ["escalate", "update"])
def test_who_may_widen_only_another_role_gains_nothing(verb, name, expected):
    e = cluster().thing("Role", role("reader"))
    other = ({"escalate", "update"} - {verb}).pop()
    may(e, other, "roles", who=role("admin"))
    e.can(role("admin"), "", role(name), actions=[f"{verb} roles"], id="named")
    assert gained(e, role("admin")) == ({("K5", "-/namespace/shop")} if expected else set())


@pytest.mark.parametrize(
    ("whom", "others"),
    [("users", {("K6", "-/user/eve")}), ("serviceaccounts", accounts("K6", *ALL))],
)
def test_impersonating_anybody_in_any_group_is_the_cluster(whom, others):
    """An account is a user of the cluster, too, so it can be put into the group of the masters."""
    e = may(cluster(), "impersonate", whom, "-")
    found = gained(may(e, "impersonate", "groups", "-"))
    assert found == others | {("K6", "-/cluster/prod")}


def test_who_administers_a_namespace_has_its_accounts_and_the_cluster_all():
    e = cluster().can("mallory", "admin", f"{C}/-/namespace/{SHOP}")
    reach = path(e.posture(), e.posture().graph.find("mallory"),
                         e.posture().graph.find(account("bot")))  # fmt: skip
    assert [s["rule"] for s in reach["paths"][0]["steps"]] == ["K1", "K1"]
    far = path(e.posture(), e.posture().graph.find("mallory"),
                       e.posture().graph.find(account("bot", BACK)))  # fmt: skip
    assert far["paths"] == []
    e = cluster().can("mallory", "admin", f"{C}/-/cluster/prod")
    far = path(e.posture(), e.posture().graph.find("mallory"),
                       e.posture().graph.find(account("bot", BACK)))  # fmt: skip
    assert far["paths"]


def test_clusters_do_not_mix():
    e = cluster().account("k8s:test/shop/serviceaccount/far")
    assert gained(may(e, "create", "pods", "-")) == accounts("K1", *ALL)


# -- KubeHound's cluster ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def hound(real_data, tmp_path_factory):
    loaded = load(SOURCE, tmp_path_factory.mktemp("k8s"), real_data / "kubehound-rbac")
    graph, found = loaded.graph, {}
    for p in loaded.posture.escalated.proofs:
        if p.support:
            found.setdefault(graph.thing(p.source)["name"], set()).add(
                (p.rule, graph.thing(p.target)["id"].split("/", 1)[1])
            )
    return found


IN_DEFAULT = {
    ("K5", f"default/role/{name}")
    for name in ("admin", "create-pods", "exec-pods", "impersonate", "list-secrets", "patch-pods",
                 "read-logs", "read-secrets", "rolebind-rb-r-crb-cr-fail", "rolebind-rb-r-rb-crb",
                 "rolebind-rb-r-rb-r")
}  # fmt: skip


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("rolebind-crb-cr-crb-cr", {("K5", "-/cluster/demo")}),
        ("rolebind-crb-cr-rb-cr", {("K5", "-/namespace/default"), ("K5", "-/namespace/vault")}),
        ("rolebind-crb-cr-rb-r", IN_DEFAULT | {("K5", "vault/role/admin")}),
        ("rolebind-sa-rb-cr-rb-cr", {("K5", "-/namespace/default")}),
        ("rolebind-sa-rb-cr-rb-r", IN_DEFAULT),
        ("rolebind-rb-r-rb-r", IN_DEFAULT - {("K5", "default/role/rolebind-rb-r-rb-r")}),
        ("rolebind-rb-r-rb-crb", {("K5", "-/namespace/default")}),
        ("rolebind-crb-cr-crb-r-fail", set()),
        ("rolebind-sa-rb-cr-crb-cr-fail", set()),
        ("rolebind-rb-r-crb-cr-fail", set()),
        (
            "impersonate",
            set(),
        ),  # users are of the cluster: granted in a namespace, it has no effect
        ("read-logs", set()),
        ("node-api-access", set()),
    ],
)
def test_kubehound_role_bindings(hound, source, expected):
    assert hound.get(source, set()) == expected


def test_kubehound_pods_and_tokens(hound):
    """Sixteen accounts of 17 run in a pod of `default`, and the implied default one does too."""
    running = {target for _, target in hound["exec-pods"]}
    assert {rule for rule, _ in hound["exec-pods"]} == {"K2"}
    assert "default/serviceaccount/varlog-sa" in running
    assert {rule for rule, _ in hound["patch-pods"]} == {"K2"}
    assert {rule for rule, _ in hound["create-pods"]} == {"K1"}
    assert len(hound["create-pods"]) == 18
    assert {rule for rule, _ in hound["list-secrets"]} == {"K3"}
    assert {rule for rule, _ in hound["read-secrets"]} == {"K3"}


CERTIFICATE = (
    ("create", "certificatesigningrequests", "*"),
    ("update", "certificatesigningrequests/approval", "*"),
    ("approve", "signers", "kubernetes.io/kube-apiserver-client"),
)


@pytest.mark.parametrize(
    ("left_out", "signer", "gains"),
    [
        (None, "kubernetes.io/kube-apiserver-client", True),
        (None, "kubernetes.io/*", True),
        (None, "*", True),
        (None, "kubernetes.io/kubelet-serving", False),  # no certificate of a client
        (0, "*", False),
        (1, "*", False),
        (2, "*", False),
    ],
)
def test_who_approves_its_own_certificate_is_any_user_and_account(left_out, signer, gains):
    """All three permissions: RBAC good practices, CSRs and certificate issuing."""
    e = cluster()
    for number, (verb, what, name) in enumerate(CERTIFICATE):
        if number != left_out:
            may(e, verb, what, "-", name=signer if what == "signers" else name)
    everybody = accounts("K6", *ALL) | {("K6", "-/user/eve")}
    assert gained(e) == (everybody if gains else set())
