"""Objects of a cluster: what becomes of each, what is set aside, and what is refused.

By https://kubernetes.io/docs/reference/kubernetes-api/; lists as `kubectl get -o json` writes them.
"""

import json
from pathlib import Path

import pytest

from graph.schema import (
    ASSUMES,
    AUTHENTICATES_AS,
    CAN_ACCESS,
    CREDENTIAL,
    GROUP,
    HUMAN,
    MEMBER_OF,
    RESOURCE,
    RUNS_AS,
    SERVICE_ACCOUNT,
    STORED_IN,
)
from ingest.source import InputRefused
from ingest.sources.kubernetes import SOURCE
from tests.support.exports.kubernetes_cluster import MANIFEST, account, binding, rule, thing
from tests.support.exports.loading import load
from tests.support.hostile.canaries import leaks

# -- things ----------------------------------------------------------------------------------------


def test_of_a_secret_only_name_and_type_are_kept(read):
    token = thing("Secret", "bot-token", "shop", type="kubernetes.io/service-account-token")
    token["metadata"]["annotations"] = {"kubernetes.io/service-account.name": "bot"}
    token["data"] = {"token": "c2VjcmV0LVpxN1pxN1pxN1pxNw=="}
    plain = thing("Secret", "db", "shop", type="Opaque", stringData={"password": "Zq7Zq7Zq7"})
    role = thing("Role", "r", "shop", rules=[rule("get", "secrets")])
    loaded = read(token, plain, role, binding("r", account("spy"), namespace="shop"))
    assert loaded.of(CREDENTIAL, "name") == ["bot-token"]
    assert loaded.links(STORED_IN) == {("bot-token", "secrets of shop")}
    assert loaded.links(AUTHENTICATES_AS) == {("bot-token", "bot")}
    assert "Zq7" not in str([loaded.rows(e) for e in (CREDENTIAL, RESOURCE, SERVICE_ACCOUNT)])
    escalated = loaded.posture.escalated
    ends = {(loaded.graph.thing(p.source)["name"], p.rule) for p in escalated.proofs if p.support}
    assert ("r", "X1") in ends
    assert ("r", "K3") not in ends


@pytest.mark.parametrize("where", ["Role", "ClusterRole"])
def test_who_may_read_one_secret_by_name_gets_the_token_in_it_and_no_other(read, where):
    """A cluster role that names a Secret is good for it in every namespace that has it."""
    tokens = []
    for name in ("bot", "boss"):
        token = thing("Secret", f"{name}-token", "shop", type="kubernetes.io/service-account-token")
        token["metadata"]["annotations"] = {"kubernetes.io/service-account.name": name}
        tokens.append(token)
    namespace = "shop" if where == "Role" else None
    role = thing(where, "r", namespace, rules=[rule("get", "secrets", names=["boss-token"])])
    loaded = read(*tokens, role, binding("r", account("spy"), namespace=namespace))
    name = loaded.graph.thing
    proofs = loaded.posture.escalated.proofs
    taken = {(p.rule, name(p.target)["name"]) for p in proofs if name(p.source)["name"] == "r"}
    assert taken == {("X1", "boss-token")}


@pytest.mark.parametrize(
    ("pod", "of_account", "runs"),
    [(None, None, True), (False, None, False), (None, False, False), (True, False, True)],
)
def test_a_pod_without_a_token_does_not_act_as_its_account(read, pod, of_account, runs):
    spec = {"serviceAccountName": "bot"}
    spec |= {} if pod is None else {"automountServiceAccountToken": pod}
    bot = thing("ServiceAccount", "bot", "shop")
    bot |= {} if of_account is None else {"automountServiceAccountToken": of_account}
    loaded = read(bot, thing("Pod", "web", "shop", spec=spec))
    assert bool(loaded.links(RUNS_AS)) is runs


@pytest.mark.parametrize("kind", ["Deployment", "CronJob", "Job", "DaemonSet"])
def test_workloads_run_as_the_account_of_their_template(read, kind):
    inner = {"template": {"spec": {"serviceAccountName": "bot"}}}
    spec = {"jobTemplate": {"spec": inner}} if kind == "CronJob" else inner
    assert read(thing(kind, "w", "shop", spec=spec)).links(RUNS_AS) == {("w", "bot")}


def test_an_account_takes_the_cloud_role_that_it_is_annotated_with(read):
    bot = thing("ServiceAccount", "bot", "shop")
    arn = "arn:aws:iam::123456789012:role/shop"
    bot["metadata"]["annotations"] = {"eks.amazonaws.com/role-arn": arn}
    (step,) = read(bot).rows(ASSUMES)
    assert (step["target_id"], bool(step["condition"])) == (arn, True)


def test_a_user_with_the_name_of_an_account_is_the_account(read):
    user = {"kind": "User", "name": "system:serviceaccount:shop:bot"}
    system = {"kind": "User", "name": "system:kube-scheduler"}
    role = thing("ClusterRole", "r", rules=[rule("get", "pods")])
    loaded = read(role, binding("r", user, system))
    assert loaded.rows(HUMAN) == []
    assert set(loaded.of(SERVICE_ACCOUNT, "name")) == {"bot", "system:kube-scheduler"}


def test_groups_of_everybody_have_members_where_they_are_bound(read):
    role = thing("ClusterRole", "r", rules=[rule("get", "pods")])
    groups = ("system:serviceaccounts", "system:authenticated", "system:serviceaccounts:other")
    subjects = [{"kind": "Group", "name": name} for name in groups]
    loaded = read(role, thing("ServiceAccount", "bot", "shop"), binding("r", *subjects))
    assert loaded.links(MEMBER_OF) == {("bot", groups[0]), ("bot", groups[1])}
    assert len(loaded.rows(GROUP)) == 3


# -- what is set aside or refused ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bad", "place", "reason"),
    [
        (thing("Role", "", "shop"), "/items/0", "a Role must have a name"),
        (thing("Role", "r", "shop", rules=["x"]), "/items/0/rules/0", "a rule needs verbs"),
        (thing("Role", "r", "n", rules=[{"verbs": ["get"]}]), "/items/0/rules/0", "a rule needs"),
        (binding("r", "x", namespace="shop"), "/items/0/subjects/0", "a subject must be"),
        (binding("r", {"kind": "User"}, namespace="n"), "/items/0/subjects/0", "a subject must be"),
        (binding("r", account("a"), kind="Role"), "/items/0", "the binding names no role"),
        (thing("RoleBinding", "b", "n", subjects=[account("a")]), "/items/0", "names no role"),
    ],
)
def test_what_is_wrong_is_set_aside_and_the_rest_stays(read, bad, place, reason):
    loaded = read(bad, thing("ServiceAccount", "ok", "shop"))
    ((where, why),) = loaded.reasons
    assert (where, reason in why) == (place, True)
    assert "ok" in loaded.of(SERVICE_ACCOUNT, "name")


def test_objects_that_break_off_before_a_name_take_nothing_with_them(tmp_path):
    """YAML that is cut in the middle mostly is YAML still; what stood behind is not gone."""
    whole = "".join(
        f"---\napiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: {name}\n"
        for name in ("ok", "bot", "other")
    )
    path = tmp_path / "accounts.yaml"
    path.write_text(whole)
    load(SOURCE, tmp_path / "s", path)
    path.write_text(whole[: whole.index("  name: bot")])
    loaded = load(SOURCE, tmp_path / "s", path)
    assert [why for _, why in loaded.reasons] == ["a ServiceAccount must have a name"]
    assert {"ok", "bot", "other"} <= set(loaded.of(SERVICE_ACCOUNT, "name"))


def test_rules_on_paths_of_the_server_are_no_rules_on_things(read):
    role = thing("ClusterRole", "r", rules=[{"verbs": ["get"], "nonResourceURLs": ["/healthz"]}])
    loaded = read(role)
    assert (loaded.reasons, loaded.rows(CAN_ACCESS)) == ([], [])


def test_a_list_that_goes_on_is_partial(tmp_path):
    path = tmp_path / "roles.json"
    said = {
        "kind": "RoleList",
        "metadata": {"continue": "abc"},
        "items": [{"metadata": {"name": "r"}}],
    }
    path.write_text(json.dumps(said))
    loaded = load(SOURCE, tmp_path / "s", path)
    assert loaded.graph.coverage[0].complete is False
    assert "continues in a page that is missing" in " ".join(loaded.done.warnings)


def test_a_list_whose_items_are_null_is_empty(tmp_path):
    """A server writes so that there are none; it was taken for a thing of another kind."""
    path = tmp_path / "roles.json"
    path.write_text(
        '{"kind": "RoleList", "apiVersion": "rbac.authorization.k8s.io/v1", "items": null}'
    )
    coverage = load(SOURCE, tmp_path / "s", path).graph.coverage[0]
    assert (coverage.complete, coverage.declares) == (True, ("grants",))


@pytest.mark.parametrize(
    ("name", "said", "reason"),
    [
        ("a.yaml", "kind: Pod\nkind: Role\n", "a key is repeated"),
        ("a.yaml", "a: &a [*a]", "an alias that leads back to itself"),
        ("a.yaml", "replicas: {{ .Values.n }}", "a key is not text"),
        ("a.yaml", "name: values\nimage: x", "holds no object of a cluster"),
        ("a.json", '{"kind": "List", "items": [', "the JSON text ends too early"),
        ("a.json", "[" * 200, "is nested more than 100 deep"),
        ("a.json", "[]", "holds no object of a cluster"),
    ],
)
def test_what_is_no_cluster_is_refused(tmp_path, name, said, reason):
    path = tmp_path / name
    path.write_text(said)
    with pytest.raises(InputRefused, match=reason):
        load(SOURCE, tmp_path / "s", path)


@pytest.mark.parametrize("name", ["all.jsonl", "all.ndjson"])
def test_objects_on_lines_are_read_in_a_folder(tmp_path, name):
    """Collectors dump them so; the file was passed over, and not even counted."""
    (tmp_path / "in").mkdir()
    lines = (thing("ServiceAccount", account, "n") for account in ("a", "b"))
    (tmp_path / "in" / name).write_text("\n".join(map(json.dumps, lines)))
    loaded = load(SOURCE, tmp_path / "s", tmp_path / "in")
    assert set(loaded.of(SERVICE_ACCOUNT, "name")) == {"a", "b"}


def test_other_files_of_a_folder_are_passed_over_and_told(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "all.yaml").write_text(MANIFEST)
    (folder / "values.yaml").write_text("image: x")
    (folder / "README.md").write_text("x")
    loaded = load(SOURCE, tmp_path / "s", folder)
    assert any("values.yaml: holds no object of a cluster" in w for w in loaded.done.warnings)


def test_the_same_object_twice_counts_once(read):
    first, second = (
        thing("Role", "r", "n", rules=[]),
        thing("Role", "r", "n", rules=[rule("get", "pods")]),
    )
    assert not any("twice" in w for w in read(first, first).done.warnings)
    loaded = read(first, second)
    assert any("described twice and differently" in w for w in loaded.done.warnings)
    assert loaded.rows(CAN_ACCESS) == []


def test_no_secret_gets_out_wherever_it_stands(tmp_path):
    items = [
        thing("ServiceAccount", "bot", "shop"),
        thing("Role", "r", "shop", rules=[rule("get", "secrets", names=["n"])]),
        binding("r", account("bot"), {"kind": "User", "name": "u"}, namespace="shop"),
        thing("Secret", "s", "shop", type="Opaque", data={"k": "v"}),
        thing("Pod", "p", "shop", spec={"serviceAccountName": "bot", "containers": [
            {"name": "c", "env": [{"name": "A_TOKEN", "value": "v"}]}]}),
        thing("Widget", "w"),
    ]  # fmt: skip
    path: Path = tmp_path / "all.json"
    assert leaks(SOURCE, path, {"kind": "List", "items": items}) == []
