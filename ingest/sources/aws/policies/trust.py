"""The identities that may assume a role: those that its trust policy names, and the permitted ones.

TRUSTS has the statements of the policy. ASSUMES needs both sides: within an account it suffices
that the trust policy names the identity itself (or everybody), while trust in the account needs
the identity's own permission; across accounts both are always needed. What an account that is
not in the export permits is unknown, so no ASSUMES starts there.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from graph.aws.arn import ACCOUNT, UNIQUE_ID, account_id, is_account, parse, shown
from graph.aws.patterns import compiled, contains, overlaps
from graph.frames import relationship_ids
from graph.schema import TRUSTS
from ingest.rows import Place
from ingest.sources.aws.export import Export
from ingest.sources.aws.policies.decided import decided
from ingest.sources.aws.policies.documents import Statement, term, text_of, unless
from ingest.sources.aws.policies.evaluation import Entry, Evaluator, Holder
from ingest.sources.aws.policies.regions import Region
from ingest.sources.aws.principals import Principal

ASSUME = "sts:AssumeRole"
BY_TOKEN = "sts:AssumeRoleWithWebIdentity"  # noqa: S105 - the name of an action
BY_SAML = "sts:AssumeRoleWithSAML"
ANYONE = "*"
# Providers that people sign in with, named without a resource name of their own.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
FOR_PEOPLE = {
    "accounts.google.com",
    "cognito-identity.amazonaws.com",
    "graph.facebook.com",
    "www.amazon.com",
}


@dataclass(frozen=True, slots=True)
class Named:
    """A named party: `kind` is anyone, account, principal, service, oidc, saml or other.

    One that is `deleted` is named by a unique id that no principal has: AWS shows the name of any
    other in its place.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    """

    id: str
    kind: str
    account: str = ""
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Trust:
    """One TRUSTS row."""

    role: str
    named: Named
    action: str
    terms: tuple[str, ...]
    issuer: str | None
    subject: str | None
    place: Place

    def _workload(self) -> bool | None:
        if self.named.kind == "oidc":
            return self.named.id not in FOR_PEOPLE
        return {"service": True, "saml": False}.get(self.named.kind)

    def row(self) -> dict[str, object]:
        """Return the row."""
        return {
            "source_id": self.role,
            "target_id": self.named.id,
            "action": self.action,
            "condition": text_of(self.terms),
            "issuer": self.issuer,
            "subject": self.subject,
            "workload": self._workload(),
            "_file": self.place.file,
            "_place": self.place.pointer,
        }


def resolve_principal(export: Export, kind: str, value: str) -> Named:
    """Return the party that a `Principal` entry names.

    A session stands for its role; a unique id for the one principal that has it.
    """
    if kind == "Service":
        return Named(value, "service")
    if kind == "Federated":
        arn = parse(value)
        saml = arn is not None and arn.kind == "saml-provider"
        return Named(value, "saml" if saml else "oidc", arn.account if arn else "")
    if kind == "CanonicalUser":
        return Named(value, "other")
    if value == ANYONE:
        return Named(ANYONE, "anyone")
    if ACCOUNT.fullmatch(value):
        return Named(account_id(value, export.people.partition(value)), "account", value)
    return _aws(export, value)


def _aws(export: Export, value: str) -> Named:
    if is_account(value):
        arn = parse(value)
        return Named(value, "account", arn.account if arn else "")
    if UNIQUE_ID.fullmatch(value):
        known = export.people.with_unique_id(value)
        if known:
            return Named(known.arn, "principal", known.account)
        return Named(value, "principal", deleted=not export.people.has_unique_id(value))
    arn = parse(value)
    if arn is None:
        return Named(value, "other")
    if arn.service == "sts" and arn.kind == "assumed-role" and arn.resource.count("/"):
        name = arn.resource.split("/")[1]
        role = export.people.named(arn.account, "role", name)
        id_ = role.arn if role else f"arn:{arn.partition}:iam::{arn.account}:role/{name}"
        return Named(id_, "principal", arn.account)
    return Named(value, "principal", arn.account)


def _action(named: Named) -> str:
    return {"oidc": BY_TOKEN, "saml": BY_SAML}.get(named.kind, ASSUME)


def _covers_action(statement: Statement, action: str) -> bool:
    lowered = action.lower()
    hit = any(compiled(a.lower()).fullmatch(lowered) for a in statement.actions)
    return hit is not statement.except_actions


def trusts(export: Export) -> dict[str, list[Trust]]:
    """Return the trusted parties of each role, without those denied unconditionally."""
    return {
        person.arn: list(_of_role(export, person))
        for person in export.people
        if person.kind == "role" and person.trust is not None
    }


def _of_role(export: Export, role: Principal) -> Iterator[Trust]:
    statements = role.trust.statements if role.trust else ()
    denials = [s for s in statements if not s.allow]
    for statement in statements:
        if not statement.allow:
            continue
        if statement.except_principals:
            pairs: Iterable[tuple[str, str]] = (("AWS", ANYONE),)
        else:
            pairs = statement.principals
        for kind, value in pairs:
            named = resolve_principal(export, kind, value)
            action = _action(named)
            if not _covers_action(statement, action):
                continue
            terms = _after(export, named, action, term(statement.condition), denials)
            if terms is not None:
                rows = list(_rows(role, named, action, terms, statement))
                if not rows:
                    export.rows.warn(f"{shown(role.arn)}: its trust asks for a subject of nobody")
                yield from rows


def _rows(
    role: Principal, named: Named, action: str, terms: tuple[str, ...], statement: Statement
) -> Iterator[Trust]:
    federated = named.kind in ("oidc", "saml")
    issuer = named.id.partition("oidc-provider/")[2] or named.id if federated else None
    subjects = _subjects(statement, issuer) if issuer and named.kind == "oidc" else [None]
    for subject in subjects:
        yield Trust(role.arn, named, action, terms, issuer, subject, role.place)


def _subjects(statement: Statement, issuer: str) -> Sequence[str | None]:
    """Return the subjects that conditions on the `sub` claim of the provider leave; None is any.

    All conditions must hold, and only `StringLike` knows wildcards: nobody's subject has a `*`.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
    """
    subjects: list[str] | None = None
    for operator, tests in (statement.condition or {}).items():
        name = operator.rpartition(":")[2]
        if not name.startswith(("StringEquals", "StringLike")):
            continue
        for key, values in tests.items() if isinstance(tests, dict) else ():
            if key.lower() == f"{issuer}:sub".lower():
                listed = values if isinstance(values, list) else [values]
                wanted = [v for v in listed if isinstance(v, str)]
                if not name.startswith("StringLike"):
                    wanted = [v for v in wanted if "*" not in v]
                subjects = wanted if subjects is None else _in_both(subjects, wanted)
    return [None] if subjects is None else list(dict.fromkeys(subjects))


def _in_both(first: Sequence[str], second: Sequence[str]) -> list[str]:
    """Return patterns of what both lists match: the narrower of each two that share something."""
    return [
        own if contains(other, own) else other
        for own in first
        for other in second
        if overlaps(own, other)
    ]


def _after(
    export: Export,
    named: Named,
    action: str,
    terms: tuple[str, ...],
    denials: Iterable[Statement],
) -> tuple[str, ...] | None:
    """Add the conditions of denials that hit this principal; None if one hits without any."""
    for denial in denials:
        if not _covers_action(denial, action) or not applies(export, denial, named):
            continue
        if denial.except_principals and named.kind in ("account", "anyone"):
            continue  # its exceptions are evaluated for each identity
        if not denial.condition:
            return None
        terms = tuple(sorted({*terms, unless(denial.condition)}))
    return terms


def applies(export: Export, statement: Statement, named: Named) -> bool:
    """Return whether a statement applies to all identities that `named` represents.

    An account that a statement excepts is only itself: it is named beside the identity meant.
    """
    listed = [resolve_principal(export, kind, value) for kind, value in statement.principals]
    if statement.except_principals:
        return not any(other.id in (ANYONE, named.id) for other in listed)
    return any(
        other.id in (ANYONE, named.id)
        or (other.kind == "account" and other.account == named.account != "")
        for other in listed
    )


@dataclass(frozen=True, slots=True)
class Way:
    """One way to assume a role: its conditions, and the ids of its facts."""

    terms: tuple[str, ...]
    support: tuple[str, ...]


def trust_ids(trusts_by_role: Mapping[str, list[Trust]]) -> dict[Trust, str]:
    """Return the id of each TRUSTS row in the graph."""
    rows = [trust for of_role in trusts_by_role.values() for trust in of_role]
    if not rows:
        return {}
    frame = pd.DataFrame([t.row() for t in rows], dtype=object)
    return dict(zip(rows, relationship_ids(frame, TRUSTS), strict=True))


Permissions = Mapping[str, Mapping[str, Sequence[Way]]]
"""By holder and role: the ways in which a holder is permitted to ask for a role."""


def assumptions(
    export: Export,
    evaluator: Evaluator,
    holders: Mapping[str, Holder],
    trusts_by_role: Mapping[str, list[Trust]],
    permitted: Permissions,
) -> Iterator[tuple[str, str, Way]]:
    """Yield the identities that may assume roles (rule A1), unconditionally if possible."""
    ids = trust_ids(trusts_by_role)
    people = [p for p in export.people if p.kind in ("user", "role")]
    accounts = {p.account for p in people}
    for role, listed in trusts_by_role.items():
        target = export.people.by_arn[role]
        relevant = [t for t in listed if t.action == ASSUME and _can_lead(t, accounts)]
        for person in people if relevant else ():
            if person.arn == role:
                continue
            ends = (person, target)
            ways = ways_of(export, evaluator, ends, holders, relevant, ids, permitted)
            for way in distinct(ways):
                yield person.arn, role, way


def _can_lead(trust: Trust, accounts: set[str]) -> bool:
    return trust.named.kind == "anyone" or trust.named.account in accounts


def distinct(ways: Iterable[Way]) -> list[Way]:
    """Return one way of each condition, or only one without any."""
    by_terms: dict[tuple[str, ...], Way] = {}
    for way in ways:
        by_terms.setdefault(way.terms, way)
    free = by_terms.get(())
    return [free] if free else list(by_terms.values())


def ways_of(
    export: Export,
    evaluator: Evaluator,
    ends: tuple[Principal, Principal],
    holders: Mapping[str, Holder],
    relevant: Iterable[Trust],
    ids: Mapping[Trust, str],
    permitted: Permissions,
) -> Iterator[Way]:
    """Yield the ways in which the first of two ends may assume the second."""
    person, role = ends
    denials = [s for s in role.trust.statements if not s.allow] if role.trust else []
    own = permitted.get(person.arn, {}).get(role.arn, ())
    for trust in relevant:
        if not names(trust.named, person):
            continue
        me = Named(person.arn, "principal", person.account)
        given = _after(export, me, ASSUME, trust.terms, denials)
        terms = None if given is None else decided(given, person.arn, person.unique_id)
        if terms is None:
            continue
        if person.account == role.account and trust.named.kind != "account":
            holder = holders[person.arn]
            for limits in unhindered(evaluator, holder, role.arn, bounded=person.kind == "role"):
                yield Way(tuple(sorted({*terms, *limits})), (ids[trust],))
        for way in own:
            yield Way(tuple(sorted({*terms, *way.terms})), (ids[trust], *way.support))


def names(named: Named, person: Principal) -> bool:
    """Return whether a party is a principal, or its account, or everybody."""
    if named.kind == "account":
        return named.account == person.account
    return named.kind == "anyone" or named.id == person.arn


def unhindered(
    evaluator: Evaluator, holder: Holder, role: str, *, bounded: bool
) -> list[tuple[str, ...]]:
    """Return the conditions under which the holder's own policies do not deny a role.

    A boundary does not limit what a resource's policy gives to a user by name; it limits roles.
    """
    service = evaluator.catalogue["sts"]
    bit = service.escalates[ASSUME]
    statement = Statement(allow=True, actions=(ASSUME,), resources=(role,))
    entry = Entry(statement, service, bit, Region((role,)), "on", False)
    return [terms for _, terms in evaluator.narrowed(holder, entry, (), bounded=bounded)]
