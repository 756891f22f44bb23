"""Parts of objects that cannot be read: each is told with its place, and gives nothing."""

import json

import pytest

from graph.schema import ASSUMES, CAN_ACCESS, RUNS_AS, SERVICE_ACCOUNT
from ingest.sources.kubernetes import SOURCE
from tests.support.exports.kubernetes_cluster import account, binding, rule, thing
from tests.support.exports.loading import load

WRONG = "must be an object with its kind and metadata"


@pytest.mark.parametrize("names", ["db", [12], ["db", None], {"db": 1}])
def test_names_that_cannot_be_read_are_not_all_names(read, names):
    """A rule on one Secret, badly written, was a rule on all Secrets of the namespace."""
    named = rule("get", "secrets", names=["ok"])
    role = thing("Role", "r", "shop", rules=[named, named | {"resourceNames": names}])
    loaded = read(role, binding("r", account("bot"), namespace="shop"))
    assert loaded.links(CAN_ACCESS) == {("r", "ok")}
    assert loaded.reasons == [
        ("/items/0/rules/1", "a rule needs verbs and resources, as lists of texts")
    ]


@pytest.mark.parametrize("none", [None, []])
def test_no_names_are_all_names(read, none):
    role = thing("Role", "r", "shop", rules=[rule("get", "secrets") | {"resourceNames": none}])
    loaded = read(role, binding("r", account("bot"), namespace="shop"))
    assert loaded.links(CAN_ACCESS) == {("r", "secrets of shop")}
    assert loaded.reasons == []


def test_rules_and_subjects_that_are_no_lists_are_rejected(read):
    """One rule, or one subject, in place of a list of them went without a word."""
    role = thing("Role", "r", "shop", rules=rule("get", "secrets"))
    bound = binding("r", account("bot"), namespace="shop")
    loaded = read(role, bound | {"subjects": account("bot")})
    assert loaded.reasons == [
        ("/items/0/rules", "must be a list"),
        ("/items/1/subjects", "must be a list"),
    ]
    assert loaded.links(ASSUMES) == set()


@pytest.mark.parametrize("damaged", ["x", None, 5, {}, {"metadata": {"name": "b"}}])
def test_what_is_no_object_in_a_list_is_rejected(read, damaged):
    """It went without a word, and the account that it may have been counted as gone."""
    loaded = read(thing("ServiceAccount", "a", "shop"), damaged)
    assert loaded.reasons == [("/items/1", WRONG)]
    assert loaded.graph.coverage[0].complete is False


@pytest.mark.parametrize("damaged", ["x", None, {}, {"spec": {}}])
def test_what_is_no_object_in_a_list_of_one_kind_is_rejected(tmp_path, damaged):
    pod = {"metadata": {"name": "p", "namespace": "shop"}}
    path = tmp_path / "pods.json"
    path.write_text(json.dumps({"kind": "PodList", "apiVersion": "v1", "items": [damaged, pod]}))
    assert load(SOURCE, tmp_path / "s", path).reasons == [("/items/0", WRONG)]


@pytest.mark.parametrize("kind", ["List", "PodList"])
@pytest.mark.parametrize("items", ["x", {"a": 1}, 5, "missing"])
def test_a_list_whose_items_are_no_list_is_rejected(read, kind, items):
    """It counted as an object that does not concern access, and the reading as complete."""
    broken = {"apiVersion": "v1", "kind": kind} | ({} if items == "missing" else {"items": items})
    loaded = read(thing("ServiceAccount", "a", "shop"), broken)
    assert loaded.of(SERVICE_ACCOUNT, "name") == ["a"]
    assert loaded.reasons == [("/items/1/items", "must be a list")]
    assert loaded.graph.coverage[0].complete is False


def test_a_resource_of_others_whose_kind_ends_like_a_list_is_passed_over(read):
    other = {"apiVersion": "net.example/v1", "kind": "AllowList", "metadata": {"name": "n"}}
    loaded = read(thing("ServiceAccount", "a", "shop"), other)
    assert (loaded.reasons, loaded.graph.coverage[0].complete) == ([], True)


def test_a_document_without_a_kind_is_rejected_beside_others(tmp_path):
    """Documents with nothing in them, empty lists and errors of the cluster are told or nothing."""
    path = tmp_path / "all.yaml"
    path.write_text(
        "---\n---\nkind: ServiceAccount\nmetadata: {name: a}\n---\nmetadata: {name: b}\n"
        "---\nkind: List\nitems: []\n---\nkind: Status\nstatus: Failure\n---\njust text\n"
    )
    loaded = load(SOURCE, tmp_path / "s", path)
    assert loaded.of(SERVICE_ACCOUNT, "name") == ["a"]
    assert loaded.reasons == [("line 6", WRONG), ("line 14", WRONG)]


def test_an_object_of_a_namespace_that_is_no_text_is_not_of_the_default_one(read):
    damaged = thing("ServiceAccount", "a", "shop")
    damaged["metadata"]["namespace"] = 1234
    loaded = read(damaged, thing("ServiceAccount", "b", "shop"))
    assert loaded.of(SERVICE_ACCOUNT, "name") == ["b"]
    assert loaded.reasons == [("/items/0/metadata/namespace", "must be a text")]


@pytest.mark.parametrize(
    ("stamp", "year", "reasons"),
    [
        ("2025-01-02T03:04:05Z", 2025, []),
        (None, None, []),
        ("01.01.2025", None, ["is not an ISO 8601 instant"]),
        ("2025-01-02T03:04:05", None, ["is a time without a zone"]),
        (5, None, ["is not an ISO 8601 instant"]),
    ],
)
def test_a_date_of_creation_that_is_none_is_told(read, stamp, year, reasons):
    """The account counts without it; that there was one went without a word."""
    dated = thing("ServiceAccount", "a", "shop")
    dated["metadata"]["creationTimestamp"] = stamp
    loaded = read(dated)
    (made,) = loaded.of(SERVICE_ACCOUNT, "created_at")
    assert (made.year if made is not None else None) == year
    assert loaded.reasons == [("/items/0/metadata/creationTimestamp", r) for r in reasons]


@pytest.mark.parametrize(
    ("pod", "of_account", "runs"),
    [("no", "true", 0), ("Off", "true", 0), ("yes", "no", 1), ("null", "no", 0), ("null", "on", 1)],
)
def test_flags_of_manifests_are_those_of_yaml_1_1(tmp_path, pod, of_account, runs):
    """Kubernetes takes `no` for false: no token is mounted, and the pod does not act as it."""
    path = tmp_path / "all.yaml"
    path.write_text(
        "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: a}\n"
        f"automountServiceAccountToken: {of_account}\n"
        "---\napiVersion: v1\nkind: Pod\nmetadata: {name: p}\n"
        f"spec: {{serviceAccountName: a, automountServiceAccountToken: {pod}}}\n"
    )
    assert len(load(SOURCE, tmp_path / "s", path).rows(RUNS_AS)) == runs
