"""What policies state of taking roles, kept beside the graph for the accounts of other readings.

Who may assume a role of another account takes the trust of the one and the permission of the other.
Where these are read apart, each reading keeps its half: the statements on `sts:AssumeRole`, with
denials and boundaries, and the trust policies that let other accounts in. `across` joins them.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graph.aws.arn import parse
from graph.aws.patterns import is_wild
from graph.schema import ROLE_POLICY
from graph.values import canonical, strict_json
from ingest.rows import Place
from ingest.sources.aws.access import Access
from ingest.sources.aws.export import Export
from ingest.sources.aws.policies.documents import Document, Statement
from ingest.sources.aws.policies.evaluation import Boundary, Evaluator, HeldPolicy, Holder
from ingest.sources.aws.policies.grants import ASSUME, Admin
from ingest.sources.aws.policies.holders import Holders, Member
from ingest.sources.aws.policies.trust import Named, Trust, trust_ids
from ingest.sources.aws.principals import Principal

Json = dict[str, Any]
OUTSIDE = ("account", "principal", "anyone")  # kinds of party that may be of another account


@dataclass(frozen=True, slots=True)
class Membership:
    """A group whose policies count for a user; `id` is the MEMBER_OF row, if it is listed.

    `limited` has the group's policies within the user's limits, where it has any.
    """

    group: str
    id: str | None
    limited: Holder | None


@dataclass(frozen=True, slots=True)
class RolePolicy:
    """One principal, as it was kept: its permissions, and the trust of a role by TRUSTS row."""

    principal: Principal
    admin: Admin
    own: Holder
    groups: tuple[Membership, ...]
    trusted: tuple[tuple[str, Trust], ...]


# -- keeping -----------------------------------------------------------------------------------


def add_role_policies(
    export: Export,
    evaluator: Evaluator,
    holders: Holders,
    trusting: Mapping[str, list[Trust]],
    access: Access,
) -> None:
    """Add a row for each principal that may ask for roles elsewhere, or lets others in."""
    read = {person.account for person in export.people}
    asking = {id_ for id_, holder in holders.by_id.items() if _asks(evaluator, holder, read)}
    members: dict[str, list[Member]] = {}
    for member in holders.members:
        if member.group.arn in asking:
            members.setdefault(member.user.arn, []).append(member)
    ids = trust_ids(trusting)
    for person in export.people:
        trusted = [t for t in trusting.get(person.arn, ()) if _of_others(t, read)]
        if person.kind == "root" or not (trusted or person.arn in asking or person.arn in members):
            continue
        policy: Json = {"kind": person.kind, "unique_id": person.unique_id}
        admin = access.granted[person.arn].admin
        policy["admin"] = [admin.free, admin.conditional]
        policy["own"] = _permissions(evaluator, holders.by_id[person.arn])
        policy["groups"] = [
            _membership(evaluator, member, access) for member in members.get(person.arn, ())
        ]
        if trusted:
            policy["trust"] = _trust(person, [(ids[t], t) for t in trusted])
        row = {"id": person.arn, "principal": person.arn, "policy": canonical(policy)}
        export.rows.add(ROLE_POLICY, row, person.place)


def _asks(evaluator: Evaluator, holder: Holder, read: set[str]) -> bool:
    """Return whether a policy may let its holder take a role of an account that is not read."""
    return any(
        s.except_resources or any(_elsewhere(r, read) for r in s.resources)
        for policy in holder.policies
        for s in _of_assuming(evaluator, policy.document)
        if s.allow
    )


def _elsewhere(resource: str, read: set[str]) -> bool:
    arn = parse(resource)
    return arn is None or is_wild(arn.account) or arn.account not in read


def _of_others(trust: Trust, read: set[str]) -> bool:
    if trust.action != ASSUME or trust.named.kind not in OUTSIDE:
        return False
    return trust.named.kind == "anyone" or trust.named.account not in read


def _of_assuming(evaluator: Evaluator, document: Document) -> Iterator[Statement]:
    """Yield the statements on taking roles."""
    service = evaluator.catalogue["sts"]
    for statement in document.statements:
        if evaluator.mask(statement, service) & service.escalates[ASSUME]:
            yield statement


def _permissions(evaluator: Evaluator, holder: Holder) -> Json:
    def listed(document: Document) -> list[Json]:
        return [_statement(s) for s in _of_assuming(evaluator, document)]

    limit = holder.boundary
    return {
        "policies": [
            [policy.policy_id, statements]
            for policy in holder.policies
            if (statements := listed(policy.document))
        ],
        "denying": [s for document in holder.denying for s in listed(document) if not s["allow"]],
        "boundary": limit
        and {"arn": limit.arn, "statements": limit.document and listed(limit.document)},
    }


def _membership(evaluator: Evaluator, member: Member, access: Access) -> Json:
    return {
        "group": member.group.arn,
        "id": access.memberships.get((member.user.arn, member.group.arn)),
        "limited": None if member.same else _permissions(evaluator, member.limited),
    }


def _trust(role: Principal, trusted: Iterable[tuple[str, Trust]]) -> Json:
    statements = role.trust.statements if role.trust else ()
    return {
        "allowed": [
            [id_, [t.named.id, t.named.kind, t.named.account], list(t.terms)] for id_, t in trusted
        ],
        "denied": [_statement(s) for s in statements if not s.allow],
    }


def _statement(statement: Statement) -> Json:
    return {
        "allow": statement.allow,
        "actions": list(statement.actions) if statement.principals else [ASSUME],
        "except_actions": bool(statement.principals) and statement.except_actions,
        "resources": list(statement.resources),
        "except_resources": statement.except_resources,
        "principals": [list(pair) for pair in statement.principals],
        "except_principals": statement.except_principals,
        "condition": statement.condition,
    }


# -- reading what was kept ---------------------------------------------------------------------


def read_role_policy(principal: str, policy: str) -> RolePolicy:
    """Return a row of the table as it was kept."""
    known = strict_json(policy)
    assert isinstance(known, dict)
    trusted = known.get("trust", {"allowed": [], "denied": []})
    place = Place("")
    person = Principal(principal, known["kind"], place, known["unique_id"])
    person.trust = Document(tuple(_read_statement(s) for s in trusted["denied"]))
    return RolePolicy(
        person,
        Admin(*known["admin"]),
        _read_holder(person, known["own"]),
        tuple(
            Membership(m["group"], m["id"], m["limited"] and _read_holder(person, m["limited"]))
            for m in known["groups"]
        ),
        tuple(
            (id_, Trust(principal, Named(*named), ASSUME, tuple(terms), None, None, place))
            for id_, named, terms in trusted["allowed"]
        ),
    )


def _read_holder(person: Principal, given: Json) -> Holder:
    def document(statements: list[Json]) -> Document:
        return Document(tuple(_read_statement(s) for s in statements))

    limit = given["boundary"]
    return Holder(
        person.arn,
        person.account,
        person.partition,
        person.place,
        [HeldPolicy(id_, document(statements)) for id_, statements in given["policies"]],
        (document(given["denying"]),),
        limit
        and Boundary(
            limit["arn"], None if limit["statements"] is None else document(limit["statements"])
        ),
        person.unique_id,
    )


def _read_statement(given: Json) -> Statement:
    return Statement(
        allow=given["allow"],
        actions=tuple(given["actions"]),
        resources=tuple(given["resources"]),
        principals=tuple((kind, value) for kind, value in given["principals"]),
        except_actions=given["except_actions"],
        except_resources=given["except_resources"],
        except_principals=given["except_principals"],
        condition=given["condition"],
    )
