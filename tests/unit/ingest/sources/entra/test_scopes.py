"""Entra: permissions and roles that are for direct members, for one object, or for owners.

https://learn.microsoft.com/en-us/graph/api/group-post-approleassignments,
https://learn.microsoft.com/en-us/entra/identity/role-based-access-control/custom-assign-powershell,
https://learn.microsoft.com/en-us/graph/api/resources/unifiedrolepermission.
"""

import json

import pandas as pd
import pytest

from graph.schema import ASSUMES, CAN_ACCESS, CONTROLS, HUMAN, ROLE
from ingest.sources.entra import SOURCE
from ingest.sources.entra.permissions import Scope, api_scope
from tests.support.exports.loading import load
from tests.support.printed import blast_radius, path

CONTEXT = "https://graph.microsoft.com/v1.0/$metadata#"


def uid(number):
    return f"{number:08d}-0000-4000-8000-000000000000"


TENANT, API, ANN, BOB, CAT, OPS, NESTED, BOT, APP, OTHER = map(uid, range(1, 11))
ROLE_ID, CUSTOM, BOT_APP = uid(21), uid(80), uid(90)
APPLICATION_ADMINISTRATOR = "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3"


def page(what, *values, **more):
    return {"@odata.context": CONTEXT + what, "value": list(values), **more}


def named(id_, name, type_="", **facts):
    typed = {"@odata.type": f"#microsoft.graph.{type_}"} if type_ else {}
    return {"id": id_, "displayName": name} | typed | facts


PEOPLE = page("users", named(ANN, "Ann"), named(BOB, "Bob"), named(CAT, "Cat"))
GROUPS = page("groups", *(named(i, n, isAssignableToRole=None) for i, n in
                          ((OPS, "Ops"), (NESTED, "Nested"))))  # fmt: skip
SERVICE = named(API, "Payroll", appId=uid(30), appRoles=[{"id": ROLE_ID, "value": "Data.Read"}])
APPS = page("servicePrincipals", SERVICE, named(BOT, "Bot", appId=BOT_APP), named(OTHER, "Other"))
APPLICATIONS = page("applications", named(APP, "Bot", appId=BOT_APP))
GIVEN = page(
    "appRoleAssignments",
    {"id": "g1", "principalId": OPS, "principalType": "Group", "resourceId": API,
     "appRoleId": ROLE_ID},
)  # fmt: skip


@pytest.fixture
def read(tmp_path):
    def reading(*pages, folder="pages", **options):
        export = tmp_path / folder
        export.mkdir()
        organization = page("organization", {"id": TENANT, "displayName": "Contoso"})
        for number, each in enumerate((organization, *pages)):
            name, content = each if isinstance(each, tuple) else (f"page{number}.json", each)
            (export / name).write_text(json.dumps(content))
        return load(SOURCE, tmp_path, export, **options)

    return reading


def reach(loaded, name):
    """Return what a thing reaches, with whether that is conditional."""
    rows = blast_radius(loaded.posture, loaded.posture.graph.find(name))["resources"]
    return {row["name"]: row["conditional"] for row in rows}


def test_an_app_role_of_a_group_is_its_direct_members(read):
    """Ann is in the group, Bob in a group within it, whom Entra gives nothing."""
    found = read(
        PEOPLE, GROUPS, APPS, GIVEN,
        (f"groups-{OPS}-members.json",
         page("directoryObjects", named(ANN, "Ann", "user"), named(NESTED, "Nested", "group"))),
        (f"groups-{NESTED}-members.json", page("directoryObjects", named(BOB, "Bob", "user"))),
    )  # fmt: skip
    assert reach(found, "Ann") == {"Payroll: Data": False}
    assert reach(found, "Bob") == {}
    assert any("direct members" in warning for warning in found.done.warnings)


def test_an_app_role_of_a_group_is_none_of_a_service_principal_in_it(read):
    """Entra puts no roles claim into a token of the bot; an agent's user is a user.

    https://learn.microsoft.com/en-us/entra/identity-platform/howto-add-app-roles-in-apps
    """
    robin = uid(11)
    members = page("directoryObjects", named(ANN, "Ann", "user"),
                   named(BOT, "Bot", "servicePrincipal", appId=BOT_APP),
                   named(robin, "Robin", "agentUser"))  # fmt: skip
    found = read(PEOPLE, GROUPS, APPS, GIVEN, (f"groups-{OPS}-members.json", members))
    assert reach(found, "Ann") == reach(found, "Robin") == {"Payroll: Data": False}
    assert reach(found, "Bot") == {}


def test_an_app_role_of_a_group_without_groups_is_the_groups(read):
    members = page("directoryObjects", named(ANN, "Ann", "user"))
    found = read(PEOPLE, GROUPS, APPS, GIVEN, (f"groups-{OPS}-members.json", members))
    assert [row["source_id"] for row in found.rows(CAN_ACCESS)
            if row["grant_id"] == "g1"] == [f"entra:{OPS}"]  # fmt: skip
    assert reach(found, "Ann") == {"Payroll: Data": False}


GRAPH = named(uid(31), "Microsoft Graph", appId="00000003-0000-0000-c000-000000000000")


@pytest.mark.parametrize(("scope", "levels"), [
    ("openid profile email offline_access", {"User": ["read"]}),
    ("offline_access", {"User": ["read"]}),
    ("User.Read openid", {"User": ["read"]}),
    ("Mail.ReadWrite offline_access", {"Mail": ["read", "write"], "User": ["read"]}),
])  # fmt: skip
def test_permissions_that_sign_a_user_in_write_nothing(read, scope, levels):
    """https://learn.microsoft.com/en-us/entra/identity-platform/scopes-oidc."""
    given = {"id": "d1", "clientId": BOT, "consentType": "AllPrincipals", "resourceId": uid(31),
             "scope": scope}  # fmt: skip
    graph = page("servicePrincipals", GRAPH, named(BOT, "Bot", appId=BOT_APP))
    found = read(PEOPLE, graph, page("oauth2PermissionGrants", given))
    rows = [row for row in found.rows(CAN_ACCESS) if row["grant_id"] == "d1"]
    assert {r["target_id"].rsplit("/", 1)[1]: json.loads(r["levels"]) for r in rows} == levels


def test_an_api_of_ones_own_may_call_anything_profile(read):
    given = {"id": "d1", "clientId": BOT, "consentType": "AllPrincipals", "resourceId": API,
             "scope": "profile"}  # fmt: skip
    found = read(PEOPLE, APPS, page("oauth2PermissionGrants", given))
    [row] = [row for row in found.rows(CAN_ACCESS) if row["grant_id"] == "d1"]
    assert json.loads(row["levels"]) == ["write"]


@pytest.mark.parametrize(("value", "area", "levels"), [
    ("ReadWrite", "", ["read", "write"]), ("ReadWrite.All", "", ["read", "write"]),
    ("Data.ReadAndWrite", "Data", ["read", "write"]), ("Read.All", "", ["read"]),
    ("Data.Read.All", "Data", ["read"]), ("Data.Write", "Data", ["write"]),
])  # fmt: skip
def test_a_permission_that_says_write_writes(value, area, levels):
    assert api_scope(value) == Scope(area, tuple(levels))


def assigned(principal, role, where):
    return page(
        "roleManagement/directory/roleAssignments",
        {"principalId": principal, "roleDefinitionId": role, "directoryScopeId": where},
    )


@pytest.mark.parametrize("where", [APP, BOT])
def test_a_role_on_one_application(read, where):
    """Who administers one application acts as it, and as no other, and reads no directory."""
    found = read(PEOPLE, APPS, APPLICATIONS, assigned(ANN, APPLICATION_ADMINISTRATOR, f"/{where}"))
    role = f"entra:{TENANT}/role/{APPLICATION_ADMINISTRATOR}/{BOT}"
    (assumption,) = found.rows(ASSUMES)
    assert (assumption["target_id"], assumption["condition"]) == (role, None)
    assert found.links(CONTROLS) == {("Application Administrator on Bot", "Bot")}
    assert reach(found, "Ann") == {}


def test_a_role_on_one_group(read):
    definition = named(CUSTOM, "Keeper", templateId=CUSTOM, rolePermissions=[
        {"allowedResourceActions": ["microsoft.directory/groups.security/members/update"],
         "condition": None}])  # fmt: skip
    found = read(
        PEOPLE, GROUPS, assigned(ANN, CUSTOM, f"/{OPS}"),
        page("roleManagement/directory/roleDefinitions", definition),
    )  # fmt: skip
    assert found.links(CONTROLS) == {("Keeper on Ops", "Ops")}
    assert "Keeper on Ops" in found.of(ROLE, "name")


def test_a_role_on_one_application_that_changes_nothing_of_it(read):
    definition = named(CUSTOM, "Reader", templateId=CUSTOM, rolePermissions=[
        {"allowedResourceActions": ["microsoft.directory/applications/standard/read"],
         "condition": None}])  # fmt: skip
    found = read(
        PEOPLE, APPS, assigned(ANN, CUSTOM, f"/{BOT}"),
        page("roleManagement/directory/roleDefinitions", definition),
    )  # fmt: skip
    assert found.links(CONTROLS) == set()


def test_what_a_role_permits_its_owners(read):
    """It is conditional, and gives nobody all applications: owners have theirs by rule E1."""
    definition = named(CUSTOM, "Maker", templateId=CUSTOM, rolePermissions=[
        {"allowedResourceActions": ["microsoft.directory/applications/credentials/update"],
         "condition": "$SubjectIsOwner"}])  # fmt: skip
    found = read(
        PEOPLE, APPS, assigned(ANN, CUSTOM, "/"),
        page("roleManagement/directory/roleDefinitions", definition),
    )  # fmt: skip
    assert reach(found, "Ann") == {"Directory: applications": True}
    assert path(found.posture, *map(found.graph.find, ("Ann", "Bot")))["paths"] == []


def test_a_page_of_changes_keeps_what_it_does_not_say(read):
    """A delta page of a user has only what changed: her name, mail and day of creation stay."""
    whole = named(ANN, "Ann", userPrincipalName="ann@contoso.example", accountEnabled=True,
                  createdDateTime="2020-01-01T00:00:00Z")  # fmt: skip
    read(page("users", whole), APPS)
    changed = page("users/$delta", {"id": ANN, "accountEnabled": False})
    found = read(changed, folder="later", taken_at=pd.Timestamp("2026-09-01", tz="UTC"))
    ann = found.one(HUMAN, id=f"entra:{ANN}")
    assert (ann["name"], ann["status"], ann["email"]) == (
        "Ann", "disabled", "ann@contoso.example",
    )  # fmt: skip
    assert ann["created_at"] == pd.Timestamp("2020-01-01", tz="UTC")
