"""Policies attached to resources: the callers that they allow and deny.

Within an account such a policy suffices for the principals that it names; if it names the account
itself, the account's own policies decide. A caller from another account needs that account's
permission too, unless the policy allows everybody. A boundary limits what a policy gives to a role,
and not what it gives to a user or to a session of a role, by name. The policy of a key must let in
everybody, the callers of its own account as well.
https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_identity-vs-resource.html
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from graph.aws.arn import ACCOUNT, parse
from graph.aws.patterns import is_wild
from graph.aws.resources import containing_resource
from graph.values import canonical
from ingest.sources.aws.export import Export, ResourcePolicy
from ingest.sources.aws.policies.documents import SESSION, Statement, term
from ingest.sources.aws.policies.evaluation import Allowed, Entry, Evaluator, Holder
from ingest.sources.aws.policies.targets import Target, Targets
from ingest.sources.aws.policies.trust import ANYONE, Named, applies, resolve_principal

CALLER = canonical({"Unknown": "the caller's account must permit it too"})


@dataclass(slots=True)
class Attached:
    """The policies of resources, by resource."""

    export: Export
    by_target: dict[str, list[ResourcePolicy]] = field(default_factory=dict)
    accounts: dict[str, str] = field(default_factory=dict)  # by resource
    _admitting: dict[str, list["_Admitting"]] = field(default_factory=dict)

    def denials(self, holder: Holder, target: Target) -> list[Statement]:
        """Return the statements that deny a holder a resource."""
        denials = []
        named = Named(holder.id, "principal", holder.account)
        for policy in self.by_target.get(target.id, ()):
            for statement in policy.document.statements:
                if statement.allow or (statement.except_principals and ":group/" in holder.id):
                    continue
                # AWS denies whoever has a boundary, even if spared by name
                bounded = statement.except_principals and holder.boundary is not None
                if bounded or applies(self.export, statement, named):
                    denials.append(statement)
        return denials

    def known_of(self, target: Target) -> bool:
        """Return whether the policy of a resource says which other accounts it lets in."""
        return target.id in self.by_target and ACCOUNT.fullmatch(target.account) is not None

    def admitted(
        self, evaluator: Evaluator, holder: Holder, target: Target
    ) -> Sequence[Entry] | None:
        """Return what the policy of a resource allows a holder whose own policies do not suffice.

        Its account must permit it too. None if the policy is not known.
        """
        if not self.known_of(target):
            return None
        if target.id not in self._admitting:
            self._admitting[target.id] = [
                _admitting(self.export, entry)
                for policy in self.by_target[target.id]
                for entry in evaluator.entries(policy.document).get(target, ())
            ]
        return [listed.entry for listed in self._admitting[target.id] if listed.admits(holder)]

    @property
    def choosy(self) -> bool:
        """Whether some denial, or permission of another account, is for some identities only."""
        return any(
            s.except_principals or _singles_out(s, self.accounts.get(id_, ""))
            for id_, policies in self.by_target.items()
            for policy in policies
            for s in policy.document.statements
        )


@dataclass(frozen=True, slots=True)
class _Admitting:
    """The actions of a statement on a resource, with the identities and accounts that it names."""

    entry: Entry
    ids: frozenset[str]
    accounts: frozenset[str]

    def admits(self, holder: Holder) -> bool:
        """Return whether the statement is for a holder (see `trust.applies`)."""
        named = ANYONE in self.ids or holder.id in self.ids
        if self.entry.statement.except_principals:
            return not named
        return named or holder.account in self.accounts


def _admitting(export: Export, entry: Entry) -> _Admitting:
    parties = [resolve_principal(export, *pair) for pair in entry.statement.principals]
    accounts = frozenset(party.account for party in parties if party.kind == "account")
    return _Admitting(entry, frozenset(party.id for party in parties), accounts - {""})


def _singles_out(statement: Statement, account: str) -> bool:
    """Return whether a statement is for some members of a group and not for others."""
    if not statement.allow:
        return ("AWS", "*") not in statement.principals
    users = (parse(value) for _, value in statement.principals if ":user/" in value)
    return any(user is not None and account not in ("", user.account) for user in users)


def attach(export: Export, targets: Targets, owner: Callable[[str], str]) -> Attached:
    """Assign each policy to its resources; add the resources that only policies name."""
    attached = Attached(export)
    for policy in export.resource_policies:
        ruled = _ruled(policy)
        if not ruled:
            export.rows.warn(f"{policy.place.file}: a policy that names no resource; not read")
        for id_ in sorted(ruled):
            target = targets.add_resource(id_, account=owner(policy.place.file))
            attached.accounts[id_] = target.account
            attached.by_target.setdefault(id_, []).append(policy)
    return attached


def _ruled(policy: ResourcePolicy) -> set[str]:
    if policy.resource is not None:
        return {policy.resource}
    bases = {containing_resource(r) for s in policy.document.statements for r in s.resources}
    return {b for b in bases if parse(b) is not None and not is_wild(b)}


def let_in(
    attached: Attached, evaluator: Evaluator, holders: Mapping[str, Holder]
) -> Iterator[tuple[Holder, Named, Target, list[Allowed]]]:
    """Yield the callers that policies of resources allow, with the resources; also strangers."""
    for id_, policies in attached.by_target.items():
        target = evaluator.targets.resources[id_]
        permissions_by_holder: dict[Holder, tuple[Named, list[Allowed]]] = {}
        for policy in policies:
            entries = evaluator.entries(policy.document).get(target, [])
            for entry in entries:
                for holder, named, terms in _callers(attached, entry, target, holders, policy):
                    had = permissions_by_holder.setdefault(holder, (named, []))[1]
                    had += _allowed(evaluator, attached, (holder, target), entry, terms)
        for holder, (named, allowed) in permissions_by_holder.items():
            if allowed:
                yield holder, named, target, allowed


def _allowed(
    evaluator: Evaluator,
    attached: Attached,
    ends: tuple[Holder, Target],
    entry: Entry,
    terms: tuple[str, ...],
) -> list[Allowed]:
    holder, target = ends
    parts = evaluator.narrowed(
        holder,
        entry,
        (*terms, *term(entry.statement.condition)),
        more_denying=attached.denials(holder, target),
        bounded=":role/" in holder.id and not _by_session(holder, target, entry),
    )
    return [Allowed(f"{target.id}#policy", entry, bits, rest) for bits, rest in parts]


def _by_session(holder: Holder, target: Target, entry: Entry) -> bool:
    """Return whether a statement lets in a session of a role itself, and not the role.

    Within an account, such a permission is beyond what a boundary of the role leaves out. What a
    boundary denies is denied.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
    """
    if target.account not in ("", holder.account) or entry.statement.except_principals:
        return False
    return all(SESSION.fullmatch(value) for _, value in entry.statement.principals)


def _callers(
    attached: Attached,
    entry: Entry,
    target: Target,
    holders: Mapping[str, Holder],
    policy: ResourcePolicy,
) -> Iterator[tuple[Holder, Named, tuple[str, ...]]]:
    """Yield the holders that a statement allows, with the conditions for other accounts."""
    export, statement = attached.export, entry.statement
    known = [h for h in holders.values() if ":user/" in h.id or ":role/" in h.id]
    if statement.except_principals:
        spared = {resolve_principal(export, kind, value).id for kind, value in statement.principals}
        for holder in known:
            if holder.id not in spared:
                yield holder, Named(holder.id, "principal", holder.account), ()
        return
    for kind, value in statement.principals:
        named = resolve_principal(export, kind, value)
        if named.kind == "anyone":
            for holder in known:
                yield holder, Named(holder.id, "principal", holder.account), ()
        elif named.id in holders:
            if target.account in ("", named.account):
                yield holders[named.id], named, ()
            elif not attached.known_of(target):  # else the caller's own policies have both
                yield holders[named.id], named, (CALLER,)
        elif named.kind == "other":
            export.rows.warn(
                f"{policy.place.file}: lets in somebody whose form of name is not known"
            )
        elif not (named.kind == "account" and _is_own(named, target, holders.values())):
            stranger = Holder(named.id, named.account, "aws", policy.place, [])
            far = named.kind == "principal" and target.account not in ("", named.account)
            yield _same(stranger, holders), named, (CALLER,) if far else ()


def _is_own(named: Named, target: Target, holders: Iterable[Holder]) -> bool:
    """Return whether an account is the resource's own, whose own policies decide."""
    if target.account:
        return named.account == target.account
    return any(h.account == named.account for h in holders)


def _same(stranger: Holder, holders: Mapping[str, Holder]) -> Holder:
    return holders.get(stranger.id, stranger)
