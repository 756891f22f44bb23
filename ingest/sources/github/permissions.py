"""Access levels of roles and permissions of GitHub.

https://docs.github.com/en/organizations/managing-user-access-to-your-organizations-repositories and
https://docs.github.com/en/rest/authentication/permissions-required-for-fine-grained-personal-access-tokens
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ingest.rows import text

READ, WRITE, ADMIN = ("read",), ("read", "write"), ("read", "write", "admin")
ROLES = {
    "pull": READ,
    "read": READ,
    "triage": READ,
    "push": WRITE,
    "write": WRITE,
    "maintain": WRITE,
    "admin": ADMIN,
}
FLAGS = ("admin", "maintain", "push", "triage", "pull")  # the widest first
OF_ORGANIZATION = {
    "members",
    "team_discussions",
    "organization_administration",
    "custom_properties_for_organizations",
}
OF_USERS = {  # on the account of a user who signs in, not on the organisation
    "emails",
    "email_addresses",
    "followers",
    "git_ssh_keys",
    "gpg_keys",
    "interaction_limits",
    "plan",
    "profile",
    "starring",
    "watching",
    "gists",
    "codespaces_user_secrets",
    "user_events",
}
ADMINISTERS = {
    "administration",
    "organization_administration",
    "members",
    "organization_custom_roles",
    "organization_custom_org_roles",
}


def role_levels(body: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    """Return the role on a repository and its levels; those of a custom role by its flags.

    >>> role_levels({"role_name": "auditor", "permissions": {"pull": True, "push": False}})
    ('auditor', ('read',))
    """
    name = text(body.get("role_name")) or text(body.get("permission"))
    if name in ROLES:
        return name, ROLES[name]
    flags = body.get("permissions")
    flag = next((f for f in FLAGS if isinstance(flags, dict) and flags.get(f) is True), "")
    return name or flag, ROLES.get(flag, ())


def permission_levels(permissions: Mapping[str, Any], organization: bool) -> tuple[str, ...]:
    """Return the levels that the permissions of an app or token give.

    Parameters
    ----------
    permissions
        Level by name of permission, such as `{"contents": "write"}`.
    organization
        True for the permissions on the organisation, False for those on repositories.
    """
    levels: set[str] = set()
    for name, value in permissions.items():
        on_org = name in OF_ORGANIZATION or name.startswith("organization_")
        word = text(value)
        elsewhere = name in OF_USERS or name.startswith("enterprise_")
        if elsewhere or on_org != organization or word not in ("read", "write", "admin"):
            continue
        if name == "metadata":
            levels.add("list")
        elif word == "admin" or (word == "write" and name in ADMINISTERS):
            levels |= {"read", "write", "admin"}
        else:
            levels |= {"read"} | ({"write"} if word == "write" else set())
    return tuple(word for word in ("list", "read", "write", "admin") if word in levels)


def organization_levels(permissions: Sequence[str]) -> tuple[str, ...]:
    """Return the levels on the organisation that the permissions of one of its roles give.

    >>> organization_levels(["read_audit_logs", "manage_organization_webhooks"])
    ('read', 'write')
    """
    levels = {"read"} if permissions else set()
    for name in permissions:
        if not name.startswith(("read_", "view_")):
            levels |= {"write", "admin"} if "custom_org_role" in name else {"write"}
    return tuple(level for level in ("read", "write", "admin") if level in levels)
