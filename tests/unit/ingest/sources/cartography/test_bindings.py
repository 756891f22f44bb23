"""What Cartography keeps of roles and applications beyond relationships that name a permission.

Made-up things in the shapes of `cartography/models` (Azure, Entra, Google Cloud, Kubernetes,
GitHub, Snowflake, Okta, Google Workspace); see https://cartography-cncf.github.io/cartography/.
"""

import json
from itertools import count

import pytest

from graph.schema import (
    ACTS_FOR,
    AGENT,
    ASSUMES,
    CAN_ACCESS,
    CONTROLS,
    CREDENTIAL,
    MEMBER_OF,
    RESOURCE,
    ROLE,
    SERVICE_ACCOUNT,
)
from ingest.sources.cartography import SOURCE
from tests.support.exports import cartography_graph as small
from tests.support.exports.loading import load, reached


def read_into(folder, nodes, links):
    """Return what a reading of a graph in an empty folder says."""
    parts = [
        {"type": "node", "id": key, "labels": labels,
         "properties": {"lastupdated": small.SYNC} | said}
        for key, (labels, said) in nodes.items()
    ] + [
        {"type": "relationship", "label": type_, "start": {"id": a}, "end": {"id": b},
         "properties": said}
        for type_, a, b, said in links
    ]  # fmt: skip
    path = folder / "graph.json"
    path.write_text(json.dumps(parts, default=lambda at: at.isoformat()))
    return load(SOURCE, folder, path, scope="acme")


@pytest.fixture
def read(tmp_path):
    """Return what a reading of a graph says; `without` leaves out relationship types."""
    folders = (tmp_path / str(number) for number in count())

    def reading(nodes=small.NODES, links=small.LINKS, without=()):
        folder = next(folders)
        folder.mkdir()
        return read_into(folder, nodes, [link for link in links if link[0] not in without])

    return reading


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Read the whole graph once, for tests that only look."""
    folder = tmp_path_factory.mktemp("whole")
    return read_into(folder, small.NODES, small.LINKS)


def grants(found):
    names = dict(zip(found.graph.things["id"], found.graph.things["name"], strict=True))
    return {
        (names[r["source_id"]], names[r["target_id"]]): (
            r["role_name"], json.loads(r["levels"]), r["assumed"], r["condition"])
        for r in found.rows(CAN_ACCESS)
    }  # fmt: skip


CONDITION = "a condition of the assignment"


def test_roles_are_held_where_they_are_bound(whole):
    found = grants(whole)
    assert found["deployer", "main"] == ("Owner", ["admin"], True, None)
    assert found["Ann", "A"] == ("Global Administrator", ["admin"], True, None)
    assert found["bot", "blobs"] == ("roles/storage.objectViewer", ["read"], True, CONDITION)
    assert found["runner", "web"] == ("edit", ["read", "write"], None, None)
    assert found["ops", "prod"] == ("AdministratorAccess", ["admin"], None, None)


def test_roles_on_what_contains_others_are_told(read, whole):
    """They are inherited in Azure and Google Cloud; which of them act on what is inside is not.

    https://learn.microsoft.com/en-us/azure/role-based-access-control/scope-overview
    """

    def told(found):
        return [said for said in found.done.warnings if "contain others" in said]

    assert told(whole)
    assert not told(read(without=("RESOURCE", "CONTAINS")))


VAULT = small.SUBSCRIPTION + "/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/v"


def test_a_basic_role_is_inherited_down_the_hierarchy(read):
    """Owner on a subscription is owner of what is in it, viewer on a folder of its projects.

    What is in a thing is said by the graph, for Azure by the addresses too. The level is assumed.
    """
    nodes = small.NODES | {
        "vault": (["AzureKeyVault", "Secret"], {"id": VAULT, "name": "vault"}),
        "folder": (["GCPFolder"], {"id": "folders/1", "displayname": "Shops"}),
        "organization": (["GCPOrganization", "Tenant"], {"id": "organizations/1", "name": "Acme"}),
        "seer": (["GCPPrincipal", "GCPServiceAccount", "ServiceAccount"],
                 {"id": "1002", "email": "seer@shop.example", "name": "seer"}),
        "sees": (["GCPPolicyBinding"], {"id": "sees", "role": "roles/viewer"}),
    }  # fmt: skip
    links = [
        *small.LINKS,
        ("RESOURCE", "folder", "project", {}),
        ("PARENT", "folder", "organization", {}),
        ("HAS_ALLOW_POLICY", "seer", "sees", {}),
        ("APPLIES_TO", "sees", "organization", {}),
    ]
    found = grants(read(nodes, links))
    assert found["deployer", "vault"] == ("Owner", ["admin"], True, None)
    names = ("Acme", "Shops", "Shop", "blobs")
    assert [found["seer", name] for name in names] == [("roles/viewer", ["read"], True, None)] * 4
    assert ("deployer", "blobs") not in found
    assert ("bot", "Shop") not in found


@pytest.mark.parametrize(
    ("group", "name", "expected"),
    [("rg", "Owner", {"vault"}), ("rg2", "Owner", set()), ("rg", "Key Vault Reader", set())],
)
def test_a_role_on_a_resource_group_that_is_no_node(read, group, name, expected):
    """It is on what is in the group, by the addresses, and not on the whole subscription."""
    nodes = dict(small.NODES) | {
        "vault": (["AzureKeyVault", "Secret"], {"id": VAULT, "name": "vault"})
    }
    labels, facts = nodes["assignment"]
    scope = f"{small.SUBSCRIPTION}/resourceGroups/{group}"
    nodes["assignment"] = labels, facts | {"scope": scope}
    nodes["owner"] = nodes["owner"][0], nodes["owner"][1] | {"role_name": name}
    found = read(nodes)
    assert {thing for holder, thing in grants(found) if holder == "deployer"} == expected


@pytest.mark.parametrize(
    "without", ["HAS_ROLE_ASSIGNMENT", "HAS_ROLE", "HAS_ALLOW_POLICY", "SUBJECT", "POLICY"]
)
def test_without_its_holder_a_binding_grants_nothing(read, whole, without):
    holder = {"HAS_ROLE_ASSIGNMENT": "deployer", "HAS_ROLE": "Ann", "HAS_ALLOW_POLICY": "bot",
              "SUBJECT": "runner", "POLICY": "ops"}[without]  # fmt: skip
    assert holder in {a for a, _ in grants(whole)}
    assert holder not in {a for a, _ in grants(read(without={without}))}


def test_a_workload_reaches_what_its_account_is_bound_to(whole):
    levels = reached(whole, "runner")
    assert levels["invoices"] == "read"  # by the role of AWS that it assumes
    assert levels["web"] == "write"


def test_nothing_of_a_binding_is_counted_as_unread(whole):
    said = " ".join(whole.done.warnings)
    assert "passed over: AWSPolicyStatement (1), AWSTag Tag (1)" in said
    assert "passed over: STATEMENT (1), TAGGED (1)" in said


def test_a_condition_of_azure_is_kept_as_one(read):
    nodes = dict(small.NODES)
    labels, said = nodes["assignment"]
    nodes["assignment"] = labels, said | {"condition": small.SECRET}
    found = read(nodes)
    assert grants(found)["deployer", "main"][3] == CONDITION
    assert small.SECRET not in str(found.rows(CAN_ACCESS))


def test_an_unknown_role_grants_no_level(read):
    nodes = dict(small.NODES)
    nodes["owner"] = (nodes["owner"][0], {"id": "r", "role_name": "Key Vault Secrets User"})
    assert grants(read(nodes))["deployer", "main"] == ("Key Vault Secrets User", [], None, None)


def test_who_may_make_tokens_of_an_account_may_act_as_it(read):
    nodes = {
        "bot": small.NODES["sa"],
        "ci": (small.NODES["sa"][0], {"id": "2", "email": "ci@x.example", "name": "ci"}),
        "b": (["GCPPolicyBinding"], {"id": "b", "role": "roles/iam.serviceAccountTokenCreator"}),
    }
    links = [("HAS_ALLOW_POLICY", "ci", "b", {}), ("APPLIES_TO", "b", "bot", {})]
    assert _derived(read(nodes, links)) == {("ci", "bot", "G1")}
    nodes["b"] = (["GCPPolicyBinding"], {"id": "b", "role": "roles/iam.securityReviewer"})
    assert _derived(read(nodes, links)) == set()


def test_who_may_attach_an_account_cannot_act_as_it_without_starting_anything(read):
    nodes = {
        "bot": small.NODES["sa"],
        "ci": (small.NODES["sa"][0], {"id": "2", "email": "ci@x.example", "name": "ci"}),
        "b": (["GCPPolicyBinding"], {"id": "b", "role": "roles/iam.serviceAccountUser"}),
    }
    links = [("HAS_ALLOW_POLICY", "ci", "b", {}), ("APPLIES_TO", "b", "bot", {})]
    assert _derived(read(nodes, links)) == set()


def _derived(found):
    """Return what rules conclude: from what, to what, by which rule."""
    name = found.graph.thing
    return {
        (name(p.source)["name"], name(p.target)["name"], p.rule)
        for p in found.posture.escalated.proofs
    }


def test_an_app_role_is_held_on_the_application(read):
    nodes = {
        "ann": small.NODES["ann"],
        "app": (
            ["EntraApplication", "ThirdPartyApp"],
            {"id": small.GUID + "7", "display_name": "app"},
        ),
        "a": (["EntraAppRoleAssignment"], {"id": "ara"}),
    }
    links = [("HAS_APP_ROLE", "ann", "a", {}), ("ASSIGNED_TO", "a", "app", {})]
    found = read(nodes, links)
    assert found.one(RESOURCE)["type"] == "EntraApplication"
    assert set(grants(found)) == {("Ann", "app")}


def test_applications_and_what_they_may_do(read):
    org = (["GitHubOrganization", "Tenant"], {"id": "https://github.com/acme", "username": "acme"})
    app = (["GitHubAppInstallation", "ThirdPartyApp"],
           {"id": "i", "app_slug": "renovate", "write_permissions": ["contents"]})  # fmt: skip
    rules = (app[0], {"id": "j", "app_slug": "boss", "write_permissions": ["administration"]})
    reads = (app[0], {"id": "k", "app_slug": "eye", "write_permissions": []})
    nodes = {"org": org, "app": app, "rules": rules, "reads": reads}
    found = read(nodes, [("RESOURCE", "org", one, {}) for one in ("app", "rules", "reads")])
    assert len(found.rows(SERVICE_ACCOUNT)) == 3
    levels = {a: said[1] for (a, _), said in grants(found).items()}
    assert levels == {"renovate": ["write"], "boss": ["admin"], "eye": ["read"]}


def test_an_application_acts_for_whom_agreed_to_it(read):
    nodes = {
        "app": (["GoogleWorkspaceOAuthApp", "ThirdPartyApp"], {"id": "o", "name": "notes"}),
        "eve": (["GoogleWorkspaceUser", "UserAccount"], {"id": "u", "name": "eve"}),
    }
    found = read(nodes, [("AUTHORIZED", "eve", "app", {"scopes": ["drive"]})])
    assert found.links(ACTS_FOR) == {("notes", "eve")}
    assert found.one(ACTS_FOR)["condition"] == "within what was agreed to"
    agent = found.one(AGENT)
    assert (agent["kind"], agent["third_party"]) == ("workload", True)


def test_privileges_of_snowflake(read):
    role = (["PermissionRole", "SnowflakePrincipal", "SnowflakeRole"], {"id": "r", "name": "ETL"})
    table = (["SnowflakeSecurable", "SnowflakeTable"], {"id": "t", "name": "sales"})
    token = (["APIKey", "SnowflakeProgrammaticAccessToken"], {"id": "p", "name": "tok"})
    user = (["ServiceAccount", "SnowflakeServiceUser"], {"id": "s", "name": "loader"})
    nodes = {"role": role, "table": table, "token": token, "user": user}
    links = [
        ("HAS_PRIVILEGE", "role", "table", {"privileges": ["SELECT", "INSERT", "REFERENCES"]}),
        ("HAS_ROLE", "user", "role", {}), ("OWNED_BY", "token", "user", {}),
    ]  # fmt: skip
    found = read(nodes, links)
    assert grants(found)["ETL", "sales"][1] == ["read", "write"]
    assert reached(found, "tok") == {"sales": "write"}
    assert found.one(CREDENTIAL)["type"] == "pat"
    owned = read(nodes, [("OWNS", "role", "table", {}), *links[1:]])
    assert reached(owned, "tok") == {"sales": "admin"}
    assert reached(read(nodes, links[1:]), "tok") == {}


def test_roles_within_projects_of_gitlab_and_workspaces(read):
    person = (["GitLabUser", "UserAccount"], {"id": "u", "name": "eve"})
    nodes = {"eve": person, "p": (["CodeRepository", "GitLabProject"], {"id": "p", "name": "app"}),
             "w": (["AnthropicWorkspace", "Tenant"], {"id": "w", "name": "lab"})}  # fmt: skip
    links = [
        ("MEMBER_OF", "eve", "p", {"role": "developer"}), ("MEMBER_OF", "eve", "w", {}),
        ("ADMIN_OF", "eve", "w", {}),
    ]  # fmt: skip
    found = read(nodes, links)
    said = {(r["target_id"].split("/")[-1], r["levels"]) for r in found.rows(CAN_ACCESS)}
    assert said == {("p", '["write"]'), ("w", "[]"), ("w", '["admin"]')}


def test_roles_of_okta_and_identities_of_a_cluster(read):
    nodes = {
        "eve": (["OktaUser", "UserAccount"], {"id": "u", "name": "eve"}),
        "r": (["OktaAdministrationRole"], {"id": "SUPER_ADMIN", "label": "Super Administrator"}),
        "role": small.NODES["role"],
        "g": (["KubernetesGroup", "UserGroup"], {"id": "c1/devs", "name": "devs"}),
        "k": (["KubernetesUser", "UserAccount"], {"id": "c1/kim", "name": "kim"}),
    }
    links = [("MEMBER_OF_OKTA_ROLE", "eve", "r", {}), ("MAPS_TO", "role", "g", {}),
             ("MAPS_TO", "role", "k", {})]  # fmt: skip
    found = read(nodes, links)
    assert len(found.rows(ROLE)) == 2
    assert len(found.rows(ASSUMES)) == 1
    assert found.links(MEMBER_OF) == {("refunds", "devs")}
    assert found.links(CONTROLS) == {("refunds", "kim")}


def test_a_repository_is_part_of_its_organisation_or_a_persons_own(read):
    nodes = {
        "org": (["GitHubOrganization", "Tenant"], {"id": "https://github.com/acme"}),
        "r": (["CodeRepository", "GitHubRepository"],
              {"id": "https://github.com/acme/site", "name": "r"}),
        "eve": (["GitHubUser", "UserAccount"],
                {"id": "https://github.com/eve", "username": "eve"}),
    }  # fmt: skip
    found = read(nodes, [("OWNER", "org", "r", {}), ("OWNER", "eve", "r", {})])
    parent = found.one(RESOURCE, id="github:acme/repository/site")["parent_id"]
    assert parent == "github:acme/organization/acme"
    assert grants(found)["eve", "r"][1] == ["admin"]


def test_ids_that_other_systems_know(read):
    found = read()
    claims = {r["id"]: r["external_ids"] for label in (ROLE, SERVICE_ACCOUNT, CREDENTIAL)
              for r in found.rows(label)}  # fmt: skip
    assert claims[small.IAM + "role/refunds"] == '["aws_id:AROA000000000EXAMPLE"]'
    assert claims["cartography:acme/AWSAccountAccessKey/AKIAIOSFODNN7EXAMPLE"] == (
        '["aws_id:AKIAIOSFODNN7EXAMPLE"]')  # fmt: skip
    assert claims["cartography:acme/GCPServiceAccount/1001"] == (
        '["gcp:bot@shop.iam.gserviceaccount.com"]')  # fmt: skip
    assert "k8s:c1/web/serviceaccount/runner" in claims


def synced(**stamps):
    """Return the small graph with some things seen at another time."""
    return {
        key: (labels, said | ({"lastupdated": stamps[key]} if key in stamps else {}))
        for key, (labels, said) in small.NODES.items()
    }


@pytest.mark.parametrize(
    ("stamps", "part"),
    [
        ({}, None),
        ({"account": small.SYNC - 60, "sync": small.SYNC + 60}, None),
        ({"ops": small.SYNC - 60}, "AWSRole of 123456789012"),
        ({"sync": small.SYNC - 60}, "AWSPrincipal of 123456789012"),
    ],
)  # a sync that finished deletes what it did not see, and says that it finished
def test_an_export_of_a_graph_that_a_sync_left_half_done_is_partial(read, stamps, part):
    found = read(synced(**stamps))
    assert found.graph.coverage[0].complete == (part is None)
    said = [w for w in found.done.warnings if "running or broke off" in w]
    assert [w.split(": ")[-1] for w in said] == ([part] if part else [])
