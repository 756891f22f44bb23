"""Parts of objects that cannot be read: each is told with its place, and gives nothing."""

import json

import pytest

from graph.schema import ASSUMES, CAN_ACCESS, SERVICE_ACCOUNT
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
