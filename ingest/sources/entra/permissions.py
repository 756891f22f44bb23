"""The area and the levels of permissions of APIs and directory roles."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from graph.schema import LEVELS

ALL = "*"
GRAPH = "00000003-0000-0000-c000-000000000000"  # the app id of Microsoft Graph in every tenant
GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"
LOOKS = ("Read", "List", "View", "Get")
# What only signs a user in, and shows who that is. offline_access adds time, not access:
# https://learn.microsoft.com/en-us/entra/identity-platform/scopes-oidc
SIGNS_IN = ("openid", "profile", "email", "offline_access")
# Parts of the directory whose change gives control of an identity or of grants.
HANDS_OVER = (
    "allProperties",
    "credentials",
    "owners",
    "members",
    "password",
    "appRoleAssignedTo",
    "authentication",
    "authenticationMethods",
)
GOVERNS = ("roleAssignments", "roleDefinitions", "groupsAssignableToRoles")


@dataclass(frozen=True, slots=True)
class Scope:
    """The `area` of a permission ("" for everything) and its access levels."""

    area: str
    levels: tuple[str, ...]


@cache
def table() -> dict[str, Any]:
    """Read `permissions.toml`."""
    return tomllib.loads(Path(__file__).with_name("permissions.toml").read_text(encoding="utf-8"))


def _up_to(level: str) -> tuple[str, ...]:
    return LEVELS[1 : LEVELS.index(level) + 1]


def api_scope(value: str) -> Scope:
    """Judge a permission of an API, such as `Mail.ReadWrite.All`.

    >>> api_scope("Mail.ReadBasic.All")
    Scope(area='Mail', levels=('read',))
    >>> api_scope("Application.ReadWrite.All").levels, api_scope("Mail.Send").levels
    (('read', 'write', 'admin'), ('write',))
    >>> api_scope("ReadWrite").levels
    ('read', 'write')
    """
    area, _, rest = value.partition(".")
    if not rest or area in (*LOOKS, "ReadWrite"):
        area, rest = "", value
    if value in table()["admin"] or rest.startswith("FullControl"):
        return Scope(area, _up_to("admin"))
    if not rest.startswith(LOOKS):
        return Scope(area, ("write",))  # an unknown verb may change something
    return Scope(area, _up_to("write") if "write" in rest.lower() else ("read",))


def directory_scope(action: str) -> Scope:
    """Judge an action of a directory role, such as `microsoft.directory/groups/members/update`.

    >>> directory_scope("microsoft.directory/groups/members/update")
    Scope(area='directory/groups', levels=('write', 'admin'))
    >>> directory_scope("microsoft.directory/users/standard/read").levels
    ('read',)
    """
    if action == ALL:
        return Scope("", LEVELS)
    parts = action.split("/")
    space = parts[0].rpartition(".")[2]
    area = f"{space}/{parts[1]}" if len(parts) > 2 else space
    verb = parts[-1]
    covers_all = len(parts) > 1 and parts[1] in ("allEntities", ALL)
    if covers_all:
        area = space
    if verb == "read":
        return Scope(area, ("read",))
    hands_over = any(part in HANDS_OVER for part in parts[2:-1])
    governs = len(parts) > 1 and (parts[1] in GOVERNS or "managePermissionGrants" in verb)
    if verb == "allTasks":
        return Scope(area, _up_to("admin" if covers_all or governs or hands_over else "write"))
    return Scope(area, ("write", "admin") if governs or hands_over else ("write",))


def takes_over(action: str, *, group: bool) -> bool:
    """Return whether an action on one application, or group, lets one act as it.

    >>> takes_over("microsoft.directory/applications/credentials/update", group=False)
    True
    >>> takes_over("microsoft.directory/servicePrincipals/appRoleAssignedTo/update", group=False)
    False
    """
    if action == ALL:
        return True
    parts = action.split("/")
    kinds = ("groups",) if group else ("applications", "serviceprincipals")
    changed = ("members", "owners") if group else ("credentials", "owners")
    return (
        len(parts) > 3
        and parts[1].lower().partition(".")[0] in kinds
        and parts[2] in (*changed, "allProperties")
        and parts[3] in ("update", "allTasks")
    )
