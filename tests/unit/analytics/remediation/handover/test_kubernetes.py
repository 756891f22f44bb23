"""What is handed over for Kubernetes, as the reference of kubectl has it."""

import json
import shlex
from typing import Any

import pytest

from analytics.posture import Posture
from analytics.remediation.handover import Handover, Target, handover
from graph.schema import ASSUMES, CAN_ACCESS, RUNS_AS
from tests.support.estates.small_estates import Estate

C = "k8s:prod"
BOT, OTHER = f"{C}/pay/serviceaccount/bot", f"{C}/pay/serviceaccount/other"
BINDING, ROLE = f"{C}/pay/rolebinding/read-secrets", f"{C}/-/clusterrole/viewer"
SECRETS, PODS = f"{C}/pay/secrets/*", f"{C}/pay/pods/*"


def cluster() -> Estate:
    e = Estate(source="kubernetes", scope="prod").account(BOT, OTHER).thing("Role", ROLE)
    e.resource(SECRETS).resource(PODS)
    facts = {"grant_id": BINDING, "policy_id": BINDING, "role_name": "viewer"}
    return e.can(BOT, "read", SECRETS, id="s", **facts)


def of(posture: Posture, action: str, subject: Any, *ids: str) -> Handover:
    if ids:
        return handover(posture, action, Target(subject, ids))
    return handover(posture, action, Target(node=posture.graph.find(subject)))


def test_a_binding_of_one_is_deleted_and_made_anew() -> None:
    made = of(cluster().posture(), "remove_grant", CAN_ACCESS, "s")
    assert made.command == "kubectl delete rolebinding read-secrets --namespace pay"
    assert made.undo == (
        "kubectl create rolebinding read-secrets --namespace pay --clusterrole viewer"
        " --serviceaccount pay:bot"
    )
    assert "Cluster prod" in str(made.place)


def test_the_twin_of_a_binding_of_two_is_edited() -> None:
    facts = {"grant_id": BINDING, "policy_id": BINDING, "role_name": "viewer"}
    posture = cluster().can(OTHER, "read", SECRETS, id="o", **facts).posture()
    made = of(posture, "remove_grant", CAN_ACCESS, "s")
    assert made.command == "kubectl edit rolebinding read-secrets --namespace pay"
    assert BOT in str(made.place)
    both = of(posture, "remove_grant", CAN_ACCESS, "s", "o")
    assert both.command == "kubectl delete rolebinding read-secrets --namespace pay"


def test_a_binding_that_gives_more_is_not_deleted() -> None:
    facts = {"grant_id": BINDING, "policy_id": BINDING, "role_name": "viewer"}
    posture = cluster().can(BOT, "read", PODS, id="p", **facts).posture()
    made = of(posture, "remove_grant", CAN_ACCESS, "s")
    assert made.command is None
    assert "smaller role than viewer" in str(made.place)
    both = of(posture, "remove_grant", CAN_ACCESS, "s", "p")
    assert both.command == "kubectl delete rolebinding read-secrets --namespace pay"


def test_a_role_is_edited() -> None:
    e = cluster().can(ROLE, "read", PODS, id="r", grant_id=ROLE, policy_id=ROLE)
    for action in ("remove_grant", "narrow_grant"):
        made = of(e.posture(), action, CAN_ACCESS, "r")
        assert made.command == "kubectl edit clusterrole viewer"


def test_a_binding_has_no_end() -> None:
    made = of(cluster().posture(), "set_expiry", CAN_ACCESS, "s")
    assert made.command is None
    assert "has no end" in str(made.place)


def test_the_binding_of_a_role_is_looked_up() -> None:
    made = of(cluster().link(BOT, "ASSUMES", ROLE, id="a").posture(), "remove_trust", ASSUMES, "a")
    assert made.command is None
    assert "kubectl get rolebindings,clusterrolebindings --all-namespaces" in str(made.place)


def test_a_token_and_an_account_are_deleted_and_no_switch_is_invented() -> None:
    token = f"{C}/pay/secret/bot-token#token"
    e = cluster().thing("Credential", token, type="sa_key").link(token, "AUTHENTICATES_AS", BOT)
    posture = e.posture()
    made = of(posture, "deactivate_credential", token)
    assert made.command == "kubectl delete secret bot-token --namespace pay"
    made = of(posture, "delete_identity", BOT)
    assert made.command == "kubectl delete serviceaccount bot --namespace pay"
    for action in ("disable_identity", "revoke_sessions"):
        assert of(posture, action, BOT).command is None


@pytest.mark.parametrize(
    ("kind", "words", "undo"),
    [
        ("deployment", ["scale"], ["--replicas=0", "--replicas=1"]),
        ("cronjob", ["patch"], ['{"spec": {"suspend": true}}', '{"spec": {"suspend": false}}']),
    ],
)
def test_workloads_are_stopped(kind: str, words: list[str], undo: list[str]) -> None:
    load = f"{C}/pay/{kind}/nightly"
    posture = cluster().resource(load).link(load, "RUNS_AS", BOT, id="w").posture()
    made = of(posture, "stop", BOT)
    assert shlex.split(str(made.command))[:4] == ["kubectl", *words, kind, "nightly"]
    assert shlex.split(str(made.command))[-1] == undo[0]
    assert shlex.split(made.undo)[-1] == undo[1]
    if kind == "cronjob":
        assert json.loads(shlex.split(str(of(posture, "remove_schedule", BOT).command))[-1])
    else:
        made = of(posture, "remove_trust", RUNS_AS, "w")
        assert shlex.split(str(made.command))[:4] == ["kubectl", "set", "serviceaccount", kind]
