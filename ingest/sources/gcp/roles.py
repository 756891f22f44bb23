"""What a role gives: access levels by service, from its permissions, a table, or its name."""

import re
import tomllib
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from graph.schema import LEVELS
from ingest.sources.gcp.names import HIERARCHY

ROLE = re.compile(
    r"(?:(?:projects|organizations)/[A-Za-z0-9.:-]{1,100}/)?roles/[A-Za-z0-9._]{1,100}"
)
PERMISSION = re.compile(r"[a-z0-9]{1,60}(?:\.[\w-]{1,100}){2,4}")
RULES = re.compile(r"resourcemanager\.(?P<kind>project|folder|organization)s\.setIamPolicy")
EVERY, PROJECTS = "*", "resourcemanager"
LIST, READ, WRITE, ADMIN = LEVELS
TAKING = {  # permissions by which one becomes a service account
    "iam.serviceAccounts.actAs",
    "iam.serviceAccounts.getAccessToken",
    "iam.serviceAccounts.getOpenIdToken",
    "iam.serviceAccounts.implicitDelegation",
    "iam.serviceAccounts.signBlob",
    "iam.serviceAccounts.signJwt",
    "iam.serviceAccountKeys.create",
}
# Those that tell what there is, of services whose content has permissions of its own.
OF_CONTENT = re.compile(
    r"storage\.objects\.get|secretmanager\.versions\.access|bigquery\.(?:tables|models)\.(?:getData|export)"
    r"|cloudkms\.cryptoKeyVersions\.(?:useToDecrypt|useToDecryptViaDelegation|viewPublicKey)"
)
METADATA = ("storage", "secretmanager", "bigquery", "cloudkms")
# Those that use a project, and none of its data.
ON_PROJECTS = re.compile(r"bigquery\.(?:jobs|reservations|config|readsessions)\.")
READS = re.compile(
    r"(?:get|read|view|search|query|fetch|download|export|consume|watch|lookup|access|select)"
)
ALL, CHANGES = frozenset(LEVELS), frozenset({LIST, READ, WRITE})
BY_WORD: Mapping[str, Set[str]] = {  # the last word of the name of a role
    **dict.fromkeys(("admin", "owner"), ALL),
    **dict.fromkeys(("editor", "developer", "manager", "agent", "operator"), CHANGES),
    **dict.fromkeys(("viewer", "reader", "auditor", "reviewer"), frozenset({LIST, READ})),
    **dict.fromkeys(("lister", "browser"), frozenset({LIST})),
    **dict.fromkeys(("accessor", "subscriber", "consumer", "decrypter"), frozenset({READ})),
    **dict.fromkeys(("writer", "creator", "publisher", "invoker"), frozenset({WRITE})),
    **dict.fromkeys(("builder", "runner", "encrypter", "adder"), frozenset({WRITE})),
    **dict.fromkeys(("user", "client"), frozenset({READ, WRITE})),
}


@dataclass(frozen=True)
class Role:
    """What a role gives, by service (the first word of permissions); `EVERY` is any other.

    `rules` are the kinds of the hierarchy whose policies it sets. `permissions` is None unless they
    are known, and what is `assumed` follows from the role's name only.
    """

    levels: Mapping[str, Set[str]] = field(default_factory=dict)
    rules: Set[str] = frozenset()
    permissions: tuple[str, ...] | None = None
    assumed: bool = False

    def on(self, service: str) -> list[str]:
        """Return the levels on things of a service, in the order of `LEVELS`."""
        given = self.levels.get(service, self.levels.get(EVERY, ()))
        return [level for level in LEVELS if level in given]

    def on_hierarchy(self, kind: str) -> list[str]:
        """Return the levels on a project, folder or organization: those on anything in it.

        Only who sets its policy is its administrator: others who rule a part of it change it. Who
        may act as its service accounts gains what these may, by the rules of escalation.
        """
        given: set[str] = set()
        for service, levels in self.levels.items():
            given |= levels - {ADMIN}
            if ADMIN in levels and service != "iam":
                given.add(WRITE)
        if kind in self.rules:
            given.add(ADMIN)
        return [level for level in LEVELS if level in given]


def level_of(permission: str) -> str:
    """Return the access level of a permission.

    >>> level_of("storage.objects.get"), level_of("storage.buckets.get"), level_of("a.b.delete")
    ('read', 'list', 'write')
    """
    service, verb = permission.partition(".")[0], permission.rpartition(".")[2]
    if verb == "setIamPolicy" or permission in TAKING:
        return ADMIN
    if OF_CONTENT.fullmatch(permission):
        return READ
    if verb.startswith("list") or verb in ("getIamPolicy", "testIamPermissions"):
        return LIST
    if READS.match(verb):
        return LIST if service in METADATA else READ
    return WRITE


def of_permissions(permissions: Iterable[str]) -> Role:
    """Return what the permissions of a custom role give."""
    levels: dict[str, set[str]] = {}
    named = tuple(sorted({p for p in permissions if PERMISSION.fullmatch(p)}))
    for permission in named:
        on_project = ON_PROJECTS.match(permission)
        service = PROJECTS if on_project else permission.partition(".")[0]
        levels.setdefault(service, set()).add(level_of(permission))
    rules = {match["kind"] for p in named if (match := RULES.fullmatch(p))}
    return Role(levels, rules, named)


def by_name(role: str) -> Role | None:
    """Return what a role may give by the words of its name; None if they say nothing.

    >>> by_name("roles/dns.reader").on("dns"), by_name("organizations/1/roles/CustomRole")
    (['list', 'read'], None)
    """
    name = role.rpartition("roles/")[2]
    words = re.findall(
        r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name.removesuffix(".v1").removesuffix(".v2")
    )
    given = BY_WORD.get(words[-1].lower()) if words else None
    if given is None:
        return None
    service, dot, _ = name.partition(".")
    if role.startswith("roles/") and dot:
        return Role({service.lower(): given}, assumed=True)
    shown = given if WRITE in given or given == {READ} else given - {READ}
    return Role({EVERY: given, **dict.fromkeys(METADATA, shown)}, assumed=True)


@cache
def predefined() -> Mapping[str, Role]:
    """Return the roles of the table by name."""
    table = tomllib.loads(Path(__file__).with_name("roles.toml").read_text(encoding="utf-8"))
    roles: dict[str, Role] = {}
    for name, entry in table.items():
        rules = frozenset(kind for kind in entry.pop("rules", ()) if kind in HIERARCHY)
        roles[name] = Role({service: frozenset(given) for service, given in entry.items()}, rules)
    return roles
