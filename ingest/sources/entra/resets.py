"""Whose password or other methods of sign-in directory roles may reset (rule E9).

Most of these roles may do so only of users who have no other roles than those of a table, and are
neither in a group that may be given roles nor own one. That depends on what a user does not have,
so it is stated here, where the export is at hand, and not concluded later.
https://learn.microsoft.com/en-us/entra/identity/role-based-access-control/privileged-roles-permissions#who-can-reset-passwords
"""

import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ingest.sources.entra.tenant import Assigned, Tenant, Thing

RULE = "E9"
IN_GROUP = "a group that may be given roles"  # stands among the roles of who is in one
PERHAPS = "if no role or group of the user is in force that keeps it from that"
WRITTEN_BACK = "if passwords are written back to Active Directory"
OF_OTHERS = "#ext#"  # in the name of a user who signs in elsewhere


@dataclass(frozen=True, slots=True)
class Resetting:
    """What a role resets: of users with no other roles than `of`, or of everybody if it is None.

    `methods` says whether it sets other methods of sign-in besides the password.
    """

    of: frozenset[str] | None
    methods: bool


@cache
def resetting() -> Mapping[str, Resetting]:
    """Return what each role resets, by its id."""
    read = tomllib.loads(Path(__file__).with_name("resets.toml").read_text(encoding="utf-8"))
    ids: dict[str, str] = read["ids"]
    return {
        ids[role["name"]]: Resetting(
            frozenset(ids[name] for name in role["of"]) if "of" in role else None,
            role.get("methods", False),
        )
        for role in read["role"]
    }


def resets(
    tenant: Tenant,
    roles: Iterable[str],
    assigned: Iterable[Assigned],
    members: Mapping[str, Iterable[str]],
) -> Iterator[tuple[str, Thing, str | None]]:
    """Yield each of some roles with the users that it resets, and the condition for each.

    `members` are those of each group. A user who signs in elsewhere has no password here.
    """
    table = resetting()
    wanted = sorted(table.keys() & set(roles))
    users = [t for t in tenant.of("user") if not _elsewhere(t)] if wanted else []
    surely, perhaps = _kept(tenant, assigned, members) if users else ({}, {})
    for role in wanted:
        of, methods = table[role].of, table[role].methods
        for user in users:
            if of is not None and surely.get(user.id, set()) - of:
                continue
            doubtful = of is not None and perhaps.get(user.id, set()) - of
            synchronised = user.body.get("onPremisesSyncEnabled") is True and not methods
            doubts = ((doubtful, PERHAPS), (synchronised, WRITTEN_BACK))
            yield role, user, " and ".join(text for holds, text in doubts if holds) or None


def _elsewhere(user: Thing) -> bool:
    body = user.body
    name = str(body.get("userPrincipalName") or "").lower()
    return bool(body.get("deletedDateTime")) or OF_OTHERS in name


Roles = dict[str, set[str]]


def _kept(
    tenant: Tenant, assigned: Iterable[Assigned], members: Mapping[str, Iterable[str]]
) -> tuple[Roles, Roles]:
    """Return the roles that each principal has, and those that it has perhaps.

    Perhaps is what must be activated, is for a part of the tenant, or is a group of which the
    export does not say whether it may be given roles.
    """
    surely: Roles = defaultdict(set)
    perhaps: Roles = defaultdict(set)
    for entry in assigned:
        certain = not entry.eligible and not entry.condition and entry.where == "/"
        role = tenant.acting(entry.role)
        (surely if certain else perhaps)[tenant.acting(entry.principal)].add(role)
    holding = {*surely, *perhaps}
    for group, principal, eligible in _in_groups(tenant, members):
        body = tenant.things[group].body if group in tenant.things else {}
        closed = group in holding or body.get("isAssignableToRole") is True
        if not closed and "isAssignableToRole" in body:
            continue  # Graph writes null for a group that may be given none
        certain = closed and not eligible
        (surely if certain else perhaps)[principal].add(IN_GROUP)
    return surely, perhaps


def _in_groups(
    tenant: Tenant, members: Mapping[str, Iterable[str]]
) -> Iterator[tuple[str, str, bool]]:
    """Yield each group with a member or owner, and whether that must be activated first."""
    acting = tenant.acting
    for group, listed in members.items():
        yield from ((group, member, False) for member in listed)
    for member, group, _ in tenant.transitive:
        yield acting(group), acting(member), False
    for owner, owned, _, _ in tenant.owners:
        thing = tenant.things.get(acting(owned))
        if thing is not None and thing.sort == "group":
            yield thing.id, acting(owner), False
    for entry in tenant.of_groups:
        yield acting(entry.group), acting(entry.principal), entry.eligible
