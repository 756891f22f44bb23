"""Kubernetes: who controls admission webhooks sees and changes what others write to the cluster.

https://kubernetes.io/docs/concepts/security/rbac-good-practices/#control-admission-webhooks
"""

import pytest

from ingest.sources.kubernetes import SOURCE
from tests.support.exports.loading import load
from tests.unit.analytics.escalation.test_kubernetes import (
    ALL,
    SHOP,
    accounts,
    cluster,
    gained,
    may,
)

MUTATING, VALIDATING = "mutatingwebhookconfigurations", "validatingwebhookconfigurations"
RUNNING = accounts("K7", (SHOP, "bot"))  # the one account that a pod runs as
EVERY = accounts("K7", *ALL)


@pytest.mark.parametrize(
    ("actions", "resource", "name", "expected"),
    [
        ("create", MUTATING, "*", RUNNING),
        ("update", MUTATING, "*", RUNNING),
        ("patch", MUTATING, "inject", RUNNING),  # whatever it is called, it asks for any pod
        ("*", MUTATING, "*", RUNNING),
        ("create", MUTATING, "inject", set()),  # nobody makes a thing that is there already
        ("get list watch delete", MUTATING, "*", set()),
        ("create update patch", VALIDATING, "*", set()),  # it changes nothing
        ("create update patch", "validatingadmissionpolicies", "*", set()),
    ],
)
def test_a_mutating_webhook_acts_in_the_pods_that_are_made(actions, resource, name, expected):
    assert gained(may(cluster(), actions, resource, "-", name=name)) == expected


@pytest.mark.parametrize(
    ("declares", "resource", "expected"),
    [
        (("grants", "inventory"), VALIDATING, EVERY),
        (("grants", "credentials"), VALIDATING, set()),
        (("grants", "credentials"), MUTATING, EVERY),
        (("grants", "inventory"), MUTATING, EVERY),
    ],
)
def test_what_no_source_lists_is_assumed(declares, resource, expected):
    """Secrets that hold tokens are seen as they are written, and pods run as every account."""
    e = may(cluster(declares), "create", resource, "-")
    assert gained(e) == expected
    sure = {p.target for p in e.posture().escalated.proofs if p.rule == "K7" and not p.assumed}
    assert len(sure) == (resource == MUTATING)


def test_a_role_in_an_export_of_a_cluster(tmp_path):
    """A cluster role on all of the group has webhooks; a role of a namespace has none."""
    rule = '{apiGroups: [admissionregistration.k8s.io], resources: ["*"], verbs: [patch]}'
    (tmp_path / "all.yaml").write_text(f"""
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: hooks}}
rules: [{rule}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {{name: hooks, namespace: shop}}
rules: [{rule}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {{name: hooks}}
roleRef: {{kind: ClusterRole, name: hooks, apiGroup: rbac.authorization.k8s.io}}
subjects: [{{kind: User, name: eve, apiGroup: rbac.authorization.k8s.io}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: hooks, namespace: shop}}
roleRef: {{kind: Role, name: hooks, apiGroup: rbac.authorization.k8s.io}}
subjects: [{{kind: User, name: zed, apiGroup: rbac.authorization.k8s.io}}]
---
apiVersion: v1
kind: Pod
metadata: {{name: web, namespace: shop}}
spec: {{serviceAccountName: bot, containers: []}}
""")
    loaded = load(SOURCE, tmp_path / "store", tmp_path / "all.yaml", scope="prod")
    graph = loaded.graph
    pairs = {
        (graph.thing(p.source)["id"], graph.thing(p.target)["id"])
        for p in loaded.posture.escalated.proofs
        if p.rule == "K7" and not p.assumed
    }
    assert pairs == {("k8s:prod/-/clusterrole/hooks", "k8s:prod/shop/serviceaccount/bot")}
