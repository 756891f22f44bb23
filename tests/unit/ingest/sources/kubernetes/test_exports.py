"""Exports of clusters as people have them: what runs, identities of clouds, and look-alikes.

By https://kubernetes.io/docs/concepts/security/service-accounts/,
https://docs.aws.amazon.com/eks/latest/userguide/pod-identities.html,
https://cloud.google.com/kubernetes-engine/docs/how-to/workload-identity and
https://azure.github.io/azure-workload-identity/docs/topics/service-account-labels-and-annotations.html.
"""

import json

import pytest

from analytics.posture import Filter
from analytics.reach.spread import spread
from graph.schema import ASSUMES, CAN_ACCESS, CONTROLS, MEMBER_OF, ROLE, RUNS_AS, SERVICE_ACCOUNT
from ingest.source import InputRefused
from ingest.sources.kubernetes import SOURCE
from tests.support.exports.kubernetes_cluster import account, binding, grants, rule, thing
from tests.support.exports.loading import load, reached
from tests.support.hostile.canaries import leaks

ARN = "arn:aws:iam::123456789012:role/shop"
CLIENT = "0c2e1bab-4475-43b3-b5ed-42d7c243bb4b"


def said(loaded, part):
    return any(part in warning for warning in loaded.done.warnings)


# -- what runs -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("audience", "runs"), [(None, True), ("https://kubernetes.default.svc", True), ("vault", False)]
)
def test_a_token_by_a_volume_is_a_token(read, audience, runs):
    """Also where none is mounted by itself; one for somebody else does not open the cluster."""
    token = {"path": "token"} | ({"audience": audience} if audience else {})
    spec = {"serviceAccountName": "bot", "automountServiceAccountToken": False,
            "volumes": [{"name": "t", "projected": {"sources": [{"serviceAccountToken": token}]}},
                        {"name": "e", "emptyDir": {}}]}  # fmt: skip
    assert bool(read(thing("Pod", "web", "shop", spec=spec)).links(RUNS_AS)) is runs


def test_in_a_pod_that_has_ended_nothing_runs(read):
    spec = {"serviceAccountName": "bot"}
    loaded = read(
        thing("Pod", "done", "shop", spec=spec, status={"phase": "Succeeded"}),
        thing("Pod", "web", "shop", spec=spec, status={"phase": "Running"}),
    )
    assert loaded.links(RUNS_AS) == {("web", "bot")}
    assert said(loaded, "1 pods and jobs have ended")


@pytest.mark.parametrize(("conditions", "runs"), [
    ([{"type": "Complete", "status": "True"}], False),
    ([{"type": "SuccessCriteriaMet", "status": "True"}, {"type": "Failed", "status": "True"}],
     False),
    ([{"type": "Complete", "status": "False"}], True),
    ([{"type": "Suspended", "status": "True"}], True),
    (None, True),
])  # fmt: skip
def test_in_a_job_that_has_ended_nothing_runs(read, conditions, runs):
    """https://kubernetes.io/docs/concepts/workloads/controllers/job/#terminal-job-conditions."""
    spec = {"template": {"spec": {"serviceAccountName": "bot"}}}
    status = {"conditions": conditions} if conditions else {}
    loaded = read(thing("Job", "once", "shop", spec=spec, status=status))
    assert bool(loaded.links(RUNS_AS)) is runs


GIVEN = {
    "a volume": {"volumes": [{"name": "t", "secret": {"secretName": "key"}}]},
    "a projected volume": {
        "volumes": [{"name": "t", "projected": {"sources": [{"secret": {"name": "key"}}]}}]
    },
    "a variable": {"containers": [{"env": [
        {"name": "T", "valueFrom": {"secretKeyRef": {"name": "key", "key": "token"}}}]}]},
    "variables": {"initContainers": [{"envFrom": [{"secretRef": {"name": "key"}}]}]},
}  # fmt: skip


@pytest.mark.parametrize("form", GIVEN)
@pytest.mark.parametrize("kind", ["Pod", "Deployment"])
def test_a_pod_acts_as_the_account_whose_token_it_is_given(read, form, kind):
    """The token in a Secret is as good as the pod's own, which is not mounted here."""
    key = thing("Secret", "key", "shop", type="kubernetes.io/service-account-token")
    key["metadata"]["annotations"] = {"kubernetes.io/service-account.name": "boss"}
    inner = {"serviceAccountName": "bot", "automountServiceAccountToken": False, **GIVEN[form]}
    spec = inner if kind == "Pod" else {"template": {"spec": inner}}
    assert read(key, thing(kind, "web", "shop", spec=spec)).links(RUNS_AS) == {("web", "boss")}


def test_a_secret_that_is_no_token_of_an_account_gives_none(read):
    other, far = (thing("Secret", "key", n, type=t) for n, t in
                  (("shop", "Opaque"), ("ops", "kubernetes.io/service-account-token")))  # fmt: skip
    for secret in (other, far):
        secret["metadata"]["annotations"] = {"kubernetes.io/service-account.name": "boss"}
    certificate = {"name": "C", "valueFrom": {"secretKeyRef": {"name": "ca", "key": "ca.crt"}}}
    own = thing("Secret", "ca", "shop", type="kubernetes.io/service-account-token")
    own["metadata"]["annotations"] = {"kubernetes.io/service-account.name": "boss"}
    spec = {
        "serviceAccountName": "bot",
        **GIVEN["a volume"],
        "containers": [{"env": [certificate]}],
    }
    loaded = read(other, far, own, thing("Pod", "web", "shop", spec=spec))
    assert loaded.links(RUNS_AS) == {("web", "bot")}


# -- identities of clouds --------------------------------------------------------------------------


def annotated(name, key, value):
    bot = thing("ServiceAccount", name, "shop")
    bot["metadata"]["annotations"] = {key: value}
    return bot


def test_accounts_act_as_identities_of_clouds(read):
    loaded = read(
        annotated("a", "eks.amazonaws.com/role-arn", ARN),
        annotated("g", "iam.gke.io/gcp-service-account", "bot@p.iam.gserviceaccount.com"),
        annotated("z", "azure.workload.identity/client-id", CLIENT.upper()),
        annotated("n", "azure.workload.identity/client-id", "none"),
    )
    steps = {(r["source_id"].rpartition("/")[2], r["target_id"]) for r in loaded.rows(ASSUMES)}
    google = "gcp:bot@p.iam.gserviceaccount.com"
    assert steps == {("a", ARN), ("g", google), ("z", f"entra:app/{CLIENT}")}
    assert all(r["condition"] for r in loaded.rows(ASSUMES))
    assert loaded.one(SERVICE_ACCOUNT, id=google)["external_ids"] == json.dumps([google])


@pytest.mark.parametrize(
    "document",
    [
        {"association": {"namespace": "shop", "serviceAccount": "bot", "roleArn": ARN}},
        {"apiVersion": "eks.services.k8s.aws/v1alpha1", "kind": "PodIdentityAssociation",
         "metadata": {"name": "x"},
         "spec": {"namespace": "shop", "serviceAccount": "bot", "roleARN": ARN}},
    ],
)  # fmt: skip
def test_a_pod_identity_of_aws(tmp_path, document):
    (tmp_path / "sa.json").write_text(json.dumps(thing("ServiceAccount", "bot", "shop")))
    (tmp_path / "identity.json").write_text(json.dumps(document))
    loaded = load(SOURCE, tmp_path / "s", tmp_path / "sa.json", tmp_path / "identity.json")
    (step,) = loaded.rows(ASSUMES)
    assert (step["source_id"], step["target_id"]) == ("k8s:demo/shop/serviceaccount/bot", ARN)


def test_an_association_that_does_not_say_its_role_is_counted(tmp_path):
    listed = {"associations": [{"namespace": "shop", "serviceAccount": "bot"}]}
    (tmp_path / "sa.json").write_text(json.dumps(thing("ServiceAccount", "bot", "shop")))
    (tmp_path / "identity.json").write_text(json.dumps(listed))
    loaded = load(SOURCE, tmp_path / "s", tmp_path / "sa.json", tmp_path / "identity.json")
    assert loaded.rows(ASSUMES) == []
    assert said(loaded, "1 associations of pod identities name no role")


def test_roles_of_an_account_are_let_in_as_groups(read):
    """By the map `aws-auth`: YAML within a text."""
    roles = f"- rolearn: {ARN}\n  username: ops\n  groups: [system:masters]\n"
    users = "- {userarn: 'arn:aws:iam::123456789012:user/ann', username: ann, groups: [dev]}\n- x\n"
    auth = thing(
        "ConfigMap", "aws-auth", "kube-system", data={"mapRoles": roles, "mapUsers": users}
    )
    role = thing("ClusterRole", "r", rules=[rule("get", "pods")])
    bound = binding("r", {"kind": "User", "name": "ann"})
    loaded = read(auth, thing("ConfigMap", "other", "shop", data={"k": "v"}), role, bound)
    ann = "arn:aws:iam::123456789012:user/ann"
    ends = {(r["source_id"], r["target_id"].rpartition("/")[2]) for r in loaded.rows(MEMBER_OF)}
    assert {(ARN, "system:masters"), (ann, "dev")} <= ends
    assert [(r["source_id"], r["target_id"]) for r in loaded.rows(CONTROLS)] == [
        (ann, "k8s:demo/-/user/ann")
    ]
    assert reached(loaded, ARN)["demo"] == "admin"
    assert said(loaded, "ConfigMap (1)")
    assert [reason for _, reason in loaded.reasons] == ["must be an object"]


def test_whom_a_cluster_lets_in_is_authenticated(tmp_path):
    """What every authenticated user may do, a role of the account may, in whatever group it is.

    https://kubernetes.io/docs/reference/access-authn-authz/rbac/#discovery-roles
    """
    entry = {"accessEntry": {"principalArn": ARN, "kubernetesGroups": [], "username": "x"}}
    other = "arn:aws:iam::123456789012:user/ann"
    mapped = {"mapUsers": f"- {{userarn: '{other}', username: ann, groups: [dev]}}\n"}
    things = [
        thing("ConfigMap", "aws-auth", "kube-system", data=mapped),
        thing("ClusterRole", "r", rules=[rule("get", "secrets", "")]),
        binding("r", {"kind": "Group", "name": "system:authenticated"}),
    ]
    (tmp_path / "all.json").write_text(json.dumps({"kind": "List", "items": things}))
    (tmp_path / "e.json").write_text(json.dumps(entry))
    loaded = load(SOURCE, tmp_path / "s", tmp_path)
    for arn in (ARN, other):
        assert reached(loaded, arn) == {"secrets of all namespaces": "read"}


def entered(tmp_path, policy, scope, *things):
    """Read a cluster into which a role is let by an access policy of EKS."""
    entry = {"accessEntry": {"principalArn": ARN, "kubernetesGroups": ["dev"], "username": "x"}}
    arn = f"arn:aws:eks::aws:cluster-access-policy/{policy}"
    given = {"principalArn": ARN, "clusterName": "c", "associatedAccessPolicies": [
        {"policyArn": arn, "accessScope": scope}]}  # fmt: skip
    objects = [thing("ServiceAccount", "bot", "shop"), thing("ServiceAccount", "far", "back")]
    listed = {"kind": "List", "items": [*objects, *things]}
    for name, document in {"all.json": listed, "e.json": entry, "p.json": given}.items():
        (tmp_path / name).write_text(json.dumps(document))
    return load(SOURCE, tmp_path / "s", tmp_path)


SHOP = {"type": "namespace", "namespaces": ["shop"]}


@pytest.mark.parametrize(
    ("policy", "scope", "accounts", "secrets"),
    [
        ("AmazonEKSViewPolicy", SHOP, set(), None),
        ("AmazonEKSAdminViewPolicy", SHOP, set(), "read"),
        ("AmazonEKSEditPolicy", SHOP, {"bot"}, "write"),
        ("AmazonEKSAdminPolicy", SHOP, {"bot"}, "write"),
        ("AmazonEKSEditPolicy", {"type": "cluster"}, {"bot", "far"}, "write"),
        ("AmazonEKSClusterAdminPolicy", {"type": "cluster"}, {"bot", "far"}, "admin"),
    ],
)
def test_access_policies_permit_what_the_roles_of_the_cluster_do(
    tmp_path, policy, scope, accounts, secrets
):
    """Who edits starts pods, and so acts as the accounts there; who views does not.

    https://docs.aws.amazon.com/eks/latest/userguide/access-policy-permissions.html
    """
    key = thing("Secret", "key", "shop", type="Opaque")
    loaded = entered(tmp_path, policy, scope, key, thing("Pod", "p", "back", spec={}))
    assert {r["target_id"] for r in loaded.rows(MEMBER_OF)} == {"k8s:demo/-/group/dev"}
    posture = loaded.posture
    start, names = posture.graph.find(ARN), posture.graph.thing
    met = spread(posture.network(Filter()), start).hops.reshape(-1, 4).max(axis=1) >= 0
    ids = [names(int(n))["id"] for n in met.nonzero()[0]]
    assert {i.rpartition("/")[2] for i in ids if "/serviceaccount/" in i} - {"default"} == accounts
    assert reached(loaded, ARN).get("secrets of shop") == secrets
    grants = loaded.rows(CAN_ACCESS)
    assert {r["role_name"] for r in grants} == {policy}
    assert not any(r["assumed"] or "serviceaccounts/token" in r["actions"] for r in grants)


def test_an_unknown_access_policy_permits_nothing_that_is_known(tmp_path):
    loaded = entered(tmp_path, "AmazonEKSNewPolicy", SHOP)
    (grant,) = loaded.rows(CAN_ACCESS)
    assert (grant["source_id"], grant["target_id"]) == (ARN, "k8s:demo/-/namespace/shop")
    assert json.loads(grant["levels"]) == []
    assert said(loaded, "unknown access policies")


# -- who is who ------------------------------------------------------------------------------------


def test_nobody_in_particular_is_not_among_those_who_signed_in(read):
    role = thing("ClusterRole", "r", rules=[rule("get", "pods")])
    groups = [{"kind": "Group", "name": f"system:{n}"} for n in
              ("authenticated", "unauthenticated", "nodes")]  # fmt: skip
    users = [{"kind": "User", "name": n} for n in ("system:anonymous", "system:node:n1", "ann")]
    loaded = read(role, binding("r", *groups, *users))
    assert loaded.links(MEMBER_OF) == {
        ("system:anonymous", "system:unauthenticated"), ("ann", "system:authenticated"),
        ("system:node:n1", "system:authenticated"), ("system:node:n1", "system:nodes"),
    }  # fmt: skip


def test_kinds_of_other_apis_are_not_those_of_the_cluster(read):
    cloud = thing("Role", "admin", "shop") | {"apiVersion": "iam.aws.crossplane.io/v1beta1"}
    job = thing("Job", "j", "shop", spec={}) | {"apiVersion": "batch.volcano.sh/v1alpha1"}
    loaded = read(cloud, job, thing("ServiceAccount", "bot", "shop"))
    assert (loaded.rows(ROLE), loaded.rows(RUNS_AS)) == ([], [])
    assert said(loaded, "Job (1), Role (1)")


def test_an_account_without_a_namespace_is_nobody(read):
    role = thing("ClusterRole", "r", rules=[rule("get", "pods")])
    loaded = read(role, binding("r", {"kind": "ServiceAccount", "name": "bot"}))
    assert [r for _, r in loaded.reasons] == ["an account must be named with its namespace"]
    assert loaded.rows(SERVICE_ACCOUNT) == []


def test_bindings_of_openshift(read):
    bound = binding("r", {"kind": "SystemUser", "name": "system:admin"})
    bound |= {"apiVersion": "authorization.openshift.io/v1", "roleRef": {"name": "r"}}
    loaded = read(thing("ClusterRole", "r", rules=[rule("get", "pods")]), bound)
    assert loaded.links(ASSUMES) == {("system:admin", "r")}


# -- roles -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("test", "gathered"),
    [
        ({"key": "tier", "operator": "In", "values": ["a", "b"]}, True),
        ({"key": "tier", "operator": "NotIn", "values": ["a"]}, False),
        ({"key": "tier", "operator": "Exists"}, True),
        ({"key": "other", "operator": "DoesNotExist"}, True),
        ({"key": "tier", "operator": "Odd"}, False),
    ],
)
def test_an_aggregated_role_selects_by_expressions_too(read, test, gathered):
    part = thing("ClusterRole", "part", rules=[rule("get", "secrets")])
    part["metadata"]["labels"] = {"tier": "a"}
    selectors = [{"matchExpressions": [test]}]
    whole = thing("ClusterRole", "whole", aggregationRule={"clusterRoleSelectors": selectors})
    loaded = read(part, whole, binding("whole", account("bot")))
    assert bool(grants(loaded, "clusterrole/whole")) is gathered


def test_rules_on_paths_are_counted(read):
    role = thing("ClusterRole", "r", rules=[{"verbs": ["get"], "nonResourceURLs": ["/metrics"]}])
    loaded = read(role, binding("r", account("bot")))
    assert loaded.rows(CAN_ACCESS) == []
    assert said(loaded, "1 rules are on paths of the server")


# -- several clusters, and answers that are none ---------------------------------------------------


def test_two_clusters_are_not_mixed(tmp_path):
    """Every cluster has a namespace `kube-system`, with an id of its own."""
    for name in ("prod", "stage"):
        space = thing("Namespace", "kube-system")
        space["metadata"]["uid"] = name
        (tmp_path / name).mkdir()
        (tmp_path / name / "all.json").write_text(json.dumps(space))
    with pytest.raises(InputRefused, match="is of a second cluster"):
        load(SOURCE, tmp_path / "s", tmp_path)
    assert load(SOURCE, tmp_path / "s", tmp_path / "prod").graph.coverage[0].complete


def test_an_answer_that_is_an_error_makes_the_reading_partial(tmp_path):
    (tmp_path / "sa.json").write_text(json.dumps(thing("ServiceAccount", "bot", "shop")))
    error = {"apiVersion": "v1", "kind": "Status", "status": "Failure", "reason": "Forbidden"}
    (tmp_path / "roles.json").write_text(json.dumps(error))
    loaded = load(SOURCE, tmp_path / "s", tmp_path)
    assert loaded.graph.coverage[0].complete is False
    with pytest.raises(InputRefused):
        load(SOURCE, tmp_path / "s", tmp_path / "roles.json")


def test_lists_one_behind_the_other(tmp_path):
    one, two = (thing("ServiceAccount", name, "shop") for name in "ab")
    (tmp_path / "sa.json").write_text(json.dumps(one) + "\n" + json.dumps(two, indent=1))
    loaded = load(SOURCE, tmp_path / "s", tmp_path)
    assert set(loaded.of(SERVICE_ACCOUNT, "name")) == {"a", "b"}


def test_no_secret_gets_into_rows_or_messages(tmp_path):
    bot = annotated("bot", "iam.gke.io/gcp-service-account", "bot@p.test")
    bot["metadata"]["annotations"]["azure.workload.identity/client-id"] = CLIENT
    documents = [
        bot,
        {"association": {"namespace": "shop", "serviceAccount": "bot", "roleArn": ARN}},
        {"apiVersion": "v1", "kind": "Status", "status": "Failure", "message": "m"},
        thing("Role", "x", "shop") | {"apiVersion": "cloud.test/v1"},
        thing(
            "ConfigMap",
            "aws-auth",
            "kube-system",
            data={"mapRoles": f"- {{rolearn: '{ARN}', username: u, groups: [g]}}"},
        ),
        {"principalArn": ARN, "associatedAccessPolicies": [{"policyArn": "p"}]},
    ]
    assert leaks(SOURCE, tmp_path / "all.json", documents) == []
