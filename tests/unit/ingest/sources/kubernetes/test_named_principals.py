"""Users and groups that only a rule names, whom its holder may impersonate.

https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation: groups
are impersonated together with a user. `system:masters` has all access to every cluster:
https://kubernetes.io/docs/concepts/security/rbac-good-practices/#least-privilege.
"""

import pytest

from graph.schema import HUMAN, SERVICE_ACCOUNT
from tests.support.exports.kubernetes_cluster import account, binding, rule, thing
from tests.support.exports.loading import reached


@pytest.fixture
def read(read):
    def reading(*rules):
        role, bot = thing("ClusterRole", "act-as", rules=list(rules)), account("bot")
        return read(thing("ServiceAccount", "bot", "shop"), role, binding("act-as", bot), scope="c")

    return reading


@pytest.mark.parametrize(("group", "all_of_it"), [("system:masters", True), ("developers", False)])
def test_who_impersonates_the_masters_has_the_cluster(read, group, all_of_it):
    loaded = read(
        rule("impersonate", "groups", names=[group]), rule("impersonate", "users", names=["ann"])
    )
    assert ("c" in reached(loaded, "bot")) is all_of_it


def test_a_user_of_the_system_is_no_person(read):
    loaded = read(rule("impersonate", "users", names=["system:kube-scheduler", "ann@x.test"]))
    assert loaded.of(HUMAN, "name") == ["ann@x.test"]
    assert loaded.of(HUMAN, "email") == ["ann@x.test"]
    assert "system:kube-scheduler" in loaded.of(SERVICE_ACCOUNT, "name")
