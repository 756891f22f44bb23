"""The access of each identity: by its own policies, its groups and the policies of resources."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import pandas as pd

from graph.aws.arn import shown
from graph.frames import relationship_ids
from graph.schema import ASSUMES, CAN_ACCESS, MEMBER_OF
from graph.values import canonical
from ingest.rows import Row
from ingest.sources.aws.export import Export
from ingest.sources.aws.nodes import add_named
from ingest.sources.aws.policies import of_resources, trust
from ingest.sources.aws.policies.documents import text_of
from ingest.sources.aws.policies.evaluation import Evaluator
from ingest.sources.aws.policies.grants import Grant, Granted, add_resource_grants, granted
from ingest.sources.aws.policies.holders import Holders, Member
from ingest.sources.aws.policies.last_use import Observed


@dataclass(frozen=True, slots=True)
class Access:
    """The access of all identities, each by its id.

    `granted` is what they hold themselves, `groups_of` the groups they are members of, with the ids
    of their `memberships`, and `ways` how their policies let them take roles, by role.
    """

    granted: dict[str, Granted] = field(default_factory=dict)
    groups_of: dict[str, list[str]] = field(default_factory=dict)
    memberships: dict[tuple[str, str], str] = field(default_factory=dict)
    ways: dict[str, dict[str, list[trust.Way]]] = field(default_factory=dict)

    def permit(self, user: str, given: Granted, support: tuple[str, ...]) -> None:
        """Let a user assume the roles that `given` permits."""
        of_user = self.ways.setdefault(user, {})
        for role, ways in given.assumes.items():
            of_user.setdefault(role, []).extend(
                trust.Way(terms, (by, *support)) for terms, by in ways
            )

    def give(self, user: str, left: Granted) -> None:
        """Grant to a user directly the part of a group's grants within its limits."""
        own = self.granted[user]
        own.admin.free = own.admin.free or left.admin.free
        own.admin.conditional = own.admin.conditional or left.admin.conditional
        for key, grant in left.grants.items():
            if key in own.grants:
                own.grants[key].merge(grant)
            else:
                own.grants[key] = grant
        self.permit(user, left, ())


def all_access(
    export: Export, evaluator: Evaluator, holders: Holders, attached: of_resources.Attached
) -> Access:
    """Evaluate everybody's policies, memberships and the policies of resources.

    Memberships and identities that only policies of resources name are added to the export's rows.
    """
    access = Access()
    for id_, holder in holders.by_id.items():
        access.granted[id_] = granted(evaluator, holder)
        access.permit(id_, access.granted[id_], ())
    for member in holders.members:
        _join(export, access, member, _left(evaluator, access, member, choosy=attached.choosy))
    let_in = of_resources.let_in(attached, evaluator, holders.by_id)
    for holder, named, target, allowed in let_in:
        add_named(export.rows, named, holder.place)
        own = access.granted.setdefault(holder.id, Granted())
        add_resource_grants(allowed, holder, target, own)
    return access


def _left(evaluator: Evaluator, access: Access, member: Member, *, choosy: bool) -> Granted | None:
    """Return the part of a group's grants within a user's limits; None if that is all of them."""
    if member.same and not choosy:
        return None
    left = granted(evaluator, member.limited)
    return None if left.content == access.granted[member.group.arn].content else left


def _join(export: Export, access: Access, member: Member, left: Granted | None) -> None:
    """Make a user a member, or grant directly the part of the group's grants within its limits."""
    user, group = member.user.arn, member.group.arn
    if left is not None:
        access.give(user, left)
        export.rows.warn(
            f"{shown(user)} has less than group {shown(group)} gives: what is left is"
            " granted to it directly, and the membership is not listed"
        )
        return
    row: Row = {"source_id": user, "target_id": group}
    row["id"] = relationship_ids(pd.DataFrame([row], dtype=object), MEMBER_OF).iloc[0]
    export.rows.add(MEMBER_OF, row, member.user.place)
    access.groups_of.setdefault(user, []).append(group)
    access.memberships[user, group] = str(row["id"])
    access.permit(user, access.granted[group], (str(row["id"]),))


def add_grants(export: Export, access: Access, observed: Observed) -> None:
    """Add the grants as rows, with their last use if known."""
    for id_ in sorted(access.granted):
        for grant in access.granted[id_].grants.values():
            export.rows.add(CAN_ACCESS, _grant_row(grant, observed), grant.place)


def _grant_row(grant: Grant, observed: Observed) -> Row:
    telemetry, used = observed.of(grant)
    return {
        "id": grant.id,
        "source_id": grant.holder,
        "target_id": grant.target.id,
        "grant_id": grant.id,
        "actions": canonical(list(grant.actions)),
        "actions_on": None if (on := grant.actions_on()) is None else canonical(on),
        "levels": canonical(grant.sorted_levels()),
        "policy_id": grant.policy_id,
        "condition": grant.condition,
        "telemetry": telemetry,
        "last_used_at": canonical(used) if used else None,
    }


def add_assumptions(export: Export, assumptions: Iterable[tuple[str, str, trust.Way]]) -> None:
    """Add the rows of ASSUMES."""
    for person, role, way in assumptions:
        export.rows.link(
            ASSUMES,
            person,
            role,
            export.people.by_arn[person].place,
            condition=text_of(way.terms),
            derived=True,
            rule="A1",
            support=canonical(list(way.support)),
        )
