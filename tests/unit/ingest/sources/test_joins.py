"""Exports of different systems meet at the names that they share, in any order of reading.

A role of AWS by its resource name, an application of Entra ID by its client id, a repository of
GitHub by the subject of the tokens that its workflows get.
"""

import json

import pytest

from analytics.posture import assess
from graph.access import AccessGraph
from ingest.job.run import ingest
from ingest.source import Request
from ingest.sources import all_sources
from tests.support.exports.aws_account import allow, details, role, trust
from tests.support.exports.loading import TAKEN_AT
from tests.support.exports.memory import Memory
from tests.support.printed import blast_radius

ACCOUNT, ISSUER = "123456789012", "token.actions.githubusercontent.com"
GRAPH = "https://graph.microsoft.com/v1.0/$metadata#"
EVERYTHING = "9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8"  # RoleManagement.ReadWrite.Directory


def uid(number):
    return f"{number:08d}-0000-4000-8000-000000000000"


def role_arn(name):
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"


def page(what, *values):
    return {"@odata.context": GRAPH + what, "value": list(values)}


def account():
    web = trust({"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{ISSUER}"},
                "sts:AssumeRoleWithWebIdentity",
                Condition={"StringLike": {f"{ISSUER}:sub": "repo:acme/app:*"}})  # fmt: skip
    pods = trust({"Service": "pods.eks.amazonaws.com"}, ["sts:AssumeRole", "sts:TagSession"])
    return details(roles=[
        role("deploy", [web], allow("s3:GetObject", "arn:aws:s3:::releases/*")),
        role("pods", [pods], allow("s3:GetObject", "arn:aws:s3:::orders/*")),
    ])  # fmt: skip


def tenant():
    """Return pages with an application for workflows of GitHub, and one for Kubernetes."""
    apps = [("CI app", 3, 103), ("K8s app", 4, 104)]
    trusted = {"id": uid(70), "name": "gh", "issuer": f"https://{ISSUER}", "subject": None,
               "audiences": ["api://AzureADTokenExchange"], "claimsMatchingExpression": {
                   "value": "claims['sub'] matches 'repo:acme/*:ref:refs/heads/*'"}}  # fmt: skip
    principals = [
        {"id": uid(n), "appId": uid(app), "displayName": name, "appOwnerOrganizationId": uid(1)}
        for name, n, app in apps
    ]
    grants = [
        {"id": f"g{n}", "principalId": uid(n), "principalType": "ServicePrincipal",
         "resourceId": uid(2), "appRoleId": EVERYTHING} for _, n, _ in apps
    ]  # fmt: skip
    return [
        page("organization", {"id": uid(1), "displayName": "Contoso"}),
        page("servicePrincipals", *principals),
        page("applications", {"id": uid(20), "appId": uid(103), "displayName": "CI app",
                              "federatedIdentityCredentials": [trusted]}),
        page("servicePrincipals/x/appRoleAssignments", *grants),
    ]  # fmt: skip


def cluster():
    bot = {"name": "bot", "namespace": "shop",
           "annotations": {"azure.workload.identity/client-id": uid(104)}}  # fmt: skip
    pod = {"name": "pod", "namespace": "shop"}
    pair = {"namespace": "shop", "serviceAccount": "pod", "roleArn": role_arn("pods")}
    accounts = [{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": m} for m in (bot, pod)]
    return [*accounts, {"association": pair}]


def organization():
    return {"total_count": 1, "installations": [
        {"id": 25, "app_slug": "renovate", "account": {"login": "acme"},
         "repository_selection": "all", "permissions": {"contents": "write"}}]}  # fmt: skip


@pytest.fixture(scope="module")
def graph(tmp_path_factory):
    tmp_path = tmp_path_factory.mktemp("joins")
    repos = [{"name": "app", "full_name": "acme/app", "private": True}]
    files = {
        "aws": {"account.json": account()}, "entra": {"pages.json": tenant()},
        "kubernetes": {"all.json": cluster()},
        "github": {"installations.json": organization(), "repos.json": repos},
    }  # fmt: skip
    jobs = []
    for name, export in files.items():
        (tmp_path / name).mkdir()
        for file, said in export.items():
            (tmp_path / name / file).write_text(json.dumps(said))
        jobs.append((all_sources()[name], Request((tmp_path / name,), name, TAKEN_AT)))
    found = []
    for number, order in enumerate((jobs, jobs[::-1])):
        store = Memory(str(tmp_path / f"store{number}"))
        for one in order:
            ingest(store, [one])
        found.append(store.read())
    assert found[0][0].hash == found[1][0].hash
    return AccessGraph.of(found[0][1])


@pytest.mark.parametrize(
    ("start", "name", "certain"),
    [
        ("renovate", "releases", True),  # writes a workflow, takes the role
        ("renovate", "Contoso", True),  # writes a workflow, signs in as the application
        ("k8s:kubernetes/shop/serviceaccount/bot", "Contoso", False),
        ("k8s:kubernetes/shop/serviceaccount/pod", "orders", False),
    ],
)
def test_reach_goes_from_one_system_into_another(graph, start, name, certain):
    posture = assess(graph)
    found = blast_radius(posture, graph.find(start))["resources"]
    (one,) = (r for r in found if r["name"] == name)
    assert one["conditional"] is not certain


def test_an_application_that_a_cluster_names_is_the_one_of_the_tenant(graph):
    names = graph.things["name"].tolist()
    assert names.count("K8s app") == 1
    assert f"entra:app/{uid(104)}" not in graph.ids.to_pylist()


@pytest.mark.parametrize("first", ["aws", "kubernetes"])
def test_a_role_with_a_path_is_the_one_that_a_cluster_lets_in_without_it(first, tmp_path):
    """The map `aws-auth` takes no path, and names of roles are unique in their account.

    https://docs.aws.amazon.com/eks/latest/userguide/auth-configmap.html
    """
    path = "aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Ops_0a1b"
    ops = role("ops", []) | {"Arn": role_arn(path), "RoleId": "AROAOPS0"}
    mapped = f"- {{rolearn: '{role_arn('AWSReservedSSO_Ops_0a1b')}', groups: ['system:masters']}}\n"
    mapped += f"- {{rolearn: '{role_arn('AWSReservedSSO_Ops')}', groups: ['system:masters']}}\n"
    let_in = {
        "apiVersion": "v1", "kind": "ConfigMap", "data": {"mapRoles": mapped},
        "metadata": {"name": "aws-auth", "namespace": "kube-system"},
    }  # fmt: skip
    store = Memory()
    written = {"aws": details(roles=[ops]), "kubernetes": let_in}
    for name in sorted(written, key=lambda n: n != first):
        file = tmp_path / f"{name}.json"
        file.write_text(json.dumps(written[name]))
        asked = Request(
            [file], scope="prod" if name == "kubernetes" else ACCOUNT, taken_at=TAKEN_AT
        )
        ingest(store, [(all_sources()[name], asked)])
    posture = assess(AccessGraph.of(store.read()[1]))
    number = posture.graph.find(role_arn(path))
    assert posture.graph.thing(number)["id"] == role_arn(path)
    assert number == posture.graph.find(role_arn("AWSReservedSSO_Ops_0a1b"))
    assert number != posture.graph.find(role_arn("AWSReservedSSO_Ops"))
    (cluster,) = blast_radius(posture, number)["resources"]
    assert (cluster["name"], cluster["levels"][-1]) == ("prod", "admin")
