"""Who may assume roles across accounts that were read apart (rule A1).

The halves that the readings kept are evaluated as if they stood in one folder: by the same code,
with the denials and the boundary of the one side and the denials of the other.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import pandas as pd

from graph.aws.patterns import contains
from graph.element import Element
from graph.frames import records, relationship_ids
from graph.schema import ASSUMES, CAN_ACCESS, FACT_NODES, ROLE_POLICY
from graph.values import canonical
from ingest.rows import Row
from ingest.source import ACROSS
from ingest.sources.aws.export import Export
from ingest.sources.aws.policies.catalogue import Catalogue
from ingest.sources.aws.policies.documents import Statement, term, text_of
from ingest.sources.aws.policies.evaluation import Allowed, Entry, Evaluator, Holder
from ingest.sources.aws.policies.grants import (
    ASSUME,
    Admin,
    Grant,
    Granted,
    add_principal_grants,
)
from ingest.sources.aws.policies.regions import Region
from ingest.sources.aws.policies.targets import Target, Targets
from ingest.sources.aws.policies.trust import Way, distinct, names, ways_of
from ingest.sources.aws.role_policies import RolePolicy, read_role_policy

NAME = "aws"


@dataclass(frozen=True, slots=True)
class _Kept:
    """The half of one principal, with the scope that states it and when that was read."""

    policy: RolePolicy
    scope: str
    read_at: pd.Timestamp

    @property
    def account(self) -> str:
        return self.policy.principal.account

    @property
    def id(self) -> str:
        return self.policy.principal.arn


def across(
    frames: Mapping[Element, pd.DataFrame], read_at: Mapping[str, pd.Timestamp]
) -> dict[Element, pd.DataFrame]:
    """Return the ASSUMES rows between scopes, and the grants that they rest on."""
    rows = frames[ROLE_POLICY]
    rows = rows[rows["source"] == NAME]
    if rows["scope"].nunique() < 2:
        return {}
    things = set(pd.concat([frames[label]["id"] for label in FACT_NODES]))
    kept = [
        _Kept(read_role_policy(r.principal, r.policy), r.scope, read_at[r.scope])
        for r in records(rows)
        if r.principal in things
    ]
    grants = frames[CAN_ACCESS]
    return _Accounts(kept, set(grants["id"][grants["source"] == NAME])).rows()


@dataclass
class _Accounts:
    """The halves of all accounts, and the rows that follow from them."""

    kept: list[_Kept]
    known: set[str]
    assumes: list[Row] = field(default_factory=list)
    grants: dict[str, Row] = field(default_factory=dict)
    given: dict[tuple[str, str, str], Granted] = field(default_factory=dict)

    def rows(self) -> dict[Element, pd.DataFrame]:
        """Join every role with those of other scopes that it lets in."""
        for role in self.kept:
            for asker in self._let_in(role) if role.policy.trusted else ():
                self._join(asker, role)
        joined = {ASSUMES: self.assumes, CAN_ACCESS: list(self.grants.values())}
        frames: dict[Element, pd.DataFrame] = {
            e: pd.DataFrame(rows, dtype=object) for e, rows in joined.items() if rows
        }
        if ASSUMES in frames:
            frames[ASSUMES]["id"] = ACROSS + relationship_ids(frames[ASSUMES], ASSUMES)
        return frames

    def _let_in(self, role: _Kept) -> Iterator[_Kept]:
        parties = [trust.named for _, trust in role.policy.trusted]
        accounts = {p.account for p in parties}
        everybody = any(p.kind == "anyone" for p in parties)
        for asker in self._askers if everybody else self._of(accounts):
            apart = asker.scope != role.scope and asker.account != role.account
            if apart and any(names(p, asker.policy.principal) for p in parties):
                yield asker

    @cached_property
    def _askers(self) -> list[_Kept]:
        return [k for k in self.kept if k.policy.principal.kind in ("user", "role")]

    @cached_property
    def _by_account(self) -> dict[str, list[_Kept]]:
        by_account: dict[str, list[_Kept]] = {}
        for asker in self._askers:
            by_account.setdefault(asker.account, []).append(asker)
        return by_account

    def _of(self, accounts: Iterable[str]) -> Iterator[_Kept]:
        for account in sorted(accounts):
            yield from self._by_account.get(account, ())

    @cached_property
    def _groups(self) -> dict[tuple[str, str], RolePolicy]:
        return {(k.scope, k.id): k.policy for k in self.kept if k.policy.principal.kind == "group"}

    @cached_property
    def _everybody(self) -> Export:
        """Everybody of all accounts, by whom policies name principals."""
        export = Export()
        for each in self.kept:
            if each.id not in export.people.by_arn:
                export.people.add(each.policy.principal)
        return export

    @cached_property
    def _evaluator(self) -> Evaluator:
        return Evaluator(Targets(), Catalogue([ASSUME]))

    # -- one identity and one role -------------------------------------------------------------

    def _join(self, asker: _Kept, role: _Kept) -> None:
        made: dict[str, Grant] = {}
        permitted = {asker.id: {role.id: list(self._permitted(asker, role.id, made))}}
        trusted = [trust for _, trust in role.policy.trusted]
        ids = {trust: id_ for id_, trust in role.policy.trusted}
        ends = asker.policy.principal, role.policy.principal
        seen = {
            "first_seen": max(asker.read_at, role.read_at),
            "last_seen": min(asker.read_at, role.read_at),
        }
        ways = ways_of(self._everybody, self._evaluator, ends, {}, trusted, ids, permitted)
        for way in distinct(ways):
            support = [self._grant(made[f], asker, seen) if f in made else f for f in way.support]
            self.assumes.append(
                {
                    "source_id": asker.id,
                    "target_id": role.id,
                    "condition": text_of(way.terms),
                    "derived": True,
                    "rule": "A1",
                    "support": canonical(support),
                    "source": NAME,
                    "scope": role.scope,
                    **seen,
                }
            )

    def _permitted(self, asker: _Kept, role: str, made: dict[str, Grant]) -> Iterator[Way]:
        """Yield the ways in which an identity may ask for a role: its own, and by its groups."""
        own = self._granted(asker.policy.own, asker.policy.admin, role)
        yield from _ways(own, role, (), made)
        for membership in asker.policy.groups:
            given = self._given(asker.scope, membership.group, role)
            limited = given
            if membership.limited is not None:
                limited = self._granted(membership.limited, asker.policy.admin, role)
            if membership.id is not None and limited.content == given.content:
                yield from _ways(given, role, (membership.id,), made)
            else:
                yield from _ways(limited, role, (), made)

    def _given(self, scope: str, group: str, role: str) -> Granted:
        """Evaluate the policies of a group on one role, once for all its members."""
        key = scope, group, role
        if key not in self.given:
            kept = self._groups[scope, group]
            self.given[key] = self._granted(kept.own, kept.admin, role)
        return self.given[key]

    def _granted(self, holder: Holder, admin: Admin, role: str) -> Granted:
        """Evaluate the policies of a holder on one role."""
        result = Granted(admin=admin)
        service = self._evaluator.catalogue["sts"]
        bit = service.escalates[ASSUME]
        permissions = []
        for policy in holder.policies:
            for statement in policy.document.statements:
                if statement.allow and _means(statement, role):
                    entry = Entry(statement, service, bit, Region((role,)), "on", False)
                    permissions += [
                        Allowed(policy.policy_id, entry, bits, terms)
                        for bits, terms in self._evaluator.narrowed(
                            holder, entry, term(statement.condition)
                        )
                    ]
        add_principal_grants(permissions, holder, Target(role, "principal", (role,), "iam"), result)
        return result

    def _grant(self, grant: Grant, asker: _Kept, seen: Mapping[str, pd.Timestamp]) -> str:
        """Return the id of the row of a grant, which is added unless its reading has it."""
        if grant.id in self.known:
            return grant.id
        self.grants.setdefault(
            f"{asker.scope} {grant.id}",
            {
                "id": ACROSS + grant.id,
                "source_id": grant.holder,
                "target_id": grant.target.id,
                "grant_id": grant.id,
                "actions": canonical(list(grant.actions)),
                "levels": canonical(grant.sorted_levels()),
                "policy_id": grant.policy_id,
                "condition": grant.condition,
                "telemetry": False,
                "source": NAME,
                "scope": asker.scope,
                **seen,
            },
        )
        return ACROSS + grant.id


def _means(statement: Statement, role: str) -> bool:
    return any(contains(r, role) for r in statement.resources) is not statement.except_resources


def _ways(
    given: Granted, role: str, membership: tuple[str, ...], made: dict[str, Grant]
) -> Iterator[Way]:
    made |= {grant.id: grant for grant in given.grants.values()}
    for terms, by in given.assumes.get(role, ()):
        yield Way(terms, (by, *membership))
