"""The holders of policies with their limits: the input of the evaluation.

If a member of a group is limited by a boundary, or by a denial that the group does not have,
group and member do not have the same access; the member then gets its part of the group's grants
directly.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from graph.aws.arn import shown
from ingest.sources.aws.export import Export, missing_policy
from ingest.sources.aws.policies.documents import Document, personalised, read_document
from ingest.sources.aws.policies.evaluation import Boundary, HeldPolicy, Holder
from ingest.sources.aws.policies.targets import Named
from ingest.sources.aws.principals import Principal

ANY = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
EVERYTHING = read_document({"Version": "2012-10-17", **ANY})
# https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AdministratorAccess.html
AWS_MANAGED: Mapping[str, Document] = {"AdministratorAccess": EVERYTHING}


@dataclass(slots=True, eq=False)
class Member:
    """A user's membership in a group, and the group's policies within the user's limits.

    `same` is True if the user has no limits that the group does not have.
    """

    user: Principal
    group: Principal
    limited: Holder
    same: bool


@dataclass(slots=True)
class Holders:
    """All holders of policies by id, and the memberships."""

    by_id: dict[str, Holder] = field(default_factory=dict)
    members: list[Member] = field(default_factory=list)

    def documents(self) -> Iterable[Named]:
        """List the policy documents in use, each once per account."""
        seen: dict[tuple[str, Document], Named] = {}
        for holder in self.by_id.values():
            for policy in holder.policies:
                named = Named(holder.account, holder.partition, policy.document)
                seen.setdefault((holder.account, policy.document), named)
        return seen.values()


def all_holders(export: Export) -> Holders:
    """Collect all holders, and warn of policies that are not in the export."""
    holders = Holders()
    splitting: dict[Document, tuple[Document, Document | None]] = {}
    policies = {p.arn: [_split(h, splitting) for h in _policies(export, p)] for p in export.people}
    for person in export.people:
        groups = _groups(export, person)
        holder = _holder(export, person, policies[person.arn], [policies[g.arn] for g in groups])
        holders.by_id[person.arn] = holder
        for group in groups:
            holders.members.append(_member(person, group, policies[group.arn], holder))
    return holders


@dataclass(frozen=True, slots=True)
class _Split:
    """A policy in two parts: one for any caller, and one that depends on the caller."""

    policy_id: str | None
    plain: Document
    personal: Document | None


def _split(policy: HeldPolicy, known: dict[Document, tuple[Document, Document | None]]) -> _Split:
    document = policy.document
    if document not in known:
        parts = (document.only(personal=False), document.only(personal=True))
        known[document] = parts if document.personal else (document, None)
    return _Split(policy.policy_id, *known[document])


def _holder(
    export: Export, person: Principal, own: list[_Split], groups: list[list[_Split]]
) -> Holder:
    """Return a holder with its policies, the personal part of its groups', and all denials."""
    held_policies = [HeldPolicy(s.policy_id, s.plain) for s in own]
    if person.kind != "group":
        known = variables(person)
        held_policies += [
            HeldPolicy(s.policy_id, personalised(s.personal, known))
            for policies in (own, *groups)
            for s in policies
            if s.personal is not None
        ]
    boundary = _boundary(export, person)
    documents = [h.document for h in held_policies] + [s.plain for g in groups for s in g]
    if boundary is not None and boundary.document is not None:
        documents.append(boundary.document)
    denying = tuple(dict.fromkeys(d for d in documents if d.denies))
    return Holder(
        person.arn, person.account, person.partition, person.place,
        held_policies, denying, boundary, person.unique_id,
    )  # fmt: skip


def _member(person: Principal, group: Principal, given: list[_Split], holder: Holder) -> Member:
    """Return the membership, and whether the user's limits can narrow the group's policies."""
    own = {s.plain for s in given}
    same = holder.boundary is None and own.issuperset(holder.denying)
    held_policies = [HeldPolicy(s.policy_id, s.plain) for s in given]
    limited = Holder(
        person.arn, person.account, person.partition, person.place,
        held_policies, holder.denying, holder.boundary, person.unique_id,
    )  # fmt: skip
    return Member(person, group, limited, same)


def variables(person: Principal) -> dict[str, str]:
    """Return the known policy variables of a principal; "" means undefined."""
    known = {"aws:principalaccount": person.account, "aws:username": ""}
    if person.kind == "user":
        known["aws:username"] = person.name
        if person.unique_id:
            known["aws:userid"] = person.unique_id
    return known


def _groups(export: Export, person: Principal) -> list[Principal]:
    groups = []
    for name in dict.fromkeys(person.groups):
        group = export.people.named(person.account, "group", name)
        if group is None:
            export.rows.all_read = False
            export.rows.warn(
                f"{shown(person.arn)} is a member of group {shown(name)}, which is not there"
            )
        else:
            groups.append(group)
    return groups


def _policies(export: Export, person: Principal) -> list[HeldPolicy]:
    if person.kind == "root":
        return [HeldPolicy(None, EVERYTHING)]
    held_policies = [
        HeldPolicy(f"{person.arn}/inline/{name}", read) for name, read in person.inline
    ]
    for arn in person.attached:
        read = _managed(export, arn)
        if read is None:
            missing_policy(export, arn, f"a policy of {shown(person.arn)},")
        else:
            held_policies.append(HeldPolicy(arn, read))
    return held_policies


def _managed(export: Export, arn: str) -> Document | None:
    if arn in export.policies:
        return export.policies[arn].document
    prefix, _, name = arn.partition(":iam::aws:policy/")
    return AWS_MANAGED.get(name) if prefix.startswith("arn:") else None


def _boundary(export: Export, person: Principal) -> Boundary | None:
    if person.boundary is None:
        return None
    read = _managed(export, person.boundary)
    if read is None:
        missing_policy(export, person.boundary, f"the permission boundary of {shown(person.arn)},")
        return Boundary(person.boundary, None)
    return Boundary(person.boundary, personalised(read, variables(person)))
