"""A thing that several sources state is handed over under the id that its own platform knows."""

import pytest

from analytics.posture import Posture
from analytics.remediation.handover import Handover, Target, handover
from graph.element import Relationship
from graph.schema import ASSUMES, CAN_ACCESS, MEMBER_OF, RUNS_AS
from tests.support.estates.small_estates import Estate
from tests.support.histories.small_history import history_of

OTHER = "aaa:acme/thing/7"  # sorts before all ids of platforms, so it is the id of what is merged
ANN, TEAM, REPO = "github:user/ann", "github:acme/team/core", "github:acme/repository/pay"
APP = "k8s:prod/web/serviceaccount/app"
GUID = "11111111-2222-3333-4444-555555555555"
GRAPH = "https://graph.microsoft.com/v1.0"
ROLE = "arn:aws:iam::111122223333:role/app"


def beside(state: Estate, label: str, id_: str, known: str) -> Posture:
    """Judge a state beside another source, which states one of its things under another id."""
    other = Estate(source="hr", scope="acme").thing(label, OTHER, external_ids=[known])
    history = history_of([state, other])
    posture = history.posture(history.infos[-1].id)
    assert posture.graph.thing(posture.graph.find(id_))["id"] == OTHER
    return posture


def of_link(posture: Posture, action: str, element: Relationship, id_: str) -> Handover:
    return handover(posture, action, Target(element, (id_,)))


def of_thing(posture: Posture, action: str, id_: str) -> Handover:
    return handover(posture, action, Target(node=posture.graph.find(id_)))


def people() -> Estate:
    e = Estate(source="github", scope="acme").thing("Human", ANN, external_ids=["github:ann"])
    e.thing("Group", TEAM).resource(REPO).link(ANN, "MEMBER_OF", TEAM, id="m")
    return e.can(ANN, "admin", REPO, id="c", role_name="admin", grant_id="admin")


def test_a_person_of_a_code_host_that_others_know_too() -> None:
    posture = beside(people(), "Human", ANN, "github:ann")
    left = of_link(posture, "remove_member", MEMBER_OF, "m")
    assert left.command == "gh api --method DELETE orgs/acme/teams/core/memberships/ann"
    taken = of_link(posture, "remove_grant", CAN_ACCESS, "c")
    assert taken.command == "gh api --method DELETE repos/acme/pay/collaborators/ann"


def test_words_name_a_thing_by_all_its_ids() -> None:
    """Whoever reads them knows it by that of the platform, which no provider here writes for."""
    e = Estate(source="okta", scope="acme").thing("Human", "okta:7", external_ids=["github:ann"])
    e.thing("Group", "okta:team", name="Core").link("okta:7", "MEMBER_OF", "okta:team", id="m")
    made = of_link(beside(e, "Human", "okta:7", "github:ann"), "remove_member", MEMBER_OF, "m")
    assert made.place == "In okta acme: take aaa:acme/thing/7 (okta:7) out of Core (okta:team)."


def test_an_account_of_a_cluster_that_others_know_too() -> None:
    e = Estate(source="kubernetes", scope="prod")
    e.thing("ServiceAccount", APP, external_ids=["kubernetes:prod/web/app"])
    e.resource("k8s:prod/web/deployment/shop").link(
        "k8s:prod/web/deployment/shop", "RUNS_AS", APP, id="r"
    )
    posture = beside(e, "ServiceAccount", APP, "kubernetes:prod/web/app")
    moved = of_link(posture, "remove_trust", RUNS_AS, "r")
    assert moved.undo == "kubectl set serviceaccount deployment shop --namespace web app"
    deleted = of_thing(posture, "delete_identity", APP)
    assert deleted.command == "kubectl delete serviceaccount app --namespace web"


def test_a_role_that_others_know_too() -> None:
    e = Estate(source="aws", scope="111122223333")
    e.thing("Role", ROLE, external_ids=["aws_id:AROAEXAMPLEEXAMPLE00"])
    e.thing("Role", ROLE + "-other").link(ROLE, "ASSUMES", ROLE + "-other", id="a")
    posture = beside(e, "Role", ROLE, "aws_id:AROAEXAMPLEEXAMPLE00")
    made = of_link(posture, "remove_trust", ASSUMES, "a")
    assert f"without {ROLE} in its statements" in str(made.place)


@pytest.mark.parametrize("shared", ["spiffe:spiffe://acme/app", "oidc:https://acme|app"])
def test_what_two_platforms_have_is_ended_at_both(shared: str) -> None:
    """To end it at one of them would leave it open at the other."""
    entra = Estate(source="entra", scope="t")
    entra.thing("ServiceAccount", f"entra:{GUID}", external_ids=[shared])
    cluster = Estate(source="kubernetes", scope="prod")
    cluster.thing("ServiceAccount", APP, external_ids=[shared])
    history = history_of([entra, cluster])
    made = of_thing(history.posture(history.infos[-1].id), "delete_identity", APP)
    assert set(str(made.command).splitlines()) == {
        f"az rest --method DELETE --url {GRAPH}/servicePrincipals/{GUID}",
        "kubectl delete serviceaccount app --namespace web",
    }
