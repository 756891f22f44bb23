"""Entra: pages of Microsoft Graph v1.0.

They have the shape of Microsoft's reference, with ids made up here:
https://learn.microsoft.com/en-us/graph/api/resources/serviceprincipal,
https://learn.microsoft.com/en-us/graph/api/resources/agentidentity,
https://learn.microsoft.com/en-us/graph/api/resources/approleassignment,
https://learn.microsoft.com/en-us/graph/api/resources/unifiedroleeligibilityscheduleinstance.
"""

import json

import pandas as pd
import pytest

from graph.schema import (
    ACTS_FOR,
    AGENT,
    ASSUMES,
    AUTHENTICATES_AS,
    CAN_ACCESS,
    CREDENTIAL,
    GROUP,
    HUMAN,
    MEMBER_OF,
    OWNS,
    RESOURCE,
    ROLE,
    SERVICE_ACCOUNT,
    TRUSTS,
)
from ingest.source import InputRefused
from ingest.sources.entra import SOURCE
from tests.support.exports.loading import load, reader
from tests.support.hostile.canaries import leaks

CONTEXT = "https://graph.microsoft.com/v1.0/$metadata#"
GRAPH_APP = "00000003-0000-0000-c000-000000000000"
MICROSOFT = "f8cdef31-a31e-4b4a-93e4-5f571e91255a"
NO_ROLE = "00000000-0000-0000-0000-000000000000"
ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"


def uid(number):
    return f"{number:08d}-0000-4000-8000-000000000000"


TENANT, API, BOT, PRINT, AGENT_ID, ANN, BOB, OPS, APP = map(uid, range(1, 10))
APP_ID, PRINT_APP, ROLE_ID = uid(11), uid(12), uid(21)


def page(what, *values, **more):
    return {"@odata.context": CONTEXT + what, "value": list(values), **more}


def principal(id_, name, **facts):
    return {"id": id_, "displayName": name, "accountEnabled": True} | facts


GRAPH = principal(
    API,
    "Microsoft Graph",
    appId=GRAPH_APP,
    appOwnerOrganizationId=MICROSOFT,
    appRoles=[{"id": ROLE_ID, "value": "Mail.ReadWrite"}],
)
ORGANIZATION = page("organization", {"id": TENANT, "displayName": "Contoso"})


@pytest.fixture
def read(tmp_path):
    return reader(SOURCE, tmp_path, ORGANIZATION)


def coverage(loaded):
    (one,) = loaded.graph.coverage
    return one


def by_id(loaded, element, id_):
    return loaded.one(element, id=f"entra:{id_}")


# -- service principals and agents -----------------------------------------------------------------


def test_kinds_of_principals(read):
    found = read(
        page(
            "servicePrincipals",
            principal(BOT, "Invoice bot", appId=APP_ID, appOwnerOrganizationId=TENANT),
            principal(PRINT, "Blueprint", appId=PRINT_APP, appOwnerOrganizationId=uid(99))
            | {"@odata.type": "#microsoft.graph.agentIdentityBlueprintPrincipal"},
            principal(
                AGENT_ID,
                "Planner",
                agentIdentityBlueprintId=PRINT_APP,
                createdDateTime="2026-01-02T03:04:05Z",
                accountEnabled=False,
            )
            | {"@odata.type": "#microsoft.graph.agentIdentity"},
            principal(uid(30), "MI", servicePrincipalType="ManagedIdentity"),
        ),
        page("users", principal(ANN, "Ann", mail="ann@contoso.com", manager={"id": BOB})),
        page("groups", principal(OPS, "Ops", isAssignableToRole=None)),
    )
    agents = {row["name"]: row for row in found.rows(AGENT)}
    assert set(agents) == {"Blueprint", "Planner"}
    assert agents["Planner"]["kind"] == "ai_agent"
    assert agents["Planner"]["blueprint_id"] == f"entra:{PRINT}", "named by the app id"
    assert agents["Planner"]["status"] == "disabled"
    assert agents["Planner"]["created_at"] == pd.Timestamp("2026-01-02T03:04:05Z")
    assert agents["Blueprint"]["kind"] == "blueprint"
    assert agents["Blueprint"]["third_party"] is True
    assert by_id(found, SERVICE_ACCOUNT, BOT)["third_party"] is False
    assert json.loads(by_id(found, SERVICE_ACCOUNT, uid(30))["tags"]) == ["managed_identity"]
    ann = by_id(found, HUMAN, ANN)
    assert (ann["email"], ann["manager_id"]) == ("ann@contoso.com", f"entra:{BOB}")
    assert by_id(found, GROUP, OPS)["role_assignable"] is False
    assert found.one(RESOURCE, id=f"entra:{TENANT}")["type"] == "tenant"
    assert coverage(found).declares == ("inventory",)


def test_an_application_acts_as_its_service_principal(read):
    """Its secrets and owners belong to the one identity; one that is in no tenant stays alone."""
    secret = {"keyId": uid(40), "displayName": "old", "endDateTime": "2026-03-01T00:00:00Z"}
    ann = {"@odata.type": "#microsoft.graph.user"} | principal(ANN, "Ann")
    found = read(
        page("servicePrincipals", principal(BOT, "Bot", appId=APP_ID, passwordCredentials=[])),
        page(
            "applications",
            {"id": APP, "appId": APP_ID, "passwordCredentials": [secret | {"hint": "Zq7"}]},
            {"id": uid(50), "appId": uid(51), "displayName": "Unused"},
        ),
        (f"applications/{APP}/owners.json", page("directoryObjects", ann)),
    )
    assert set(found.of(SERVICE_ACCOUNT, "name")) == {"Bot", "Unused"}
    assert found.links(AUTHENTICATES_AS) == {("old", "Bot")}
    assert found.links(OWNS) == {("Ann", "Bot")}
    assert found.of(OWNS, "role") == ["technical"]
    assert "Zq7" not in str(found.graph.frames[CREDENTIAL].to_dict())


def test_microsofts_own_are_left_out_unless_they_hold_something(read):
    theirs = {"appOwnerOrganizationId": MICROSOFT}
    assignment = {"id": "a", "principalId": BOT, "resourceId": API, "appRoleId": ROLE_ID}
    found = read(
        page("servicePrincipals", GRAPH, principal(BOT, "Loop", **theirs)),
        page("servicePrincipals", principal(APP, "Sway", **theirs)),
        page(f"servicePrincipals('{BOT}')/appRoleAssignments", assignment),
    )
    assert found.of(SERVICE_ACCOUNT, "name") == ["Loop"]
    assert any("2 service principals of Microsoft" in said for said in found.done.warnings)


def test_certificates_that_sign_tokens_are_no_credentials(read):
    keys = [
        {"keyId": uid(60), "usage": "Sign", "customKeyIdentifier": "A"},
        {"keyId": uid(61), "usage": "Verify", "customKeyIdentifier": "A"},
        {"keyId": uid(62), "usage": "Verify", "customKeyIdentifier": "B"},
    ]
    found = read(page("servicePrincipals", principal(BOT, "Bot", keyCredentials=keys)))
    assert [r.rpartition("/")[2] for r in found.of(CREDENTIAL, "id")] == [uid(62)]


def test_federated_credentials(read):
    said = {"id": uid(70), "name": "ci", "issuer": "https://token.actions.githubusercontent.com/",
            "subject": "repo:acme/app:ref:refs/heads/main",
            "audiences": ["api://AzureADTokenExchange"]}  # fmt: skip
    found = read(
        page("applications", {"id": APP, "appId": APP_ID, "displayName": "Deploy",
                              "federatedIdentityCredentials": [said]}),
    )  # fmt: skip
    row = found.one(TRUSTS, source_id=f"entra:{APP}")
    assert row["target_id"] == "https://token.actions.githubusercontent.com"
    assert (row["subject"], row["workload"]) == ("repo:acme/app:ref:refs/heads/main", True)
    assert found.of(CREDENTIAL, "type") == ["federated"]
    assert {"trust", "credentials"} <= set(coverage(found).declares)


# -- permissions -----------------------------------------------------------------------------------


def granted(loaded, holder):
    return {
        r["target_id"].rpartition("/")[2]: (json.loads(r["actions"]), json.loads(r["levels"]))
        for r in loaded.rows(CAN_ACCESS)
        if r["source_id"] == f"entra:{holder}"
    }


def test_app_roles_are_named_by_the_api(read):
    """Unknown ones keep their id and no level; the same assignment on two pages counts once."""
    rows = [
        {"id": "a1", "principalId": BOT, "principalType": "ServicePrincipal", "resourceId": API,
         "appRoleId": ROLE_ID, "createdDateTime": "2026-02-03T00:00:00Z"},
        {"id": "a2", "principalId": BOT, "resourceId": API, "appRoleId": uid(77)},
        {"id": "a3", "principalId": ANN, "principalType": "User", "principalDisplayName": "Ann",
         "resourceId": APP, "appRoleId": NO_ROLE},
    ]  # fmt: skip
    found = read(
        page("servicePrincipals", GRAPH, principal(BOT, "Bot")),
        page(f"servicePrincipals('{BOT}')/appRoleAssignments", *rows),
        page(f"servicePrincipals('{API}')/appRoleAssignedTo", rows[0]),
    )
    assert granted(found, BOT) == {
        "Mail": (["Mail.ReadWrite"], ["read", "write"]),
        GRAPH_APP: ([uid(77)], []),
    }
    mail = found.one(CAN_ACCESS, grant_id="a1")
    assert mail["granted_at"] == pd.Timestamp("2026-02-03T00:00:00Z")
    assert found.one(RESOURCE, id=mail["target_id"])["name"] == "Microsoft Graph: Mail"
    assert found.of(HUMAN, "name") == ["Ann"]
    assert any("1 app roles" in said for said in found.done.warnings)


@pytest.mark.parametrize(
    ("id_", "name"),
    [
        ("1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9", "Application.ReadWrite.All"),
        ("2f6817f8-7b12-4f0f-bc18-eeaf60705a9e", "PrivilegedAccess.ReadWrite.AzureADGroup"),
        ("41202f2c-f7ab-45be-b001-85c9728b9d69",
         "PrivilegedAssignmentSchedule.ReadWrite.AzureADGroup"),
        ("618b6020-bca8-4de6-99f6-ef445fa4d857",
         "PrivilegedEligibilitySchedule.ReadWrite.AzureADGroup"),
        ("cc117bb9-00cf-4eb8-b580-ea2a878fe8f7", "User-PasswordProfile.ReadWrite.All"),
    ],
)  # fmt: skip
def test_dangerous_app_roles_are_known_without_the_api(read, id_, name):
    """Whoever adds members to groups that hold roles, or resets passwords, takes others over."""
    row = {"id": "a", "principalId": BOT, "resourceId": API, "resourceDisplayName":
           "Microsoft Graph", "appRoleId": id_}  # fmt: skip
    found = read(page("servicePrincipals", principal(BOT, "Bot", appRoleAssignments=[row])))
    levels = ["read", "write", "admin"]
    assert granted(found, BOT)[name.partition(".")[0]] == ([name], levels)


def test_delegated_permissions_hold_for_users_only(read):
    """They are conditional; an agent that one user consented to acts for that user."""
    grants = [
        {"id": "g1", "clientId": BOT, "consentType": "AllPrincipals", "resourceId": API,
         "scope": "openid Mail.Read Mail.Send"},
        {"id": "g2", "clientId": AGENT_ID, "consentType": "Principal", "principalId": ANN,
         "resourceId": API, "scope": "Files.Read"},
    ]  # fmt: skip
    found = read(
        page("servicePrincipals", GRAPH, principal(BOT, "Bot"),
             principal(AGENT_ID, "Planner", agentIdentityBlueprintId=PRINT)),
        page("oauth2PermissionGrants", *grants),
        page("users", principal(ANN, "Ann")),
    )  # fmt: skip
    mail = found.one(CAN_ACCESS, grant_id="g1", role_name="Mail.Read Mail.Send")
    assert json.loads(mail["levels"]) == ["read", "write"]
    assert mail["condition"].startswith("delegated")
    assert found.links(ACTS_FOR) == {("Planner", "Ann")}
    assert found.of(ACTS_FOR, "ceiling") == ["read"]


# -- directory roles -------------------------------------------------------------------------------


def test_assignments_and_eligibility(read):
    """An eligible role is one to activate; plain assignments do not undo the end of a schedule."""
    active = {"principalId": ANN, "roleDefinitionId": ADMINISTRATOR, "directoryScopeId": "/"}
    dates = {"startDateTime": "2026-01-01T00:00:00Z", "endDateTime": "2026-12-01T00:00:00Z"}
    dated = active | dates | {"assignmentType": "Assigned"}
    unit = active | {"principalId": BOB, "directoryScopeId": f"/administrativeUnits/{uid(5)}"}
    found = read(
        page("roleManagement/directory/roleAssignments", active, unit),
        page("roleManagement/directory/roleAssignmentScheduleInstances", dated),
        page("roleManagement/directory/roleEligibilityScheduleInstances", active),
        page("users", principal(ANN, "Ann"), principal(BOB, "Bob")),
    )
    rows = {(r["source_id"], r["rule"]): r for r in found.rows(ASSUMES)}
    ann, bob = f"entra:{ANN}", f"entra:{BOB}"
    assert set(rows) == {(ann, None), (ann, "E8"), (bob, None)}
    assert rows[ann, None]["valid_to"] == pd.Timestamp("2026-12-01T00:00:00Z")
    assert rows[ann, "E8"]["eligible"] is True
    assert rows[bob, None]["condition"] == f"only within /administrativeUnits/{uid(5)}"
    assert found.of(ROLE, "name") == ["Global Administrator"]
    tenant = found.one(CAN_ACCESS, target_id=f"entra:{TENANT}")
    assert json.loads(tenant["levels"]) == ["list", "read", "write", "admin"]


def test_definitions_say_what_a_role_permits(read):
    actions = ["microsoft.directory/groups/standard/read",
               "microsoft.directory/groups/members/update"]  # fmt: skip
    definition = {"id": uid(80), "templateId": uid(80), "displayName": "Helper", "isEnabled": True,
                  "rolePermissions": [{"allowedResourceActions": actions, "condition": None},
                                      {"allowedResourceActions": ["microsoft.directory/users/x/y"],
                                       "condition": "$ResourceIsSelf"}]}  # fmt: skip
    found = read(page("roleManagement/directory/roleDefinitions", definition))
    role = f"entra:{TENANT}/role/{uid(80)}"
    (row,) = (r for r in found.rows(CAN_ACCESS) if r["source_id"] == role)
    assert row["target_id"] == f"entra:{TENANT}/directory/groups"
    assert json.loads(row["levels"]) == ["read", "write", "admin"]


def test_members_of_groups(read):
    member = {"@odata.type": "#microsoft.graph.user"} | principal(ANN, "Ann")
    found = read(
        page("groups", principal(OPS, "Ops")),
        (f"groups/{OPS}/members.json", page("directoryObjects", member)),
    )
    assert found.links(MEMBER_OF) == {("Ann", "Ops")}


# -- what is wrong ---------------------------------------------------------------------------------


def test_a_page_that_goes_on_makes_the_reading_partial(read):
    more = {"@odata.nextLink": "https://graph.microsoft.com/v1.0/servicePrincipals?$skiptoken=x"}
    found = read(page("servicePrincipals", principal(BOT, "Bot"), **more))
    assert not coverage(found).complete


def test_pages_up_to_the_last_are_whole(read):
    more = {"@odata.nextLink": "x", "@odata.count": 2}
    found = read(
        page("servicePrincipals", principal(BOT, "Bot"), **more),
        page("servicePrincipals", principal(APP, "App")),
    )
    assert coverage(found).complete
    assert len(found.rows(SERVICE_ACCOUNT)) == 2


def test_a_count_that_is_not_met_makes_the_reading_partial(read):
    found = read(page("servicePrincipals", principal(BOT, "Bot"), **{"@odata.count": 9}))
    assert not coverage(found).complete


def test_wrong_rows_are_set_aside(read):
    found = read(
        page("servicePrincipals", principal("me", "No id"),
             principal(BOT, "Bot", passwordCredentials=[{"keyId": "x"},
                       {"keyId": uid(41), "endDateTime": "tomorrow"}])),
        page("roleManagement/directory/roleAssignments", {"principalId": ANN}),
    )  # fmt: skip
    assert len(found.reasons) == 4
    assert not found.rows(CREDENTIAL), "a secret without a readable end would seem to last for ever"
    assert "tomorrow" not in str(found.reasons)


@pytest.mark.parametrize("said", ["[1]", '{"value": []}', '{"a": 1}', "nothing", '{"value": ['])
def test_other_files_are_refused(tmp_path, said):
    path = tmp_path / "x.json"
    path.write_text(said)
    with pytest.raises(InputRefused):
        load(SOURCE, tmp_path, path)


def test_two_tenants_are_not_mixed(read):
    """What else lies there would be taken for the first one's."""
    with pytest.raises(InputRefused, match="is of a second tenant"):
        read(page("organization", {"id": uid(98), "displayName": "Other"}))


def test_no_secret_gets_into_rows_or_messages(tmp_path):
    secret = {"keyId": uid(40), "displayName": "k", "hint": "h", "secretText": None,
              "startDateTime": "2026-01-01T00:00:00Z"}  # fmt: skip
    fic = {"id": uid(41), "name": "f", "issuer": "https://i/x", "subject": "s", "audiences": ["a"]}
    owner = {"@odata.type": "#microsoft.graph.user", "id": ANN, "displayName": "Ann", "mail": "m"}
    one = principal(
        BOT, "Bot", appId=APP_ID, passwordCredentials=[secret], owners=[owner], tags=["t"],
        federatedIdentityCredentials=[fic], notes="n", servicePrincipalNames=["x"],
        appRoles=[{"id": ROLE_ID, "value": "Mail.Read"}],
        appRoleAssignments=[{"id": "i", "principalId": BOT, "resourceId": BOT,
                             "appRoleId": ROLE_ID, "principalDisplayName": "p"}],
        oauth2PermissionGrants=[{"id": "g", "clientId": BOT, "resourceId": BOT, "scope": "a.b"}],
    )  # fmt: skip
    path = tmp_path / "pages.json"
    role = {"principalId": ANN, "roleDefinitionId": uid(80), "directoryScopeId": "/x"}
    definition = {"id": uid(80), "displayName": "r", "rolePermissions": [
        {"allowedResourceActions": ["microsoft.directory/groups/members/update"]}]}  # fmt: skip
    pages = [
        ORGANIZATION,
        page("servicePrincipals", one),
        page("roleManagement/directory/roleAssignments", role),
        page("roleManagement/directory/roleDefinitions", definition),
    ]
    assert leaks(SOURCE, path, pages) == []
