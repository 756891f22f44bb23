"""Microsoft Entra and roles of Azure: requests of Microsoft Graph, by `az rest`, and `az role`.

https://learn.microsoft.com/en-us/graph/api/resources/serviceprincipal,
https://learn.microsoft.com/en-us/cli/azure/reference-index#az-rest
"""

import json
import re
from urllib.parse import quote

from analytics.remediation.handover.facts import Link, Thing
from analytics.remediation.handover.provider import Provider
from analytics.remediation.handover.shell import checked, line
from analytics.remediation.handover.step import Instruction
from graph.schema import (
    ACTS_FOR,
    AGENT,
    ASSUMES,
    AUTHENTICATES_AS,
    CAN_ACCESS,
    CONTROLS,
    GROUP,
    HUMAN,
    MEMBER_OF,
    SERVICE_ACCOUNT,
)

GRAPH = "https://graph.microsoft.com/v1.0"
PORTAL = "Microsoft Entra admin center"
GUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
OBJECT = re.compile(rf"entra:(?P<id>{GUID})")
KEY = re.compile(rf"entra:(?P<holder>{GUID})/key/(?P<id>{GUID})")
ROLE = re.compile(rf"entra:{GUID}/role/(?P<id>{GUID})")
ASSIGNMENT = re.compile(r"[A-Za-z0-9_-]{1,128}")
AZURE = re.compile(r"/subscriptions/.+/roleassignments/[0-9a-f-]{36}", re.IGNORECASE | re.DOTALL)
OURS = re.compile(r"entra:.*|entra_(?:object|app):.*|azure:.*|/subscriptions/.*", re.DOTALL)
ENABLED, DISABLED = json.dumps({"accountEnabled": True}), json.dumps({"accountEnabled": False})
AGAIN = "cannot be undone: make a new credential and hand it to what used this one"


def _request(method: str, path: str, body: str = "") -> str:
    """Return the line of one request of Microsoft Graph."""
    words = ("az", "rest", "--method", method, "--url", f"{GRAPH}/{path}")
    return line(*words, *(("--body", body) if body else ()))


def _id(thing: Thing) -> str:
    """Return the object id of an identity or a group; "" if it has none."""
    if thing.element not in (AGENT, SERVICE_ACCOUNT, HUMAN, GROUP):
        return ""
    match = thing.match(OBJECT)
    known = thing.known_as("entra_object")
    return match["id"] if match else known if re.fullmatch(GUID, known) else ""


def _set(thing: Thing) -> str:
    """Return the collection of Graph that an identity is in.

    An agent's user is a service account here that signs in with a name, as people do.
    """
    if thing.element is GROUP:
        return "groups"
    return "users" if thing.element is HUMAN or thing.known_as("sign_in") else "servicePrincipals"


def _path(thing: Thing, id_: str) -> str:
    """Return the path of an identity; that of an agent says that it is one.

    https://learn.microsoft.com/en-us/graph/api/resources/agentidentity
    """
    agent = thing.element is AGENT and thing.text("kind") == "ai_agent"
    return f"{_set(thing)}/{id_}" + ("/microsoft.graph.agentIdentity" if agent else "")


def disable(thing: Thing) -> Instruction | None:
    """Forbid an identity to sign in: https://learn.microsoft.com/en-us/graph/api/user-update."""
    id_ = _id(thing)
    if not id_ or thing.element is GROUP:
        return None
    path = _path(thing, id_)
    return Instruction(
        _request("PATCH", path, DISABLED),
        f"{PORTAL}: {_page(thing)} > {id_} > Properties. Tokens that were issued before it live on"
        " for about an hour.",
        _request("PATCH", path, ENABLED),
    )


def _page(thing: Thing) -> str:
    return {"users": "Users", "groups": "Groups"}.get(_set(thing), "Enterprise applications")


def revoke_sessions(thing: Thing) -> Instruction | None:
    """End the sessions of a user; Graph has no such request for an application."""
    id_ = _id(thing)
    if not id_ or thing.element is GROUP:
        return None
    if _set(thing) == "users":
        return Instruction(_request("POST", f"users/{id_}/revokeSignInSessions"), f"{PORTAL}.")
    return Instruction(
        place=f"{PORTAL}: {id_} is an application, whose tokens nobody can revoke: disable it, and"
        " they end within about an hour, at once where continuous access evaluation is in use."
    )


def delete(thing: Thing) -> Instruction | None:
    """Delete an object of the directory, which can be restored for thirty days."""
    id_ = _id(thing)
    if not id_:
        return None
    return Instruction(
        _request("DELETE", _path(thing, id_)),
        f"{PORTAL}: {_page(thing)} > {id_}. It can be restored for thirty days.",
        _request("POST", f"directory/deletedItems/{id_}/restore"),
    )


def remove_key(thing: Thing) -> Instruction | None:
    """Remove a secret, certificate or federated credential; none of them can be paused.

    The request for secrets is https://learn.microsoft.com/en-us/graph/api/application-removepassword;
    that for certificates needs a proof signed with the key itself, so `az ad` edits the list.
    """
    match = thing.match(KEY)
    if match is None:
        return None
    application, key, kind = _application(thing), match["id"], thing.text("type")
    on_principal = _key_line("sp", match["holder"], key, kind)
    where = f"{PORTAL}: App registrations > Certificates & secrets > {key}."
    if not application:
        if kind == "federated":
            return Instruction(place=f"{where} The application id is in no source.", undo=AGAIN)
        return Instruction(
            on_principal, f"{where} It may be a key of its application instead.", AGAIN
        )
    if kind == "federated":
        path = f"applications(appId='{application}')/federatedIdentityCredentials/{key}"
        return Instruction(_request("DELETE", path), where, AGAIN)
    if kind == "client_secret":
        path = f"applications(appId='{application}')/removePassword"
        command = _request("POST", path, json.dumps({"keyId": key}))
    else:
        command = _key_line("app", application, key, kind)
    return Instruction(
        command,
        f"{where} If the application has no such key, its principal has: {on_principal}",
        AGAIN,
    )


def _key_line(kind: str, id_: str, key: str, type_: str) -> str:
    words = ("az", "ad", kind, "credential", "delete", "--id", id_, "--key-id", key)
    return line(*words, *(("--cert",) if type_ == "certificate" else ()))


def _application(thing: Thing) -> str:
    """Return the application id of the holder of a credential; "" if no source says it."""
    ids = {
        link.target.known_as("entra_app") or link.target.known_as("application")
        for link in thing.links(AUTHENTICATES_AS)
    } - {""}
    return next((i for i in ids if re.fullmatch(GUID, i)), "") if len(ids) == 1 else ""


def rotate(thing: Thing) -> Instruction | None:
    """Add a second secret beside the first, which is removed once nothing uses it any more."""
    match, application = thing.match(KEY), _application(thing)
    if match is None or not application or thing.text("type") != "client_secret":
        return None
    return Instruction(
        _request("POST", f"applications(appId='{application}')/addPassword"),
        f"{PORTAL}: App registrations > Certificates & secrets. The answer holds the new secret,"
        f" once; hand it over, and then remove {match['id']}.",
        "remove the new secret; the old one works until it is removed",
    )


def remove_grant(link: Link) -> Instruction | None:
    """Take away an app role, a consent, or a role assignment of Azure."""
    if link.element is CONTROLS and link.target.element is GROUP:
        return _of_group(link, "owners")
    if link.element is not CAN_ACCESS:
        return None
    grant = link.text("grant_id")
    if AZURE.fullmatch(grant):
        words = ("az", "role", "assignment", "delete", "--ids", checked(grant))
        return Instruction(line(*words), "Azure portal: Access control (IAM) of the scope.")
    holder = _id(link.source)
    if link.source.match(ROLE):
        return Instruction(
            place=f"{PORTAL}: Roles & admins: the permissions of a role change for all who have it;"
            " those of a built-in role cannot be changed."
        )
    if not holder:
        return None
    path = f"{_set(link.source)}/{holder}/appRoleAssignments"
    if "delegated" in link.texts("tags"):
        path = "oauth2PermissionGrants"
    if not grant:
        wanted = quote(f"clientId eq '{holder}'")
        which = f"?$filter={wanted}" if path.startswith("oauth2") else ""
        return Instruction(
            place=f"{PORTAL}: Enterprise applications > {holder} > Permissions. The id of the grant"
            f" is in no source; find it with: {_request('GET', path + which)}"
        )
    path = f"{path}/{checked(grant, ASSIGNMENT)}"
    more = link.others("grant_id")
    shared = f" The consent is one for {more + len(link.beside)} grants: all end." if more else ""
    return Instruction(
        None if more else _request("DELETE", path),
        f"{PORTAL}: Enterprise applications > {holder} > Permissions.{shared}"
        + (f" To take all of it: {_request('DELETE', path)}" if more else ""),
    )


def remove_member(link: Link) -> Instruction | None:
    """Take a member out of a group."""
    return _of_group(link, "members") if link.element is MEMBER_OF else None


def _of_group(link: Link, part: str) -> Instruction | None:
    """Return the request of https://learn.microsoft.com/en-us/graph/api/group-delete-members."""
    member, group = _id(link.source), _id(link.target)
    if not member or not group:
        return None
    body = json.dumps({"@odata.id": f"{GRAPH}/directoryObjects/{member}"})
    return Instruction(
        _request("DELETE", f"groups/{group}/{part}/{member}/$ref"),
        f"{PORTAL}: Groups > {group} > {part.capitalize()}.",
        _request("POST", f"groups/{group}/{part}/$ref", body),
    )


def remove_trust(link: Link) -> Instruction | None:
    """Take a directory role away; what a custom or scoped assignment is called, no source says.

    https://learn.microsoft.com/en-us/graph/api/directoryrole-delete-member
    """
    role, holder = link.target.match(ROLE), _id(link.source)
    if link.element is not ASSUMES or role is None or not holder:
        return None
    wanted = f"principalId eq '{holder}' and roleDefinitionId eq '{role['id']}'"
    kind = "roleEligibilitySchedules" if link.text("eligible") == "True" else "roleAssignments"
    look = _request("GET", f"roleManagement/directory/{kind}?$filter={quote(wanted)}")
    place = f"{PORTAL}: Roles & admins > {role['id']} > Assignments. Find its id with: {look}"
    if link.text("eligible") == "True" or link.text("condition"):
        return Instruction(place=f"{place}, and delete the one of this scope.")
    path = f"directoryRoles(roleTemplateId='{role['id']}')/members"
    body = json.dumps({"@odata.id": f"{GRAPH}/directoryObjects/{holder}"})
    return Instruction(
        _request("DELETE", f"{path}/{holder}/$ref"),
        f"{place}, and delete that one, if the role is none of the built-in ones.",
        _request("POST", f"{path}/$ref", body),
    )


def end_delegation(link: Link) -> Instruction | None:
    """End that an agent acts for a person: the person's own consents to it."""
    agent, user = _id(link.source), _id(link.target)
    if link.element is not ACTS_FOR or link.source.element is not AGENT or not (agent and user):
        return None
    wanted = f"clientId eq '{agent}' and principalId eq '{user}'"
    look = _request("GET", f"oauth2PermissionGrants?$filter={quote(wanted)}")
    return Instruction(
        place=f"{PORTAL}: Enterprise applications > {agent} > Permissions > User consent. Find the"
        f" consents with: {look}, and delete each: oauth2PermissionGrants/ and its id."
    )


PROVIDER = Provider(
    title="Microsoft Entra",
    recognises=lambda id_: OURS.fullmatch(id_) is not None,
    things={
        "deactivate_credential": remove_key,
        "delete_credential": remove_key,
        "rotate_credential": rotate,
        "disable_identity": disable,
        "stop": disable,
        "revoke_sessions": revoke_sessions,
        "delete_identity": delete,
    },
    links={
        "remove_grant": remove_grant,
        "remove_member": remove_member,
        "remove_trust": remove_trust,
        "end_delegation": end_delegation,
    },
)
