"""Memberships that lists of transitive members name: direct ones, or through other groups."""

from collections import defaultdict

from ingest.rows import Rows
from ingest.sources.entra.tenant import Tenant


def take_transitive(tenant: Tenant, rows: Rows) -> None:
    """Add the transitive memberships that do not follow from direct ones, with a warning.

    One that follows is no membership of its own: nobody can be taken out of the outer group. Of the
    others nobody knows through which group they are, and they are taken as direct: what they give
    is the same.
    """
    groups: dict[str, set[str]] = defaultdict(set)
    for member, group, _ in tenant.members:
        groups[member].add(group)
    for assigned in tenant.assigned:
        if not assigned.eligible:
            groups[assigned.principal].add(assigned.role)
    kept = {}
    outer: dict[str, set[str]] = {}
    for member, group, place in tenant.transitive:
        if member not in outer:
            outer[member] = _reached(groups, member)
        if not {group, tenant.alias.get(group, group)} & outer[member]:
            kept[member, group] = place
    if kept:
        count = "1 membership is" if len(kept) == 1 else f"{len(kept)} memberships are"
        rows.warn(
            f"{count} in lists of transitive members only, and taken as direct: through which"
            " group is not known; export members as well"
        )
    tenant.members += [(*ends, place) for ends, place in kept.items()]


def _reached(groups: dict[str, set[str]], member: str) -> set[str]:
    """Return all groups that a member is in, by direct memberships."""
    reached: set[str] = set()
    pending = [member]
    while pending:
        fresh = groups.get(pending.pop(), set()) - reached
        reached |= fresh
        pending += fresh
    return reached
