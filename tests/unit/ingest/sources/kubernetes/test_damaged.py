"""Parts of a cluster's objects that cannot be read: each is told with its place, and gives nothing."""

import pytest

from graph.schema import ASSUMES, CAN_ACCESS
from tests.support.exports.kubernetes_cluster import account, binding, rule, thing


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
