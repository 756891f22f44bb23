"""Exports of a tenant as people have them: by PowerShell, the command line, `$batch` and `$expand`.

Shapes by https://learn.microsoft.com/en-us/graph/api/agentidentity-list,
https://learn.microsoft.com/en-us/graph/api/directoryrole-list-members,
https://learn.microsoft.com/en-us/graph/json-batching and
https://learn.microsoft.com/en-us/graph/api/resources/privilegedaccessgroupeligibilityscheduleinstance.
"""

import json

import pandas as pd
import pytest

from graph.schema import (
    AGENT,
    ASSUMES,
    CAN_ACCESS,
    CONTROLS,
    CREDENTIAL,
    GROUP,
    HUMAN,
    MEMBER_OF,
    OWNS,
    ROLE,
    SERVICE_ACCOUNT,
    TRUSTS,
)
from ingest.source import InputRefused
from ingest.sources.entra import SOURCE
from tests.support.exports.loading import load, reader
from tests.support.hostile.canaries import leaks

CONTEXT = "https://graph.microsoft.com/beta/$metadata#"
ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"
NEXT = {"@odata.nextLink": "https://graph.microsoft.com/v1.0/x?$skiptoken=1"}


def uid(number):
    return f"{number:08d}-0000-4000-8000-000000000000"


TENANT, API, BOT, AGENT_ID, ANN, OPS, APP, BLUEPRINT = map(uid, range(1, 9))
APP_ID, BLUEPRINT_APP = uid(11), uid(12)
ORGANIZATION = {"@odata.context": CONTEXT + "organization", "value": [{"id": TENANT}]}
USER = {"@odata.type": "#microsoft.graph.user", "id": ANN, "displayName": "Ann"}
DEVICE = {"@odata.type": "#microsoft.graph.device", "id": uid(90), "displayName": "Laptop"}


def page(what, *values, **more):
    return {"@odata.context": CONTEXT + what, "value": list(values), **more}


@pytest.fixture
def read(tmp_path):
    return reader(SOURCE, tmp_path, ORGANIZATION)


def said(loaded, part):
    return any(part in warning for warning in loaded.done.warnings)


def coverage(loaded):
    return loaded.graph.coverage[0]


# -- what an object is -----------------------------------------------------------------------------


def test_a_page_of_one_type_gives_it_to_its_objects(read):
    """Graph leaves the type out where all are of one; the blueprint has an older name too."""
    found = read(
        page("servicePrincipals/microsoft.graph.agentIdentity",
             {"id": AGENT_ID, "appId": AGENT_ID, "displayName": "Planner",
              "servicePrincipalType": "ServiceIdentity", "agentAppId": BLUEPRINT_APP}),
        page("applications/microsoft.graph.agentIdentityBlueprint",
             {"id": APP, "appId": BLUEPRINT_APP, "displayName": "Maker"}),
        page("servicePrincipals/microsoft.graph.agentIdentityBlueprintPrincipal",
             {"id": BLUEPRINT, "appId": BLUEPRINT_APP, "displayName": "Maker"}),
    )  # fmt: skip
    kinds = {r["name"]: (r["kind"], r["blueprint_id"]) for r in found.rows(AGENT)}
    assert kinds == {"Planner": ("ai_agent", f"entra:{BLUEPRINT}"), "Maker": ("blueprint", None)}
    assert found.rows(SERVICE_ACCOUNT) == []


@pytest.mark.parametrize(
    ("one", "label"),
    [
        ({"id": BOT, "displayName": "B", "appId": APP_ID, "servicePrincipalType": "Application"},
         SERVICE_ACCOUNT),
        ({"id": APP, "displayName": "B", "appId": APP_ID, "identifierUris": []}, SERVICE_ACCOUNT),
        ({"id": ANN, "displayName": "B", "userPrincipalName": "b@x.test"}, HUMAN),
        ({"id": OPS, "displayName": "B", "groupTypes": [], "securityEnabled": True}, GROUP),
    ],
)  # fmt: skip
@pytest.mark.parametrize("form", ["list", "page", "alone", "lines"])
def test_an_object_is_known_by_its_properties(read, one, label, form):
    """As the command line (`az ad`) writes them: without a context and without a type."""
    forms = {"list": [one], "page": {"value": [one]}, "alone": one,
             "lines": json.dumps(one) + "\n" + json.dumps(one)}  # fmt: skip
    assert read(("export.json", forms[form])).of(label, "name") == ["B"]


def test_types_that_nobody_knows_here(read):
    """One derived from what the page lists is that; a device is nobody, wherever it stands."""
    odd = {"@odata.type": "#microsoft.graph.botPrincipal", "id": BOT, "displayName": "Odd"}
    found = read(
        page("servicePrincipals", odd),
        (f"groups/{OPS}/members.json", page("directoryObjects", DEVICE, USER)),
        (f"servicePrincipals/{BOT}/owners.json", page("directoryObjects", DEVICE)),
        page("directoryObjects", DEVICE),
    )
    assert found.of(SERVICE_ACCOUNT, "name") == ["Odd"]
    assert found.of(HUMAN, "name") == ["Ann"]
    assert (found.rows(OWNS), found.reasons) == ([], [])
    assert said(found, "device (3)")


def test_objects_as_powershell_writes_them(read):
    """Names in capitals, a list of one as that one, dates in milliseconds, the rest set apart."""
    secret = {"KeyId": uid(40), "DisplayName": "s", "EndDateTime": "/Date(1767225600000)/"}
    owner = {"Id": ANN, "AdditionalProperties": {
        "@odata.type": "#microsoft.graph.user", "displayName": "Ann"}}  # fmt: skip
    bot = {"Id": BOT, "AppId": APP_ID, "DisplayName": "Bot", "ServicePrincipalType": "Application",
           "PasswordCredentials": secret, "KeyCredentials": None, "Owners": owner,
           "AppRoleAssignments": None, "AccountEnabled": True}  # fmt: skip
    found = read(("sps.json", [bot]))
    assert found.one(CREDENTIAL, name="s")["expires_at"] == pd.Timestamp("2026-01-01T00:00:00Z")
    assert found.links(OWNS) == {("Ann", "Bot")}
    assert set(coverage(found).declares) == {"owners", "credentials", "inventory"}


def test_what_was_not_asked_for_is_not_declared(read):
    bot = {"Id": BOT, "DisplayName": "Bot", "ServicePrincipalType": "Application", "Owners": None}
    assert coverage(read(("sps.json", [bot]))).declares == ("inventory",)


def test_what_a_tool_cut_off_is_set_aside(read):
    bot = {"Id": BOT, "DisplayName": "B", "ServicePrincipalType": "Application",
           "Owners": "Microsoft.Graph.PowerShell.Models.MicrosoftGraphDirectoryObject"}  # fmt: skip
    found = read(("sps.json", [bot]))
    assert [place for place, _ in found.reasons] == ["/0/owners"]
    assert not coverage(found).complete
    assert "owners" not in coverage(found).declares


# -- roles and groups ------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["expanded", "folder"])
def test_members_of_directory_roles_hold_them(read, form):
    role = {"id": uid(30), "displayName": "Global Administrator", "roleTemplateId": ADMINISTRATOR}
    if form == "expanded":
        pages = [page("directoryRoles(members())", role | {"members": [USER]})]
    else:
        members = page("directoryObjects", USER)
        pages = [page("directoryRoles", role), (f"directoryRoles/{uid(30)}/members.json", members)]
    found = read(*pages)
    (step,) = found.rows(ASSUMES)
    assert step["target_id"] == f"entra:{TENANT}/role/{ADMINISTRATOR}"
    assert found.rows(MEMBER_OF) == []
    assert "grants" in coverage(found).declares


INNER = {"@odata.type": "#microsoft.graph.group", "id": uid(71), "displayName": "Inner"}
OUTER = page("groups", {"id": OPS, "displayName": "Ops"}, {"id": uid(71), "displayName": "Inner"})


def test_a_transitive_member_is_no_direct_one_where_the_way_is_known(read):
    """Ann is in Inner, and Inner in Ops: nobody can take her out of Ops itself."""
    found = read(
        OUTER,
        page("users", {"id": ANN, "displayName": "Ann"}),
        (f"groups/{OPS}/members.json", page("directoryObjects", INNER)),
        (f"groups/{uid(71)}/members.json", page("directoryObjects", USER)),
        (f"groups/{OPS}/transitiveMembers.json", page("directoryObjects", INNER, USER)),
        (f"users/{ANN}/transitiveMemberOf.json", page("directoryObjects", INNER)),
    )
    assert found.links(MEMBER_OF) == {("Ann", "Inner"), ("Inner", "Ops")}
    assert not said(found, "transitive")


def test_a_transitive_member_of_whom_the_way_is_not_known_is_told(read):
    found = read(
        OUTER,
        page("users", {"id": ANN, "displayName": "Ann"}),
        (f"groups/{OPS}/members.json", page("directoryObjects", INNER)),
        (f"groups/{OPS}/transitiveMembers.json", page("directoryObjects", INNER, USER)),
    )
    assert found.links(MEMBER_OF) == {("Ann", "Ops"), ("Inner", "Ops")}
    assert said(found, "1 membership is in lists of transitive members only")


def test_what_somebody_is_in_and_owns(read):
    """The same facts from the other end; a unit of administration is no group."""
    ops = {"@odata.type": "#microsoft.graph.group", "id": OPS, "displayName": "Ops"}
    unit = {"@odata.type": "#microsoft.graph.administrativeUnit", "id": uid(60)}
    role = {"@odata.type": "#microsoft.graph.directoryRole", "id": uid(30),
            "displayName": "GA", "roleTemplateId": ADMINISTRATOR}  # fmt: skip
    bot = {"@odata.type": "#microsoft.graph.servicePrincipal", "id": BOT, "displayName": "Bot"}
    found = read(
        page("users", {"id": ANN, "displayName": "Ann"}),
        (f"users/{ANN}/transitiveMemberOf.json", page("directoryObjects", ops, unit, role)),
        (f"users/{ANN}/ownedObjects.json", page("directoryObjects", bot)),
        (f"administrativeUnits/{uid(60)}/members.json", page("directoryObjects", USER)),
    )
    assert found.links(MEMBER_OF) == {("Ann", "Ops")}
    assert [r["source_id"] for r in found.rows(ASSUMES)] == [f"entra:{ANN}"]
    assert found.links(OWNS) == {("Ann", "Bot")}
    assert "owners" not in coverage(found).declares
    assert said(found, "members of administrative units (1)")


def test_definitions_as_powershell_writes_them(read):
    action = "microsoft.directory/groups/members/update"
    role = {"Id": uid(80), "TemplateId": uid(80), "DisplayName": "Helper", "IsEnabled": True,
            "RolePermissions": {"AllowedResourceActions": action, "Condition": None}}  # fmt: skip
    found = read(("roleDefinitions.json", [role]))
    (row,) = (r for r in found.rows(CAN_ACCESS) if r["source_id"].endswith(uid(80)))
    assert json.loads(row["actions"]) == [action]


def test_roles_of_other_systems_are_no_directory_roles(read):
    azure = {"principalId": BOT, "principalType": "ServicePrincipal", "scope": "/",
             "roleDefinitionId": "/subscriptions/1/providers/x/roleDefinitions/2"}  # fmt: skip
    other = {"principalId": BOT, "roleDefinitionId": uid(80)}
    found = read(
        page("roleManagement/entitlementManagement/roleAssignments", other),
        ("az.json", [azure]),
        page("servicePrincipals", {"id": BOT, "displayName": "Bot"}),
    )
    assert (found.rows(ASSUMES), found.reasons) == ([], [])
    assert {r["name"] for r in found.rows(ROLE)} == {"Global Administrator"}
    assert said(
        found, "role assignments of Azure (1), roleassignments of entitlementmanagement (1)"
    )


def test_assignments_tell_by_their_properties_what_they_are(read):
    """A principal that `$expand` gave is read; one without a type is not taken for a person."""
    base = {"principalId": ANN, "roleDefinitionId": ADMINISTRATOR, "directoryScopeId": "/"}
    eligible = base | {"roleEligibilityScheduleId": "x", "startDateTime": "2026-01-01T00:00:00Z",
                       "principal": USER, "memberType": "Direct"}  # fmt: skip
    found = read(("export.json", {"value": [eligible]}))
    (step,) = found.rows(ASSUMES)
    assert (step["eligible"], step["rule"]) == (True, "E8")
    assert found.of(HUMAN, "name") == ["Ann"]


def test_memberships_of_groups_that_must_be_activated(read):
    one = {"principalId": ANN, "groupId": OPS, "accessId": "member", "memberType": "direct",
           "startDateTime": "2026-01-01T00:00:00Z", "endDateTime": "2026-12-01"}  # fmt: skip
    found = read(
        page("identityGovernance/privilegedAccess/group/eligibilityScheduleInstances",
             one, one | {"accessId": "owner"}),
        page("groups", {"id": OPS, "displayName": "Ops"}),
        page("users", {"id": ANN, "displayName": "Ann"}),
    )  # fmt: skip
    (member,) = found.rows(MEMBER_OF)
    assert (member["eligible"], member["valid_to"]) == (True, pd.Timestamp("2026-12-01", tz="UTC"))
    assert found.links(CONTROLS) == {("Ann", "Ops")}


# -- credentials -----------------------------------------------------------------------------------


WORKFLOW = "claims['job_workflow_ref'] matches 'acme/ops/.github/workflows/*.yml@refs/heads/main'"


@pytest.mark.parametrize(
    ("rule", "subject", "condition"),
    [
        ("claims['sub'] matches 'repo:acme/*:ref:*'", "repo:acme/*:ref:*", None),
        ("claims['sub'] eq 'repo:acme/app:pull_request'", "repo:acme/app:pull_request", None),
        (f"claims['sub'] matches 'repo:acme/*' and {WORKFLOW}", "repo:acme/*", WORKFLOW),
        (f"{WORKFLOW} and claims['sub'] eq 'a and b'", "a and b", WORKFLOW),
        (WORKFLOW, None, None),
        ("claims['sub'] matches 'a' or claims['sub'] eq 'b'", None, None),
    ],
)  # fmt: skip
def test_whom_an_expression_trusts(read, rule, subject, condition):
    """One that is not understood trusts nobody: without a subject it would be everybody.

    What it asks of other claims is a condition.
    """
    said_ = {"id": uid(70), "name": "ci", "issuer": "https://token.actions.githubusercontent.com",
             "subject": None, "audiences": ["api://x"],
             "claimsMatchingExpression": {"value": rule, "languageVersion": 1}}  # fmt: skip
    found = read(page("applications", {"id": APP, "displayName": "CI", "appId": APP_ID,
                                       "federatedIdentityCredentials": [said_]}))  # fmt: skip
    trusted = [(r["subject"], r["condition"]) for r in found.rows(TRUSTS)]
    assert trusted == ([(subject, condition)] if subject else [])
    assert said(found, "whose subject is not understood") is (subject is None)


def test_when_an_application_and_its_secret_were_last_seen(read):
    when = {"lastSignInDateTime": "2026-05-01T00:00:00Z"}
    secret = {"keyId": uid(40), "displayName": "s", "endDateTime": "2027-01-01T00:00:00Z"}
    found = read(
        page("servicePrincipals", {"id": BOT, "displayName": "Bot", "appId": APP_ID,
                                   "passwordCredentials": [secret]}),
        page("reports/servicePrincipalSignInActivities",
             {"id": "x", "appId": APP_ID, "lastSignInActivity": when}),
        page("reports/appCredentialSignInActivities",
             {"id": "y", "keyId": uid(40), "appId": APP_ID, "signInActivity": when}),
    )  # fmt: skip
    expected = pd.Timestamp("2026-05-01", tz="UTC")
    assert found.one(SERVICE_ACCOUNT)["last_used_at"] == expected
    assert found.one(CREDENTIAL)["last_used_at"] == expected
    assert "usage" not in coverage(found).declares


# -- pages that are missing ------------------------------------------------------------------------


def test_the_last_page_ends_a_list_wherever_it_stands(read):
    first = page("users", {"id": ANN, "displayName": "Ann"}, **NEXT)
    assert not coverage(read(("b/users.json", first))).complete
    assert coverage(read(("b/users.json", first), ("a/users.json", page("users")))).complete


def test_an_expanded_list_that_is_full_may_go_on(read):
    """`$expand` gives twenty at most; the whole list beside it puts that right."""
    members = [USER | {"id": uid(200 + n)} for n in range(20)]
    group = page("groups(members())", {"id": OPS, "displayName": "Ops", "members": members})
    found = read(group)
    assert not coverage(found).complete
    assert said(found, "1 lists within objects may go on")
    whole = page("directoryObjects", *members)
    assert coverage(read(group, (f"groups/{OPS}/members.json", whole))).complete


def test_answers_of_a_batch(read):
    """The id of a request may be the address that was asked for; an answer may be an error."""
    owners = {"id": f"servicePrincipals/{BOT}/owners", "status": 200,
              "body": page("directoryObjects", USER)}  # fmt: skip
    bot = page("servicePrincipals", {"id": BOT, "displayName": "Bot"})
    found = read(bot, ("batch.json", {"responses": [owners]}))
    assert found.links(OWNS) == {("Ann", "Bot")}
    assert coverage(found).complete
    failed = {"id": "2", "status": 403, "body": {"error": {"code": "Authorization_RequestDenied"}}}
    assert not coverage(read(bot, ("batch.json", {"responses": [owners, failed]}))).complete


def test_an_answer_that_is_an_error_makes_the_reading_partial(read):
    error = {"error": {"code": "Authorization_RequestDenied", "message": "no"}}
    found = read(page("servicePrincipals", {"id": BOT, "displayName": "Bot"}),
                 ("oauth2PermissionGrants.json", error))  # fmt: skip
    assert not coverage(found).complete
    assert "grants" not in coverage(found).declares


@pytest.mark.parametrize("document", [{"error": {"code": "x"}}, {"responses": []}, {"value": None}])
def test_what_says_nothing_alone_is_refused(tmp_path, document):
    path = tmp_path / "x.json"
    path.write_text(json.dumps(document))
    with pytest.raises(InputRefused):
        load(SOURCE, tmp_path, path)


def test_no_secret_gets_into_rows_or_messages(tmp_path):
    rule = {"value": "claims['sub'] eq 'x'", "languageVersion": 1}
    fic = {"Id": uid(41), "Name": "f", "Issuer": "https://i/x", "Audiences": ["a"],
           "Subject": None, "ClaimsMatchingExpression": rule}  # fmt: skip
    app = {"Id": APP, "AppId": APP_ID, "DisplayName": "n", "IdentifierUris": ["x"],
           "FederatedIdentityCredentials": fic, "AdditionalProperties": {"k": "v"}}  # fmt: skip
    batch = {"responses": [{"id": "x", "status": 200, "body": {"value": [DEVICE]}}]}
    role = {"id": uid(30), "displayName": "r", "roleTemplateId": uid(31), "members": [DEVICE]}
    documents = [ORGANIZATION, [app], batch, page("directoryRoles", role)]
    assert leaks(SOURCE, tmp_path / "pages.json", documents) == []


def test_permissions_without_the_api_keep_their_names(read):
    """The ids of the app roles of Microsoft Graph are the same in every tenant."""
    row = {"id": "a", "principalId": BOT, "principalType": "ServicePrincipal", "resourceId": API,
           "appRoleId": "810c84a8-4a9e-49e6-bf7d-12d183f40d01"}  # fmt: skip
    found = read(("roles.json", [row]))
    (grant,) = (r for r in found.rows(CAN_ACCESS) if r["source_id"] == f"entra:{BOT}")
    assert json.loads(grant["actions"]) == ["Mail.Read"]
