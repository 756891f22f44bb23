"""ScubaGear's ProviderSettingsExport: privileged roles and risky applications of a tenant.

ScubaGear (https://github.com/cisagov/ScubaGear) writes it by PowerShell, which turns a list of one
element into the element, an empty list into null, and instants into `/Date(ms)/`.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from graph.values import WrongValue
from ingest.rows import Place, Rows, listed, text
from ingest.secrets.redaction import redact_text
from ingest.sources.entra.permissions import table
from ingest.sources.entra.tenant import Assigned, Key, Permission, Tenant, Thing, guid, moment

MARKS = {"privileged_roles", "risky_applications", "risky_third_party_service_principals"}
APPLICATIONS = (
    "risky_applications",
    "risky_third_party_service_principals",
    "legacy_exchange_service_principal",
    "dedicated_exchange_hybrid_applications",
)
UNKNOWN_STATE = "active or eligible, which the export does not say"


def is_export(document: Any) -> bool:
    """Return whether a document is one of ScubaGear's exports."""
    return isinstance(document, dict) and bool(MARKS & document.keys())


def take_export(tenant: Tenant, document: dict[str, Any], place: Place, rows: Rows) -> None:
    """Add the content of an export to the tenant."""
    for detail in listed(document.get("tenant_details")):
        if isinstance(detail, dict) and guid(detail.get("TenantId")):
            name = redact_text(text(detail.get("DisplayName")))
            tenant.name_it(guid(detail.get("TenantId")), name, place.at("tenant_details"))
    try:
        tenant.taken_at = moment(document.get("timestamp_zulu"))
    except WrongValue as wrong:
        rows.reject(place.at("timestamp_zulu"), f"the instant {wrong}")
    _take_roles(tenant, document, place, rows)
    _take_people(tenant, document, place, rows)
    asked: Counter[str] = Counter()
    for key in APPLICATIONS:
        if key in document:
            tenant.listed |= {"credentials", "trust", "grants"}
        for number, application in enumerate(_items(document.get(key))):
            at = place.at(key, number)
            if isinstance(application, dict) and isinstance(application.get("Apps"), dict):
                application, at = application["Apps"], at.at("Apps")
            if isinstance(application, dict):
                _take_application(tenant, application, at, rows, asked)
            else:
                rows.reject(at, "an application must be an object")
    if asked:
        rows.warn(
            f"{sum(asked.values())} permissions that applications ask for were not consented to:"
            " they are no grants"
        )
    failed = [k for k in ("aad_unsuccessful_commands",) if _items(document.get(k))]
    if failed:
        rows.all_read = False
        rows.warn(f"{place.file}: ScubaGear reports that some of its commands failed")


def _items(value: Any) -> list[Any]:
    return [item for item in listed(value) if item not in (None, {}, "")]


# -- roles -----------------------------------------------------------------------------------------


def _take_roles(tenant: Tenant, document: dict[str, Any], place: Place, rows: Rows) -> None:
    if "privileged_roles" in document:
        tenant.listed.add("grants")
    for number, role in enumerate(_items(document.get("privileged_roles"))):
        at = place.at("privileged_roles", number)
        id_ = guid(role.get("RoleTemplateId")) if isinstance(role, dict) else ""
        if not id_:
            rows.reject(at, "a role must have a RoleTemplateId")
            continue
        body = {"displayName": role.get("DisplayName"), "isBuiltIn": True}
        tenant.add(Thing("roleDefinition", id_, body, at))
        for count, assignment in enumerate(_items(role.get("Assignments"))):
            _take_assignment(tenant, id_, assignment, at.at("Assignments", count), rows)


def _take_assignment(tenant: Tenant, role: str, assignment: Any, at: Place, rows: Rows) -> None:
    principal = guid(assignment.get("PrincipalId")) if isinstance(assignment, dict) else ""
    if not principal:
        rows.reject(at, "an assignment must have a PrincipalId")
        tenant.unread_roles.add(role)
        return
    try:
        start, end = moment(assignment.get("StartDateTime")), moment(assignment.get("EndDateTime"))
    except WrongValue as wrong:
        rows.reject(at, f"the instant of an assignment {wrong}")
        tenant.unread.add(principal)
        tenant.unread_roles.add(role)
        return
    where = text(assignment.get("DirectoryScopeId")) or "/"
    tenant.assigned.append(Assigned(principal, role, where, start, end, False, True, at))


def _take_people(tenant: Tenant, document: dict[str, Any], place: Place, rows: Rows) -> None:
    """Add the holders of privileged roles; the export does not tell active from eligible ones."""
    named = {text(t.body.get("displayName")).lower(): t.id for t in tenant.of("roleDefinition")} | {
        str(r["name"]).lower(): id_ for id_, r in table()["roles"].items()
    }
    for key, sort in (
        ("privileged_users", "user"),
        ("privileged_service_principals", "servicePrincipal"),
    ):
        people = document.get(key)
        for id_, facts in people.items() if isinstance(people, dict) else ():
            at = place.at(key, redact_text(id_))
            if not guid(id_) or not isinstance(facts, dict):
                rows.reject(at, "is not an object id with facts about it")
                tenant.unread.add(guid(id_))
                continue
            body = {"displayName": facts.get("DisplayName"), "appId": facts.get("AppId")}
            tenant.add(Thing(sort, guid(id_), body, at))
            for name in dict.fromkeys(map(text, _items(facts.get("roles")))):
                role = named.get(name.lower())
                if role is None:
                    rows.reject(at.at("roles"), "names an unknown role")
                    continue
                tenant.assigned.append(
                    Assigned(guid(id_), role, "/", None, None, False, False, at, UNKNOWN_STATE)
                )


# -- applications ----------------------------------------------------------------------------------


def _take_application(
    tenant: Tenant, facts: dict[str, Any], at: Place, rows: Rows, asked: Counter[str]
) -> None:
    ids = facts.get("ObjectId")
    if isinstance(ids, dict):
        application, principal = guid(ids.get("Application")), guid(ids.get("ServicePrincipal"))
    else:
        application, principal = "", guid(ids)
    acts = principal or application
    if not acts:
        rows.reject(at, "an application must have an ObjectId")
        return
    multi = facts.get("IsMultiTenantEnabled")
    body = {
        "displayName": facts.get("DisplayName"),
        "appId": facts.get("AppId"),
        "appOwnerOrganizationId": facts.get("AppOwnerOrganizationId"),
        "signInAudience": facts.get("SignInAudience") or ("AzureADMultipleOrgs" if multi else None),
    }
    tenant.add(Thing("servicePrincipal" if principal else "application", acts, body, at))
    if application and principal:
        tenant.alias[application] = principal
    for key in _keys(tenant, acts, facts, at, rows):
        tenant.keys.append(key)
    for number, permission in enumerate(_items(facts.get("Permissions"))):
        _take_permission(tenant, acts, permission, at.at("Permissions", number), rows, asked)


def _keys(
    tenant: Tenant, holder: str, facts: dict[str, Any], at: Place, rows: Rows
) -> Iterator[Key]:
    for name, type_, id_name in (
        ("KeyCredentials", "certificate", "KeyId"),
        ("PasswordCredentials", "client_secret", "KeyId"),
        ("FederatedCredentials", "federated", "Id"),
    ):
        for number, key in enumerate(_items(facts.get(name))):
            here = at.at(name, number)
            id_ = guid(key.get(id_name)) if isinstance(key, dict) else ""
            if not id_:
                rows.reject(here, f"a credential must have a {id_name}")
                continue
            try:
                start, end = moment(key.get("StartDateTime")), moment(key.get("EndDateTime"))
            except WrongValue as wrong:
                rows.reject(here, f"the instant of a credential {wrong}")
                tenant.unread_keys.add((holder, id_))
                continue
            shown = text(key.get("DisplayName")) or text(key.get("Name"))
            issuer, subject = text(key.get("Issuer")), text(key.get("Subject"))
            audience = " ".join(filter(None, map(text, listed(key.get("Audiences")))))
            yield Key(holder, type_, id_, shown, start, end, here, issuer, subject, audience)


def _take_permission(
    tenant: Tenant, holder: str, permission: Any, at: Place, rows: Rows, asked: Counter[str]
) -> None:
    value = text(permission.get("RoleDisplayName")) if isinstance(permission, dict) else ""
    if not value:
        rows.reject(at, "a permission must have a RoleDisplayName")
        return
    if permission.get("IsAdminConsented") is not True:
        asked[holder] += 1
        return
    api = f"name:{text(permission.get('ApplicationDisplayName'))}"
    delegated = text(permission.get("RoleType")).lower() == "delegated"
    tenant.permissions.append(Permission(holder, api, (value,), delegated, "", "", None, at))
