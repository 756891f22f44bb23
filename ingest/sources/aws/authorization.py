"""The answer of get-account-authorization-details, and of get-role and get-user.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html
"""

import re
from typing import Any

from graph.aws.arn import shown
from ingest.rows import Place
from ingest.sources.aws.export import Export, Reader, records, text
from ingest.sources.aws.policies.documents import MAX_NAME, Document, Malformed, read_document
from ingest.sources.aws.principals import ManagedPolicy, Principal

PRINCIPAL = re.compile(r"arn:[\w-]+:iam::(\d{12}|aws):(user|role|group)/[^*?]+")
LISTS = {"UserDetailList": "user", "RoleDetailList": "role", "GroupDetailList": "group"}
INLINE = {"user": "UserPolicyList", "role": "RolePolicyList", "group": "GroupPolicyList"}
TAGS = ("Tags", "tags", "TagList")
IDS = {"user": "UserId", "role": "RoleId", "group": "GroupId"}


def is_details(value: dict[str, Any]) -> bool:
    """Return whether a document is authorization details, complete or filtered."""
    if any(isinstance(value.get(name), list) for name in LISTS):
        return True
    policies = value.get("Policies")
    return isinstance(policies, list) and any(
        isinstance(p, dict) and "PolicyVersionList" in p for p in policies
    )


def read_details(export: Export, value: dict[str, Any], place: Place) -> None:
    """Read users, roles, groups and managed policies."""
    export.detailed = True
    export.declares |= {"grants", "trust"}
    for record, at in records(value.get("Policies"), export, place.at("Policies")):
        _read_policy(export, record, at)
    for name, kind in LISTS.items():
        for record, at in records(value.get(name), export, place.at(name)):
            _read_principal(export, record, kind, at)


def document(
    export: Export, given: Any, place: Place, *, default_resource: str = ""
) -> Document | None:
    """Read a policy document, or reject it, which makes the reading partial."""
    try:
        return read_document(given, default_resource=default_resource)
    except Malformed as error:
        export.rows.all_read = False
        export.rows.reject(place, str(error))
        return None


def _read_policy(export: Export, record: dict[str, Any], place: Place) -> None:
    arn = text(record, "Arn")
    versions = records(record.get("PolicyVersionList"), export, place.at("PolicyVersionList"))
    default = text(record, "DefaultVersionId")
    chosen = [(v, at) for v, at in versions if default and text(v, "VersionId") == default]
    chosen = chosen or [(v, at) for v, at in versions if v.get("IsDefaultVersion") is True]
    if not arn or not chosen:
        export.rows.all_read = False
        export.rows.reject(place, "a policy without a name or without its default version")
        return
    version, at = chosen[0]
    read = document(export, version.get("Document"), at.at("Document"))
    if read is not None:
        export.policies.setdefault(arn, ManagedPolicy(arn, read, place))


def _read_principal(export: Export, record: dict[str, Any], kind: str, place: Place) -> None:
    arn = text(record, "Arn")
    match = PRINCIPAL.fullmatch(arn)
    if not match or match.group(2) != kind or len(arn) > MAX_NAME:
        export.rows.all_read = False
        export.rows.reject(place, f"Arn is missing or not that of a {kind}")
        return
    if arn in export.people.by_arn:
        export.rows.warn(f"{shown(arn)} is described twice: the first description was kept")
        return
    principal = Principal(arn, kind, place, detailed=True)
    export.tag(arn, tags_of(record))
    principal.unique_id = text(record, IDS[kind])
    principal.created_at = export.instant(record.get("CreateDate"), place, "CreateDate")
    principal.attached = _attached(export, record, place)
    principal.inline = _inline(export, record, INLINE[kind], place)
    _read_limits(export, principal, record)
    if kind == "role":
        _read_role(export, principal, record)
    export.people.add(principal)


def tags_of(record: dict[str, Any]) -> Any:
    """Return the tags of a record, whose key depends on the service."""
    return next((record[name] for name in TAGS if isinstance(record.get(name), list | dict)), None)


def _attached(export: Export, record: dict[str, Any], place: Place) -> list[str]:
    name = "AttachedManagedPolicies"
    listed = records(record.get(name), export, place.at(name))
    return list(dict.fromkeys(a for a in (text(r, "PolicyArn") for r, _ in listed) if a))


def _inline(
    export: Export, record: dict[str, Any], name: str, place: Place
) -> list[tuple[str, Document]]:
    policies = []
    for policy, at in records(record.get(name), export, place.at(name)):
        read = document(export, policy.get("PolicyDocument"), at.at("PolicyDocument"))
        if read is not None:
            policies.append((text(policy, "PolicyName"), read))
    return policies


def _read_limits(export: Export, principal: Principal, record: dict[str, Any]) -> None:
    boundary = record.get("PermissionsBoundary")
    if isinstance(boundary, dict):
        principal.boundary = text(boundary, "PermissionsBoundaryArn") or None
    groups = record.get("GroupList")
    if isinstance(groups, list):
        principal.groups = [g for g in groups if isinstance(g, str)]
    if record.get("PasswordLastUsed") or isinstance(record.get("LoginProfile"), dict):
        principal.password = True
        used = export.instant(record.get("PasswordLastUsed"), principal.place, "PasswordLastUsed")
        principal.password_used_at = used


def _read_role(export: Export, role: Principal, record: dict[str, Any]) -> None:
    at = role.place.at("AssumeRolePolicyDocument")
    if record.get("AssumeRolePolicyDocument") is not None:
        given = record["AssumeRolePolicyDocument"]
        role.trust = document(export, given, at, default_resource=role.arn)
    _read_last_used(export, role, record)
    profiles = records(
        record.get("InstanceProfileList"), export, role.place.at("InstanceProfileList")
    )
    role.instance_profiles = [a for a in (text(p, "Arn") for p, _ in profiles) if a]


def _read_last_used(export: Export, role: Principal, record: dict[str, Any]) -> None:
    """Read RoleLastUsed: empty means not in the tracking period, missing means not requested."""
    used = record.get("RoleLastUsed")
    if isinstance(used, dict):
        role.used = True
        export.declares.add("usage")
        last = export.instant(
            used.get("LastUsedDate"), role.place.at("RoleLastUsed"), "LastUsedDate"
        )
        role.last_used_at = last or role.last_used_at


def is_single(value: dict[str, Any]) -> bool:
    """Recognise the answer of get-role or get-user."""
    return any(
        isinstance(value.get(name), dict) and PRINCIPAL.fullmatch(text(value[name], "Arn"))
        for name in ("Role", "User")
    )


def read_single(export: Export, value: dict[str, Any], place: Place) -> None:
    """Read one role or user: all of it if it is new, else only facts that are missing."""
    name = "Role" if isinstance(value.get("Role"), dict) else "User"
    record, at = value[name], place.at(name)
    known = export.people.find(text(record, "Arn"))
    if known is None:
        _read_principal(export, record, name.lower(), at)
        known = export.people.by_arn.get(text(record, "Arn"))
        if known is not None:
            known.detailed = False
            export.declares |= {"trust"} if name == "Role" else set()
        return
    export.tag(known.arn, tags_of(record))
    if known.boundary is None or known.password is None:
        boundary = known.boundary
        _read_limits(export, known, record)
        known.boundary = boundary or known.boundary
    if name == "Role":
        _compare_role(export, known, record, at)


def _is_several(value: dict[str, Any]) -> bool:
    """Recognise the answer of list-roles or list-users."""
    return any(
        isinstance(value.get(name), list)
        and bool(value[name])
        and all(isinstance(r, dict) and PRINCIPAL.fullmatch(text(r, "Arn")) for r in value[name])
        for name in ("Roles", "Users")
    )


def _read_several(export: Export, value: dict[str, Any], place: Place) -> None:
    for name in ("Roles", "Users"):
        for record, at in records(value.get(name), export, place.at(name)):
            read_single(export, {name.removesuffix("s"): record}, at)


def _compare_role(export: Export, known: Principal, record: dict[str, Any], place: Place) -> None:
    if not known.used:
        _read_last_used(export, known, record)
    given = record.get("AssumeRolePolicyDocument")
    if given is None:
        return
    at = place.at("AssumeRolePolicyDocument")
    trust = document(export, given, at, default_resource=known.arn)
    if known.trust is None:
        known.trust = trust
    elif trust is not None and _content(trust) != _content(known.trust):
        export.rows.warn(
            f"{place.file}: its trust policy differs from the authorization details of"
            f" {shown(known.arn)}; the authorization details were kept"
        )


def _content(document: Document) -> list[tuple[object, ...]]:
    return sorted(
        (
            (s.allow, s.actions, s.principals, s.except_principals, str(s.condition))
            for s in document.statements
        ),
        key=str,
    )


READERS = (
    Reader("account authorization details", 0, is_details, read_details),
    Reader("a role or a user", 1, is_single, read_single),
    Reader("a list of roles or users", 1, _is_several, _read_several),
)
