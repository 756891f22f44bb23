"""What is handed over for Microsoft Entra and Azure, as their references have it."""

import shlex
from typing import Any

import pytest

from analytics.posture import Posture
from analytics.remediation.handover import Handover, Target, handover
from graph.schema import ACTS_FOR, ASSUMES, CAN_ACCESS, MEMBER_OF
from tests.support.estates.small_estates import Estate

GRAPH = "https://graph.microsoft.com/v1.0"
APP, USER, GROUP, OBJECT, BOT = (f"{n}0000000-0000-4000-8000-000000000000" for n in range(1, 6))
KEY, ROLE, TENANT = (f"{n}0000000-0000-4000-8000-000000000000" for n in range(6, 9))
NAMES = [f"entra_object:{OBJECT}", f"application:{APP}"]


def tenant() -> Estate:
    """State an application with a secret, a user in a group, and an agent."""
    e = Estate(source="entra", scope=TENANT).account(f"entra:{OBJECT}", external_ids=NAMES)
    e.person(f"entra:{USER}", external_ids=["sign_in:ann@acme.example"]).agent(f"entra:{BOT}")
    e.thing("Group", f"entra:{GROUP}").link(f"entra:{USER}", "MEMBER_OF", f"entra:{GROUP}", id="m")
    e.thing("Role", f"entra:{TENANT}/role/{ROLE}").resource("api")
    e.can(f"entra:{OBJECT}", "write", "api", id="app", grant_id="assign_1-X")
    e.can(f"entra:{OBJECT}", "read", "api", id="user", grant_id="consent_1", tags=["delegated"])
    e.link(f"entra:{USER}", "ASSUMES", f"entra:{TENANT}/role/{ROLE}", id="r")
    return e.link(f"entra:{BOT}", "ACTS_FOR", f"entra:{USER}", id="d")


def of(posture: Posture, action: str, subject: Any, *ids: str) -> Handover:
    if ids:
        return handover(posture, action, Target(subject, ids))
    return handover(posture, action, Target(node=posture.graph.find(subject)))


def words(method: str, path: str, *body: str) -> list[str]:
    more = ["--body", *body] if body else []
    return ["az", "rest", "--method", method, "--url", f"{GRAPH}/{path}", *more]


@pytest.mark.parametrize(
    ("thing", "path"), [(OBJECT, f"servicePrincipals/{OBJECT}"), (USER, f"users/{USER}")]
)
def test_sign_in_is_switched_off_and_on(thing: str, path: str) -> None:
    made = of(tenant().posture(), "disable_identity", f"entra:{thing}")
    off, on = '{"accountEnabled": false}', '{"accountEnabled": true}'
    assert shlex.split(str(made.command)) == words("PATCH", path, off)
    assert shlex.split(made.undo) == words("PATCH", path, on)


def test_an_agent_identity_is_addressed_as_one() -> None:
    e = Estate().agent(f"entra:{BOT}", kind="ai_agent")
    made = of(e.posture(), "disable_identity", f"entra:{BOT}")
    path = f"servicePrincipals/{BOT}/microsoft.graph.agentIdentity"
    assert shlex.split(str(made.command))[5] == f"{GRAPH}/{path}"


def test_the_user_of_an_agent_is_a_user() -> None:
    e = Estate().account(f"entra:{BOT}", external_ids=["sign_in:bot@acme.example"])
    made = of(e.posture(), "revoke_sessions", f"entra:{BOT}")
    assert shlex.split(str(made.command)) == words("POST", f"users/{BOT}/revokeSignInSessions")


def test_sessions_of_an_application_cannot_be_ended() -> None:
    made = of(tenant().posture(), "revoke_sessions", f"entra:{OBJECT}")
    assert made.command is None
    assert "disable it" in str(made.place)


def secret(kind: str, *, known: bool = True) -> Posture:
    e = Estate().account(f"entra:{OBJECT}", external_ids=NAMES if known else NAMES[:1])
    e.thing("Credential", f"entra:{OBJECT}/key/{KEY}", type=kind)
    return e.link(f"entra:{OBJECT}/key/{KEY}", "AUTHENTICATES_AS", f"entra:{OBJECT}").posture()


@pytest.mark.parametrize("action", ["deactivate_credential", "delete_credential"])
def test_a_secret_is_removed_from_its_application(action: str) -> None:
    made = of(secret("client_secret"), action, f"entra:{OBJECT}/key/{KEY}")
    path = f"applications(appId='{APP}')/removePassword"
    assert shlex.split(str(made.command)) == words("POST", path, f'{{"keyId": "{KEY}"}}')
    assert made.undo.startswith("cannot be undone")


def test_a_certificate_and_a_federated_credential_are_removed() -> None:
    made = of(secret("certificate"), "delete_credential", f"entra:{OBJECT}/key/{KEY}")
    assert made.command == f"az ad app credential delete --id {APP} --key-id {KEY} --cert"
    made = of(secret("federated"), "delete_credential", f"entra:{OBJECT}/key/{KEY}")
    path = f"applications(appId='{APP}')/federatedIdentityCredentials/{KEY}"
    assert shlex.split(str(made.command)) == words("DELETE", path)


def test_without_an_application_id_only_the_principal_can_be_named() -> None:
    made = of(
        secret("client_secret", known=False), "delete_credential", f"entra:{OBJECT}/key/{KEY}"
    )
    assert made.command == f"az ad sp credential delete --id {OBJECT} --key-id {KEY}"


def test_permissions_are_taken_away_by_their_own_ids() -> None:
    posture = tenant().posture()
    made = of(posture, "remove_grant", CAN_ACCESS, "app")
    path = f"servicePrincipals/{OBJECT}/appRoleAssignments/assign_1-X"
    assert shlex.split(str(made.command)) == words("DELETE", path)
    made = of(posture, "remove_grant", CAN_ACCESS, "user")
    assert shlex.split(str(made.command)) == words("DELETE", "oauth2PermissionGrants/consent_1")


def test_a_grant_without_an_id_is_looked_up() -> None:
    e = tenant().resource("mail").can(f"entra:{OBJECT}", "read", "mail", id="nameless")
    made = of(e.posture(), "remove_grant", CAN_ACCESS, "nameless")
    assert made.command is None
    assert f"GET --url {GRAPH}/servicePrincipals/{OBJECT}/appRoleAssignments" in str(made.place)


def test_the_tenant_itself_is_no_identity() -> None:
    e = Estate().resource(f"entra:{TENANT}", type="tenant")
    assert of(e.posture(), "disable_identity", f"entra:{TENANT}").command is None


def test_a_consent_for_more_than_the_step_is_not_taken_away_as_a_whole() -> None:
    e = tenant().resource("mail")
    e.can(f"entra:{OBJECT}", "read", "mail", id="more", grant_id="consent_1", tags=["delegated"])
    made = of(e.posture(), "remove_grant", CAN_ACCESS, "user")
    assert made.command is None
    assert "one for 2 grants" in str(made.place)


def test_a_member_leaves_a_group_and_comes_back() -> None:
    made = of(tenant().posture(), "remove_member", MEMBER_OF, "m")
    path = f"groups/{GROUP}/members"
    assert shlex.split(str(made.command)) == words("DELETE", f"{path}/{USER}/$ref")
    body = f'{{"@odata.id": "{GRAPH}/directoryObjects/{USER}"}}'
    assert shlex.split(made.undo) == words("POST", f"{path}/$ref", body)


def test_a_directory_role_is_taken_away_and_the_request_for_a_custom_one_is_given() -> None:
    made = of(tenant().posture(), "remove_trust", ASSUMES, "r")
    path = f"directoryRoles(roleTemplateId='{ROLE}')/members/{USER}/$ref"
    assert shlex.split(str(made.command)) == words("DELETE", path)
    assert "roleManagement/directory/roleAssignments" in str(made.place)


@pytest.mark.parametrize("facts", [{"eligible": True}, {"condition": "only within /x"}])
def test_an_assignment_that_no_source_names_is_looked_up(facts: dict[str, Any]) -> None:
    e = Estate().person(f"entra:{USER}").thing("Role", f"entra:{TENANT}/role/{ROLE}")
    e.link(f"entra:{USER}", "ASSUMES", f"entra:{TENANT}/role/{ROLE}", id="r", **facts)
    made = of(e.posture(), "remove_trust", ASSUMES, "r")
    assert made.command is None
    assert f"roleDefinitionId%20eq%20%27{ROLE}" in str(made.place)


def test_a_consent_of_a_person_is_looked_up() -> None:
    made = of(tenant().posture(), "end_delegation", ACTS_FOR, "d")
    assert made.command is None
    assert f"principalId%20eq%20%27{USER}" in str(made.place)


def test_an_assignment_of_azure_is_deleted_by_its_id() -> None:
    grant = f"/subscriptions/{TENANT}/providers/Microsoft.Authorization/roleAssignments/{KEY}"
    e = Estate().account("svc").resource("azure:/subscriptions/x")
    e.can("svc", "read", "azure:/subscriptions/x", id="g", grant_id=grant)
    made = of(e.posture(), "remove_grant", CAN_ACCESS, "g")
    assert made.command == f"az role assignment delete --ids {grant}"
